//! The exit record: 128 bytes in the run folder that say how the run stands, and later how it ended and what it used.
//!
//! It is allocated before the child starts, so a full disk cannot take the exit status away, and written with one
//! `pwrite`; the checksum tells a torn one. A Started record whose lock is free means that supervision was lost.
//!
//! Layout (little endian): mark `SLXR` 0..4, version 4, state 5, kind 6, flags 7, status 8..12 (code or signal),
//! errno 12..16, child pid 16..20, shim pid 20..24, started 24..32, finished 32..40, duration 40..48, boot 48..56,
//! stage 56, what of the usage is known 57, zero 58..64, processor time 64..72, peak memory 72..80,
//! bytes read 80..88, bytes written 88..96, hash of the run id 96..104, zero 104..124, checksum 124..128.
//!
//! A file of zeros is as an empty one: nothing has begun there. The hash tells a record of the run from one that was left
//! of another in the same file when the power was cut; it is 0 in records from before it was written.
//!
//! Version 1, of the first shims, has 64 bytes: the same up to 57, then zeros, and its checksum at 60..64.

use std::cmp::Ordering;

use crate::format::{Cursor, FormatError, checksum};
use crate::start_report::{Stage, StartFailure};

/// Bytes of a record.
pub const LEN: usize = 128;
/// Bytes of a record of version 1.
const LEN_V1: usize = 64;
const MAGIC: &[u8; 4] = b"SLXR";
const VERSION: u8 = 2;

const HAS_CODE: u8 = 1;
const HAS_SIGNAL: u8 = 1 << 1;
const DRAIN_CUT: u8 = 1 << 2;
const KILLED_AFTER_GRACE: u8 = 1 << 3;
const SURVIVORS: u8 = 1 << 4;
const LOG_INCOMPLETE: u8 = 1 << 5;
const OOM_KILLED: u8 = 1 << 6;
const ALL_FLAGS: u8 = (1 << 7) - 1;

const PEAK_KNOWN: u8 = 1;
const IO_KNOWN: u8 = 1 << 1;
const CPU_KNOWN: u8 = 1 << 2;

/// How the leader ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeaderStatus {
    /// It exited with this code, 0 to 255.
    Code(i32),
    /// The signal of this number ended it.
    Signal(i32),
}

impl LeaderStatus {
    /// The exit code; `None` when a signal ended it.
    pub fn code(self) -> Option<i32> {
        if let Self::Code(code) = self { Some(code) } else { None }
    }

    /// The number of the signal that ended it; `None` when it exited.
    pub fn signal(self) -> Option<i32> {
        if let Self::Signal(signal) = self { Some(signal) } else { None }
    }
}

/// Why the run is over. Timeout and stop keep the leader's own status, which is absent only when the leader could
/// not be ended (a process stuck in the kernel).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunEnd {
    /// The leader ended by itself, or by a signal that was not ours.
    Ended(LeaderStatus),
    /// Ended because its time was over.
    TimedOut(Option<LeaderStatus>),
    /// Ended because it was asked to.
    Stopped(Option<LeaderStatus>),
    /// Nothing of the task has run.
    StartFailed(StartFailure),
    /// Ended because it printed more than its limit.
    OverOutputLimit(Option<LeaderStatus>),
}

/// Remarks about the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EndFlags {
    /// Somebody still held the output open when there was nobody left to wait for or to end: what came after is not in the log.
    pub drain_cut: bool,
    /// TERM was not enough.
    pub killed_after_grace: bool,
    /// Some process of the tree was still there when the sweep gave up.
    pub survivors: bool,
    /// Output was lost because the log could not be written.
    pub log_incomplete: bool,
    /// The kernel has killed a process of the run for want of memory.
    pub oom_killed: bool,
}

/// What all processes of a run have used that had ended when it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Microseconds.
    pub cpu_us: u64,
    /// Of all together where the system counts that, else of the largest.
    pub peak_memory_bytes: Option<u64>,
    /// From and to disks.
    pub io_bytes: Option<(u64, u64)>,
}

/// How far the run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunState {
    /// Under way, or about to be; with a free lock, lost.
    Started,
    /// Over.
    Final {
        /// Why.
        end: RunEnd,
        /// Unix milliseconds: when the leader ended, not when its output was drained, unless others of the run went on after it.
        finished_at_ms: u64,
        /// From the monotonic clock.
        duration_us: u64,
        /// What else there is to say of the end.
        flags: EndFlags,
        /// `None` for a run that never started, and in a record of version 1.
        usage: Option<Usage>,
    },
}

