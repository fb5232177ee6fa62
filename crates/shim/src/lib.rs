//! What the shim and the runner share: the launch spec, the order to fork, the exit record, the control messages, the
//! start report, the names in a run folder, the control group of a run, and the end of a process tree.
//!
//! Not here: the program itself (`src/bin/solti-shim/`), the log format (`solti-logstore`), and everything that
//! knows about tasks, attempts or an async runtime (`solti-runner` and above).

#![warn(missing_docs, unreachable_pub)]
#![allow(unsafe_code, reason = "system calls that std does not offer")]

/// See the feature.
const _: () = assert!(
    !cfg!(feature = "released") || !solti_logstore::HAS_READER,
    "the shim is built together with what reads logs: build it by itself, with -p solti-shim"
);

#[cfg(not(target_os = "linux"))]
compile_error!("the shim stands on Linux: /proc, pidfd, signalfd and child subreapers");

pub mod cgroup;
pub mod control;
pub mod exit_record;
pub mod fork_order;
pub mod launch;
pub mod layout;
pub mod start_report;
pub mod tree;

mod format;

pub use format::FormatError;
