//! What can go wrong with a run that was started before. A failed start is a [`StartFailure`](crate::StartFailure).

use std::io;
use std::path::PathBuf;

use solti_shim::FormatError;

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
    /// The shim lives, but its control socket has not answered in time.
    #[error("the supervising process of {} does not answer", path.display())]
    NoAnswer { path: PathBuf },
    #[error("the processes of run {run_id} could not be listed: {source}")]
    Processes { run_id: String, source: io::Error },
    #[error("{left} processes of run {run_id} could not be ended")]
    Survivors { run_id: String, left: usize },
}
