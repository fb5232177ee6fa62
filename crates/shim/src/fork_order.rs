//! What the runner asks of the fork server: to own one more run.
//!
//! Executing a program costs several times what a fork of a small one does, so the app executes the shim once, as a fork
//! server, and each run is a fork of it. Everything else about a run is the same. An order is one message on a
//! `SOCK_SEQPACKET` socket, with three descriptors beside the bytes: the write end of the status pipe, a file with the
//! launch spec, and one end of a socket that speaks [`crate::control`] and is the run's first client.
//!
//! The app must be alive when the run's lock is taken: a shim that finds no reader at its status pipe starts nothing.
//! That is what keeps a run from being started twice, as taking the launch file away does for a shim that reads one.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::FormatError;

/// The argument that makes the shim a fork server; its socket is [`crate::layout::STATUS_FD`].
pub const FORK_SERVER: &str = "--fork-server";
/// Descriptors in an order: status pipe, launch spec, control socket.
pub const DESCRIPTORS: usize = 3;
/// A longest path, and some.
pub const MAX_LEN: usize = 8 << 10;
const VERSION: u8 = 1;

/// The bytes of an order for the run folder.
pub fn encode(run_dir: &Path) -> Vec<u8> {
    [&[VERSION], run_dir.as_os_str().as_bytes()].concat()
}

/// The run folder of an order.
///
/// # Errors
/// [`FormatError`] when it is of another version, or names no folder.
pub fn decode(bytes: &[u8]) -> Result<&Path, FormatError> {
    match bytes {
        [VERSION, path @ ..] if !path.is_empty() => Ok(Path::new(OsStr::from_bytes(path))),
        [VERSION] | [] => Err(FormatError::Truncated),
        [version, ..] => Err(FormatError::Version(*version)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_ordered_is_understood() {
        assert_eq!(decode(&encode(Path::new("/data/runs/a"))), Ok(Path::new("/data/runs/a")));
        assert_eq!(decode(&[VERSION]), Err(FormatError::Truncated));
        assert_eq!(decode(b"\x09/a"), Err(FormatError::Version(9)));
    }
}
