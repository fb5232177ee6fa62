//! The shell: windows, and the commands through which a page reaches the engine below it.
//!
//! What a task is, when it runs and what is kept of it are decided in `crates/`; nothing there knows of Tauri.
//! What the engine is made of is said in `solti-engine`. Start reading at app.rs (what is wired to what) and commands/ (what a page can ask).

mod app;
mod app_info;
mod arguments;
#[cfg(test)]
mod bindings;
mod caret;
mod closing;
mod commands;
mod doctor;
mod editor;
mod error;
mod events;
mod frames;
mod instance;
mod log_link;
mod notify;
mod receive_queues;
mod renderer;
mod reveal;
mod say;
mod screen;
mod shutdown;
mod there;
mod tray;
mod tray_presence;
mod windows;

pub use app::{Parts, assemble, context};
pub use app_info::AppInfo;
pub use commands::names as command_names;

use arguments::{Arguments, Command};
use clap::Parser as _;
use error::ShellError;
use renderer::Renderer;
use say::say;
use solti_api::in_full;
use solti_engine::{Config, DataLock, Holder, start_client_journal, start_journal};
use std::{process::ExitCode, sync::Arc};

/// Runs the app until its last window is closed, or what the arguments ask for instead.
pub fn run() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        // Help and the version are among them, and no failure.
        Err(asked) => {
            // Who closed the output does not want to read it.
            asked.print().ok();
            return ExitCode::from(u8::try_from(asked.exit_code()).unwrap_or(2));
        }
    };
    if let Some(Command::Doctor { json }) = arguments.command {
        return doctor::run(json);
    }
    match start(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&in_full(&error));
            ExitCode::FAILURE
        }
    }
}

fn start(arguments: Arguments) -> Result<(), ShellError> {
    let config = Config::from_env()?;
    let renderer = Arc::new(Renderer::choose(&config.data_dir, arguments.safe_renderer));
    let lock = DataLock::acquire(&config.data_dir, Holder::App { pid: std::process::id() })?;
    if let Err(Holder::App { .. } | Holder::Unknown) = lock {
        let data_dir = config.data_dir.display();
        say(&format!("already running on {data_dir}; its window is asked to the front"));
        screen::check()?;
        app::call_first(&config);
        return Ok(());
    }
    screen::check()?;
    match lock {
        Ok(_) => start_journal(&config.data_dir),
        Err(_) => start_client_journal(&config.data_dir),
    }
    app::run(&config, arguments, lock, &renderer)?;
    renderer.begin_anew_where_it_gave_up();
    Ok(())
}
