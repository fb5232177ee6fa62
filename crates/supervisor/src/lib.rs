//! The state machine of tasks and its one writer.
//!
//! [`Supervisor`] is a handle; behind it one actor owns every task that is not over, decides with the pure rules of
//! `solti-model` and [`lanes`], stores each decision and only then acts on it. Finished tasks are in the store alone.
//! Processes are started through `solti-runner`; logs are read by `solti-api`.

/// A step at which a test kills the app. Nothing without the feature `failpoints`.
macro_rules! fail_point {
    ($name:literal) => {
        #[cfg(feature = "failpoints")]
        fail::fail_point!($name);
    };
}

mod actor;
mod admission;
mod attempt;
mod believed_clock;
mod boot;
mod commit;
mod cycle;
mod effect;
mod error;
mod feed;
mod firing;
mod folders;
mod handle;
mod housekeeping;
mod ids;
mod job_saving;
mod jobs;
mod lanes;
mod live;
mod local_zone;
mod lookout;
mod outcome;
mod recovery;
mod refused;
mod restored;
mod spare_folders;
mod stopping;
mod tidying;
mod unkept;
mod waits;

pub use boot::current_boot_id;
pub use error::SupervisorError;
pub use feed::{ChangeCursor, Changes};
pub use folders::RunFolders;
pub use handle::{RowState, Supervisor, SupervisorConfig};
pub use housekeeping::FinishedLimits;
pub use job_saving::{JobPage, JobState, Planned};
pub use live::{LiveRun, LiveTask};
pub use solti_runner::{TreeUsage, usage_of};
