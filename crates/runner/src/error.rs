//! What can go wrong with a run that was started before: nothing is known of it then. A failed start is a
//! [`StartFailure`](crate::StartFailure), if it is known to have failed.

use std::io;
use std::path::PathBuf;

use solti_model::{RunId, counted};
use solti_shim::FormatError;

use crate::StartFailure;

/// Why there is no handle on a run that was to be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Nothing of the task has run, or will.
    #[error(transparent)]
    Failed(#[from] StartFailure),
    /// Whether it has is not known: [`Runner::attach`](crate::Runner::attach) finds out.
    #[error(transparent)]
    Unknown(#[from] AttachError),
}

/// Why it is not known how a run stands. It may be alive, and may be looked at again later.
#[derive(Debug, thiserror::Error)]
pub enum AttachError {
    /// The folder cannot be opened or read, or would take one of the last descriptors.
    #[error("run folder {} could not be opened: {source}", path.display())]
    RunDir {
        /// The run folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The folder is not this user's, so nothing in it is believed.
    #[error("run folder {} belongs to another user", path.display())]
    Foreign {
        /// The run folder.
        path: PathBuf,
    },
    /// The record cannot be read: damaged, of a later version, or of another run.
    #[error("the exit record in {} could not be read: {source}", path.display())]
    ExitRecord {
        /// The run folder.
        path: PathBuf,
        /// What the system or the record's format said.
        source: io::Error,
    },
    /// The lock that a living shim holds cannot be asked for.
    #[error("the lock in {} could not be tested: {source}", path.display())]
    Lock {
        /// The run folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The shim was found, but not held on to.
    #[error("the supervising process of {} could not be watched: {source}", path.display())]
    Watch {
        /// The run folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// An app and a shim of releases that do not understand each other.
    #[error("the supervising process of {} speaks another version: {source}", path.display())]
    Protocol {
        /// The run folder.
        path: PathBuf,
        /// What of its message is not understood.
        source: FormatError,
    },
    /// Its control socket cannot be connected to, for want of descriptors, say. One that nobody listens at is no error.
    #[error("the supervising process of {} cannot be reached: {source}", path.display())]
    Connect {
        /// The run folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The shim lives, but its control socket has not answered in time.
    #[error("the supervising process of {} does not answer", path.display())]
    NoAnswer {
        /// The run folder.
        path: PathBuf,
    },
    /// The processes with this run's mark cannot be looked for.
    #[error("the processes of run {run} could not be listed: {source}")]
    Processes {
        /// The run that they are of.
        run: RunId,
        /// What the system said.
        source: io::Error,
    },
    /// The processes cannot be looked at for marks of any run.
    #[error("the processes of this machine could not be listed: {source}")]
    Marks {
        /// What the system said.
        source: io::Error,
    },
    /// Some processes were left after KILL, as those are that hang in the kernel.
    #[error("{} of run {run} could not be ended", counted(*left, "process"))]
    Survivors {
        /// The run that they are of.
        run: RunId,
        /// How many.
        left: usize,
    },
    /// Its cluster cannot be asked about its job, or it is not known whether that has taken it.
    #[error("{why}")]
    Cluster {
        /// The run that the job is.
        run: RunId,
        /// A sentence.
        why: String,
    },
    /// Its shim died or fell silent after it may have started something, or the runtime is shutting down.
    #[error("the start of run {run} was given up half-way")]
    Interrupted {
        /// The run that was to start.
        run: RunId,
    },
}
