//! What a terminal shows of one row of a program's output: its text, how the parts of it look, and where they lead.
//!
//! A row is read as a terminal without a right edge reads it: a carriage return, a backspace or a move goes back and what
//! follows overwrites, so that a progress bar shows its last state. What moves to another row begins afresh: a log has no
//! rows above to write into, and what was printed there never stood beside what is here. Only what goes back to where the cursor
//! was saved goes on with the row that was there.
//!
//! Pure: bytes in, text out. Which bytes are a row is the log store's knowledge, colours and what stands for a control
//! character are the page's.
#![forbid(unsafe_code)]
#![warn(missing_docs, unreachable_pub)]

mod charset;
mod controls;
mod escapes;
mod line;
mod looks;
mod prefix;
mod reader;
mod scan;
mod section;
mod severity;
mod shown;
mod style;
mod texts;

pub use controls::is_control;
pub use reader::RowReader;
pub use scan::{Sgr, StyleScanner};
pub use section::{Section, sections};
pub use severity::{Severity, severity};
pub use shown::{Link, Shown, Span};
pub use style::{Color, Style};
pub use texts::RowTexts;

use std::borrow::Cow;

/// The most columns that are kept of a row which redraws itself; what is behind them is not shown.
pub const MAX_COLUMNS: usize = 4 * 1024 * 1024;

/// Columns that a text of so many bytes may need.
pub fn columns(bytes: usize) -> usize {
    bytes.saturating_mul(2).min(MAX_COLUMNS)
}

/// Whether a terminal just prints these bytes of a row one after the other. What ends a row, a carriage return, is none of
/// them: see [`without_end`].
pub fn is_plain(bytes: &[u8]) -> bool {
    !escapes::acts(bytes)
}

/// A row without the carriage return at its end.
pub fn without_end(row: &[u8]) -> &[u8] {
    row.strip_suffix(b"\r").unwrap_or(row)
}

/// What is shown of a whole row, its text cut to `limit` bytes. `style` is what earlier rows left switched on.
pub fn shown(row: &[u8], style: Style, limit: usize) -> Shown {
    shown_of(without_end(row), style, limit)
}

fn shown_of(row: &[u8], style: Style, limit: usize) -> Shown {
    if is_plain(row) {
        // A little more, so that the cut is between two characters.
        let head = &row[..row.len().min(limit.saturating_add(SLACK))];
        return plain(head, row.len() as u64, style, limit);
    }
    let mut reader = RowReader::new(columns(limit));
    reader.begin(style);
    reader.feed(row);
    reader.finish(limit)
}

/// Read behind a limit.
const SLACK: usize = 64;

/// What is shown of a row of `len` bytes that is plain: see [`is_plain`]. `head` is its beginning, as long as `limit` or
/// longer, or all of it.
pub fn plain(head: &[u8], len: u64, style: Style, limit: usize) -> Shown {
    Shown::plain(head, len, style, limit)
}

/// The text that is shown of a whole row.
pub fn text(row: &[u8]) -> Cow<'_, str> {
    let row = without_end(row);
    if is_plain(row) {
        return String::from_utf8_lossy(row);
    }
    Cow::Owned(shown_of(row, Style::default(), usize::MAX).text)
}
