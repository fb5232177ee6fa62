//! Where the files of the doors are.

use std::path::{Path, PathBuf};

/// In the data folder.
const FOLDER: &str = "api";
const SOCKET: &str = "solti.sock";

/// Holds the token, the certificate and the socket of a data folder.
pub fn folder(data_dir: &Path) -> PathBuf {
    data_dir.join(FOLDER)
}

/// The Unix socket of a data folder.
pub fn socket(data_dir: &Path) -> PathBuf {
    socket_in(&folder(data_dir))
}

pub(crate) fn socket_in(folder: &Path) -> PathBuf {
    folder.join(SOCKET)
}
