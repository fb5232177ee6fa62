//! Why the engine could not be had. Errors of calls are `solti_api::ApiError`.

use std::{io, path::PathBuf};

/// Why the engine cannot be opened in a data folder.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// Nothing says where the data folder is.
    #[error("no folder for the app's data: neither SOLTI_DATA_DIR nor a home directory is set")]
    NoHome,
    /// A path that the environment names cannot be made absolute.
    #[error("a relative path is given, and the current directory is gone")]
    CurrentDir(#[source] io::Error),
    /// It cannot be made, belongs to another user, or is open to others and not Solti's own.
    #[error("the data folder {} cannot be used", path.display())]
    DataDir {
        /// The data folder.
        path: PathBuf,
        /// What the system said, or what is wrong with it.
        source: io::Error,
    },
    /// The shim is looked for beside this program, and the system does not say where that is.
    #[error("the program's own path is not known")]
    OwnPath(#[source] io::Error),
    /// There is no file at the shim's path.
    #[error("{} is missing: it runs the tasks and is installed beside the app (SOLTI_SHIM names another)", path.display())]
    NoShim {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The lock file can be neither made nor locked. A folder that somebody holds is no error.
    #[error("{} cannot be locked", path.display())]
    Lock {
        /// The lock file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The runtime was shut down meanwhile.
    #[error("the opening of the database was ended by the runtime")]
    Runtime(#[from] tokio::task::JoinError),
    /// The database is of a later version, or cannot be opened, replaced or read.
    #[error("the database cannot be opened")]
    Store(#[from] solti_store::StoreError),
    /// The database does not give the settings.
    #[error("the settings cannot be read")]
    Settings(#[from] solti_api::ApiError),
    /// The database or the run folders do not say how the tasks stand.
    #[error("the tasks of the last time cannot be taken up")]
    Supervisor(#[from] solti_supervisor::SupervisorError),
}
