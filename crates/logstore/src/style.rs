//! What the text of a row begins with: colours that earlier rows of its stream switched on and did not switch off.
//!
//! The log is cut into cells of [`CELL`] bytes. For a row all counts that its stream printed from the beginning of the cell
//! before its own, and nothing older. So at most two cells are read for a row that somebody jumps to, and the same row
//! looks the same however one came to it: the cells do not depend on that.

use solti_positions::LogOffset;
use solti_rows::{Style, StyleScanner};

use crate::cursor::{Cursor, LogFiles, Piece};
use crate::format::Kind;
use crate::{LogError, LogView, Row, Stream};

/// A colour goes on for at least so many bytes of the log, and for less than twice as many.
const CELL: u64 = 64 * 1024;
/// Read at a time.
const CHUNK: usize = 16 * 1024;

impl LogView {
    /// What the text of each of these rows begins with. The rows are in order; they need not be neighbours.
    ///
    /// # Errors
    /// [`LogError::Open`] and [`LogError::Read`].
    pub fn styles<'a>(&mut self, rows: impl IntoIterator<Item = &'a Row>) -> Result<Vec<Style>, LogError> {
        let (files, is_final) = self.parts();
        let mut walk = Walk { cursor: Cursor::new(), piece: None, buffer: vec![0; CHUNK] };
        walk.cursor.set_final(is_final);
        let mut carry: Option<Carry> = None;
        let mut styles = Vec::new();
        for row in rows {
            let begin = begin_of(row.offset);
            let carry = match &mut carry {
                // What lies between is of no account.
                Some(carry) if carry.at >= begin => carry,
                carry => {
                    walk.seek(files, begin)?;
                    carry.insert(Carry::new(begin))
                }
            };
            walk.to(files, carry, row.offset)?;
            styles.push(carry.from_cell_before[row.stream.index()]);
        }
        Ok(styles)
    }
}

/// From where on it counts for a row that begins at `offset`.
fn begin_of(offset: LogOffset) -> LogOffset {
    cell_of(offset).saturating_back(CELL)
}

/// Where the cell of a byte begins.
fn cell_of(offset: LogOffset) -> LogOffset {
    LogOffset::new(offset.get() / CELL * CELL)
}

/// A place in the log and what is on there.
#[derive(Debug)]
struct Carry {
    at: LogOffset,
    /// By stream: what was switched on since the beginning of the cell before.
    from_cell_before: [Style; 2],
    /// Since the beginning of the cell that `at` is in.
    from_cell: [Style; 2],
    scanner: StyleScanner,
}

impl Carry {
    fn new(at: LogOffset) -> Self {
        let plain = [Style::default(); 2];
        Self { at, from_cell_before: plain, from_cell: plain, scanner: StyleScanner::default() }
    }

    /// Goes on to a later place without anything in between.
    fn skip_to(&mut self, at: LogOffset) {
        for _ in 0..((cell_of(at) - cell_of(self.at)) / CELL).min(2) {
            self.from_cell_before = std::mem::take(&mut self.from_cell);
        }
        self.at = at;
    }

    /// Takes bytes of one cell.
    fn take(&mut self, stream: Stream, bytes: &[u8]) {
        let (cell, stream) = (cell_of(self.at).get(), stream.index());
        let Self { from_cell, from_cell_before, .. } = self;
        self.scanner.scan(bytes, self.at.get(), |begun, sequence| {
            // A sequence counts where all of it does.
            if begun >= cell {
                sequence.apply(&mut from_cell[stream]);
            }
            if begun >= cell.saturating_sub(CELL) {
                sequence.apply(&mut from_cell_before[stream]);
            }
        });
        self.skip_to(self.at + bytes.len() as u64);
    }
}

/// The bytes of the log, piece by piece.
struct Walk {
    cursor: Cursor,
    piece: Option<Piece>,
    buffer: Vec<u8>,
}

impl Walk {
    fn seek(&mut self, files: &mut LogFiles, offset: LogOffset) -> Result<(), LogError> {
        self.piece = None;
        self.cursor.seek_offset(files, offset)
    }

    fn to(&mut self, files: &mut LogFiles, carry: &mut Carry, offset: LogOffset) -> Result<(), LogError> {
        while carry.at < offset {
            let Some(piece) = self.piece.filter(|piece| end_of(piece) > carry.at) else {
                self.piece = self.cursor.next(files)?;
                match &self.piece {
                    Some(piece) if piece.record.kind == Kind::Data => {}
                    // No row goes on behind these.
                    Some(_) => carry.scanner.interrupt(),
                    None => return Ok(()),
                }
                continue;
            };
            if piece.before.offset > carry.at {
                carry.skip_to(piece.before.offset.min(offset));
                continue;
            }
            let end = end_of(&piece).min(offset).min(cell_of(carry.at) + CELL);
            let want = (end - carry.at).min(CHUNK as u64) as usize;
            let n = files.read_log(&mut self.buffer[..want], carry.at)?;
            if n == 0 {
                // Removed a moment ago.
                carry.skip_to(end);
                continue;
            }
            carry.take(piece.record.stream, &self.buffer[..n]);
        }
        Ok(())
    }
}

/// Where the bytes of a piece end; one without any ends where it begins.
fn end_of(piece: &Piece) -> LogOffset {
    let len = if piece.record.kind == Kind::Data { piece.record.len } else { 0 };
    piece.before.offset + len
}
