//! `solti-wasi ORDER MODULE [ARGUMENT]…`: runs one WebAssembly module or component, by wasmtime, and ends as it does.
//!
//! It is the main program of a run and stands under a `solti-shim`, which keeps its output, its time and its end: a loop without an end, a
//! crash or a fault of the compiler ends one run, and nothing else. What its exit code cannot tell it writes into a report beside
//! the order (`solti_wasi::Report`).

mod cache;
mod code;
mod command;
mod memory;
mod traps;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use solti_wasi::{NOT_STARTED_CODE, Order, REPORT_FILE, Report, TRAPPED_CODE};

use command::End;

const USAGE: &str = "usage: solti-wasi ORDER MODULE [ARGUMENT]…
Runs a WebAssembly module or component as a command. Solti starts it; by hand: solti run --wasm MODULE -- ARGUMENT…";
/// Of a command line that is none.
const MISUSED: u8 = 2;

fn main() -> ExitCode {
    let mut words = std::env::args_os().skip(1);
    match (words.next(), words.next()) {
        (Some(word), None) if word == "--version" => {
            println!("solti-wasi {} (wasmtime {})", env!("CARGO_PKG_VERSION"), cache::engine_version());
            ExitCode::SUCCESS
        }
        (Some(word), None) if word == "--help" => {
            println!("{USAGE}");
            ExitCode::SUCCESS
        }
        (Some(order), Some(module)) => run(Path::new(&order), module.into(), words.collect()),
        _ => {
            eprintln!("{USAGE}");
            ExitCode::from(MISUSED)
        }
    }
}

fn run(order_path: &Path, module: PathBuf, arguments: Vec<OsString>) -> ExitCode {
    let order = match Order::read(order_path) {
        Ok(order) => order,
        Err(error) => {
            eprintln!("solti-wasi: {}: {error}", order_path.display());
            return ExitCode::from(MISUSED);
        }
    };
    let (code, report) = match command::run(&order, &module, arguments) {
        End::NotStarted(failure) => (NOT_STARTED_CODE, Some(Report::NotStarted(failure))),
        End::Trapped { what, trace, over_memory } => {
            // Where it was, for who looks for the fault.
            trace.lines().for_each(|line| eprintln!("solti-wasi: {line}"));
            (TRAPPED_CODE, Some(Report::Trapped { what, over_memory }))
        }
        // As of a process: the system has eight bits for it.
        End::Exited { code, over_memory } => {
            let code = code.to_le_bytes()[0];
            (code, over_memory.filter(|_| code != 0).map(|limit| Report::OverMemory { limit }))
        }
    };
    if let Some(report) = report {
        eprintln!("solti-wasi: {}", report.why(code.into()));
        if let Err(error) = report.write(&order_path.with_file_name(REPORT_FILE)) {
            eprintln!("solti-wasi: that cannot be written for Solti to read: {error}");
        }
    }
    ExitCode::from(code)
}
