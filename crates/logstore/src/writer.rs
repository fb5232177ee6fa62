//! The writer of one run's log: bytes of two pipes in, merged line by line, recorded in the index.
//!
//! Decides what is held back (the start of a line, for a moment), what is dropped (what finds no space) and when
//! readers see it, and when a segment ends. Encoding lives in `format`, pages in `index_writer`; reading the pipes lives
//! in the shim.

use std::fs::File;
use std::io::{self, IoSlice, Write};
use std::path::{Path, PathBuf};

use solti_positions::LogOffset;

use crate::index_writer::IndexWriter;
use crate::new_file::NewFile;
use crate::segment::{index_name, log_name};
use crate::{INDEX_FILE, LOG_FILE, LogError, SegmentSizes, Stream, newlines};

/// The start of a line is held back at most this long, so that short writes do not tear lines of both streams.
const HOLD_MS: u64 = 50;
/// And at most this much of it.
const HOLD_BYTES: usize = 64 * 1024;
/// Readers see records at most once in this time.
const PUBLISH_MS: u64 = 1;
/// One step of `append`; bounds a record, whatever the caller passes.
const STEP_BYTES: usize = 256 * 1024;
/// Files of sealed segments that wait for their sync; with more of them the writer waits for the disk.
const MAX_SEALED_FILES: usize = 32;

/// What a finished log holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogTotals {
    /// Bytes in the log, our own newlines included.
    pub bytes: u64,
    /// Display rows of the merged log.
    pub rows: u64,
    /// Newlines that each stream produced (index = `Stream as usize`), dropped ones included.
    pub lines: [u64; 2],
    /// Bytes that found no space on the disk, or went with a file that somebody removed while it was written.
    pub dropped: u64,
}

/// Owns the log's files in a run folder while the run lasts.
///
/// Memory is bounded: at most 64 KiB of an unfinished line per stream, and one page of the index.
#[derive(Debug)]
pub struct LogWriter {
    run_dir: PathBuf,
    sizes: SegmentSizes,
    log: NewFile,
    index: IndexWriter,
    /// Log bytes after which the segment ends with its row.
    roll_at: LogOffset,
    /// Of sealed segments, not known to be durable; data before index.
    sealed_files: Vec<File>,
    held: [Held; 2],
    gaps: [PendingGap; 2],
    published_at: Option<u64>,
    published_bytes: u64,
    publish_refused: bool,
    dropped: u64,
    dirty: bool,
}

/// The start of a line that waits for its end.
#[derive(Debug, Default)]
struct Held {
    bytes: Vec<u8>,
    since_ms: u64,
}

/// Dropped bytes that are not in the index yet.
#[derive(Clone, Copy, Debug, Default)]
struct PendingGap {
    bytes: u64,
    newlines: u64,
    partial: bool,
}

impl LogWriter {
    /// A log in an existing run folder; its files (0600) are made at the first byte, so a silent run has none.
    ///
    /// # Errors
    /// [`LogError::Open`] when one of them is there already, be it as a symbolic link: nothing is followed.
    pub fn create(run_dir: &Path) -> Result<Self, LogError> {
        Self::with_sizes(run_dir, SegmentSizes::default())
    }

    /// As [`Self::create`], with segments of other sizes.
    ///
    /// # Errors
    /// As [`Self::create`].
    pub fn with_sizes(run_dir: &Path, sizes: SegmentSizes) -> Result<Self, LogError> {
        let log = NewFile::planned(run_dir.join(LOG_FILE))?;
        let index = IndexWriter::new(NewFile::planned(run_dir.join(INDEX_FILE))?);
        Ok(Self {
            run_dir: run_dir.to_owned(),
            sizes,
            log,
            index,
            roll_at: LogOffset::new(sizes.of(0)),
            sealed_files: Vec::new(),
            held: Default::default(),
            gaps: Default::default(),
            published_at: None,
            published_bytes: 0,
            publish_refused: false,
            dropped: 0,
            dirty: false,
        })
    }

    /// Takes bytes as read from a pipe, in any split; `now_ms` is the wall clock in milliseconds since the epoch.
    ///
    /// # Errors
    /// A full disk is none: what finds no space is counted and recorded as a gap. After any other error the writer
    /// can be used on; what was not written counts as dropped.
    pub fn append(&mut self, stream: Stream, bytes: &[u8], now_ms: u64) -> Result<(), LogError> {
        let mut outcome = Ok(());
        for step in bytes.chunks(STEP_BYTES) {
            let taken = self.take(stream, step, now_ms);
            outcome = outcome.and(taken);
        }
        // The other stream's turn must not wait for a quiet moment of this one.
        let due = self.write_due_partials(now_ms);
        let published = self.publish_if_due(now_ms);
        outcome.and(due).and(published)
    }

