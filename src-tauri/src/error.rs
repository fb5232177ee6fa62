//! Why the app could not start. Errors of calls are `solti_api::ApiError`.

use std::{io, path::PathBuf};

#[derive(Debug, thiserror::Error)]
pub enum ShellError {
    #[error("no folder for the app's data: neither SOLTI_DATA_DIR nor a home directory is set")]
    NoHome,
    #[error("a relative path is given, and the current directory is gone")]
    CurrentDir(#[source] io::Error),
    #[error("the data folder {} cannot be used", path.display())]
    DataDir { path: PathBuf, source: io::Error },
    #[error("the app's own path is not known")]
    OwnPath(#[source] io::Error),
    #[error("{} is missing: it runs the tasks and is installed beside the app (SOLTI_SHIM names another)", path.display())]
    NoShim { path: PathBuf },
    #[error("{} cannot be locked", path.display())]
    Lock { path: PathBuf, source: io::Error },
    #[error("the database cannot be opened")]
    Store(#[from] solti_store::StoreError),
    #[error("the settings cannot be read")]
    Settings(#[from] solti_api::ApiError),
    #[error("the tasks of the last time cannot be taken up")]
    Supervisor(#[from] solti_supervisor::SupervisorError),
    #[error("the window system said no")]
    Window(#[from] tauri::Error),
}

impl ShellError {
    /// The error and its causes in one line.
    #[must_use]
    pub fn in_full(&self) -> String {
        let mut line = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            line = format!("{line}: {error}");
            cause = error.source();
        }
        line
    }
}
