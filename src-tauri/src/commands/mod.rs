//! The commands: what a page can ask. Each only unwraps its arguments and forwards to the api; rules live below it.
//! The list of them is list.rs, shared with build.rs; which window may call which is in capabilities/.

mod args;
mod closing;
mod control;
mod doors;
mod excerpts;
mod lanes;
mod logs;
mod machines;
mod search;
mod settings;
mod tasks;
mod windows;

use crate::machines::Machines;
use solti_api::{ApiError, LocalApi};
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
pub struct Api(Arc<dyn LocalApi>);

impl<'de, R: Runtime> CommandArg<'de, R> for Api {
    fn from_command(command: CommandItem<'de, R>) -> Result<Self, InvokeError> {
        let window = command.message.webview_ref();
        window.state::<Arc<Machines>>().api(window.label()).map(Self).map_err(InvokeError::from)
    }
}

impl Deref for Api {
    type Target = dyn LocalApi;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

include!("list.rs");

/// The names of all commands.
#[must_use]
pub fn names() -> &'static [&'static str] {
    macro_rules! names {
        ($($module:ident::$name:ident,)*) => { &[$(stringify!($name)),*] };
    }
    with_commands!(names)
}

/// Routes an invoke to its command.
pub fn handler<R: Runtime>() -> impl Fn(Invoke<R>) -> bool + Send + Sync + 'static {
    macro_rules! handler {
        ($($module:ident::$name:ident,)*) => { tauri::generate_handler![$($module::$name),*] };
    }
    with_commands!(handler)
}
