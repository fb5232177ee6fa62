//! Why the engine is not started at log-in, or why that is not known.

use std::io;
use std::path::PathBuf;

/// Why the engine's entry cannot be set up, removed or looked at.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// There is no place for a unit or an autostart entry.
    #[error(
        "there is no folder for this user's settings: neither XDG_CONFIG_HOME nor a home directory is set"
    )]
    NoHome,
    /// The unit or the autostart entry, or its folder, can be neither made nor removed.
    #[error("{} cannot be changed", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// What is to be started is not a file.
    #[error("{} is not there: it runs the engine and is installed beside the app", path.display())]
    NoProgram {
        /// Where `solti` was looked for.
        path: PathBuf,
    },
    /// A tool of the system cannot be started.
    #[error("{command} cannot be run")]
    Run {
        /// As a person would type it.
        command: String,
        /// What the system said.
        source: io::Error,
    },
    /// A tool of the system was ended because it took too long.
    #[error("{command} did not end in time")]
    Late {
        /// As a person would type it.
        command: String,
    },
    /// A tool of the system ended with another exit code than 0.
    #[error("{command} failed: {said}")]
    Failed {
        /// As a person would type it.
        command: String,
        /// What it printed.
        said: String,
    },
    /// The path of `solti` or of the data folder cannot be written into the file.
    #[error("{} holds characters that no such file can name a program with", path.display())]
    Path {
        /// The path at fault.
        path: PathBuf,
    },
}
