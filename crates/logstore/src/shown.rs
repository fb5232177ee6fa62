//! What is shown of rows: they are read by `solti-rows`, here as long as they are, a part at a time.

use solti_positions::{LogOffset, RowNo};
use solti_rows::{RowReader, Shown, Style, columns, is_plain, plain, without_end};

use crate::cursor::LogFiles;
use crate::encoding::without_mark;
use crate::{LogError, LogView, Row, TextEncoding};

/// Read at a time.
const CHUNK: usize = 64 * 1024;
/// Read behind a limit, so that the cut is between two characters.
const SLACK: usize = 64;

impl LogView {
    /// What is shown of each of these rows, its text cut to `limit` bytes. The rows are in order.
    ///
    /// # Errors
    /// [`LogError::Open`] and [`LogError::Read`].
    pub fn shown_rows(&mut self, rows: &[Row], limit: usize) -> Result<Vec<Shown>, LogError> {
        self.shown_of(rows.iter(), limit)
    }

    pub(crate) fn shown_of<'a>(
        &mut self,
        rows: impl Iterator<Item = &'a Row> + Clone,
        limit: usize,
    ) -> Result<Vec<Shown>, LogError> {
        let styles = self.styles(rows.clone())?;
        rows.zip(styles).map(|(row, style)| self.shown(row, style, limit)).collect()
    }

    /// What is shown of one row that begins with `style`, its text cut to `limit` bytes. However much of the row was read, all
    /// of it counts.
    ///
    /// # Errors
    /// [`LogError::Open`] and [`LogError::Read`].
    pub fn shown(&mut self, row: &Row, style: Style, limit: usize) -> Result<Shown, LogError> {
        let encoding = self.encoding();
        if row.bytes.len() as u64 >= row.full_len {
            let start = encoding.row_start(self.parts().0, &row.bytes, row.offset)?;
            return Ok(solti_rows::shown(&encoding.decode(&row.bytes, start), style, limit));
        }
        let (files, _) = self.parts();
        let mut long = LongRow { files, at: row.offset, len: row.full_len };
        if !encoding.is_utf8() {
            return long.decoded(encoding, style, limit);
        }
        let bytes = without_mark(&row.bytes, row.offset);
        long.skip(row.bytes.len() - bytes.len());
        if let Some(len) = long.plain_len()? {
            let want = (limit.saturating_add(SLACK) as u64).min(len) as usize;
            if bytes.len() >= want {
                return Ok(plain(&bytes[..want], len, style, limit));
            }
            return Ok(plain(&long.read(0, want)?, len, style, limit));
        }
        let mut reader = RowReader::new(columns(limit));
        reader.begin(style);
        long.each(|bytes| {
            reader.feed(bytes);
            true
        })?;
        Ok(reader.finish(limit))
    }

    /// Makes a row's bytes, at most `limit`, and its length those of the text that is shown of it.
    ///
    /// # Errors
    /// [`LogError::Open`] and [`LogError::Read`].
    pub fn show(&mut self, row: &mut Row, limit: usize) -> Result<(), LogError> {
        let whole = row.bytes.len() as u64 >= row.full_len
            && self.encoding().is_utf8()
            && without_mark(&row.bytes, row.offset).len() == row.bytes.len();
        if whole && row.bytes.len() <= limit && is_plain(without_end(&row.bytes)) {
            row.bytes.truncate(without_end(&row.bytes).len());
            row.full_len = row.bytes.len() as u64;
            return Ok(());
        }
        let shown = self.shown(row, Style::default(), limit)?;
        row.full_len = shown.text.len() as u64 + shown.more;
        row.bytes = shown.text.into_bytes();
        Ok(())
    }

    /// About `count` bytes of what is shown of one row, from byte `from` of its text on; `None` when there is no such row. It
    /// begins with the character that this byte is of, and ends between two.
    ///
    /// # Errors
    /// [`LogError::Open`] and [`LogError::Read`].
    pub fn line(&mut self, row: RowNo, from: u64, count: usize) -> Result<Option<LinePart>, LogError> {
        let Some(found) = self.head(row)? else { return Ok(None) };
        let style = self.styles([&found])?.pop().unwrap_or_default();
        if let Some((mut long, len)) = self.plain_row(&found)? {
            let from = from.min(len);
            let before = from.min(CONTINUED);
            let want = (before + count as u64).min(len - (from - before));
            let bytes = long.read(from - before, want as usize)?;
            let start = (0..=before as usize).rev().find(|at| begins_character(&bytes, *at)).unwrap_or(0);
            let from = from - before + start as u64;
            let shown = plain(&bytes[start..], len - from, style, usize::MAX);
            return Ok(Some(LinePart { from, next: len - shown.more, full_len: len, shown }));
        }
        let whole = self.shown(&found, style, usize::MAX)?;
        let len = whole.text.len();
        let from = whole.text.floor_char_boundary(usize::try_from(from).unwrap_or(usize::MAX).min(len));
        let shown = whole.part(from, from.saturating_add(count).min(len));
        let next = (from + shown.text.len()) as u64;
        Ok(Some(LinePart { shown, from: from as u64, next, full_len: len as u64 }))
    }

    /// The bytes of the text that is shown of one row, at most `limit` of them; what [`LogView::line`] counts. `None` when there
    /// is no such row.
    ///
    /// # Errors
    /// [`LogError::Open`] and [`LogError::Read`].
    pub fn line_bytes(&mut self, row: RowNo, limit: usize) -> Result<Option<Vec<u8>>, LogError> {
        let Some(found) = self.head(row)? else { return Ok(None) };
        if let Some((mut long, len)) = self.plain_row(&found)? {
            return long.read(0, len.min(limit as u64) as usize).map(Some);
        }
        Ok(Some(self.shown(&found, Style::default(), limit)?.text.into_bytes()))
    }

    /// A row with the beginning of its bytes.
    fn head(&mut self, row: RowNo) -> Result<Option<Row>, LogError> {
        let found = self.rows(row, 1, CHUNK)?.into_iter().next();
        Ok(found.filter(|found| found.row == row))
    }

    /// The row and its length, where a terminal would just print it.
    fn plain_row(&mut self, row: &Row) -> Result<Option<(LongRow<'_>, u64)>, LogError> {
        let is_utf8 = self.encoding().is_utf8();
        let (files, _) = self.parts();
        let mut long = LongRow { files, at: row.offset, len: row.full_len };
        if is_utf8 {
            long.skip(row.bytes.len() - without_mark(&row.bytes, row.offset).len());
        }
        let len = if is_utf8 { long.plain_len()? } else { None };
        Ok(len.map(|len| (long, len)))
    }
}

