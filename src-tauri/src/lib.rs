//! The shell: windows, and the commands through which a page reaches the engine below it.
//!
//! What a task is, when it runs and what is kept of it are decided in `crates/`; nothing there knows of Tauri.
//! What the engine is made of is said in `solti-engine`. Start reading at app.rs (what is wired to what) and commands/ (what a page can ask).

mod app;
mod changes;
mod closing;
mod commands;
mod doctor;
mod doors;
mod error;
mod events;
mod instance;
mod log_link;
mod machines;
mod notify;
mod reveal;
mod search;
mod shutdown;
mod spare_window;
mod tail;
mod tray;
mod usage;
mod window;

pub use app::{Parts, assemble, context};
pub use commands::{AppInfo, names as command_names};

use error::ShellError;
use solti_engine::{Config, DataLock, Holder, in_full, start_journal};
use std::{net::SocketAddr, process::ExitCode};

/// Runs the app until its last window is closed, or what the arguments ask for instead.
pub fn run() -> ExitCode {
    let args: Vec<String> =
        std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    if let Some((doctor::COMMAND, rest)) = args.split_first().map(|(word, rest)| (word.as_str(), rest)) {
        return doctor::run(rest);
    }
    let http = match http_address(&args) {
        Ok(http) => http,
        Err(said) => {
            eprintln!("solti: {said}");
            return ExitCode::from(2);
        }
    };
    match start(http) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("solti: {}", in_full(&error));
            ExitCode::FAILURE
        }
    }
}

/// The address after `--http`: the API over HTTP for as long as this app runs, whatever the settings say.
fn http_address(args: &[String]) -> Result<Option<SocketAddr>, &'static str> {
    let Some(at) = args.iter().position(|word| word == "--http") else { return Ok(None) };
    let address = args.get(at + 1).and_then(|word| word.parse().ok());
    address.map(Some).ok_or("--http needs an address and a port, as in 127.0.0.1:7654")
}

fn start(http: Option<SocketAddr>) -> Result<(), ShellError> {
    let config = Config::from_env()?;
    match DataLock::acquire(&config.data_dir, Holder::App { pid: std::process::id() })? {
        Ok(lock) => {
            start_journal(&config.data_dir);
            app::run(&config, http, lock)
        }
        Err(holder @ Holder::Serve { .. }) => Err(ShellError::Held { holder, path: config.data_dir }),
        Err(Holder::App { .. } | Holder::Unknown) => {
            eprintln!(
                "solti: already running on {}; its window is asked to the front",
                config.data_dir.display()
            );
            app::call_first(&config);
            Ok(())
        }
    }
}
