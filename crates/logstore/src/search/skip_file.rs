//! The skip filter of a sealed segment, `output.skip`, `output.1.skip`, …: for each block of it the set of its grams, so that
//! a search reads only the blocks that may hold what it looks for. The format is in docs/log-format.md. A file that is
//! missing, torn or of another segment is no filter, and is made anew.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Read, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::blocks::Block;
use super::grams::{GramSet, Grams};
use super::required::Required;
use super::scan::{Bounds, Scanner};
use solti_positions::LogOffset;

use crate::LogError;
use crate::new_file::remove_file;
use crate::segment::{log_name, skip_name};

const MAGIC: [u8; 4] = *b"SLSK";
/// Those of version 1 knew nothing of what rows show that redraw themselves.
const VERSION: u32 = 2;
const HEADER: usize = 40;
const ENTRY: usize = 16;
const FLAG_ODD_CASE: u8 = 1;

/// Which bytes of the log a filter is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Extent {
    pub segment: u32,
    pub start: LogOffset,
    pub end: LogOffset,
    pub block_bytes: u64,
}

impl Extent {
    fn blocks(&self) -> usize {
        (self.end - self.start).div_ceil(self.block_bytes) as usize
    }

    fn header(&self, directory: &[u8]) -> [u8; HEADER] {
        let mut header = [0; HEADER];
        header[..4].copy_from_slice(&MAGIC);
        header[4..8].copy_from_slice(&VERSION.to_le_bytes());
        header[8..12].copy_from_slice(&self.segment.to_le_bytes());
        header[12..16].copy_from_slice(&(self.block_bytes as u32).to_le_bytes());
        header[16..24].copy_from_slice(&self.start.get().to_le_bytes());
        header[24..32].copy_from_slice(&self.end.get().to_le_bytes());
        header[32..36].copy_from_slice(&crc32fast::hash(directory).to_le_bytes());
        let check = crc32fast::hash(&header[..36]);
        header[36..].copy_from_slice(&check.to_le_bytes());
        header
    }
}

/// The filter of one segment, opened.
#[derive(Debug)]
pub(super) struct SkipFile {
    file: File,
    entries: Vec<Entry>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    at: u64,
    len: u32,
    check: u32,
    flags: u8,
}

impl SkipFile {
    /// Opens the filter of a segment; `None` when there is none that is sound and of just these bytes.
    pub(super) fn open(run_dir: &Path, extent: Extent) -> Option<Self> {
        let path = run_dir.join(skip_name(extent.segment));
        if !path.symlink_metadata().ok()?.is_file() {
            return None;
        }
        let mut file = File::open(path).ok()?;
        let mut header = [0; HEADER];
        file.read_exact(&mut header).ok()?;
        let mut directory = vec![0; extent.blocks() * ENTRY];
        file.read_exact(&mut directory).ok()?;
        if header != extent.header(&directory) {
            return None;
        }
        let mut at = (HEADER + directory.len()) as u64;
        let entries = directory.chunks_exact(ENTRY).map(|bytes| {
            let number = |from: usize| {
                u32::from_le_bytes([bytes[from], bytes[from + 1], bytes[from + 2], bytes[from + 3]])
            };
            let entry = Entry { at, len: number(0), check: number(4), flags: bytes[8] };
            at += u64::from(entry.len);
            entry
        });
        Some(Self { entries: entries.collect(), file })
    }

    /// Whether rows of the segment's block `number` may fulfil the condition.
    pub(super) fn may_hold(&self, number: usize, required: &Required) -> bool {
        let Some(entry) = self.entries.get(number) else { return true };
        let mut bits = vec![0; entry.len as usize];
        let sound =
            self.file.read_exact_at(&mut bits, entry.at).is_ok() && crc32fast::hash(&bits) == entry.check;
        let grams = Grams { bits, has_odd_case: entry.flags & FLAG_ODD_CASE != 0 };
        !sound || grams.may_hold(required)
    }
}

/// Makes the filter of a sealed segment, of so many bytes. Stops early, and leaves nothing behind, when `stop` is set.
///
/// # Errors
/// [`LogError::Read`] for the log, [`LogError::Write`] for the filter.
pub(super) fn build(
    run_dir: &Path,
    extent: Extent,
    scanner: &mut Scanner<'_>,
    bounds: Bounds<'_>,
    stop: &AtomicBool,
) -> Result<u64, LogError> {
    let path = run_dir.join(skip_name(extent.segment));
    let partial = Partial(path.with_extension("skip-new"));
    let mut set = GramSet::new();
    let mut directory = Vec::with_capacity(extent.blocks() * ENTRY);
    // One segment's sets are a few MiB at most.
    let mut sets = Vec::new();
    for number in 0..extent.blocks() as u64 {
        if stop.load(Ordering::Relaxed) {
            return Ok(0);
        }
        let start = extent.start + number * extent.block_bytes;
        let end = (start + extent.block_bytes).min(extent.end);
        let block = Block {
            start,
            end,
            starts_row: number == 0,
            searched_to: start,
            at_row: number == 0,
            matches: 0,
            done: false,
        };
        // A row without end within reach is not in the set, so that its block must be searched in any case.
        let grams = match scanner.whole_rows(&block, bounds)? {
            Some(rows) => set.of(rows),
            None => Grams { bits: Vec::new(), has_odd_case: false },
        };
        directory.extend_from_slice(&(grams.bits.len() as u32).to_le_bytes());
        directory.extend_from_slice(&crc32fast::hash(&grams.bits).to_le_bytes());
        directory.extend_from_slice(&[
            if grams.has_odd_case { FLAG_ODD_CASE } else { 0 },
            0,
            0,
            0,
            0,
            0,
            0,
            0,
        ]);
        sets.extend_from_slice(&grams.bits);
    }
    let write = || -> io::Result<()> {
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&partial.0)?;
        let mut out = BufWriter::new(file);
        out.write_all(&extent.header(&directory))?;
        out.write_all(&directory)?;
        out.write_all(&sets)?;
        // Not synced: what a crash leaves of it fails its checks.
        out.into_inner().map_err(io::IntoInnerError::into_error)?;
        fs::rename(&partial.0, &path)
    };
    write().map_err(LogError::write("skip filter"))?;
    // Retention removes a segment's log first and then what else it finds of it: either it has found the filter, or the log
    // is gone by now.
    if !run_dir.join(log_name(extent.segment)).exists() {
        remove_file(&path)?;
        return Ok(0);
    }
    Ok((HEADER + directory.len() + sets.len()) as u64)
}

/// A file that is not complete yet, or not any more under this name.
struct Partial(PathBuf);

impl Drop for Partial {
    fn drop(&mut self) {
        // Normally it was renamed. What cannot be removed is overwritten by the next attempt.
        fs::remove_file(&self.0).ok();
    }
}
