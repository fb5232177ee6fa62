//! Which encoding a log is in, by its bytes: by the first MiB, and where that is UTF-8, by where bytes come that are not.

use super::{CHUNK, TextEncoding, iso_2022_jp};
use crate::LogError;
use crate::cursor::{Cursor, LogFiles};
use crate::format::Kind;
use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, ISO_2022_JP, UTF_16BE, UTF_16LE};
use solti_positions::LogOffset;
use std::path::Path;

/// A log's encoding is guessed by so much of its beginning.
const SAMPLE: LogOffset = LogOffset::new(1024 * 1024);
/// UTF-16 without a mark is told by so much.
const UTF_16_SAMPLE: usize = 4 * 1024;
/// Behind the beginning so many pieces are looked at, of a log of any length.
const PIECES: u64 = 16;
/// Of so many odd ones it is guessed what they are: bytes that are no text are no encoding.
const GUESSES: u32 = 4;

/// In a text one byte is a control among so many beyond ASCII, or fewer are.
const CONTROLS_AMONG: usize = 100;

/// What encoding a log of these bytes is in, which are all of it, or its first MiB.
pub(crate) fn encoding_of(bytes: &[u8]) -> TextEncoding {
    match is_text(bytes) && std::str::from_utf8(bytes).is_ok() {
        true => TextEncoding::default(),
        false => guess(bytes),
    }
}

/// Whether it may be UTF-8 where its bytes are.
fn is_text(bytes: &[u8]) -> bool {
    !bytes[..bytes.len().min(UTF_16_SAMPLE)].contains(&0) && iso_2022_jp::begin(bytes).is_none()
}

/// What encoding a log is in, by its first MiB: looked at again as the log grows, from where the last look ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EncodingGuess {
    /// So much of the beginning is UTF-8, or is taken for it.
    utf8_to: LogOffset,
    /// So much of the log was there when it was looked at beyond the beginning.
    looked_to: LogOffset,
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
        if self.utf8_to < SAMPLE {
            self.look_at_beginning(&mut files, is_final)?;
        }
        if !self.settled && self.utf8_to >= SAMPLE {
            self.look_further(&files, is_final)?;
        }
        Ok(self.encoding)
    }

    fn look_at_beginning(&mut self, files: &mut LogFiles, is_final: bool) -> Result<(), LogError> {
        let (bytes, from) = sample(files, is_final, self.utf8_to)?;
        let to = from + bytes.len() as u64;
        let whole = match std::str::from_utf8(&bytes) {
            Ok(_) => Some(bytes.len()),
            Err(error) if error.error_len().is_none() && (to >= SAMPLE || !is_final) => {
                Some(error.valid_up_to())
            }
            Err(_) => None,
        };
        if let Some(whole) = whole.filter(|_| is_text(&bytes)) {
            self.utf8_to = if to >= SAMPLE { SAMPLE } else { from + whole as u64 };
            self.settled = is_final && to < SAMPLE;
            return Ok(());
        }
        let (all, _) =
            if from == LogOffset::ZERO { (bytes, from) } else { sample(files, is_final, LogOffset::ZERO)? };
        self.encoding = guess(&all);
        let is_whole = all.len() as u64 >= SAMPLE.get();
        if is_whole && self.encoding.is_utf8() {
            self.utf8_to = SAMPLE;
        } else {
            self.settled = is_final || is_whole;
        }
        Ok(())
    }

    /// Beyond the beginning, whenever the log has become twice as long, and when it is over: what is read is bounded by that.
    fn look_further(&mut self, files: &LogFiles, is_final: bool) -> Result<(), LogError> {
        let end = files.log_end()?;
        let seen = self.looked_to.max(SAMPLE);
        if !is_final && end.get() < 2 * seen.get() {
            return Ok(());
        }
        // Of one that is over by the whole, whenever it was looked at before.
        let found = further(files, if is_final { SAMPLE } else { seen }, end)?;
        (self.looked_to, self.settled) = (end, is_final || found.is_some());
        self.encoding = found.unwrap_or(self.encoding);
        Ok(())
    }
}

/// The encoding of what comes between these places, where that is not UTF-8: by pieces that are spread evenly over it, the last bytes
/// among them, and then by what begins at the first place that is odd.
fn further(files: &LogFiles, from: LogOffset, to: LogOffset) -> Result<Option<TextEncoding>, LogError> {
    let last = LogOffset::new(to.get().saturating_sub(CHUNK).max(from.get()));
    let step = last.saturating_since(from) / PIECES;
    let (mut clean, mut guesses) = (from, 0);
    for n in 0..=PIECES {
        let at = if n == PIECES { last } else { from + n * step };
        if odd_byte(files, at)?.is_none() {
            clean = at;
            continue;
        }
        let encoding = guess_from(files, first_odd(files, clean, at)?)?;
        if !encoding.is_utf8() {
            // What takes several bytes for a character would take text of UTF-8 in the beginning for its own.
            return Ok((encoding.mixed || begins_with_ascii(files)?).then_some(encoding));
        }
        clean = at;
        guesses += 1;
        if guesses == GUESSES {
            break;
        }
    }
    Ok(None)
}

/// About where the first odd byte is, between a piece without one and a piece with one: by halving.
fn first_odd(files: &LogFiles, mut clean: LogOffset, mut odd: LogOffset) -> Result<LogOffset, LogError> {
    while odd.saturating_since(clean) > CHUNK {
        let middle = clean + odd.saturating_since(clean) / 2;
        if odd_byte(files, middle)?.is_some() { odd = middle } else { clean = middle }
    }
    Ok(odd + odd_byte(files, odd)?.unwrap_or_default())
}

