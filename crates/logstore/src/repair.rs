//! Makes the index of a run whose writer died whole again: torn tail cut, missing parts rebuilt from the data, end
//! mark set. Every record that is still sound keeps its stream and time.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use solti_positions::LogOffset;

use crate::cursor::{Cursor, IndexEnd, LogFiles, Piece, index_end};
use crate::format::{Counts, Kind};
use crate::index_writer::IndexWriter;
use crate::new_file::{NewFile, remove_file};
use crate::segment::{index_name, log_name};
use crate::{INDEX_FILE, LOG_FILE, LogError, LogTotals, Stream};

/// Seals the log of a run that has ended without its writer's doing; does nothing to one that is sealed already.
///
/// Bytes that no record covers go to the stream of the record before them (stdout when there is none): the output
/// is all there, its attribution is the best guess. Only the last segment needs it: where the index of another one does
/// not reach its end, readers find their way by the next. The new index replaces the old one by a rename, so that a
/// crash in between leaves the old one. The caller makes sure that no writer lives. `dropped` counts what the new index
/// tells of.
///
/// # Errors
/// Any [`LogError`]; the log's bytes are never changed.
pub fn repair(run_dir: &Path) -> Result<LogTotals, LogError> {
    let mut files = LogFiles::open(run_dir)?;
    let mut cursor = Cursor::new();
    cursor.seek_last(&mut files)?;
    while cursor.next(&mut files)?.is_some() {}
    let (counts, log_end) = (cursor.counts(), files.log_end()?);
    let Some(last) = files.segments().last().copied() else { return Ok(totals(&counts, 0)) };
    if cursor.has_ended() && counts.offset == log_end {
        return Ok(totals(&counts, 0));
    }
    // What somebody has removed, or cut behind the writer's back, is known of by this index alone.
    if let Some(IndexEnd { counts, is_marked }) = index_end(&files, last)?
        && counts.offset > log_end
        && (is_marked || !files.has_log(last)?)
    {
        return Ok(totals(&counts, 0));
    }
    let start = files.segment_start(last)?.unwrap_or_default();
    if log_end == start && files.first_header(last)?.is_none() && (last > 0 || files.pages(last)? == 0) {
        // It had hardly been begun: an index without a sound page, and no byte.
        for name in [log_name(last), index_name(last)] {
            remove_file(&run_dir.join(name))?;
        }
        return repair(run_dir);
    }
    seal(run_dir, &mut files, last, start)
}

/// Writes the last segment's index anew, with the end mark.
fn seal(run_dir: &Path, files: &mut LogFiles, segment: u32, start: LogOffset) -> Result<LogTotals, LogError> {
    let write_error = LogError::write(INDEX_FILE);
    let mut cursor = Cursor::new();
    cursor.set_final(true);
    cursor.seek_segment(files, segment, start)?;
    let mut piece = cursor.next(files)?;
    // Without a sound first page it begins in a segment before.
    while piece.as_ref().is_some_and(|piece| piece.before.offset < start) {
        piece = cursor.next(files)?;
    }
    let before = piece.as_ref().map_or_else(|| cursor.counts(), |piece| piece.before);
    let before = Counts { offset: before.offset.max(start), ..before };
    let mut index = IndexWriter::of_segment(new_index(run_dir, segment)?, segment, start, before);
    index.make_room(before.ts_ms).map_err(write_error)?;
    let mut dropped = 0;
    while let Some(found) = piece {
        index.make_room(found.ts_ms()).map_err(write_error)?;
        copy(&found, &mut index);
        if found.record.kind == Kind::Gap {
            dropped += found.record.len;
        }
        piece = cursor.next(files)?;
    }
    put_in_place(run_dir, &mut index, cursor.counts().ts_ms)?;
    Ok(totals(index.counts(), dropped))
}

/// An index to be written beside the one that it replaces.
pub(crate) fn new_index(run_dir: &Path, segment: u32) -> Result<NewFile, LogError> {
    let path = new_path(run_dir, segment);
    remove_file(&path)?;
    NewFile::create(path)
}

/// Gives a new index its end mark and its name.
pub(crate) fn put_in_place(run_dir: &Path, index: &mut IndexWriter, now_ms: u64) -> Result<(), LogError> {
    let (segment, write_error) = (index.segment(), LogError::write(INDEX_FILE));
    index.end(now_ms).map_err(write_error)?;
    index.file().sync_data().map_err(LogError::sync(INDEX_FILE))?;
    fs::rename(new_path(run_dir, segment), run_dir.join(index_name(segment))).map_err(write_error)?;
    File::open(run_dir).and_then(|dir| dir.sync_all()).map_err(LogError::sync(LOG_FILE))
}

fn new_path(run_dir: &Path, segment: u32) -> PathBuf {
    run_dir.join(format!("{}.new", index_name(segment)))
}

fn copy(piece: &Piece, index: &mut IndexWriter) {
    let record = &piece.record;
    let now = piece.ts_ms();
    match record.kind {
        Kind::Data if record.own_newline => {
            if record.len > 1 {
                index.data(record.stream, record.len - 1, record.newlines.saturating_sub(1), true, now);
            }
            if index.counts().open_row.is_some() {
                index.own_newline(now);
            } else {
                index.data(record.stream, 1, 1, false, now);
            }
        }
        Kind::Data => index.data(record.stream, record.len, record.newlines, record.partial, now),
        Kind::Gap => index.gap(record.stream, record.len, record.newlines, record.partial, now),
        // What was removed lies before the last segment.
        Kind::End | Kind::Removed => {}
    }
}

fn totals(counts: &Counts, dropped: u64) -> LogTotals {
    let rows = counts.row + u64::from(counts.open_row.is_some());
    LogTotals {
        bytes: counts.offset.get(),
        rows: rows.get(),
        lines: Stream::ALL.map(|s| counts.seq[s.index()]),
        dropped,
    }
}
