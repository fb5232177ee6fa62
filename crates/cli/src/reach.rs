//! A connection to the Unix socket of a data folder here, and what it means when there is none.

use crate::error::CliError;
use solti_engine::journal_file;
use solti_http::connect_unix;
use std::io::ErrorKind;
use std::path::Path;
use tokio::net::UnixStream;

/// Connects to the Unix socket of this machine's server.
///
/// # Errors
/// [`CliError::NoServer`] where nobody is, [`CliError::NoSocket`] where somebody holds the data folder and does not listen, or not
/// yet.
pub async fn connect(socket: &Path) -> Result<UnixStream, CliError> {
    connect_unix(socket).await.map_err(|source| {
        let data_dir = socket.ancestors().nth(2).unwrap_or(socket);
        let socket = socket.to_owned();
        match source.kind() {
            ErrorKind::NotFound | ErrorKind::ConnectionRefused => match solti_doctor::holder_of(data_dir) {
                Some(pid) => CliError::NoSocket { pid, socket, log: journal_file(data_dir) },
                None => CliError::NoServer { socket },
            },
            _ => CliError::Socket { socket, source },
        }
    })
}
