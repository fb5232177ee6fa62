//! `solti-shim <run-dir>`: owns one run from its start to its exit record, also while the app is away.
//!
//! Started by the runner with the write end of a status pipe as descriptor 3. One poll loop; whatever belongs to one
//! concern is in its own file: `start` (the way to a running child), `child` (fork and exec), `run` (the loop),
//! `ending` (stop, timeout, tree kill), `output` (pipes to log), `durability` (disk flushes), `clients` (control
//! socket), `record` (exit record), `clock`, `sys` (thin system calls). Formats shared with the runner are in the
//! library.
//!
//! Not here on purpose: PATH lookup, restarts, retention and any knowledge of tasks. There is no death signal from
//! the app: a run outlives it.

mod child;
mod clients;
mod clock;
mod durability;
mod ending;
mod output;
mod record;
mod run;
mod start;
mod sys;

use std::os::fd::AsFd;
use std::path::Path;
use std::process::ExitCode;

use solti_shim::start_report::StartReport;

fn main() -> ExitCode {
    // First of all, before anything else can be opened under its number.
    let status = sys::take_status_pipe();
    let Some(run_dir) = std::env::args_os().nth(1) else {
        eprintln!("usage: solti-shim <run-dir>   (started by the app, not by hand)");
        return ExitCode::from(2);
    };
    let (report, run) = match start::start(Path::new(&run_dir), status.as_ref().map(AsFd::as_fd)) {
        Ok(run) => (run.report(), Some(run)),
        Err(failure) => (StartReport::Failed(failure), None),
    };
    if let Some(mut pipe) = status {
        // The app may be gone already; the run goes on without it.
        let _ = std::io::Write::write_all(&mut pipe, &report.encode());
    }
    let Some(run) = run else { return ExitCode::FAILURE };
    if run.go() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
