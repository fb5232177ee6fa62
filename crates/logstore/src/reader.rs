//! The sequential reader: every line of a run's log, in order, once. (Skeleton: signatures are final.)

use std::path::Path;

use bytes::Bytes;

use crate::{LogError, Stream};

/// One line of a [`Batch`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineSpan {
    pub stream: Stream,
    /// The line is longer than 1 MiB, or a gap tore it: its rest follows as the next span of this stream, same `seq`.
    pub cut: bool,
    /// The line's bytes in the batch, newline excluded.
    pub start: u32,
    pub end: u32,
    /// Line number within its stream, from 0.
    pub seq: u64,
    /// When the line's first byte was recorded, milliseconds since the epoch.
    pub ts_ms: u64,
}

/// Bytes that found no space on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// How many of the batch's lines come before the gap.
    pub before_line: usize,
    pub stream: Stream,
    pub bytes: u64,
    /// Newlines among the dropped bytes; `seq` goes on after them.
    pub lines: u64,
}

/// Some whole lines in order.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    pub bytes: Bytes,
    pub lines: Vec<LineSpan>,
    pub gaps: Vec<Gap>,
}

impl Batch {
    /// The bytes of one line without its newline, sharing the batch's memory.
    pub fn line(&self, span: &LineSpan) -> Bytes {
        self.bytes.slice(span.start as usize..span.end as usize)
    }
}

/// A cursor over one run's log.
#[derive(Debug)]
pub struct LogReader {
    is_final: bool,
}

impl LogReader {
    /// Opens at the log's beginning. Files that are missing are looked for again at each read.
    pub fn open(_run_dir: &Path) -> Result<Self, LogError> {
        Ok(Self { is_final: false })
    }
    /// The next lines, `None` when caught up for now (or for good once the run has ended).
    pub fn next_batch(&mut self) -> Result<Option<Batch>, LogError> {
        Ok(None)
    }
    /// Gives a batch's memory back for the next one; optional.
    pub fn recycle(&mut self, _batch: Batch) {}
    /// The run has ended: also yield the trailing partial lines and what the index does not cover.
    pub fn set_final(&mut self, is_final: bool) {
        self.is_final = is_final;
    }
}