/// A part of what is shown of one row. Its places are bytes of the row's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinePart {
    /// What is shown of it.
    pub shown: Shown,
    /// Where it begins.
    pub from: u64,
    /// Where the next part begins.
    pub next: u64,
    /// The length of the whole text.
    pub full_len: u64,
}

/// A character of UTF-8 has at most so many bytes behind its first.
const CONTINUED: u64 = 3;

/// Bytes that are no UTF-8 count as characters of their own.
fn begins_character(bytes: &[u8], at: usize) -> bool {
    bytes.get(at).is_none_or(|byte| byte & 0xc0 != 0x80)
}

/// A row of which only the beginning was read.
struct LongRow<'a> {
    files: &'a mut LogFiles,
    at: LogOffset,
    len: u64,
}

impl LongRow<'_> {
    /// Without so many bytes at its beginning.
    fn skip(&mut self, count: usize) {
        self.at += count as u64;
        self.len -= count as u64;
    }

    /// Bytes of the row, from byte `from` on.
    fn read(&mut self, from: u64, count: usize) -> Result<Vec<u8>, LogError> {
        let mut bytes = vec![0; count];
        let n = self.files.read_log_on(&mut bytes, self.at + from)?;
        bytes.truncate(n);
        Ok(bytes)
    }

    /// Hands on all bytes of the row without what ends it, until that says no.
    fn each(&mut self, mut take: impl FnMut(&[u8]) -> bool) -> Result<(), LogError> {
        let mut from = 0;
        while from < self.len {
            let bytes = self.read(from, (self.len - from).min(CHUNK as u64) as usize)?;
            from += bytes.len() as u64;
            let is_last = from >= self.len;
            // Nothing is left where it was removed meanwhile.
            if bytes.is_empty() || !take(if is_last { without_end(&bytes) } else { &bytes }) {
                break;
            }
        }
        Ok(())
    }

    /// What is shown of the row, which is not UTF-8.
    fn decoded(&mut self, encoding: TextEncoding, style: Style, limit: usize) -> Result<Shown, LogError> {
        let head = self.read(0, CHUNK.min(self.len as usize))?;
        let start = encoding.row_start(self.files, &head, self.at)?;
        let mut decoder = encoding.decoder(&head, self.len, start);
        let mut reader = RowReader::new(columns(limit));
        reader.begin(style);
        // A carriage return at the end is known as one when the row has ended.
        let (mut text, mut held) = (Vec::new(), false);
        let mut hand_on = |text: &mut Vec<u8>, last: bool, held: &mut bool| {
            if std::mem::take(held) && !(last && text.is_empty()) {
                reader.feed(b"\r");
            }
            *held = text.last() == Some(&b'\r');
            reader.feed(without_end(text));
            text.clear();
        };
        let mut from = 0;
        while from < self.len {
            let bytes = self.read(from, (self.len - from).min(CHUNK as u64) as usize)?;
            if bytes.is_empty() {
                break;
            }
            from += bytes.len() as u64;
            decoder.feed(&bytes, &mut text);
            hand_on(&mut text, false, &mut held);
        }
        decoder.finish(&mut text);
        hand_on(&mut text, true, &mut held);
        Ok(reader.finish(limit))
    }

    /// How long the row is when a terminal would just print it; `None` when it takes more to tell what is shown.
    fn plain_len(&mut self) -> Result<Option<u64>, LogError> {
        let (mut len, mut all, mut last) = (0, true, None);
        self.each(|bytes| {
            // An escape may be in two parts.
            all = is_plain(bytes) && last.is_none_or(|last| is_plain(&[last, bytes[0]]));
            len += bytes.len() as u64;
            last = bytes.last().copied();
            all
        })?;
        Ok(all.then_some(len))
    }
}
