//! The shell: windows, and the commands through which a page reaches the engine below it.
//!
//! What a task is, when it runs and what is kept of it are decided in `crates/`; nothing there knows of Tauri.
//! Start reading at compose.rs (what is wired to what) and commands/ (what a page can ask).

mod app;
mod changes;
mod commands;
mod compose;
mod config;
mod environment;
mod error;
mod events;
mod instance;
mod journal;
mod shutdown;
mod tail;
mod window;

pub use app::{Parts, assemble, context};
pub use commands::{AppInfo, names as command_names};

use config::Config;
use error::ShellError;
use instance::InstanceLock;
use std::process::ExitCode;

/// Runs the app until its last window is closed.
pub fn run() -> ExitCode {
    match start() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("solti: {}", error.in_full());
            ExitCode::FAILURE
        }
    }
}

fn start() -> Result<(), ShellError> {
    let config = Config::from_env()?;
    let Some(lock) = InstanceLock::acquire(&config.data_dir)? else {
        eprintln!(
            "solti: already running on {}; its window is asked to the front",
            config.data_dir.display()
        );
        app::call_first(&config);
        return Ok(());
    };
    journal::start(&config.data_dir);
    app::run(&config, lock)
}