    /// Writes and publishes what is due; returns the milliseconds until the next due time, `None` when nothing waits.
    ///
    /// # Errors
    /// As [`Self::append`].
    pub fn flush_due(&mut self, now_ms: u64) -> Result<Option<u64>, LogError> {
        self.write_due_partials(now_ms)?;
        self.publish_if_due(now_ms)?;
        let partial =
            self.held.iter().filter(|h| !h.bytes.is_empty()).map(|h| HOLD_MS - h.age(now_ms).min(HOLD_MS));
        let wait = if self.publish_refused { HOLD_MS } else { PUBLISH_MS };
        let record = self.index.is_unpublished().then_some(wait);
        Ok(partial.chain(record).min())
    }

    /// Publishes everything that was written and makes data, then index durable; nothing to do when not dirty.
    ///
    /// # Errors
    /// [`LogError::Write`] and [`LogError::Sync`].
    pub fn sync(&mut self) -> Result<(), LogError> {
        if !self.dirty {
            return Ok(());
        }
        self.record_gaps(self.index.counts().ts_ms);
        self.publish()?;
        self.sync_sealed()?;
        self.log.sync_data().map_err(LogError::sync(LOG_FILE))?;
        self.index.file().sync_data().map_err(LogError::sync(INDEX_FILE))?;
        self.dirty = false;
        Ok(())
    }

    /// Writes unfinished lines, marks the index as complete and makes everything durable.
    ///
    /// # Errors
    /// As [`Self::append`] and [`Self::sync`].
    pub fn finish(mut self, now_ms: u64) -> Result<LogTotals, LogError> {
        let mut outcome = Ok(());
        for stream in Stream::ALL {
            let written = self.write_held(stream, now_ms);
            outcome = outcome.and(written);
        }
        self.record_gaps(now_ms);
        self.leave_removed(now_ms);
        if let Err(e) = self.index.end(now_ms) {
            // Without its end mark the index is as a crash would leave it: `repair` completes it.
            outcome = outcome.and(refused(INDEX_FILE, e));
        }
        self.sync()?;
        let counts = self.index.counts();
        let rows = counts.row + u64::from(counts.open_row.is_some());
        outcome.map(|()| LogTotals {
            bytes: counts.offset.get(),
            rows: rows.get(),
            lines: counts.seq,
            dropped: self.dropped,
        })
    }

    /// Descriptors of the files to sync elsewhere, in this order: those of segments that were sealed since the last
    /// call, of which the caller is from now on the only one to do it, then those of the current one. Where somebody has
    /// removed that one's, the next one is begun.
    ///
    /// # Errors
    /// When there is no descriptor to be had.
    pub fn files_to_sync(&mut self) -> io::Result<Vec<File>> {
        self.leave_removed(self.index.counts().ts_ms);
        let current = [self.log.made(), self.index.file().made()].into_iter().flatten();
        let current = current.map(File::try_clone).collect::<io::Result<Vec<_>>>()?;
        let mut files = std::mem::take(&mut self.sealed_files);
        files.extend(current);
        Ok(files)
    }

    /// Bytes of the log that readers can see; a doorbell rings when this grew.
    pub fn published_bytes(&self) -> u64 {
        self.published_bytes
    }

    fn take(&mut self, stream: Stream, bytes: &[u8], now_ms: u64) -> Result<(), LogError> {
        let lines = newlines::through_last(bytes);
        let (whole, rest) = bytes.split_at(lines);
        let mut outcome = Ok(());
        if !whole.is_empty() {
            outcome = self.write_after_held(stream, whole, now_ms);
        }
        if rest.is_empty() {
            return outcome;
        }
        // The row stands open already: holding back would only delay. Or too much of it is held.
        let through = self.index.counts().open_row == Some(stream)
            || self.held[stream.index()].bytes.len() + rest.len() >= HOLD_BYTES;
        if through {
            return outcome.and(self.write_after_held(stream, rest, now_ms));
        }
        let held = &mut self.held[stream.index()];
        if held.bytes.is_empty() {
            held.since_ms = now_ms;
        }
        held.bytes.extend_from_slice(rest);
        outcome
    }

