//! The skip filters of a log: which of its segments have one, and making those that are missing.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::blocks::Block;
use super::log_search::BLOCK_BYTES;
use super::query::{RowMatcher, SearchQuery};
use super::required::Required;
use super::scan::{Bounds, Scanner};
use super::skip_file::{Extent, SkipFile, build};
use super::{grams, log_search};
use crate::LogError;
use crate::cursor::{Cursor, LogFiles};

/// A segment of fewer blocks is searched as fast without.
const FEWEST_BLOCKS: u64 = 2;

/// The filters that one search uses.
#[derive(Debug)]
pub(super) struct Skipping {
    required: Required,
    block_bytes: u64,
    /// With what they are of, in the log's order.
    files: Vec<(Extent, Arc<SkipFile>)>,
    /// The last segment that was looked at.
    segment: Option<u32>,
}

/// The filter of one block.
#[derive(Debug, Clone)]
pub(super) struct BlockFilter {
    file: Arc<SkipFile>,
    number: usize,
}

impl Skipping {
    pub(super) fn new(query: &SearchQuery, block_bytes: u64) -> Self {
        Self { required: Required::of(query), block_bytes, files: Vec::new(), segment: None }
    }

    /// Opens the filters of segments that were sealed since the last look.
    pub(super) fn look(&mut self, run_dir: &Path, files: &LogFiles, is_final: bool) -> Result<(), LogError> {
        if !grams::can_tell(&self.required) {
            return Ok(());
        }
        for (segment, start, end) in sealed_after(files, self.segment, is_final)? {
            self.segment = Some(segment);
            let extent = Extent { segment, start, end, block_bytes: self.block_bytes };
            if end - start >= FEWEST_BLOCKS * self.block_bytes
                && let Some(file) = SkipFile::open(run_dir, extent)
            {
                self.files.push((extent, Arc::new(file)));
            }
        }
        Ok(())
    }

    pub(super) fn of(&self, block: &Block) -> Option<BlockFilter> {
        let at = self.files.partition_point(|(extent, _)| extent.start <= block.start).checked_sub(1)?;
        let (extent, file) = &self.files[at];
        let number = ((block.start - extent.start) / self.block_bytes) as usize;
        (block.start < extent.end).then(|| BlockFilter { file: Arc::clone(file), number })
    }

    pub(super) fn required(&self) -> &Required {
        &self.required
    }
}

impl BlockFilter {
    /// Whether a row of the block may match.
    pub(super) fn may_hold(&self, required: &Required) -> bool {
        self.file.may_hold(self.number, required)
    }
}

/// Segments behind this one that cannot change any more, with where they begin and end in the log.
fn sealed_after(
    files: &LogFiles,
    mut segment: Option<u32>,
    is_final: bool,
) -> Result<Vec<(u32, u64, u64)>, LogError> {
    let mut sealed = Vec::new();
    while let Some(next) = files.segment_after(segment) {
        if files.segment_after(Some(next)).is_none() && !is_final {
            break;
        }
        if let (Some(start), Some(end)) = (files.segment_start(next)?, files.segment_end(next)?)
            && start < end
        {
            sealed.push((next, start, end));
        }
        segment = Some(next);
    }
    Ok(sealed)
}

/// Makes the filters that are missing, of segments large enough to profit. Reads each such segment once; comes back early
/// when `stop` is set. What is made already is kept.
///
/// # Errors
/// [`LogError::Open`], [`LogError::Read`], and [`LogError::Write`] where a filter cannot be written, as on a full disk: the
/// log is searched without it then.
pub fn make_filters(run_dir: &Path, is_final: bool, stop: &AtomicBool) -> Result<(), LogError> {
    make_filters_with_block_bytes(run_dir, is_final, stop, BLOCK_BYTES)
}

/// As [`make_filters`], for searches with blocks of another size.
///
/// # Errors
/// As [`make_filters`].
pub fn make_filters_with_block_bytes(
    run_dir: &Path,
    is_final: bool,
    stop: &AtomicBool,
    block_bytes: u64,
) -> Result<(), LogError> {
    let mut files = LogFiles::open(run_dir)?;
    let mut cursor = Cursor::new();
    cursor.set_final(is_final);
    let (mut breaks, mut seams) = (Vec::new(), Vec::new());
    log_search::walk(&mut cursor, &mut files, &mut breaks, &mut seams)?;
    let is_final = is_final || cursor.has_ended();
    let bounds = Bounds { end: cursor.counts().offset, is_final, breaks: &breaks };
    let sealed = sealed_after(&files, None, is_final)?;
    let mut scanner = Scanner::new(&mut files, RowMatcher::all());
    for (segment, start, end) in sealed {
        let extent = Extent { segment, start, end, block_bytes };
        if stop.load(Ordering::Relaxed) {
            break;
        }
        if end - start >= FEWEST_BLOCKS * block_bytes && SkipFile::open(run_dir, extent).is_none() {
            build(run_dir, extent, &mut scanner, bounds, stop)?;
        }
    }
    Ok(())
}
