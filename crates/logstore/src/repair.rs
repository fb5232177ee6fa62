//! Makes the index of a run whose writer died whole again: torn tail cut, missing parts rebuilt from the data, end
//! mark set. Every record that is still sound keeps its stream and time.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use crate::cursor::{Cursor, LogFiles, Piece};
use crate::format::Kind;
use crate::index_writer::IndexWriter;
use crate::new_file::NewFile;
use crate::{INDEX_FILE, LOG_FILE, LogError, LogTotals, Stream};

const NEW_INDEX_FILE: &str = "output.idx.new";

/// Seals the log of a run that has ended without its writer's doing; does nothing to one that is sealed already.
///
/// Bytes that no record covers go to the stream of the record before them (stdout when there is none): the output
/// is all there, its attribution is the best guess. The new index replaces the old one by a rename, so that a crash
/// in between leaves the old one. The caller makes sure that no writer lives.
///
/// # Errors
/// Any [`LogError`]; the log's bytes are never changed.
pub fn repair(run_dir: &Path) -> Result<LogTotals, LogError> {
    let mut files = LogFiles::open(run_dir)?;
    let mut cursor = Cursor::new();
    cursor.seek_last(&mut files)?;
    while cursor.next(&mut files)?.is_some() {}
    let log_len = files.log_len()?;
    let counts = cursor.counts();
    if (cursor.has_ended() && counts.offset == log_len) || (!files.has_index_bytes()? && log_len == 0) {
        return Ok(totals(&counts, 0));
    }
    let new_path = run_dir.join(NEW_INDEX_FILE);
    match fs::remove_file(&new_path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(LogError::open(&new_path)(e)),
        _ => {}
    }
    let mut index = IndexWriter::new(NewFile::create(new_path.clone())?);
    let write_error = LogError::write(INDEX_FILE);

    let mut cursor = Cursor::new();
    cursor.set_final(true);
    let mut dropped = 0;
    while let Some(piece) = cursor.next(&mut files)? {
        index.make_room(piece.ts_ms()).map_err(write_error)?;
        copy(&piece, &mut index);
        if piece.record.kind == Kind::Gap {
            dropped += piece.record.len;
        }
    }
    index.end(cursor.counts().ts_ms).map_err(write_error)?;
    index.file().sync_data().map_err(LogError::sync(INDEX_FILE))?;
    fs::rename(&new_path, run_dir.join(INDEX_FILE)).map_err(write_error)?;
    File::open(run_dir).and_then(|dir| dir.sync_all()).map_err(LogError::sync(LOG_FILE))?;
    Ok(totals(index.counts(), dropped))
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
        Kind::End => {}
    }
}

fn totals(counts: &crate::format::Counts, dropped: u64) -> LogTotals {
    let rows = counts.row + u64::from(counts.open_row.is_some());
    LogTotals { bytes: counts.offset, rows, lines: Stream::ALL.map(|s| counts.seq[s.index()]), dropped }
}
