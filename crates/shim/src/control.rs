//! The messages on a run's control socket, fixed in size and versioned.
//!
//! A client sends requests; the shim answers each with one reply, and subscribers get doorbells as the log grows and
//! a last `Exited`. Nothing else travels here: output is read from the log, the exit status from the exit record.

use crate::format::{Cursor, FormatError};

/// Bytes of a request.
pub const REQUEST_LEN: usize = 8;
/// Bytes of a reply.
pub const REPLY_LEN: usize = 32;
const VERSION: u8 = 1;

/// From a client to the shim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    /// End the process tree: TERM, grace, KILL. Answered with `Accepted` at once, not when it is over.
    Stop,
    /// End the process tree with KILL, also while a graceful stop is under way. Answered with `Accepted`.
    Kill,
    /// Answered with `Status`.
    Status,
    /// Answered with a `Doorbell` when there is output, then one whenever the log has grown, and `Exited` at the end.
    Subscribe,
}

/// From the shim to a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    Accepted,
    Status {
        shim_pid: u32,
        child_pid: u32,
        /// Unix milliseconds.
        started_at_ms: u64,
        /// A stop, kill or timeout is under way.
        stopping: bool,
    },
    /// The log and its index hold this many bytes of output; a later doorbell replaces an earlier one.
    Doorbell {
        log_bytes: u64,
    },
    /// The run is over: the log is sealed and the final exit record is written, but not yet flushed to the disk: that
    /// is left to whoever has this message, by storing the end.
    Exited {
        log_bytes: u64,
    },
}

impl Request {
    pub fn encode(self) -> [u8; REQUEST_LEN] {
        let tag = match self {
            Self::Stop => 1,
            Self::Kill => 2,
            Self::Status => 3,
            Self::Subscribe => 4,
        };
        [b'S', b'C', VERSION, tag, 0, 0, 0, 0]
    }

    /// # Errors
    /// [`FormatError`]: the shim then closes the connection.
    pub fn decode(bytes: &[u8; REQUEST_LEN]) -> Result<Self, FormatError> {
        match bytes {
            [b'S', b'C', VERSION, 1, ..] => Ok(Self::Stop),
            [b'S', b'C', VERSION, 2, ..] => Ok(Self::Kill),
            [b'S', b'C', VERSION, 3, ..] => Ok(Self::Status),
            [b'S', b'C', VERSION, 4, ..] => Ok(Self::Subscribe),
            [b'S', b'C', VERSION, ..] => Err(FormatError::Value { field: "request" }),
            [b'S', b'C', version, ..] => Err(FormatError::Version(*version)),
            _ => Err(FormatError::Magic),
        }
    }
}

impl Reply {
    pub fn encode(self) -> [u8; REPLY_LEN] {
        let mut out = [0; REPLY_LEN];
        out[0] = VERSION;
        match self {
            Self::Accepted => out[1] = 1,
            Self::Status { shim_pid, child_pid, started_at_ms, stopping } => {
                out[1] = 2;
                out[2] = u8::from(stopping);
                out[8..16].copy_from_slice(&started_at_ms.to_le_bytes());
                out[16..20].copy_from_slice(&shim_pid.to_le_bytes());
                out[20..24].copy_from_slice(&child_pid.to_le_bytes());
            }
            Self::Doorbell { log_bytes } => {
                out[1] = 3;
                out[8..16].copy_from_slice(&log_bytes.to_le_bytes());
            }
            Self::Exited { log_bytes } => {
                out[1] = 4;
                out[8..16].copy_from_slice(&log_bytes.to_le_bytes());
            }
        }
        out
    }

    /// # Errors
    /// [`FormatError`] when the shim speaks another version, or it is no shim.
    pub fn decode(bytes: &[u8; REPLY_LEN]) -> Result<Self, FormatError> {
        let mut from = Cursor::new(bytes);
        let version = from.u8()?;
        if version != VERSION {
            return Err(FormatError::Version(version));
        }
        let (tag, stopping) = (from.u8()?, from.u8()?);
        from.take(5)?;
        let number = from.u64()?;
        match tag {
            1 => Ok(Self::Accepted),
            2 => Ok(Self::Status {
                shim_pid: from.u32()?,
                child_pid: from.u32()?,
                started_at_ms: number,
                stopping: stopping == 1,
            }),
            3 => Ok(Self::Doorbell { log_bytes: number }),
            4 => Ok(Self::Exited { log_bytes: number }),
            _ => Err(FormatError::Value { field: "reply" }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_survives_the_socket() {
        for request in [Request::Stop, Request::Kill, Request::Status, Request::Subscribe] {
            assert_eq!(Request::decode(&request.encode()), Ok(request));
        }
        for reply in [
            Reply::Accepted,
            Reply::Status { shim_pid: 1, child_pid: 2, started_at_ms: 3, stopping: true },
            Reply::Doorbell { log_bytes: 5 },
            Reply::Exited { log_bytes: u64::MAX },
        ] {
            assert_eq!(Reply::decode(&reply.encode()), Ok(reply));
        }
    }

    #[test]
    fn another_version_is_named() {
        assert_eq!(Request::decode(b"SC\x02\x01\0\0\0\0"), Err(FormatError::Version(2)));
        assert_eq!(Reply::decode(&[9; REPLY_LEN]), Err(FormatError::Version(9)));
    }
}
