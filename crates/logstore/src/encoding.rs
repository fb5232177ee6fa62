//! Logs that are not UTF-8: what encoding one is in, and its rows as UTF-8. Everything else reads rows by this; what is stored
//! stays as it was printed.
//!
//! A row ends at the byte 0x0a whatever the encoding. In the encodings that extend ASCII that is a line feed and nothing else.
//! In UTF-16 it is one half of a line feed: the other half is at the beginning of the next row, or at the end of the row.
//! Where the byte is half of another character, such as U+010A or any of U+0A00 to U+0AFF, the row ends there all the same: rows
//! are counted by that byte, by the writer too, which knows of no encoding. The character is shown as a whole, in the row in which
//! its other half is; a character of two units in UTF-16LE, whose units are in two rows then (U+1F60A is one), in the second.
//! Which half the byte is, is told by whether it is at an even place of the log.

mod decoder;

pub(crate) use decoder::RowDecoder;

use std::borrow::Cow;
use std::path::Path;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use solti_positions::LogOffset;

use crate::LogError;
use crate::cursor::{Cursor, LogFiles};
use crate::format::Kind;

/// A log's encoding is guessed by so much of its beginning.
const SAMPLE: LogOffset = LogOffset::new(1024 * 1024);
/// UTF-16 without a mark is told by so much.
const UTF_16_SAMPLE: usize = 4 * 1024;
/// Read at a time.
const CHUNK: u64 = 64 * 1024;

/// Where a row begins in the log, and what stands before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RowStart {
    pub at: LogOffset,
    /// The two bytes before the one that ended the row before: in UTF-16LE they may be half of a character that this row goes on
    /// with. Zeros where they are not known.
    pub before: [u8; 2],
}

impl RowStart {
    /// Of a row that begins at byte `at` of `bytes`, which are a log from its byte `from` on.
    pub(crate) fn within(bytes: &[u8], at: usize, from: LogOffset) -> Self {
        let before = at.checked_sub(3).map_or([0; 2], |before| [bytes[before], bytes[before + 1]]);
        Self { at: from + at as u64, before }
    }
}

impl From<LogOffset> for RowStart {
    fn from(at: LogOffset) -> Self {
        Self { at, before: [0; 2] }
    }
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

    /// The start of a row that begins at byte `at` of a log with these bytes. What is before it is read where it counts.
    pub(crate) fn row_start(self, files: &LogFiles, row: &[u8], at: LogOffset) -> Result<RowStart, LogError> {
        let mut start = RowStart::from(at);
        let asks = self.is_utf16() && self.mixed && rest_of(row).len() < SURE
            || self.encoding == UTF_16LE && row.first().is_some_and(|first| is_low_surrogate(*first));
        if asks && at >= LogOffset::new(3) {
            // What is gone tells nothing.
            files.read_log_on(&mut start.before, at.saturating_back(3))?;
        }
        Ok(start)
    }

    /// A whole row as UTF-8, without a line feed in it.
    pub(crate) fn decode(self, row: &[u8], start: RowStart) -> Cow<'_, [u8]> {
        if self.is_utf8() || !self.is_utf16() && row.is_ascii() {
            return Cow::Borrowed(row);
        }
        if self.mixed {
            // Behind UTF-16 a line of another program begins with what is left of the line feed before it.
            let rest = if self.is_utf16() { rest_of(row) } else { row };
            if !rest.contains(&0)
                && std::str::from_utf8(rest).is_ok()
                && !self.is_utf16_all_the_same(rest, start)
            {
                return Cow::Borrowed(rest);
            }
        }
        let mut decoder = self.decoder(row, row.len() as u64, start);
        let mut out = Vec::with_capacity(row.len() + row.len() / 2);
        decoder.feed(row, &mut out);
        decoder.finish(&mut out);
        Cow::Owned(out)
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
    fn is_utf16_all_the_same(self, rest: &[u8], RowStart { at, before }: RowStart) -> bool {
        if !self.is_utf16() {
            return false;
        }
        let is_control = |byte: &u8| *byte < 0x20 && !b"\n\r\t\x07\x08\x0c\x1b".contains(byte);
        match rest {
            // Before a blank line of another program is text.
            [] => at > LogOffset::ZERO && before.iter().any(is_control),
            [byte] => {
                is_control(byte) || is_gurmukhi(*byte) && before.iter().any(|b| is_control(b) || *b == b'\n')
            }
            _ => rest.iter().any(is_control),
        }
    }

