//! The writer of one run's log. (Skeleton: signatures are final, bodies follow.)

use std::path::Path;

use crate::{LogError, Stream};

/// What a finished log holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogTotals {
    /// Bytes in `output.log`, our own newlines included.
    pub bytes: u64,
    /// Display rows of the merged log.
    pub rows: u64,
    /// Newlines that each stream produced (index = `Stream as usize`), dropped ones included.
    pub lines: [u64; 2],
    /// Bytes that found no space on the disk.
    pub dropped: u64,
}

/// Owns `output.log` and `output.idx` of a run folder while the run lasts.
#[derive(Debug)]
pub struct LogWriter {
    totals: LogTotals,
}

impl LogWriter {
    /// Creates both files (0600) in an existing run folder; refuses to follow or overwrite what is there.
    pub fn create(_run_dir: &Path) -> Result<Self, LogError> {
        Ok(Self { totals: LogTotals::default() })
    }
    /// Takes bytes as read from a pipe, in any split. A full disk is counted as a gap, not reported.
    pub fn append(&mut self, _stream: Stream, _bytes: &[u8], _now_ms: u64) -> Result<(), LogError> {
        Ok(())
    }
    /// Publishes what is due; returns the milliseconds until the next due time, `None` when nothing waits.
    pub fn flush_due(&mut self, _now_ms: u64) -> Result<Option<u64>, LogError> {
        Ok(None)
    }
    /// Makes data, then index durable, if anything was written since the last time.
    pub fn sync(&mut self) -> Result<(), LogError> {
        Ok(())
    }
    /// Flushes partial lines, seals the index and makes everything durable.
    pub fn finish(self, _now_ms: u64) -> Result<LogTotals, LogError> {
        Ok(self.totals)
    }
    /// Whether something was written since the last `sync`.
    pub fn is_dirty(&self) -> bool {
        false
    }
    /// Bytes of `output.log` that readers can see; a doorbell rings when this grew.
    pub fn published_bytes(&self) -> u64 {
        self.totals.bytes
    }
}
