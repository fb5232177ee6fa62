//! What the runner asks of the fork server: to own one more run.
//!
//! Executing a program costs several times what a fork of a small one does, so the app executes the shim once, as a fork
//! server, and each run is a fork of it. Everything else about a run is the same. An order is one message on a
//! `SOCK_SEQPACKET` socket, with descriptors beside the bytes: the write end of the status pipe, one end of a socket that
//! speaks [`crate::control`] and is the run's first client, and, when the launch spec is long, a file with that. A short one
//! is in the message. The bytes: version, length of the folder's path (two bytes, little-endian), path, launch spec if short.
//!
//! The app must be alive when the run's lock is taken: a shim that finds no reader at its status pipe starts nothing.
//! That is what keeps a run from being started twice, as taking the launch file away does for a shim that reads one.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::FormatError;
use crate::format::Cursor;

/// The argument that makes the shim a fork server; its socket is [`crate::layout::STATUS_FD`].
pub const FORK_SERVER: &str = "--fork-server";
/// A longer launch spec does not travel in the message.
pub const MAX_SPEC: usize = 32 << 10;
/// A longest path, a longest spec, and some.
pub const MAX_LEN: usize = MAX_SPEC + (8 << 10);
const VERSION: u8 = 2;

/// An order's bytes, understood.
#[derive(Debug, PartialEq, Eq)]
pub struct ForkOrder<'a> {
    /// Absolute.
    pub run_dir: &'a Path,
    /// `None`: in the file whose descriptor is the third.
    pub spec: Option<&'a [u8]>,
}

impl<'a> ForkOrder<'a> {
    /// Puts a spec into the message that is short enough for it.
    pub fn new(run_dir: &'a Path, spec: &'a [u8]) -> Self {
        Self { run_dir, spec: (spec.len() <= MAX_SPEC).then_some(spec) }
    }

    /// # Panics
    /// When the path is 64 KiB or longer, far above what the system accepts.
    pub fn encode(&self) -> Vec<u8> {
        let path = self.run_dir.as_os_str().as_bytes();
        let len = u16::try_from(path.len()).expect("a path is below 64 KiB");
        [&[VERSION], &len.to_le_bytes()[..], path, self.spec.unwrap_or_default()].concat()
    }

    /// # Errors
    /// [`FormatError`] when it is of another version, or names no folder.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, FormatError> {
        let mut from = Cursor::new(bytes);
        let version = from.u8()?;
        if version != VERSION {
            return Err(FormatError::Version(version));
        }
        let len = from.u16()?;
        let path = from.take(len.into())?;
        if path.is_empty() {
            return Err(FormatError::Value { field: "run_dir" });
        }
        let spec = from.rest();
        Ok(Self { run_dir: Path::new(OsStr::from_bytes(path)), spec: (!spec.is_empty()).then_some(spec) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_ordered_is_understood() {
        for spec in [&b"spec"[..], &[7; MAX_SPEC], &[7; MAX_SPEC + 1]] {
            let order = ForkOrder::new(Path::new("/data/runs/a"), spec);
            assert_eq!(order.spec.is_some(), spec.len() <= MAX_SPEC);
            let bytes = order.encode();
            assert!(bytes.len() <= MAX_LEN);
            assert_eq!(ForkOrder::decode(&bytes), Ok(order));
        }
        assert_eq!(ForkOrder::decode(&[VERSION, 2, 0, b'/']), Err(FormatError::Truncated));
        assert_eq!(ForkOrder::decode(&[VERSION, 0, 0]), Err(FormatError::Value { field: "run_dir" }));
        assert_eq!(ForkOrder::decode(b"\x09/a"), Err(FormatError::Version(9)));
    }
}