    /// For a row of so many bytes that is given part by part. `head` are its first bytes, one at least if there is any.
    pub(crate) fn decoder(self, head: &[u8], len: u64, RowStart { at, before }: RowStart) -> RowDecoder {
        let is_part = (head.len() as u64) < len;
        let is_utf8 = || {
            std::str::from_utf8(head).map_or_else(|error| is_part && error.error_len().is_none(), |_| true)
        };
        let start = RowStart { at, before };
        let is_utf16 = self.is_utf16_all_the_same(head, start);
        let encoding =
            if self.mixed && !head.contains(&0) && !is_utf16 && is_utf8() { UTF_8 } else { self.encoding };
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
            whole_units: !ends_within,
            tail: [0; 2],
            begun: false,
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

/// What encoding a log of these bytes is in, which are all of it, or its first MiB.
pub(crate) fn encoding_of(bytes: &[u8]) -> TextEncoding {
    match is_text(bytes) && std::str::from_utf8(bytes).is_ok() {
        true => TextEncoding::default(),
        false => guess(bytes),
    }
}

/// Whether its beginning may be UTF-8.
fn is_text(bytes: &[u8]) -> bool {
    !bytes[..bytes.len().min(UTF_16_SAMPLE)].contains(&0)
}

/// What encoding a log is in, by its first MiB: looked at again as the log grows, from where the last look ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EncodingGuess {
    /// So much of the beginning is UTF-8.
    utf8_to: LogOffset,
    /// Known for good.
    settled: bool,
    encoding: TextEncoding,
}

impl EncodingGuess {
    /// What it is, once nothing that is added changes that.
    pub fn settled(&self) -> Option<TextEncoding> {
        self.settled.then_some(self.encoding)
    }

    /// What it is, by all that there is now.
    ///
    /// # Errors
    /// [`LogError::Open`] and [`LogError::Read`].
    pub fn look(&mut self, run_dir: &Path, is_final: bool) -> Result<TextEncoding, LogError> {
        if self.settled {
            return Ok(self.encoding);
        }
        let mut files = LogFiles::open(run_dir)?;
        let (bytes, from) = sample(&mut files, is_final, self.utf8_to)?;
        let to = from + bytes.len() as u64;
        let whole = match std::str::from_utf8(&bytes) {
            Ok(_) => Some(bytes.len()),
            Err(error) if error.error_len().is_none() && to < SAMPLE && !is_final => {
                Some(error.valid_up_to())
            }
            Err(_) => None,
        };
        if let Some(whole) = whole.filter(|_| is_text(&bytes)) {
            self.utf8_to = from + whole as u64;
            self.settled = is_final || to >= SAMPLE;
            return Ok(self.encoding);
        }
        let (all, _) = if from == LogOffset::ZERO {
            (bytes, from)
        } else {
            sample(&mut files, is_final, LogOffset::ZERO)?
        };
        self.encoding = guess(&all);
        self.settled = is_final || all.len() as u64 >= SAMPLE.get();
        Ok(self.encoding)
    }
}

/// Bytes of the log from byte `from` on to the end of the sample, and where they begin.
fn sample(files: &mut LogFiles, is_final: bool, from: LogOffset) -> Result<(Vec<u8>, LogOffset), LogError> {
    let mut cursor = Cursor::new();
    cursor.set_final(is_final);
    cursor.seek_offset(files, from)?;
    let (mut bytes, mut start) = (Vec::new(), from);
    while let Some(piece) = cursor.next(files)? {
        let (at, record) = (piece.before.offset, &piece.record);
        let end = at + record.len;
        if record.kind != Kind::Data || end <= from {
            continue;
        }
        if bytes.is_empty() {
            start = at.max(from);
        }
        let begin = at.max(from);
        let want = (end - begin).min(SAMPLE.saturating_since(begin)) as usize;
        let have = bytes.len();
        bytes.resize(have + want, 0);
        let n = files.read_log_on(&mut bytes[have..], begin)?;
        bytes.truncate(have + n);
        if end >= SAMPLE || n == 0 {
            break;
        }
    }
    Ok((bytes, start))
}

/// What bytes that are not UTF-8 throughout are.
fn guess(bytes: &[u8]) -> TextEncoding {
    let of = |encoding, mixed| TextEncoding { encoding, mixed };
    if let Some(encoding) = utf16(bytes) {
        return of(encoding, true);
    }
    let (mut valid, mut invalid) = (0usize, 0usize);
    for chunk in bytes.utf8_chunks() {
        valid += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        invalid += usize::from(!chunk.invalid().is_empty());
    }
    // Some bytes that are no text do not make another encoding, and neither does what is no text at all.
    let controls = bytes.iter().filter(|byte| matches!(byte, 0..=6 | 0x0e..=0x1a | 0x1c..=0x1f)).count();
    if invalid == 0 || valid >= invalid || controls > 0 {
        return TextEncoding::default();
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    let odd = bytes.split_inclusive(|byte| *byte == b'\n').filter(|row| std::str::from_utf8(row).is_err());
    for row in odd {
        detector.feed(row, false);
    }
    detector.feed(b"", true);
    let encoding = detector.guess(None, Utf8Detection::Deny);
    of(encoding, encoding.is_single_byte())
}

/// By its mark, or by the zeros in every other byte.
fn utf16(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = &bytes[..bytes.len().min(UTF_16_SAMPLE)];
    match head {
        [0xff, 0xfe, rest @ ..] if rest.contains(&0) => return Some(UTF_16LE),
        [0xfe, 0xff, rest @ ..] if rest.contains(&0) => return Some(UTF_16BE),
        _ => {}
    }
    let zeros = |parity: usize| head.iter().skip(parity).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd, half) = (zeros(0), zeros(1), head.len() / 2);
    if half < 4 {
        return None;
    }
    match () {
        () if odd * 10 >= half * 7 && even * 4 <= odd => Some(UTF_16LE),
        () if even * 10 >= half * 7 && odd * 4 <= even => Some(UTF_16BE),
        () => None,
    }
}

#[cfg(test)]
mod tests;
