//! Logs that are not UTF-8: what encoding one is in, and its rows as UTF-8. Everything else reads rows by this; what is stored
//! stays as it was printed.
//!
//! A row ends at the byte 0x0a whatever the encoding. In the encodings that extend ASCII that is a line feed and nothing else.
//! In UTF-16 it is one half of a line feed: the other half is at the beginning of the next row, or at the end of the row.
//! Where the byte is half of another character, such as U+010A or any of U+0A00 to U+0AFF, the row ends there all the same: rows
//! are counted by that byte, by the writer too, which knows of no encoding. The character is shown as a whole, in the row in which
//! its other half is; a character of two units in UTF-16LE, whose units are in two rows then (U+1F60A is one), in the second.
//! Which half the byte is, is told by whether it is at an even place of the log. What is left of a line feed at the end of a log is
//! no row.

mod decoder;
mod guess;
mod iso_2022_jp;
mod lines;
mod start;

pub(crate) use decoder::RowDecoder;
pub use guess::EncodingGuess;
pub(crate) use guess::encoding_of;
pub use lines::{LineStart, LogLines};
pub(crate) use start::RowStart;

use std::borrow::Cow;

use encoding_rs::{Encoding, ISO_2022_JP, UTF_8, UTF_16BE, UTF_16LE};
use solti_positions::LogOffset;

use crate::LogError;
use crate::cursor::LogFiles;
use crate::format::Counts;
use start::is_control;

const ESC: u8 = 0x1b;

/// The mark that some programs of UTF-8 begin their output with. It is no text.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// A row of UTF-8 without the mark, if it begins the log.
pub(crate) fn without_mark(row: &[u8], at: LogOffset) -> &[u8] {
    if at == LogOffset::ZERO { row.strip_prefix(MARK).unwrap_or(row) } else { row }
}

/// Read at a time.
const CHUNK: u64 = 64 * 1024;

/// Whether these bytes of a row are the same text in whatever encoding a log is guessed to be in.
pub fn reads_alike(bytes: &[u8]) -> bool {
    bytes.is_ascii() && memchr::memchr2(0, ESC, bytes).is_none()
}

/// How the bytes of rows become text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextEncoding {
    encoding: &'static Encoding,
    /// Guessed, and a row that can be nothing but UTF-8 is taken for that.
    mixed: bool,
}

impl Default for TextEncoding {
    fn default() -> Self {
        Self { encoding: UTF_8, mixed: false }
    }
}

impl TextEncoding {
    /// By one of its names in the Encoding Standard, such as `windows-1251`, `latin1`, `utf-16le`.
    pub fn named(name: &str) -> Option<Self> {
        let encoding = Encoding::for_label(name.as_bytes())?;
        (encoding != encoding_rs::REPLACEMENT).then_some(Self { encoding, mixed: false })
    }

    /// The same of one that was guessed by the bytes of a log: other programs may have printed rows of it.
    pub fn guessed(name: &str) -> Option<Self> {
        Self::named(name).map(|known| Self::guessed_to_be(known.encoding))
    }

    /// Bytes of more than one for a character are not told from UTF-8 row by row, but for UTF-16, which has zeros, and ISO-2022-JP,
    /// which has escapes.
    fn guessed_to_be(encoding: &'static Encoding) -> Self {
        let is_told = [UTF_16LE, UTF_16BE, ISO_2022_JP].contains(&encoding);
        Self { encoding, mixed: is_told || encoding.is_single_byte() }
    }

