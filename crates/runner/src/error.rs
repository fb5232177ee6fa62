//! What can go wrong with a run that was started before: nothing is known of it then. A failed start is a
//! [`StartFailure`](crate::StartFailure), if it is known to have failed.

use std::io;
use std::path::PathBuf;

use solti_model::RunId;
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

#[derive(Debug, thiserror::Error)]
pub enum AttachError {
    #[error("run folder {} could not be opened: {source}", path.display())]
    RunDir { path: PathBuf, source: io::Error },
    #[error("run folder {} belongs to another user", path.display())]
    Foreign { path: PathBuf },
    #[error("the exit record in {} could not be read: {source}", path.display())]
    ExitRecord { path: PathBuf, source: io::Error },
    #[error("the lock in {} could not be tested: {source}", path.display())]
    Lock { path: PathBuf, source: io::Error },
    #[error("the supervising process of {} could not be watched: {source}", path.display())]
    Watch { path: PathBuf, source: io::Error },
    #[error("the supervising process of {} speaks another version: {source}", path.display())]
    Protocol { path: PathBuf, source: FormatError },
    #[error("the supervising process of {} cannot be reached: {source}", path.display())]
    Connect { path: PathBuf, source: io::Error },
    /// The shim lives, but its control socket has not answered in time.
    #[error("the supervising process of {} does not answer", path.display())]
    NoAnswer { path: PathBuf },
    #[error("the processes of run {run} could not be listed: {source}")]
    Processes { run: RunId, source: io::Error },
    #[error("the processes of this machine could not be listed: {source}")]
    Marks { source: io::Error },
    #[error("{left} processes of run {run} could not be ended")]
    Survivors { run: RunId, left: usize },
    #[error("the start of run {run} was given up half-way")]
    Interrupted { run: RunId },
}
