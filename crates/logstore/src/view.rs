//! Random access by row for the log window. (Skeleton: signatures are final.)

use std::path::Path;

use crate::{LogError, Stream};

/// How much there is to show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    pub rows: u64,
    pub bytes: u64,
    /// Time of the last record, milliseconds since the epoch; 0 when empty.
    pub last_ts: u64,
}

/// One display line of the merged log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// From 0 per attempt.
    pub row: u64,
    pub stream: Stream,
    /// When its first byte was recorded, milliseconds since the epoch.
    pub ts_ms: u64,
    /// At most `clip` bytes of it, newline excluded.
    pub bytes: Vec<u8>,
    /// All of its bytes, newline excluded.
    pub full_len: u64,
    /// It does not end with a newline of the child (yet).
    pub partial: bool,
    /// It goes on with a line that the other stream interrupted.
    pub continued: bool,
    /// Not a line but this many bytes that found no space on the disk.
    pub gap: Option<u64>,
}

/// Opened once per request or kept; memory does not depend on the log's size.
#[derive(Debug)]
pub struct LogView {
    is_final: bool,
}

impl LogView {
    pub fn open(_run_dir: &Path) -> Result<Self, LogError> {
        Ok(Self { is_final: false })
    }
    /// The run has ended: also show what the index does not cover.
    pub fn set_final(&mut self, is_final: bool) {
        self.is_final = is_final;
    }
    pub fn extent(&mut self) -> Result<Extent, LogError> {
        Ok(Extent::default())
    }
    /// Up to `count` rows beginning at `from`, each clipped to `clip` bytes.
    pub fn rows(&mut self, _from: u64, _count: usize, _clip: usize) -> Result<Vec<Row>, LogError> {
        Ok(Vec::new())
    }
}