    fn write_after_held(&mut self, stream: Stream, bytes: &[u8], now_ms: u64) -> Result<(), LogError> {
        let mut held = std::mem::take(&mut self.held[stream.index()].bytes);
        let outcome = self.write(stream, [&held, bytes], now_ms);
        held.clear();
        self.held[stream.index()].bytes = held;
        outcome
    }

    fn write_held(&mut self, stream: Stream, now_ms: u64) -> Result<(), LogError> {
        if self.held[stream.index()].bytes.is_empty() {
            return Ok(());
        }
        self.write_after_held(stream, &[], now_ms)
    }

    fn write_due_partials(&mut self, now_ms: u64) -> Result<(), LogError> {
        for stream in Stream::ALL {
            let held = &mut self.held[stream.index()];
            // After a jump of the clock backward the wait begins anew.
            held.since_ms = held.since_ms.min(now_ms);
            if held.age(now_ms) >= HOLD_MS {
                self.write_held(stream, now_ms)?;
            }
        }
        Ok(())
    }

    /// Writes both parts to the log in one call where the kernel lets us, and records what got there.
    fn write(&mut self, stream: Stream, parts: [&[u8]; 2], now_ms: u64) -> Result<(), LogError> {
        self.dirty = true;
        let rolled = self.roll_if_full(now_ms);
        if let Err(e) = self.index.make_room(now_ms) {
            self.drop_bytes(stream, parts);
            return refused(INDEX_FILE, e);
        }
        let gap_waits = self.gaps.iter().any(|gap| gap.bytes > 0);
        // A waiting gap will end the open row by itself.
        let ends_row = !gap_waits && self.index.counts().open_row.is_some_and(|open| open != stream);
        let own: &[u8] = if ends_row { b"\n" } else { b"" };
        let (written, outcome) = match self.log.get() {
            Ok(log) => write_parts(log, [own, parts[0], parts[1]]),
            Err(e) => (0, Err(e)),
        };
        let mut kept = written;
        if ends_row && written > 0 {
            self.index.own_newline(now_ms);
            kept -= 1;
        }
        let (first, first_rest) = parts[0].split_at(kept.min(parts[0].len()));
        let (second, second_rest) = parts[1].split_at(kept - first.len());
        if let Some(last) = second.last().or(first.last()) {
            self.record_gaps(now_ms);
            let lines = newlines::count(first) + newlines::count(second);
            self.index.data(stream, kept as u64, lines, *last != b'\n', now_ms);
        }
        match outcome {
            Ok(()) => rolled,
            Err(e) => {
                self.drop_bytes(stream, [first_rest, second_rest]);
                refused(LOG_FILE, e)
            }
        }
    }

    /// Begins the next segment when this one is full. A segment that cannot be begun is no loss: this one goes on.
    fn roll_if_full(&mut self, now_ms: u64) -> Result<(), LogError> {
        let counts = self.index.counts();
        let size = self.sizes.of(self.index.segment());
        let latest = self.roll_at + size / 4;
        if counts.offset < self.roll_at || (counts.open_row.is_some() && counts.offset < latest) {
            return Ok(());
        }
        if self.roll(now_ms).is_err() {
            // Without space there are no further bytes, and no further attempt.
            self.roll_at = self.index.counts().offset + size / 16;
            return Ok(());
        }
        self.roll_at = self.index.segment_start() + self.sizes.of(self.index.segment());
        if self.sealed_files.len() > MAX_SEALED_FILES { self.sync_sealed() } else { Ok(()) }
    }

    /// Ends the row, seals the segment and begins the next one, in the order that a crash may cut anywhere.
    fn roll(&mut self, now_ms: u64) -> io::Result<()> {
        if self.index.counts().open_row.is_some() {
            self.index.make_room(now_ms)?;
            write_parts(self.log.get()?, [b"\n", b"", b""]).1?;
            self.index.own_newline(now_ms);
        }
        let next = self.index.segment() + 1;
        let [log, index] =
            [log_name(next), index_name(next)].map(|name| NewFile::planned(self.run_dir.join(name)));
        let (log, index) = (log.map_err(io::Error::other)?, index.map_err(io::Error::other)?);
        // Before readers can see that it is sealed: from then on retention may remove it.
        let is_lost = self.log.is_removed();
        let bytes = self.index.counts().offset - self.index.segment_start();
        let sealed_index = self.index.begin_segment(index, now_ms)?;
        self.dropped += if is_lost { bytes } else { 0 };
        let sealed_log = std::mem::replace(&mut self.log, log);
        self.sealed_files.extend([sealed_log, sealed_index].into_iter().filter_map(NewFile::into_made));
        Ok(())
    }

