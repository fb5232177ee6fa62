//! The messages on a run's control socket, fixed in size and versioned.
//!
//! A client sends requests; the shim answers each with one reply, and subscribers get doorbells as the log grows, word of a main
//! program that has ended before its run, and a last `Exited`. Nothing else travels here: output is read from the log, the exit
//! status from the exit record.
//!
//! An app and a shim of different releases meet whenever the app is replaced while runs go on. So nobody sends what the other may
//! not know: a client that knows `MainEnded` says so when it subscribes, in a byte that earlier shims do not look at.

use crate::exit_record::LeaderStatus;
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
    /// Have all processes of the run stand still, and its timeout with them. Answered with `Status`. Not for a shim whose `Status`
    /// does not say that it knows this. A run that is being ended goes on for that.
    Suspend,
    /// Have them go on. As `Suspend`.
    Resume,
    /// Answered with a `Doorbell` when there is output, then one whenever the log has grown, and `Exited` at the end; for a client
    /// that knows of it also with `MainEnded`.
    Subscribe {
        /// Whether this client knows `MainEnded`; one of an earlier release says that it does not.
        main_ended: bool,
    },
}

/// Pids of those that keep a run going which fit into one reply.
pub const MAX_HOLDERS: usize = 5;

/// Who holds the output of a run open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Holders {
    /// Of the run; none when whoever it is cannot be found among its processes.
    pub count: u32,
    /// The first of them; 0 where there are no more.
    pub pids: [u32; MAX_HOLDERS],
}

/// From the shim to a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// To `Stop` and `Kill`: it is being done.
    Accepted,
    /// To `Status`, `Suspend` and `Resume`: how the run stands after that.
    Status {
        /// Of whoever answers.
        shim_pid: u32,
        /// Of the run's leader, which may have ended.
        child_pid: u32,
        /// Unix milliseconds.
        started_at_ms: u64,
        /// A stop, kill or timeout is under way.
        stopping: bool,
        /// It knows `Suspend` and `Resume`; a shim of an earlier release does not.
        suspends: bool,
        /// The processes of the run stand still.
        suspended: bool,
    },
    /// The log and its index hold this many bytes of output; a later doorbell replaces an earlier one.
    Doorbell {
        /// Of all segments together.
        log_bytes: u64,
    },
    /// The main program has ended, and the run goes on because others hold its output open; a later one replaces an earlier one.
    MainEnded {
        /// How it ended.
        status: LeaderStatus,
        /// Who keeps the run going.
        holders: Holders,
    },
    /// The run is over: the log is sealed and the final exit record is written, but not yet flushed to the disk: that
    /// is left to whoever has this message, by storing the end.
    Exited {
        /// Of all segments together; the log does not grow any more.
        log_bytes: u64,
    },
}

impl Request {
    /// As it is sent.
    pub fn encode(self) -> [u8; REQUEST_LEN] {
        let (tag, knows) = match self {
            Self::Stop => (1, false),
            Self::Kill => (2, false),
            Self::Status => (3, false),
            Self::Subscribe { main_ended } => (4, main_ended),
            Self::Suspend => (5, false),
            Self::Resume => (6, false),
        };
        [b'S', b'C', VERSION, tag, u8::from(knows), 0, 0, 0]
    }

    /// # Errors
    /// [`FormatError`]: the shim then closes the connection.
    pub fn decode(bytes: &[u8; REQUEST_LEN]) -> Result<Self, FormatError> {
        match bytes {
            [b'S', b'C', VERSION, 1, ..] => Ok(Self::Stop),
            [b'S', b'C', VERSION, 2, ..] => Ok(Self::Kill),
            [b'S', b'C', VERSION, 3, ..] => Ok(Self::Status),
            [b'S', b'C', VERSION, 4, knows, ..] => Ok(Self::Subscribe { main_ended: *knows == 1 }),
            [b'S', b'C', VERSION, 5, ..] => Ok(Self::Suspend),
            [b'S', b'C', VERSION, 6, ..] => Ok(Self::Resume),
            [b'S', b'C', VERSION, ..] => Err(FormatError::Value { field: "request" }),
            [b'S', b'C', version, ..] => Err(FormatError::Version(*version)),
            _ => Err(FormatError::Magic),
        }
    }
}

