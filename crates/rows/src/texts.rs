//! Many rows as their shown texts, for a search: those that are printed as they are cost next to nothing.

use memchr::{memchr, memchr2, memchr3, memrchr};

use crate::escapes::{BACKSPACE, ESC, SHIFT_IN, SHIFT_OUT, acts, has_c1, next_act};
use crate::reader::RowReader;
use crate::style::Style;
use crate::{MAX_COLUMNS, without_end};

/// Makes rows into their texts.
#[derive(Debug)]
pub struct RowTexts {
    reader: RowReader,
    /// Escapes are taken for what they do; without, a row that has some stays as it is.
    through: bool,
}

impl RowTexts {
    /// `through`: what escapes do is carried out. Without it a row that has some stays as its bytes are.
    pub fn new(through: bool) -> Self {
        Self { reader: RowReader::new(MAX_COLUMNS), through }
    }

    /// Whether a row of these is another text than its bytes.
    pub fn differ(&self, rows: &[u8]) -> bool {
        if self.through { acts(rows) } else { memchr2(b'\r', BACKSPACE, rows).is_some() }
    }

    /// The rows as their texts, one a line as before, each without a carriage return at its end. `spare` is made use of where
    /// they are not the same. A last row that has no line feed yet gets one when nothing is shown of it, or it would be no row.
    pub fn of<'a>(&mut self, rows: &'a [u8], spare: &'a mut Vec<u8>) -> &'a [u8] {
        if !self.differ(rows) {
            return rows;
        }
        spare.clear();
        spare.reserve(rows.len());
        let (mut from, mut at) = (0, 0);
        while let Some(found) = self.next(&rows[at..]) {
            let found = at + found;
            if rows[found] == b'\r' && rows.get(found + 1).is_none_or(|next| *next == b'\n') {
                spare.extend_from_slice(&rows[from..found]);
                (from, at) = (found + 1, found + 1);
                continue;
            }
            let start = memrchr(b'\n', &rows[from..found]).map_or(from, |newline| from + newline + 1);
            let end = memchr(b'\n', &rows[found..]).map_or(rows.len(), |newline| found + newline);
            spare.extend_from_slice(&rows[from..start]);
            self.add(&rows[start..end], spare);
            (from, at) = (end, end);
        }
        spare.extend_from_slice(&rows[from..]);
        if !rows.ends_with(b"\n") && (spare.is_empty() || spare.ends_with(b"\n")) {
            spare.push(b'\n');
        }
        spare
    }

    /// Where the next byte is that makes a difference.
    fn next(&self, rows: &[u8]) -> Option<usize> {
        if self.through { next_act(rows) } else { memchr2(b'\r', BACKSPACE, rows) }
    }

    /// Appends what is shown of one row.
    fn add(&mut self, row: &[u8], out: &mut Vec<u8>) {
        let row = without_end(row);
        let before = out.len();
        if self.through {
            if add_without_colors(row, out) {
                return;
            }
            out.truncate(before);
        } else if memchr(ESC, row).is_some() || has_c1(row) {
            return out.extend_from_slice(row);
        }
        self.reader.begin(Style::default());
        self.reader.feed(row);
        out.extend_from_slice(self.reader.finish(usize::MAX).text.as_bytes());
    }
}

/// Appends a row without its colours; `false` where it takes more to tell what is shown of it. What most coloured rows need,
/// and several times as fast.
fn add_without_colors(row: &[u8], out: &mut Vec<u8>) -> bool {
    // The set of characters may be another, or bytes that a colour divides would become a character.
    if has_c1(row) || memchr2(SHIFT_OUT, SHIFT_IN, row).is_some() || std::str::from_utf8(row).is_err() {
        return false;
    }
    let mut left = row;
    while let Some(at) = memchr3(ESC, b'\r', BACKSPACE, left) {
        let Some(params) = left[at..].strip_prefix(b"\x1b[") else { return false };
        let len = params.iter().take_while(|byte| matches!(byte, b'0'..=b';')).count();
        // At the end of what is printed nothing is there to be erased.
        if !matches!((params.get(len), len), (Some(b'm'), _) | (Some(b'K'), 0)) {
            return false;
        }
        out.extend_from_slice(&left[..at]);
        left = &params[len + 1..];
    }
    out.extend_from_slice(left);
    true
}
