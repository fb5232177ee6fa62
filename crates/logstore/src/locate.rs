//! From rows to bytes of the log and back, through the index: where a row begins, and which rows some bytes are.
//! What the rows hold is `view`'s and `search`'s business.

use memchr::memchr_iter;
use solti_positions::{LogOffset, RowNo};

use crate::cursor::{Cursor, LogFiles};
use crate::format::Kind;
use crate::{LogError, Stream, newlines};

/// Adjoining bytes of the log with nothing between their rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub from: LogOffset,
    pub to: LogOffset,
    /// The row of its first byte.
    pub row: RowNo,
    /// Of the first byte; parts are split by stream only where that was asked for.
    pub stream: Stream,
}

/// Where row `row` begins; the log's end when there is no such row.
pub(crate) fn row_offset(files: &mut LogFiles, is_final: bool, row: RowNo) -> Result<LogOffset, LogError> {
    let mut cursor = Cursor::new();
    cursor.set_final(is_final);
    cursor.seek_row(files, row)?;
    while let Some(piece) = cursor.next(files)? {
        let (first, record) = (piece.before.row, &piece.record);
        if record.kind != Kind::Data {
            if cursor.counts().row > row {
                return Ok(piece.before.offset);
            }
            continue;
        }
        if row <= first && piece.before.open_row.is_none() {
            return Ok(piece.before.offset);
        }
        if first < row && row <= first + record.newlines {
            let bytes = read(files, piece.before.offset, record.len)?;
            let before = memchr_iter(b'\n', &bytes).nth((row - first - 1) as usize);
            return Ok(piece.before.offset + before.map_or(bytes.len(), |newline| newline + 1) as u64);
        }
    }
    Ok(cursor.counts().offset)
}

/// The parts of the log from byte `from`, which begins a row, to byte `to`.
pub(crate) fn parts(
    files: &mut LogFiles,
    is_final: bool,
    from: LogOffset,
    to: LogOffset,
    by_stream: bool,
) -> Result<Vec<Part>, LogError> {
    let mut cursor = Cursor::new();
    cursor.set_final(is_final);
    cursor.seek_offset(files, from)?;
    let mut parts: Vec<Part> = Vec::new();
    let mut torn = true;
    while cursor.counts().offset < to
        && let Some(piece) = cursor.next(files)?
    {
        let (start, stream) = (piece.before.offset, piece.record.stream);
        if piece.record.kind != Kind::Data {
            torn = true;
            continue;
        }
        let end = start + piece.record.len;
        if end <= from {
            continue;
        }
        match parts.last_mut() {
            Some(last) if !torn && (!by_stream || last.stream == stream) => last.to = end.min(to),
            _ => {
                let mut row = piece.before.row;
                if start < from {
                    row += newlines::count(&read(files, start, from - start)?);
                }
                parts.push(Part { from: start.max(from), to: end.min(to), row, stream });
            }
        }
        torn = false;
    }
    Ok(parts)
}

fn read(files: &LogFiles, offset: LogOffset, len: u64) -> Result<Vec<u8>, LogError> {
    let mut bytes = vec![0; len as usize];
    let n = files.read_log(&mut bytes, offset)?;
    bytes.truncate(n);
    Ok(bytes)
}
