//! `solti-shim`: owns one run from its start to its exit record, also while the app is away.
//!
//! Either `solti-shim --fork-server`, which forks a shim for each order it gets on the socket at descriptor 3, or
//! `solti-shim <run-dir>`, with the launch spec in a file of that folder and the status pipe as descriptor 3. One poll
//! loop; whatever belongs to one concern is in its own file: `fork_server` (orders), `start` (the way to a running
//! child), `child` (the life of the main program), `exec` (the way to it), `clone`, `run` (the loop), `after_main` (who outlives the main program), `ending` (stop, timeout, tree kill), `output` (pipes to log),
//! `durability` (disk flushes), `clients` (control socket), `fence` (what a job of a cluster is told through its folder), `record` (exit record), `cleanup` (what is left outside of the processes), `clock`, `sys` (thin system calls).
//! Formats shared with the runner are in the library.
//!
//! Not here on purpose: PATH lookup (but for jobs of a cluster, whose programs are those of their node), restarts, retention and any knowledge of tasks. There is no death signal from
//! the app: a run outlives it.

#![allow(unsafe_code, reason = "system calls that std does not offer")]

/// A step at which a test kills the shim. Nothing without the feature `failpoints`.
macro_rules! fail_point {
    ($name:literal) => {
        #[cfg(feature = "failpoints")]
        fail::fail_point!($name);
    };
}

mod after_main;
mod child;
mod cleanup;
mod clients;
mod clock;
mod clone;
mod durability;
mod ending;
mod exec;
#[cfg(feature = "failpoints")]
mod fail_points;
mod fence;
mod fork_server;
mod output;
mod pace;
mod record;
mod run;
mod start;
mod sys;

use std::process::ExitCode;

use solti_shim::cgroup::GroupBase;
use solti_shim::exit_record::boot_id_hash;
use solti_shim::fork_order::FORK_SERVER;
use solti_shim::start_report::StartReport;

use crate::run::Run;
use crate::start::Order;

fn main() -> ExitCode {
    // First of all, before anything else can be opened under its number.
    let given = sys::take_given_descriptor();
    let order = match (std::env::args_os().nth(1), given) {
        (Some(word), Some(socket)) if word == FORK_SERVER => match fork_server::serve(socket) {
            Some(order) => order,
            None => return ExitCode::SUCCESS,
        },
        (Some(word), None) if word == "--version" => {
            println!("solti-shim {}", env!("CARGO_PKG_VERSION"));
            return ExitCode::SUCCESS;
        }
        (Some(run_dir), status) if run_dir != FORK_SERVER => {
            sys::detach();
            sys::new_session();
            let Ok(home) = sys::current_dir() else { return ExitCode::FAILURE };
            Order {
                home,
                run_dir: run_dir.into(),
                status: status.map(Into::into),
                spec: None,
                client: None,
                boot: boot_id_hash(),
                groups: GroupBase::find(),
                ignored: sys::ignored_signals(),
            }
        }
        _ => {
            eprintln!("usage: solti-shim <run-dir>   (started by the app, not by hand)");
            return ExitCode::from(2);
        }
    };
    own(order)
}

/// Owns one run to its end.
fn own(mut order: Order) -> ! {
    #[cfg(feature = "failpoints")]
    fail_points::arm(&order.run_dir);
    let status = order.status.take();
    let (report, run) = match start::start(order, status.as_ref()) {
        Ok(run) => (run.report(), Some(run)),
        Err(failure) => (StartReport::Failed(failure), None),
    };
    if let Some(mut pipe) = status {
        // The app may be gone already; the run goes on without it.
        std::io::Write::write_all(&mut pipe, &report.encode()).ok();
    }
    sys::leave(run.map_or(1, Run::go))
}
