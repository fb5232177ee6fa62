//! Why the engine is not started at log-in, or why that is not known.

use std::io;
use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    #[error(
        "there is no folder for this user's settings: neither XDG_CONFIG_HOME nor a home directory is set"
    )]
    NoHome,
    #[error("{} cannot be changed", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("{} is not there: it runs the engine and is installed beside the app", path.display())]
    NoProgram { path: PathBuf },
    #[error("{command} cannot be run")]
    Run { command: String, source: io::Error },
    #[error("{command} did not end in time")]
    Late { command: String },
    #[error("{command} failed: {said}")]
    Failed { command: String, said: String },
    #[error("{} holds characters that no such file can name a program with", path.display())]
    Path { path: PathBuf },
}