    /// Its name in the Encoding Standard.
    pub fn name(self) -> &'static str {
        self.encoding.name()
    }

    /// Rows are what they are.
    pub fn is_utf8(self) -> bool {
        self.encoding == UTF_8
    }

    fn is_utf16(self) -> bool {
        self.encoding == UTF_16LE || self.encoding == UTF_16BE
    }

    /// A log without what is left of the line feed of its last row.
    pub(crate) fn without_rest(self, log: &[u8]) -> &[u8] {
        match self.encoding == UTF_16LE && log.ends_with(b"\n\0") {
            true => &log[..log.len() - 1],
            false => log,
        }
    }

    /// Whether a log that is so long ends in such a rest, which no other row is of.
    pub(crate) fn has_rest(self, files: &LogFiles, counts: &Counts) -> Result<bool, LogError> {
        if self.encoding != UTF_16LE || counts.open_row.is_none() {
            return Ok(false);
        }
        let mut last = [0; 2];
        files.read_log_on(&mut last, counts.offset.saturating_back(2))?;
        Ok(self.without_rest(&last).len() < last.len())
    }

    /// The start of a row that begins at byte `at` of a log with these bytes. What is before it is read where it counts.
    pub(crate) fn row_start(self, files: &LogFiles, row: &[u8], at: LogOffset) -> Result<RowStart, LogError> {
        let asks = self.is_utf16() && self.mixed && rest_of(row).len() < SURE
            || self.encoding == UTF_16LE && row.first().is_some_and(|first| is_low_surrogate(*first));
        if asks { RowStart::read(files, at) } else { Ok(at.into()) }
    }

    /// A whole row as UTF-8, without a line feed in it.
    pub(crate) fn decode(self, row: &[u8], start: RowStart) -> Cow<'_, [u8]> {
        if self.is_utf8() {
            return Cow::Borrowed(without_mark(row, start.at));
        }
        let is_iso_2022_jp = self.encoding == ISO_2022_JP && iso_2022_jp::begin(row).is_some();
        if !self.is_utf16() && !is_iso_2022_jp && row.is_ascii() {
            return Cow::Borrowed(row);
        }
        if self.mixed && !is_iso_2022_jp {
            // Behind UTF-16 a line of another program begins with what is left of the line feed before it.
            let behind_line_feed = self.is_utf16() && start.at > LogOffset::ZERO;
            let rest = if behind_line_feed { rest_of(row) } else { row };
            if !rest.contains(&0)
                && std::str::from_utf8(rest).is_ok()
                && !self.is_utf16_all_the_same(rest, start)
            {
                return Cow::Borrowed(without_mark(rest, start.at));
            }
        }
        let mut decoder = self.decoder(row, row.len() as u64, start);
        let mut out = Vec::with_capacity(row.len() + row.len() / 2);
        decoder.feed(row, &mut out);
        decoder.finish(&mut out);
        Cow::Owned(out)
    }

    /// As [`Self::decode`], of a row of which more is to come: without the half of a character at its end.
    fn decode_part(self, row: &[u8], start: RowStart) -> Cow<'_, [u8]> {
        let ends_within = self.is_utf16() && self.decoder(row, row.len() as u64, start).after;
        let whole = if ends_within { row.len().saturating_sub(1) } else { row.len() };
        self.decode(&row[..whole], start)
    }

    /// Rows, each but the last ended by 0x0a, as the same rows in UTF-8. `start` is that of the first.
    pub(crate) fn decode_rows(self, rows: &[u8], start: RowStart, out: &mut Vec<u8>) {
        out.clear();
        let mut left = rows;
        while !left.is_empty() {
            let (row, rest) = match memchr::memchr(b'\n', left) {
                Some(newline) => (&left[..newline], Some(&left[newline + 1..])),
                None => (left, None),
            };
            let before = out.len();
            let start = match rows.len() - left.len() {
                0 => start,
                at => RowStart::within(rows, at, start.at),
            };
            out.extend_from_slice(&self.decode(row, start));
            match rest {
                Some(rest) => {
                    out.push(b'\n');
                    left = rest;
                }
                None => {
                    // A last row of which nothing is shown is one.
                    if out.len() == before {
                        out.push(b'\n');
                    }
                    return;
                }
            }
        }
    }

    /// Whether what could be UTF-8 is none where UTF-16 is guessed: characters of U+0A00 to U+0AFF leave rows of one byte or none.
    fn is_utf16_all_the_same(self, rest: &[u8], start: RowStart) -> bool {
        if !self.is_utf16() {
            return false;
        }
        let no_text = || start.is_behind_no_text(self.encoding == UTF_16LE);
        match rest {
            // Before a blank line of another program is text.
            [] => start.at > LogOffset::ZERO && no_text(),
            [byte] => {
                let [a, b] = start.unit_before();
                let behind_half = [a, b].iter().any(|byte| is_control(byte) || *byte == b'\n');
                is_control(byte) || is_gurmukhi(*byte) && (behind_half || no_text())
            }
            _ => rest.iter().any(is_control),
        }
    }

    /// For a row of so many bytes that is given part by part. `head` are its first bytes, one at least if there is any.
    pub(crate) fn decoder(self, head: &[u8], len: u64, start: RowStart) -> RowDecoder {
        let (at, before) = (start.at, start.unit_before());
        let is_part = (head.len() as u64) < len;
        let is_utf8 = || {
            std::str::from_utf8(head).map_or_else(|error| is_part && error.error_len().is_none(), |_| true)
        };
        let is_utf16 = self.is_utf16_all_the_same(head, start);
        let is_iso_2022_jp = || self.encoding == ISO_2022_JP && iso_2022_jp::begin(head).is_some();
        let is_other = self.mixed && !head.contains(&0) && !is_utf16 && is_utf8() && !is_iso_2022_jp();
        let encoding = if is_other { UTF_8 } else { self.encoding };
        let begins_within = match () {
            () if encoding == UTF_16LE => begins_within(head, len, at, 0),
            () if encoding == UTF_16BE => begins_within(head, len, at, 1),
            () => false,
        };
        let ends_within = self.is_utf16() && encoding != UTF_8 && (len + u64::from(begins_within)) % 2 == 1;
        RowDecoder {
            decoder: encoding.new_decoder_without_bom_handling(),
            before: begins_within,
            unit_before: (head.first().is_some_and(|first| is_low_surrogate(*first))
                && is_high_surrogate(before[1]))
            .then_some(before),
            // The first row of a log, and an empty one among UTF-8, are what they look like.
            after: ends_within && (len > 0 || (is_utf16 || !self.mixed) && at > LogOffset::ZERO),
            left: len,
            is_le: encoding == UTF_16LE,
            has_escapes: encoding == ISO_2022_JP,
            held: false,
            whole_units: !ends_within,
            tail: [0; 2],
            begun: encoding == UTF_8 && at > LogOffset::ZERO,
            room: String::new(),
        }
    }
}

