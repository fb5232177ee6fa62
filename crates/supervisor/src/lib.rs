//! The state machine of tasks and its one writer.
//!
//! [`Supervisor`] is a handle; behind it one actor owns every task that is not over, decides with the pure rules of
//! `solti-model` and [`lanes`], stores each decision and only then acts on it. Finished tasks are in the store alone.
//! Processes are started through `solti-runner`; logs are read by `solti-api`.
//!
//! ```no_run
//! use solti_runner::ShimRunner;
//! use solti_supervisor::{Supervisor, SupervisorConfig};
//! use std::{path::Path, sync::Arc};
//! # async fn example(spec: solti_model::TaskSpec) -> Result<(), Box<dyn std::error::Error>> {
//! let data_dir = Path::new("/var/lib/solti");
//! let store = solti_store::Store::open(data_dir)?;
//! let runner = Arc::new(ShimRunner::new("/usr/lib/solti/solti-shim"));
//! let supervisor = Supervisor::start(store, runner, SupervisorConfig::new(data_dir)).await?;
//!
//! let mut changes = supervisor.changes();
//! let id = supervisor.submit(spec).await?;
//! while let Some(task) = supervisor.store().task(&id).await? {
//!     let phase = task.task.status.phase;
//!     println!("{}", phase.word());
//!     if phase.is_terminal() || changes.next().await.is_none() {
//!         break;
//!     }
//! }
//! # Ok(()) }
//! ```

#![warn(missing_docs, unreachable_pub)]

/// A step at which a test kills the app. Nothing without the feature `failpoints`.
macro_rules! fail_point {
    ($name:literal) => {
        #[cfg(feature = "failpoints")]
        fail::fail_point!($name);
    };
}

mod actor;
mod awake;
mod backlog;
mod believed_clock;
mod boot;
mod clock;
mod config;
mod error;
mod feed;
mod folders;
mod forecast;
mod handle;
mod housekeeping;
mod jobs;
mod lanes;
mod live;
mod local_zone;
mod machine;
mod requests;
mod shared;
mod sleeps;
mod spare_folders;
mod unkept;

pub use actor::job_saving::{JobPage, JobState, Planned};
pub use boot::current_boot_id;
pub use config::{FinishedLimits, SupervisorConfig};
pub use error::SupervisorError;
pub use feed::{ChangeCursor, Changes};
pub use folders::RunFolders;
pub use forecast::ForecastQuery;
pub use handle::Supervisor;
pub use lanes::MoveTo;
pub use live::{LiveRun, LiveTask, QueueHeads, RowState};
pub use machine::{Keyring, Machine, StayingAwake, Unseen};
pub use solti_runner::{TreeUsage, usage_of};
pub use solti_schedule::MAX_CAUGHT_UP;