/// By what comes from the row on that this byte is in.
fn guess_from(files: &LogFiles, odd: LogOffset) -> Result<TextEncoding, LogError> {
    let before = CHUNK.min(odd.get());
    let mut bytes = vec![0; (before + SAMPLE.get()) as usize];
    let read = files.read_log_on(&mut bytes, odd.saturating_back(before))?;
    bytes.truncate(read);
    let newline = bytes[..read.min(before as usize)].iter().rposition(|byte| *byte == b'\n');
    Ok(guess(&bytes[newline.map_or(0, |newline| newline + 1)..]))
}

fn begins_with_ascii(files: &LogFiles) -> Result<bool, LogError> {
    let mut bytes = vec![0; SAMPLE.get() as usize];
    let read = files.read_log_on(&mut bytes, LogOffset::ZERO)?;
    Ok(bytes[..read].is_ascii())
}

/// The first byte of a piece of the log that begins here which is no UTF-8, a zero, or an escape of ISO-2022-JP.
fn odd_byte(files: &LogFiles, at: LogOffset) -> Result<Option<u64>, LogError> {
    let mut bytes = vec![0; CHUNK as usize];
    let read = files.read_log_on(&mut bytes, at)?;
    let bytes = &bytes[..read];
    // It may begin and end within a character.
    let begin = bytes.iter().take(3).take_while(|byte| matches!(byte, 0x80..=0xbf)).count();
    let zero = memchr::memchr(0, bytes);
    let wrong = std::str::from_utf8(&bytes[begin..]).err().filter(|error| error.error_len().is_some());
    let wrong = wrong.map(|error| begin + error.valid_up_to());
    let escape = iso_2022_jp::begin(bytes);
    Ok(zero.into_iter().chain(wrong).chain(escape).min().map(|at| at as u64))
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
pub(super) fn guess(bytes: &[u8]) -> TextEncoding {
    if let Some(encoding) = utf16(bytes) {
        return TextEncoding::guessed_to_be(encoding);
    }
    if iso_2022_jp::is(bytes) {
        return TextEncoding::guessed_to_be(ISO_2022_JP);
    }
    let (mut valid, mut invalid) = (0usize, 0usize);
    for chunk in bytes.utf8_chunks() {
        valid += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        invalid += usize::from(!chunk.invalid().is_empty());
    }
    // Some bytes that are no text do not make another encoding, and neither does what is no text at all. Now and then texts have a
    // control: shells and terminals are sent some, and one that somehow got in does not count among many letters.
    let controls = bytes.iter().filter(|byte| matches!(byte, 0 | 3..=6 | 0x10..=0x19 | 0x1c..=0x1f)).count();
    let letters = bytes.iter().filter(|byte| !byte.is_ascii()).count();
    if invalid == 0 || valid >= invalid || controls * CONTROLS_AMONG > letters {
        return TextEncoding::default();
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    let odd = bytes.split_inclusive(|byte| *byte == b'\n').filter(|row| std::str::from_utf8(row).is_err());
    for row in odd {
        detector.feed(row, false);
    }
    detector.feed(b"", true);
    TextEncoding::guessed_to_be(detector.guess(None, Utf8Detection::Deny))
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
        // Few letters of other scripts have a zero: it is told by what stands between them.
        () if odd > even => reads_as_text(head, u16::from_le_bytes).then_some(UTF_16LE),
        () if even > odd => reads_as_text(head, u16::from_be_bytes).then_some(UTF_16BE),
        () => None,
    }
}

/// Whether these bytes are text when they are taken two by two: no controls, nothing unpaired or private, letters of a few scripts, and
/// now and then a space, a line feed or a digit. Text with zeros in it, as of `find -print0`, has bytes of ASCII alone.
fn reads_as_text(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> bool {
    /// Of the characters so many parts in a hundred are of the most frequent blocks.
    const OF_THE_MOST_FREQUENT: (usize, usize) = (4, 95);
    /// Of so many characters one is of ASCII.
    const ONE_IN: usize = 40;
    if bytes.iter().all(|byte| matches!(byte, 0 | b'\t' | b'\n' | b'\r' | 0x1b | b' '..=b'~')) {
        return false;
    }
    let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    // The last one may be cut off.
    let count = bytes.len() / 2;
    let (mut blocks, mut ascii, mut all) = ([0usize; 256], 0usize, 0usize);
    for (n, c) in char::decode_utf16(units).enumerate() {
        let c = match c {
            Ok(c) => c,
            Err(_) if n + 2 > count => break,
            Err(_) => return false,
        };
        let refused = c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{1b}');
        if refused || matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{fff0}'..='\u{ffff}') {
            return false;
        }
        all += 1;
        ascii += usize::from(c.is_ascii());
        blocks[block(c)] += 1;
    }
    blocks.sort_unstable_by(|a, b| b.cmp(a));
    let (most, parts) = OF_THE_MOST_FREQUENT;
    ascii * ONE_IN >= all && blocks[..most].iter().sum::<usize>() * 100 >= all * parts
}

/// Characters that stand together in texts, as one number: the blocks of a script that has many are one.
fn block(c: char) -> usize {
    match u32::from(c) {
        // Latin, and what all scripts use.
        0..0x250 | 0x2000..0x2e00 => 0,
        // Chinese and Japanese.
        0x2e80..0xa000 | 0xf900..0xfb00 | 0xfe30..0xfe50 | 0xff00..0xfff0 | 0x2_0000..0x4_0000 => 0x30,
        // Korean.
        0x1100..0x1200 | 0xac00..0xd800 => 0xac,
        // Pictures.
        0x1_0000..0x2_0000 => 0xd8,
        // Greek of all times.
        0x370..0x400 | 0x1f00..0x2000 => 0x03,
        other => (other >> 8) as usize & 0xff,
    }
}