    /// Goes on in the next segment where nobody would see what is written to this one, as its files were removed. Where that
    /// cannot be had the next look tries again.
    fn leave_removed(&mut self, now_ms: u64) {
        if (self.log.is_removed() || self.index.file().is_removed()) && self.roll(now_ms).is_ok() {
            self.dirty = true;
            self.roll_at = self.index.segment_start() + self.sizes.of(self.index.segment());
        }
    }

    fn sync_sealed(&mut self) -> Result<(), LogError> {
        for file in self.sealed_files.drain(..) {
            file.sync_data().map_err(LogError::sync(LOG_FILE))?;
        }
        Ok(())
    }

    fn drop_bytes(&mut self, stream: Stream, parts: [&[u8]; 2]) {
        let bytes = (parts[0].len() + parts[1].len()) as u64;
        if let Some(last) = parts[1].last().or(parts[0].last()) {
            let gap = &mut self.gaps[stream.index()];
            gap.bytes += bytes;
            gap.newlines += newlines::count(parts[0]) + newlines::count(parts[1]);
            gap.partial = *last != b'\n';
            self.dropped += bytes;
        }
    }

    /// Moves waiting gaps to the index, as far as its page has room; the rest waits on.
    fn record_gaps(&mut self, now_ms: u64) {
        for stream in Stream::ALL {
            let gap = self.gaps[stream.index()];
            if gap.bytes > 0 && (self.index.has_room() || self.index.make_room(now_ms).is_ok()) {
                self.index.gap(stream, gap.bytes, gap.newlines, gap.partial, now_ms);
                self.gaps[stream.index()] = PendingGap::default();
            }
        }
    }

    fn publish_if_due(&mut self, now_ms: u64) -> Result<(), LogError> {
        if self.index.is_unpublished() && self.published_at != Some(now_ms) {
            self.publish()?;
            self.published_at = Some(now_ms);
        }
        Ok(())
    }

    /// On file systems that copy on write even a page that exists can find no space: its records then wait.
    fn publish(&mut self) -> Result<(), LogError> {
        let outcome = self.index.publish();
        self.publish_refused = outcome.is_err();
        match outcome {
            Ok(()) => {
                self.published_bytes = self.index.counts().offset.get();
                Ok(())
            }
            Err(e) => refused(INDEX_FILE, e),
        }
    }
}

impl Held {
    fn age(&self, now_ms: u64) -> u64 {
        if self.bytes.is_empty() { 0 } else { now_ms.saturating_sub(self.since_ms) }
    }
}

/// Writes the parts one after the other; returns how many bytes got there, also when not all did.
fn write_parts(log: &mut impl Write, parts: [&[u8]; 3]) -> (usize, io::Result<()>) {
    let total = parts.iter().map(|p| p.len()).sum();
    let mut slices = parts.map(IoSlice::new);
    let mut left = &mut slices[..];
    IoSlice::advance_slices(&mut left, 0);
    let mut written = 0;
    while written < total {
        match log.write_vectored(left) {
            Ok(0) => return (written, Err(io::ErrorKind::WriteZero.into())),
            Ok(n) => {
                written += n;
                IoSlice::advance_slices(&mut left, n);
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return (written, Err(e)),
        }
    }
    (written, Ok(()))
}

/// Want of space is not the caller's concern (the bytes are counted as a gap); everything else is.
fn refused(file: &'static str, e: io::Error) -> Result<(), LogError> {
    match e.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => Ok(()),
        _ => Err(LogError::write(file)(e)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes a few bytes at a time, is interrupted in between, and is full at last.
    struct Narrow(usize, usize);

    impl Write for Narrow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.1 += 1;
            if self.1.is_multiple_of(2) {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let n = bytes.len().min(3).min(self.0);
            self.0 -= n;
            if n == 0 { Err(io::ErrorKind::StorageFull.into()) } else { Ok(n) }
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn short_and_interrupted_writes_are_carried_on() {
        let (written, outcome) = write_parts(&mut Narrow(100, 0), [b"\n", b"hello", b"world"]);
        assert!(outcome.is_ok());
        assert_eq!(written, 11);
    }

    #[test]
    fn a_full_disk_tells_how_far_it_got() {
        let (written, outcome) = write_parts(&mut Narrow(7, 0), [b"", b"hello", b"world"]);
        assert_eq!(written, 7);
        assert_eq!(outcome.map_err(|e| e.kind()), Err(io::ErrorKind::StorageFull));
    }
}
