//! A log as bytes to save: what the child wrote, or its rows as text with their times, of all rows or of those that a
//! search has found. Where the bytes go is the caller's business.

use std::path::Path;

use solti_positions::{Rank, RowNo};

use crate::cursor::{Cursor, LogFiles};
use crate::format::Kind;
use crate::{LogError, LogSearch, LogView, Row, TextEncoding};

/// Rows that are made into text in one go.
const ROWS: usize = 256;
/// The longest row with its time that is written whole; a longer one is cut and says so.
const ROW_BYTES: usize = 1024 * 1024;

/// The child's bytes in the order of the log: both streams, without the newlines that the log added.
#[derive(Debug)]
pub struct RawExport {
    files: LogFiles,
    cursor: Cursor,
}

impl RawExport {
    /// # Errors
    /// [`LogError::Open`]; a symbolic link is not followed.
    pub fn open(run_dir: &Path, is_final: bool) -> Result<Self, LogError> {
        let mut cursor = Cursor::new();
        cursor.set_final(is_final);
        Ok(Self { files: LogFiles::open(run_dir)?, cursor })
    }

    /// Appends further bytes to `out`, about `count`; returns how many lines end in them, `None` at the end of what the
    /// log holds now.
    ///
    /// # Errors
    /// [`LogError::Open`] and [`LogError::Read`].
    pub fn next(&mut self, out: &mut Vec<u8>, count: usize) -> Result<Option<u64>, LogError> {
        let (start, mut lines) = (out.len(), None);
        while out.len() - start < count
            && let Some(piece) = self.cursor.next(&mut self.files)?
        {
            if piece.record.kind != Kind::Data {
                continue;
            }
            let own = u64::from(piece.record.own_newline);
            let at = out.len();
            out.resize(at + (piece.record.len - own) as usize, 0);
            let n = self.files.read_log_on(&mut out[at..], piece.before.offset)?;
            out.truncate(at + n);
            *lines.get_or_insert(0) += piece.record.newlines - own;
        }
        Ok(lines)
    }
}

/// Rows as the text that is shown of them, one a line: of all rows, or of those that match.
#[derive(Debug)]
pub struct RowExport {
    view: LogView,
    /// Of all rows.
    next: RowNo,
    /// Of the matches of a search.
    next_match: Rank,
    end: RowNo,
}

impl RowExport {
    /// The rows that there are now.
    ///
    /// # Errors
    /// [`LogError::Open`] and [`LogError::Read`].
    pub fn open(run_dir: &Path, is_final: bool) -> Result<Self, LogError> {
        let mut view = LogView::open(run_dir)?;
        view.set_final(is_final);
        let end = RowNo::new(view.extent()?.rows);
        Ok(Self { view, next: RowNo::ZERO, next_match: Rank::ZERO, end })
    }

    /// How the bytes of the log are read; UTF-8 without it.
    pub fn set_encoding(&mut self, encoding: TextEncoding) {
        self.view.set_encoding(encoding);
    }

    /// Further rows, with `search` those that it has found; none at the end.
    ///
    /// # Errors
    /// [`LogError::Open`] and [`LogError::Read`].
    pub fn next(&mut self, search: Option<&LogSearch>) -> Result<Vec<Row>, LogError> {
        let mut rows = match search {
            Some(search) => {
                let wanted = search.select(self.next_match, ROWS)?;
                self.next_match += wanted.len() as u64;
                self.view.rows_at(&wanted, ROW_BYTES)?
            }
            None if self.next >= self.end => Vec::new(),
            None => {
                let count = (self.end - self.next).min(ROWS as u64) as usize;
                let rows = self.view.rows(self.next, count, ROW_BYTES)?;
                let after = |row: &Row| row.row + row.removed.map_or(1, |removed| removed.rows);
                self.next = rows.last().map_or(self.end, after);
                rows
            }
        };
        for row in &mut rows {
            self.view.show(row, ROW_BYTES)?;
        }
        Ok(rows)
    }
}
