//! Starts runs, watches them, and finds them again after a restart of the app.
//!
//! A run is one attempt of a task: a process tree owned by one `solti-shim`. This crate looks the program up, makes the
//! run folder, starts the shim and follows it over its control socket. Timeout, tree kill and the log are the shim's
//! (`solti-shim`, `solti-logstore`); when to run what, and what follows an end, is the supervisor's. Where a task runs is chosen
//! among registered runners ([`Runners`]); a container is a run whose program is the client of an engine ([`ContainerRunner`]), a
//! WebAssembly module one whose program is `solti-wasi` ([`WasmRunner`]), a run on another machine one whose program is our own client
//! ([`Machines`]). A cluster is handed the shim itself ([`SlurmRunner`]).

#![warn(missing_docs, unreachable_pub)]

/// A step at which a test kills the app. Nothing without the feature `failpoints`.
macro_rules! fail_point {
    ($name:literal) => {
        #[cfg(feature = "failpoints")]
        fail::fail_point!($name);
    };
}

mod argv;
mod ask;
mod attach;
mod clock;
mod clock_set;
mod connection;
mod container;
mod container_failure;
mod end;
mod error;
mod explain;
mod first_line;
mod force;
mod fork_server;
mod handle;
mod machine;
mod main_ended;
mod readable;
mod resolve;
mod run_dir;
mod runner;
mod runners;
mod script;
mod settle;
mod shelter;
mod shim_process;
mod shim_runner;
mod signal_name;
mod slurm;
mod spawn;
mod start_failure;
mod sweep;
mod usage;
mod wasm;
mod watch;

pub use clock_set::ClockSet;
pub use container::{ContainerRunner, EngineKind, container_engine};
pub use container_failure::{ContainerFailure, ContainerTrouble};
pub use end::{ClusterEnd, LostReason, RunEnd, RunOutcome};
pub use error::{AttachError, StartError};
pub use handle::{
    AskedSuspension, ClusterWait, LogDoorbell, Place, RunController, RunEnds, RunHandle, Standing, StopMode,
};
pub use machine::Machines;
pub use main_ended::MainEnded;
pub use run_dir::{TRANSIENT_FILES, empty_run_folder};
pub use runner::{About, Attached, CheckFailure, Elsewhere, NoPreview, RunRequest, Runner};
pub use runners::{Reach, Runners};
pub use shelter::Shelter;
pub use shim_runner::ShimRunner;
pub use slurm::SlurmRunner;
pub use solti_shim::cgroup::{
    GroupBase, SCOPE_PREFIX, SCOPE_SLICE, SCOPE_SUFFIX, Unenforced, own_group, settle as settle_in_scope,
};
pub use solti_shim::exit_record::{EndFlags, Usage};
pub use solti_wasi::NotStarted as WasmNotStarted;
pub use start_failure::{Stage, StartCause, StartFailure};
pub use usage::{TreeUsage, usage_of};
pub use wasm::{WasmRunner, wasm_engine};
