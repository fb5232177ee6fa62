//! The commands: what a page can ask. Most are operations of the table in `solti-api` (operations.rs); the others are listed in
//! list.rs. Each only unwraps its arguments and forwards; rules live below it. build.rs makes a permission of each; which window
//! may call which is in capabilities/.
#![allow(clippy::let_underscore_must_use, reason = "what the macro of a command makes of it")]

mod args;
mod closing;
mod doors;
mod logs;
mod machines;
mod operations;
mod settings;
mod tasks;
mod windows;

use crate::machines::Machines;
use operations::Commands;
use solti_api::{ApiError, DesktopApi};
use std::{ops::Deref, sync::Arc};
use tauri::{
    Manager, Runtime,
    ipc::{CommandArg, CommandItem, Invoke, InvokeError},
};

pub use settings::SettingsDoor;
pub use windows::AppInfo;

/// What a command answers: the value, or the error object that every transport sends.
type Answer<T> = Result<T, ApiError>;

/// The engine of the machine that the calling window is on.
pub struct Api(Arc<dyn DesktopApi>);

impl<'de, R: Runtime> CommandArg<'de, R> for Api {
    fn from_command(command: CommandItem<'de, R>) -> Result<Self, InvokeError> {
        let window = command.message.webview_ref();
        window.state::<Arc<Machines>>().api(window.label()).map(Self).map_err(InvokeError::from)
    }
}

impl Deref for Api {
    type Target = dyn DesktopApi;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

include!("list.rs");

/// The names of all commands.
#[must_use]
pub fn names() -> Vec<&'static str> {
    macro_rules! names {
        ($($module:ident::$name:ident,)*) => { vec![$(stringify!($name)),*] };
    }
    let mut names: Vec<&'static str> = with_commands!(names);
    names.extend(operations::names());
    names
}

/// Routes an invoke to its command.
pub fn handler<R: Runtime>() -> impl Fn(Invoke<R>) -> bool + Send + Sync + 'static {
    let operations = Commands::<R>::default();
    let others = others();
    move |invoke| match operations.get(invoke.message.command()) {
        Some(command) => {
            command(invoke);
            true
        }
        None => others(invoke),
    }
}

fn others<R: Runtime>() -> impl Fn(Invoke<R>) -> bool + Send + Sync + 'static {
    macro_rules! handler {
        ($($module:ident::$name:ident,)*) => { tauri::generate_handler![$($module::$name),*] };
    }
    with_commands!(handler)
}