/// Whether the byte that ended the row before is the first half of a character of UTF-16 whose second half begins this row. It is
/// when the row begins at an odd place; where bytes of other programs have shifted all places, the zeros tell, which are every
/// other byte of most texts. `high` is which byte of two they are: 0 in a row that begins within a character of UTF-16LE.
fn begins_within(head: &[u8], len: u64, at: LogOffset, high: usize) -> bool {
    let odd = at.get() % 2 == 1;
    let zeros = |parity: usize| head.iter().skip(parity).step_by(2).filter(|byte| **byte == 0).count();
    // Of a row that begins within a character, and of one that does not.
    let (within, aligned) = (zeros(high), zeros(1 - high));
    let rest_of_line_feed = head.first().is_none_or(|first| *first == 0);
    match (odd, high) {
        (true, 0) if rest_of_line_feed => true,
        (true, _) => within >= aligned,
        // A row between two line feeds has an odd length.
        (false, 0) => rest_of_line_feed && len % 2 == 1 && within > aligned,
        (false, _) => false,
    }
}

/// A row that could be UTF-8 and is longer is that.
const SURE: usize = 2;

/// A row without what is left of the line feed of UTF-16 before it.
fn rest_of(row: &[u8]) -> &[u8] {
    row.strip_prefix(b"\0").unwrap_or(row)
}

/// Whether U+0A00 and so much is a character that is a letter, a sign or a digit in ASCII when its second half ends the row.
fn is_gurmukhi(low: u8) -> bool {
    matches!(low, 0x20..=0x28 | 0x2a..=0x30 | 0x32 | 0x33 | 0x35 | 0x36 | 0x38 | 0x39 | 0x3c | 0x3e..=0x42
        | 0x47 | 0x48 | 0x4b..=0x4d | 0x51 | 0x59..=0x5c | 0x5e | 0x66..=0x76)
}

/// Whether the high byte of a unit of UTF-16 is that of the first half of a character of two units.
fn is_high_surrogate(high: u8) -> bool {
    matches!(high, 0xd8..=0xdb)
}

/// The same of the second half.
fn is_low_surrogate(high: u8) -> bool {
    matches!(high, 0xdc..=0xdf)
}

#[cfg(test)]
mod tests;