impl Reply {
    /// As it is sent.
    pub fn encode(self) -> [u8; REPLY_LEN] {
        let mut out = [0; REPLY_LEN];
        out[0] = VERSION;
        match self {
            Self::Accepted => out[1] = 1,
            Self::Status { shim_pid, child_pid, started_at_ms, stopping, suspends, suspended } => {
                out[1] = 2;
                out[2] = u8::from(stopping);
                out[3] = u8::from(suspends) | u8::from(suspended) << 1;
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
            Self::MainEnded { status, holders: Holders { count, pids } } => {
                out[1] = 5;
                let status = match status {
                    LeaderStatus::Code(code) => code,
                    LeaderStatus::Signal(signal) => {
                        out[2] = 1;
                        signal
                    }
                };
                out[4..8].copy_from_slice(&status.to_le_bytes());
                for (place, number) in [count].into_iter().chain(pids).enumerate() {
                    out[8 + 4 * place..][..4].copy_from_slice(&number.to_le_bytes());
                }
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
        let (tag, bit) = (from.u8()?, from.u8()?);
        let flags = from.u8()?;
        let status = from.i32()?;
        if tag == 5 {
            let status = if bit == 1 { LeaderStatus::Signal(status) } else { LeaderStatus::Code(status) };
            let mut holders = Holders { count: from.u32()?, ..Holders::default() };
            for pid in &mut holders.pids {
                *pid = from.u32()?;
            }
            return Ok(Self::MainEnded { status, holders });
        }
        let number = from.u64()?;
        match tag {
            1 => Ok(Self::Accepted),
            2 => Ok(Self::Status {
                shim_pid: from.u32()?,
                child_pid: from.u32()?,
                started_at_ms: number,
                stopping: bit == 1,
                suspends: flags & 1 != 0,
                suspended: flags & 2 != 0,
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
    use crate::format::unhex;

    const HOLDERS: Holders = Holders { count: 7, pids: [1, 2, 3, 4, u32::MAX] };

    /// The bytes of release 0.1.0, whose shims and apps this one meets.
    #[test]
    fn the_messages_of_the_last_release_are_understood_and_sent() {
        for (bytes, request) in [
            ("5343010100000000", Request::Stop),
            ("5343010200000000", Request::Kill),
            ("5343010300000000", Request::Status),
            ("5343010400000000", Request::Subscribe { main_ended: false }),
        ] {
            assert_eq!(Request::decode(unhex(bytes)[..].try_into().unwrap()), Ok(request));
            assert_eq!(request.encode()[..], unhex(bytes));
        }
        let status = Reply::Status {
            shim_pid: 4710,
            child_pid: 4711,
            started_at_ms: 1_700_000_000_000,
            stopping: true,
            suspends: false,
            suspended: false,
        };
        for (bytes, reply) in [
            ("0101000000000000000000000000000000000000000000000000000000000000", Reply::Accepted),
            ("01020100000000000068e5cf8b01000066120000671200000000000000000000", status),
            (
                "0103000000000000630000000000000000000000000000000000000000000000",
                Reply::Doorbell { log_bytes: 99 },
            ),
            (
                "0104000000000000640000000000000000000000000000000000000000000000",
                Reply::Exited { log_bytes: 100 },
            ),
        ] {
            assert_eq!(Reply::decode(unhex(bytes)[..].try_into().unwrap()), Ok(reply));
            assert_eq!(reply.encode()[..], unhex(bytes));
        }
    }

    #[test]
    fn every_message_survives_the_socket() {
        let subscribe = |main_ended| Request::Subscribe { main_ended };
        for request in [
            Request::Stop,
            Request::Kill,
            Request::Status,
            Request::Suspend,
            Request::Resume,
            subscribe(false),
            subscribe(true),
        ] {
            assert_eq!(Request::decode(&request.encode()), Ok(request));
        }
        for reply in [
            Reply::Accepted,
            Reply::Status {
                shim_pid: 1,
                child_pid: 2,
                started_at_ms: 3,
                stopping: false,
                suspends: true,
                suspended: true,
            },
            Reply::Doorbell { log_bytes: 5 },
            Reply::Exited { log_bytes: u64::MAX },
            Reply::MainEnded { status: LeaderStatus::Code(-1), holders: HOLDERS },
            Reply::MainEnded { status: LeaderStatus::Signal(15), holders: Holders::default() },
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
