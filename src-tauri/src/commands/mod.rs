//! The commands: what a page can ask. Most are operations of the table in `solti-api` (operations.rs); the others are listed in
//! list.rs. Each only unwraps its arguments and forwards; rules live below it. build.rs makes a permission of each; which window
//! may call which is in capabilities/.
#![allow(clippy::let_underscore_must_use, reason = "what the macro of a command makes of it")]

mod answer;
mod args;
mod closing;
mod doors;
mod files;
pub(crate) mod form;
mod logs;
mod machines;
mod operations;
mod service;
mod settings;
mod tasks;
mod windows;

use operations::Commands;
use tauri::{Runtime, ipc::Invoke};

include!("list.rs");

/// The names of those in list.rs.
pub(crate) fn own_names() -> Vec<&'static str> {
    macro_rules! names {
        ($($module:ident::$name:ident,)*) => { vec![$(stringify!($name)),*] };
    }
    with_commands!(names)
}

/// The names of all commands.
#[must_use]
pub fn names() -> Vec<&'static str> {
    let mut names = own_names();
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
