//! The shell: windows, and the commands through which a page reaches the engine below it.
//!
//! What a task is, when it runs and what is kept of it are decided in `crates/`; nothing there knows of Tauri.
//! What the engine is made of is said in `solti-engine`. Start reading at app.rs (what is wired to what) and commands/ (what a page can ask).

mod app;
mod caret;
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
mod receive_queues;
mod reveal;
mod search;
mod shutdown;
mod spare_window;
mod tail;
mod tray;
mod usage;
mod web_process;
mod window;

pub use app::{Parts, assemble, context};
pub use commands::{AppInfo, names as command_names};

use doors::DoorFlags;
use error::ShellError;
use solti_engine::{Config, DataLock, Holder, in_full, start_journal};
use std::process::ExitCode;

/// Runs the app until its last window is closed, or what the arguments ask for instead.
pub fn run() -> ExitCode {
    let args: Vec<String> =
        std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    if let Some((doctor::COMMAND, rest)) = args.split_first().map(|(word, rest)| (word.as_str(), rest)) {
        return doctor::run(rest);
    }
    let doors = match door_flags(&args) {
        Ok(doors) => doors,
        Err(said) => {
            eprintln!("solti: {said}");
            return ExitCode::from(2);
        }
    };
    match start(doors) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("solti: {}", in_full(&error));
            ExitCode::FAILURE
        }
    }
}

/// `--http ADDRESS`, `--grpc ADDRESS`: the API for as long as this app runs, whatever the settings say.
fn door_flags(args: &[String]) -> Result<DoorFlags, String> {
    let address = |flag: &str| {
        let Some(at) = args.iter().position(|word| word == flag) else { return Ok(None) };
        let address = args.get(at + 1).and_then(|word| word.parse().ok());
        address.map(Some).ok_or(format!("{flag} needs an address and a port, as in 127.0.0.1:7654"))
    };
    Ok(DoorFlags { http: address("--http")?, grpc: address("--grpc")? })
}

fn start(doors: DoorFlags) -> Result<(), ShellError> {
    let config = Config::from_env()?;
    match DataLock::acquire(&config.data_dir, Holder::App { pid: std::process::id() })? {
        Ok(lock) => {
            start_journal(&config.data_dir);
            app::run(&config, doors, lock)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_door_may_be_opened_by_a_flag_with_an_address() {
        let flags = |words: &[&str]| door_flags(&words.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(flags(&["solti://log/t/1/1"]), Ok(DoorFlags::default()));
        let both = flags(&["--grpc", "127.0.0.1:2", "--http", "0.0.0.0:1"]).expect("two addresses");
        assert_eq!((both.http, both.grpc), ("0.0.0.0:1".parse().ok(), "127.0.0.1:2".parse().ok()));
        for wrong in [&["--http"][..], &["--grpc", "7655"], &["--http", "localhost:1"]] {
            assert!(flags(wrong).expect_err("refused").starts_with(wrong[0]), "{wrong:?}");
        }
    }
}