/// The content of the `exit` file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExitRecord {
    /// How far the run is.
    pub state: RunState,
    /// 0 until the child is there, and when it never was.
    pub child_pid: u32,
    /// Of the shim that wrote it.
    pub shim_pid: u32,
    /// Unix milliseconds.
    pub started_at_ms: u64,
    /// [`boot_id_hash`] when the run started; another value now means that the machine was rebooted since.
    pub boot_id_hash: u64,
    /// [`run_id_hash`] of the run; 0 in records from before it was written, and until the
    /// shim knows its run.
    pub run_id_hash: u64,
}

impl ExitRecord {
    /// The whole file, of the current version.
    pub fn encode(&self) -> [u8; LEN] {
        let mut out = [0; LEN];
        out[0..4].copy_from_slice(MAGIC);
        out[4] = VERSION;
        out[5] = 1;
        out[16..20].copy_from_slice(&self.child_pid.to_le_bytes());
        out[20..24].copy_from_slice(&self.shim_pid.to_le_bytes());
        out[24..32].copy_from_slice(&self.started_at_ms.to_le_bytes());
        out[48..56].copy_from_slice(&self.boot_id_hash.to_le_bytes());
        if let RunState::Final { end, finished_at_ms, duration_us, flags, usage } = self.state {
            out[5] = 2;
            let (kind, status, failure) = match end {
                RunEnd::Ended(status) => (1, Some(status), None),
                RunEnd::TimedOut(status) => (2, status, None),
                RunEnd::Stopped(status) => (3, status, None),
                RunEnd::StartFailed(failure) => (4, None, Some(failure)),
                RunEnd::OverOutputLimit(status) => (5, status, None),
            };
            out[6] = kind;
            out[7] = flag_bits(flags);
            match status {
                Some(LeaderStatus::Code(code)) => {
                    out[7] |= HAS_CODE;
                    out[8..12].copy_from_slice(&code.to_le_bytes());
                }
                Some(LeaderStatus::Signal(signal)) => {
                    out[7] |= HAS_SIGNAL;
                    out[8..12].copy_from_slice(&signal.to_le_bytes());
                }
                None => {}
            }
            if let Some(StartFailure { stage, errno }) = failure {
                out[12..16].copy_from_slice(&errno.to_le_bytes());
                out[56] = stage as u8;
            }
            out[32..40].copy_from_slice(&finished_at_ms.to_le_bytes());
            out[40..48].copy_from_slice(&duration_us.to_le_bytes());
            if let Some(Usage { cpu_us, peak_memory_bytes, io_bytes }) = usage {
                out[57] = CPU_KNOWN;
                out[64..72].copy_from_slice(&cpu_us.to_le_bytes());
                if let Some(peak) = peak_memory_bytes {
                    out[57] |= PEAK_KNOWN;
                    out[72..80].copy_from_slice(&peak.to_le_bytes());
                }
                if let Some((read, written)) = io_bytes {
                    out[57] |= IO_KNOWN;
                    out[80..88].copy_from_slice(&read.to_le_bytes());
                    out[88..96].copy_from_slice(&written.to_le_bytes());
                }
            }
        }
        out[96..104].copy_from_slice(&self.run_id_hash.to_le_bytes());
        let sum = checksum(&out[..LEN - 4]);
        out[LEN - 4..].copy_from_slice(&sum.to_le_bytes());
        out
    }

    /// Reads a record, also one of version 1; the file may be longer only by mistake, so the slice must have exactly the
    /// bytes of its version.
    ///
    /// # Errors
    /// [`FormatError`] for a torn, foreign or newer record.
    pub fn decode(bytes: &[u8]) -> Result<Self, FormatError> {
        if bytes.len() > LEN {
            return Err(FormatError::Trailing);
        }
        let (body, sum) = bytes.split_last_chunk::<4>().ok_or(FormatError::Truncated)?;
        let mut from = Cursor::new(body);
        if from.take(4)? != MAGIC {
            return Err(FormatError::Magic);
        }
        let version = from.u8()?;
        let len = match version {
            1 => LEN_V1,
            VERSION => LEN,
            other => return Err(FormatError::Version(other)),
        };
        match bytes.len().cmp(&len) {
            Ordering::Less => return Err(FormatError::Truncated),
            Ordering::Greater => return Err(FormatError::Trailing),
            Ordering::Equal => {}
        }
        if checksum(body) != u32::from_le_bytes(*sum) {
            return Err(FormatError::Checksum);
        }
        let (state, kind, bits) = (from.u8()?, from.u8()?, from.u8()?);
        let (status, errno) = (from.i32()?, from.i32()?);
        let (child_pid, shim_pid, started_at_ms) = (from.u32()?, from.u32()?, from.u64()?);
        let (finished_at_ms, duration_us, boot_id_hash) = (from.u64()?, from.u64()?, from.u64()?);
        let (stage, known) = (from.u8()?, from.u8()?);
        let (usage, run_id_hash) = match version {
            1 => (None, 0),
            _ => (usage(&mut from, known)?, from.u64()?),
        };
        let state = match state {
            1 => RunState::Started,
            2 => RunState::Final {
                end: end(kind, leader_status(bits, status)?, stage, errno)?,
                finished_at_ms,
                duration_us,
                flags: flags(bits),
                usage,
            },
            _ => return Err(FormatError::Value { field: "state" }),
        };
        Ok(Self { state, child_pid, shim_pid, started_at_ms, boot_id_hash, run_id_hash })
    }

