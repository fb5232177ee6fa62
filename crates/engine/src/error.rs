//! Why the engine could not be had. Errors of calls are `solti_api::ApiError`.

use std::{io, path::PathBuf};

#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    #[error("no folder for the app's data: neither SOLTI_DATA_DIR nor a home directory is set")]
    NoHome,
    #[error("a relative path is given, and the current directory is gone")]
    CurrentDir(#[source] io::Error),
    #[error("the data folder {} cannot be used", path.display())]
    DataDir { path: PathBuf, source: io::Error },
    #[error("the program's own path is not known")]
    OwnPath(#[source] io::Error),
    #[error("{} is missing: it runs the tasks and is installed beside the app (SOLTI_SHIM names another)", path.display())]
    NoShim { path: PathBuf },
    #[error("{} cannot be locked", path.display())]
    Lock { path: PathBuf, source: io::Error },
    #[error("the opening of the database was ended by the runtime")]
    Runtime(#[from] tokio::task::JoinError),
    #[error("the database cannot be opened")]
    Store(#[from] solti_store::StoreError),
    #[error("the settings cannot be read")]
    Settings(#[from] solti_api::ApiError),
    #[error("the tasks of the last time cannot be taken up")]
    Supervisor(#[from] solti_supervisor::SupervisorError),
}
