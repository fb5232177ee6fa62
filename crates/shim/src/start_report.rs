//! The messages on the status pipe: the child runs, or the stage and errno of a failed start. From a fork server's shim
//! comes a word before that, its pid.
//!
//! The stages are shared with the exit record. The sentence a user reads is made by the runner, which knows the paths.

use crate::cgroup::Unenforced;
use crate::format::{Cursor, FormatError};

/// Bytes of a report on the pipe; below PIPE_BUF, so it arrives whole or not at all.
pub const LEN: usize = 32;
const VERSION: u8 = 1;

/// How far a start came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Stage {
    /// The run folder could not be opened, or already holds a run.
    RunDir = 1,
    /// Another shim holds the run's lock.
    Lock = 2,
    /// The launch file is missing or not readable as one (errno `EINVAL`).
    Launch = 3,
    /// The log files could not be made.
    Log = 4,
    /// The control socket could not be made.
    Control = 5,
    /// No process, pipe or descriptor to be had.
    Spawn = 6,
    /// The working directory could not be entered.
    Chdir = 7,
    /// The program could not be executed.
    Exec = 8,
    /// The program is there, but the interpreter its first line names is not.
    Interpreter = 9,
    /// What the program is to read could not be opened.
    Stdin = 10,
}

impl Stage {
    pub(crate) fn from_u8(value: u8) -> Result<Self, FormatError> {
        Ok(match value {
            1 => Self::RunDir,
            2 => Self::Lock,
            3 => Self::Launch,
            4 => Self::Log,
            5 => Self::Control,
            6 => Self::Spawn,
            7 => Self::Chdir,
            8 => Self::Exec,
            9 => Self::Interpreter,
            10 => Self::Stdin,
            _ => return Err(FormatError::Value { field: "stage" }),
        })
    }
}

/// A start that failed; nothing of the task has run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StartFailure {
    /// Where it failed.
    pub stage: Stage,
    /// As the system numbers errors.
    pub errno: i32,
}

/// What the shim says, then it closes the pipe. A pipe closed before `Started` or `Failed` means that the shim died; one
/// closed without a word, that there never was one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartReport {
    /// The fork server has made the shim; the other report follows.
    Forked {
        /// Of the shim that was forked.
        shim_pid: u32,
    },
    /// The program has been executed.
    Started {
        /// Of the shim, which owns the run.
        shim_pid: u32,
        /// Of the run's leader.
        child_pid: u32,
        /// Unix milliseconds.
        started_at_ms: u64,
        /// Of the run's limits.
        unenforced: Unenforced,
    },
    /// Nothing of the task has run.
    Failed(StartFailure),
}

impl StartReport {
    /// As it is sent.
    pub fn encode(&self) -> [u8; LEN] {
        let mut out = [0; LEN];
        out[0] = VERSION;
        match *self {
            Self::Started { shim_pid, child_pid, started_at_ms, unenforced } => {
                out[1] = 1;
                out[3] = unenforced.bits();
                out[8..12].copy_from_slice(&shim_pid.to_le_bytes());
                out[12..16].copy_from_slice(&child_pid.to_le_bytes());
                out[16..24].copy_from_slice(&started_at_ms.to_le_bytes());
            }
            Self::Failed(StartFailure { stage, errno }) => {
                out[1] = 2;
                out[2] = stage as u8;
                out[4..8].copy_from_slice(&errno.to_le_bytes());
            }
            Self::Forked { shim_pid } => {
                out[1] = 3;
                out[8..12].copy_from_slice(&shim_pid.to_le_bytes());
            }
        }
        out
    }

    /// # Errors
    /// [`FormatError`] when the bytes are not a report of this version.
    pub fn decode(bytes: &[u8; LEN]) -> Result<Self, FormatError> {
        let mut from = Cursor::new(bytes);
        let version = from.u8()?;
        if version != VERSION {
            return Err(FormatError::Version(version));
        }
        let (tag, stage, unenforced, errno) = (from.u8()?, from.u8()?, from.u8()?, from.i32()?);
        match tag {
            1 => Ok(Self::Started {
                shim_pid: from.u32()?,
                child_pid: from.u32()?,
                started_at_ms: from.u64()?,
                unenforced: Unenforced::from_bits(unenforced),
            }),
            2 => Ok(Self::Failed(StartFailure { stage: Stage::from_u8(stage)?, errno })),
            3 => Ok(Self::Forked { shim_pid: from.u32()? }),
            _ => Err(FormatError::Value { field: "outcome" }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_report_survives_the_pipe() {
        let forked = StartReport::Forked { shim_pid: 7 };
        assert_eq!(StartReport::decode(&forked.encode()), Ok(forked));
        let unenforced = Unenforced { memory: true, cpu: false, processes: true };
        let started = StartReport::Started { shim_pid: 1, child_pid: 2, started_at_ms: u64::MAX, unenforced };
        assert_eq!(StartReport::decode(&started.encode()), Ok(started));
        for stage in (1..=9).map(|value| Stage::from_u8(value).unwrap()) {
            let failed = StartReport::Failed(StartFailure { stage, errno: -5 });
            assert_eq!(StartReport::decode(&failed.encode()), Ok(failed));
        }
        assert!(StartReport::decode(&[0; LEN]).is_err());
    }
}
