//! The skip filters of a log: which of its segments have one, and making those that are missing.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::blocks::Block;
use super::grams;
use super::log_search::{BLOCK_BYTES, walk};
use super::query::{RowMatcher, SearchQuery};
use super::required::Required;
use super::scan::{Bounds, Scanner};
use super::skip_file::{Extent, SkipFile, build};
use solti_positions::LogOffset;

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
) -> Result<Vec<(u32, LogOffset, LogOffset)>, LogError> {
    let mut sealed = Vec::new();
    while let Some(next) = files.segment_after(segment) {
        if files.segment_after(Some(next)).is_none() && !is_final {
            break;
        }
        if let Some((start, end)) = place(files, next)? {
            sealed.push((next, start, end));
        }
        segment = Some(next);
    }
    Ok(sealed)
}

/// Where in the log the segment begins and ends, unless it is empty or removed.
fn place(files: &LogFiles, segment: u32) -> Result<Option<(LogOffset, LogOffset)>, LogError> {
    let place = files.segment_start(segment)?.zip(files.segment_end(segment)?);
    Ok(place.filter(|(start, end)| start < end))
}

/// Whether a filter of a segment, or any of a log, of this many bytes spares a search anything.
pub fn pays(bytes: u64) -> bool {
    bytes >= FEWEST_BLOCKS * BLOCK_BYTES
}

/// Makes the filters that are missing, of segments large enough to profit. Reads each such segment once; comes back early
/// when `stop` is set. What is made already is kept. Returns the bytes of the files made.
///
/// # Errors
/// [`LogError::Open`], [`LogError::Read`], and [`LogError::Write`] where a filter cannot be written, as on a full disk: the
/// log is searched without it then.
pub fn make_filters(run_dir: &Path, is_final: bool, stop: &AtomicBool) -> Result<u64, LogError> {
    make(run_dir, is_final, stop, BLOCK_BYTES, None)
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
) -> Result<u64, LogError> {
    make(run_dir, is_final, stop, block_bytes, None)
}

/// Makes the filter of this one segment, if it is missing and the segment is sealed. One that was removed needs none.
///
/// # Errors
/// As [`make_filters`].
pub fn make_filter(run_dir: &Path, segment: u32, is_final: bool, stop: &AtomicBool) -> Result<u64, LogError> {
    make(run_dir, is_final, stop, BLOCK_BYTES, Some(segment))
}

fn make(
    run_dir: &Path,
    is_final: bool,
    stop: &AtomicBool,
    block_bytes: u64,
    only: Option<u32>,
) -> Result<u64, LogError> {
    let mut files = LogFiles::open(run_dir)?;
    let mut cursor = Cursor::new();
    cursor.set_final(is_final);
    let is_final = is_final || has_ended(&mut cursor, &mut files)?;
    let mut made = 0;
    let mut before = only.and_then(|segment| segment.checked_sub(1));
    while let Some(segment) = files.segment_after(before)
        && only.is_none_or(|only| only == segment)
        && (is_final || files.segment_after(Some(segment)).is_some())
        && !stop.load(Ordering::Relaxed)
    {
        before = Some(segment);
        let Some((start, end)) = place(&files, segment)? else { continue };
        let extent = Extent { segment, start, end, block_bytes };
        if end - start < FEWEST_BLOCKS * block_bytes || SkipFile::open(run_dir, extent).is_some() {
            continue;
        }
        // A segment holds whole rows, so what is before and behind it says nothing of its rows.
        let mut breaks = Vec::new();
        cursor.seek_segment(&mut files, segment, start)?;
        walk(&mut cursor, &mut files, end, &mut breaks, &mut Vec::new())?;
        let bounds = Bounds { end, is_final: true, breaks: &breaks };
        made += build(run_dir, extent, &mut Scanner::new(&mut files, RowMatcher::all()), bounds, stop)?;
    }
    Ok(made)
}

/// Whether the writer has set its end mark.
fn has_ended(cursor: &mut Cursor, files: &mut LogFiles) -> Result<bool, LogError> {
    cursor.seek_last(files)?;
    while cursor.next(files)?.is_some() {}
    Ok(cursor.has_ended())
}