    /// Whether the record may be of this run.
    pub fn is_of(&self, run_id: &str) -> bool {
        self.run_id_hash == 0 || self.run_id_hash == run_id_hash(run_id)
    }
}

/// Whether a file with these bytes says that nothing has begun.
pub fn is_blank(bytes: &[u8]) -> bool {
    bytes.iter().all(|&byte| byte == 0)
}

fn end(kind: u8, status: Option<LeaderStatus>, stage: u8, errno: i32) -> Result<RunEnd, FormatError> {
    match (kind, status) {
        (1, Some(status)) => Ok(RunEnd::Ended(status)),
        (2, status) => Ok(RunEnd::TimedOut(status)),
        (3, status) => Ok(RunEnd::Stopped(status)),
        (5, status) => Ok(RunEnd::OverOutputLimit(status)),
        (4, None) => Ok(RunEnd::StartFailed(StartFailure { stage: Stage::from_u8(stage)?, errno })),
        _ => Err(FormatError::Value { field: "kind" }),
    }
}

fn usage(from: &mut Cursor<'_>, known: u8) -> Result<Option<Usage>, FormatError> {
    from.take(6)?;
    let (cpu_us, peak, io) = (from.u64()?, from.u64()?, (from.u64()?, from.u64()?));
    Ok((known & CPU_KNOWN != 0).then_some(Usage {
        cpu_us,
        peak_memory_bytes: (known & PEAK_KNOWN != 0).then_some(peak),
        io_bytes: (known & IO_KNOWN != 0).then_some(io),
    }))
}

fn leader_status(bits: u8, status: i32) -> Result<Option<LeaderStatus>, FormatError> {
    match (bits & (HAS_CODE | HAS_SIGNAL), bits & !ALL_FLAGS) {
        (0, 0) => Ok(None),
        (HAS_CODE, 0) => Ok(Some(LeaderStatus::Code(status))),
        (HAS_SIGNAL, 0) => Ok(Some(LeaderStatus::Signal(status))),
        _ => Err(FormatError::Value { field: "flags" }),
    }
}

fn flag_bits(flags: EndFlags) -> u8 {
    let bit = |set: bool, bit: u8| if set { bit } else { 0 };
    bit(flags.drain_cut, DRAIN_CUT)
        | bit(flags.killed_after_grace, KILLED_AFTER_GRACE)
        | bit(flags.survivors, SURVIVORS)
        | bit(flags.log_incomplete, LOG_INCOMPLETE)
        | bit(flags.oom_killed, OOM_KILLED)
}

fn flags(bits: u8) -> EndFlags {
    EndFlags {
        drain_cut: bits & DRAIN_CUT != 0,
        killed_after_grace: bits & KILLED_AFTER_GRACE != 0,
        survivors: bits & SURVIVORS != 0,
        log_incomplete: bits & LOG_INCOMPLETE != 0,
        oom_killed: bits & OOM_KILLED != 0,
    }
}

/// A number for this boot of the machine (FNV-1a of the kernel's boot id), 0 where the kernel tells none.
pub fn boot_id_hash() -> u64 {
    let Ok(id) = std::fs::read("/proc/sys/kernel/random/boot_id") else { return 0 };
    fnv1a(id.trim_ascii())
}

/// A number for a run id (FNV-1a), never 0.
pub fn run_id_hash(run_id: &str) -> u64 {
    fnv1a(run_id.as_bytes()).max(1)
}

fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::unhex;

    const USAGE: Usage = Usage { cpu_us: 10, peak_memory_bytes: None, io_bytes: Some((11, 12)) };

    fn record(end: RunEnd) -> ExitRecord {
        let flags = EndFlags { drain_cut: true, log_incomplete: true, ..EndFlags::default() };
        ExitRecord {
            state: RunState::Final { end, finished_at_ms: 9, duration_us: 8, flags, usage: Some(USAGE) },
            child_pid: 7,
            shim_pid: 6,
            started_at_ms: 5,
            boot_id_hash: 4,
            run_id_hash: 3,
        }
    }

    #[test]
    fn every_end_survives_the_file() {
        let failure = StartFailure { stage: Stage::Chdir, errno: 2 };
        for end in [
            RunEnd::Ended(LeaderStatus::Code(0)),
            RunEnd::Ended(LeaderStatus::Signal(11)),
            RunEnd::TimedOut(Some(LeaderStatus::Code(255))),
            RunEnd::Stopped(Some(LeaderStatus::Signal(9))),
            RunEnd::Stopped(None),
            RunEnd::StartFailed(failure),
            RunEnd::OverOutputLimit(Some(LeaderStatus::Signal(9))),
        ] {
            assert_eq!(ExitRecord::decode(&record(end).encode()), Ok(record(end)));
        }
        let started = ExitRecord { state: RunState::Started, ..record(RunEnd::Stopped(None)) };
        assert_eq!(ExitRecord::decode(&started.encode()), Ok(started));
    }

    #[test]
    fn a_record_of_the_first_version_is_read_without_its_usage() {
        let mut bytes = record(RunEnd::Ended(LeaderStatus::Code(3))).encode()[..LEN_V1].to_vec();
        (bytes[4], bytes[57]) = (1, 0);
        let sum = checksum(&bytes[..LEN_V1 - 4]);
        bytes[LEN_V1 - 4..].copy_from_slice(&sum.to_le_bytes());
        let read = ExitRecord::decode(&bytes).unwrap();
        let RunState::Final { end, usage, .. } = read.state else { panic!("{read:?}") };
        assert_eq!((end, usage), (RunEnd::Ended(LeaderStatus::Code(3)), None));
    }

    /// The bytes of release 0.1.0.
    #[test]
    fn a_record_of_the_last_release_is_read() {
        const RECORDED: &str = "534c585202020105030000000000000067120000661200000068e5cf8b010000887be5cf8b010000404b4c00000000\
                                00070000000000000000050000000000000a00000000000000001000000000000000000000000000000000000000000\
                                000d81b690419f020e60000000000000000000000000000000000000000ac295b40";
        let read = ExitRecord::decode(&unhex(RECORDED)).unwrap();
        let state = RunState::Final {
            end: RunEnd::Ended(LeaderStatus::Code(3)),
            finished_at_ms: 1_700_000_005_000,
            duration_us: 5_000_000,
            flags: EndFlags { drain_cut: true, ..EndFlags::default() },
            usage: Some(Usage { cpu_us: 10, peak_memory_bytes: Some(4_096), io_bytes: None }),
        };
        assert_eq!((read.state, read.child_pid, read.shim_pid), (state, 4_711, 4_710));
        assert!(read.is_of("a/1") && !read.is_of("b/1"));
    }

    #[test]
    fn a_record_is_of_its_run_alone() {
        let mut of_a = record(RunEnd::Stopped(None));
        of_a.run_id_hash = run_id_hash("a/1");
        let read = ExitRecord::decode(&of_a.encode()).unwrap();
        assert!(read.is_of("a/1") && !read.is_of("a/2"));
        // Records from before the hash was written are of whatever run asks.
        of_a.run_id_hash = 0;
        assert!(ExitRecord::decode(&of_a.encode()).unwrap().is_of("a/2"));
    }

    #[test]
    fn a_torn_record_is_never_an_exit_status() {
        let old = ExitRecord { state: RunState::Started, ..record(RunEnd::Stopped(None)) }.encode();
        let new = record(RunEnd::Ended(LeaderStatus::Code(0))).encode();
        for cut in 6..LEN {
            let mut torn = new;
            torn[cut..].copy_from_slice(&old[cut..]);
            assert!(torn == new || ExitRecord::decode(&torn).is_err(), "torn at {cut}");
            assert!(ExitRecord::decode(&new[..cut]).is_err(), "cut at {cut}");
        }
        assert!(ExitRecord::decode(&[0; LEN]).is_err());
    }
}
