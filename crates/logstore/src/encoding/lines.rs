//! Lines of a log that come one by one, outside of its files, as text: by the same reading as that of its rows.

use super::{RowStart, TextEncoding, rest_of};
use encoding_rs::{UTF_16BE, UTF_16LE};
use solti_positions::LogOffset;
use std::borrow::Cow;

/// What was passed of a log, and how its lines become text.
#[derive(Clone, Debug, Default)]
pub struct LogLines {
    encoding: TextEncoding,
    at: LogOffset,
    /// The last bytes that were passed.
    last: Vec<u8>,
}

/// Where a line begins in its log.
#[derive(Clone, Copy, Debug, Default)]
pub struct LineStart(RowStart);

impl LogLines {
    /// How lines become text from now on.
    pub fn read_in(&mut self, encoding: TextEncoding) {
        self.encoding = encoding;
    }

    /// Of a line whose first byte comes next.
    #[must_use]
    pub fn here(&self) -> LineStart {
        LineStart(RowStart::within(
            &self.last,
            self.last.len(),
            self.at.saturating_back(self.last.len() as u64),
        ))
    }

    /// The text of a line that has ended, or of what there is of one.
    #[must_use]
    pub fn text<'a>(&self, line: &'a [u8], ended: bool, start: LineStart) -> Cow<'a, [u8]> {
        match ended {
            true => self.encoding.decode(line, start.0),
            false => self.encoding.decode_part(line, start.0),
        }
    }

    /// The bytes of the line that comes next, or of what there is of it, and those of its end, for where no other line is before it and
    /// behind it: in UTF-16LE one half of each line feed is in the line that follows.
    #[must_use]
    pub fn alone<'a>(&self, line: &'a [u8], continues: bool, ended: bool) -> (&'a [u8], &'static [u8]) {
        let is_first = self.at == LogOffset::ZERO;
        if self.encoding.encoding != UTF_16LE {
            return (line, if ended { b"\n" } else { b"" });
        }
        let own = if continues || is_first { line } else { rest_of(line) };
        // A line of another program is taken as it is; a blank one is of the program whose line feed was before it.
        let is_blank = own.is_empty() && (is_first || own.len() < line.len());
        let is_utf16 = is_blank || matches!(self.text(line, ended, self.here()), Cow::Owned(_));
        (
            own,
            if !ended {
                b""
            } else if is_utf16 {
                b"\n\0"
            } else {
                b"\n"
            },
        )
    }

    /// Words to be put before such a line.
    #[must_use]
    pub fn written(&self, words: &str) -> Vec<u8> {
        let units = words.encode_utf16();
        match self.encoding.encoding {
            le if le == UTF_16LE => units.flat_map(u16::to_le_bytes).collect(),
            be if be == UTF_16BE => units.flat_map(u16::to_be_bytes).collect(),
            // All others have ASCII in them.
            _ => words.into(),
        }
    }

    /// Bytes of a line of any stream have come, and the end of it where it has `ended`.
    pub fn pass(&mut self, bytes: &[u8], ended: bool) {
        const KEPT: usize = 32;
        self.at = self.at + bytes.len() as u64 + u64::from(ended);
        self.last.extend_from_slice(&bytes[bytes.len().saturating_sub(KEPT)..]);
        if ended {
            self.last.push(b'\n');
        }
        self.last.drain(..self.last.len().saturating_sub(KEPT));
    }

    /// What comes next stands nobody knows where in the log.
    pub fn lose_place(&mut self) {
        // Whole characters as a rule, and not the first ones.
        (self.at, self.last) = (LogOffset::new(2), Vec::new());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines of a log, each as it is shown.
    fn lines(encoding: Option<TextEncoding>, log: &[u8]) -> Vec<String> {
        let mut lines = LogLines::default();
        lines.read_in(encoding.unwrap());
        let mut rows: Vec<_> = log.split(|byte| *byte == b'\n').collect();
        let open = rows.pop().unwrap();
        let mut text = |line: &[u8], ended: bool| {
            let text = lines.text(line, ended, lines.here()).into_owned();
            lines.pass(line, ended);
            String::from_utf8(text).unwrap()
        };
        let mut shown: Vec<_> = rows.into_iter().map(|line| text(line, true)).collect();
        shown.push(text(open, false));
        shown
    }

    fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn lines_of_utf16_are_whole_characters() {
        // U+010A and U+0A05 have the byte that ends a line as one of theirs.
        let text = "\u{feff}h\u{e9}llo\n\n\u{65e5}\u{672c}\n\u{1f600}x";
        for (name, bytes) in
            [("UTF-16LE", u16::to_le_bytes as fn(u16) -> [u8; 2]), ("UTF-16BE", u16::to_be_bytes)]
        {
            let expected = ["h\u{e9}llo", "", "\u{65e5}\u{672c}", "\u{1f600}x"];
            assert_eq!(lines(TextEncoding::guessed(name), &utf16(text, bytes)), expected, "{name}");
            for odd in ["a\u{10a}b", "a\u{a05}b", "\u{4e8c}\u{a0a}b", "\u{4e8c}\u{a0a}\u{a0a}b"] {
                for encoding in [TextEncoding::guessed(name), TextEncoding::named(name)] {
                    assert_eq!(lines(encoding, &utf16(odd, bytes)).concat(), odd, "{name}");
                }
            }
        }
        let mut half = LogLines::default();
        half.read_in(TextEncoding::guessed("UTF-16LE").unwrap());
        assert_eq!(&*half.text(b"h\0i", false, half.here()), b"h", "the other half is to come");
    }

    #[test]
    fn a_line_by_itself_has_the_whole_of_its_line_feed() {
        for (name, bytes) in
            [("UTF-16LE", u16::to_le_bytes as fn(u16) -> [u8; 2]), ("UTF-16BE", u16::to_be_bytes)]
        {
            for (text, of_utf8) in
                [("a\n\nb\u{e4}\n", false), ("\na\n", false), ("a\nb", false), ("a\n", true)]
            {
                let mut lines = LogLines::default();
                lines.read_in(TextEncoding::guessed(name).unwrap());
                let mut log = utf16(text, bytes);
                log.extend(if of_utf8 { &b"plain \xc3\xa4\nx\n"[..] } else { b"" });
                let (mut found, rows) = (Vec::new(), log.split_inclusive(|byte| *byte == b'\n'));
                for row in rows {
                    let (line, ended) = row.strip_suffix(b"\n").map_or((row, false), |line| (line, true));
                    let (line, end) = lines.alone(line, false, ended);
                    found.push([line, end].concat());
                    lines.pass(row.strip_suffix(b"\n").unwrap_or(row), ended);
                }
                found.retain(|line| !line.is_empty());
                let mut expected: Vec<_> =
                    text.split_inclusive('\n').map(|line| utf16(line, bytes)).collect();
                expected.extend(
                    of_utf8.then(|| [b"plain \xc3\xa4\n".to_vec(), b"x\n".to_vec()]).into_iter().flatten(),
                );
                assert_eq!(found, expected, "{name} {text:?}");
                assert_eq!(lines.written("1 "), utf16("1 ", bytes));
            }
        }
        assert_eq!(LogLines::default().alone(b"\0a", false, true), (&b"\0a"[..], &b"\n"[..]));
    }

    #[test]
    fn lines_of_another_program_stay_as_they_are() {
        let mut log = utf16("caf\u{e9}\n", u16::to_le_bytes);
        log.extend("plain \u{e4}\n".bytes());
        log.extend(utf16("on", u16::to_le_bytes));
        assert_eq!(lines(TextEncoding::guessed("UTF-16LE"), &log), ["caf\u{e9}", "plain \u{e4}", "on"]);
        let log = [&b"\xcf\xf0\xe8\xe2\xe5\xf2\n"[..], "\u{20ac}\nx".as_bytes()].concat();
        let russian = "\u{41f}\u{440}\u{438}\u{432}\u{435}\u{442}";
        assert_eq!(lines(TextEncoding::guessed("windows-1251"), &log), [russian, "\u{20ac}", "x"]);
        assert_eq!(lines(TextEncoding::named("windows-1252"), "\u{e4}".as_bytes()), ["\u{c3}\u{a4}"]);
    }

    #[test]
    fn what_is_removed_before_a_line_takes_nothing_of_it() {
        for name in ["UTF-16LE", "UTF-16BE"] {
            let bytes = if name == "UTF-16LE" { u16::to_le_bytes } else { u16::to_be_bytes };
            let mut read = LogLines::default();
            read.read_in(TextEncoding::guessed(name).unwrap());
            read.pass(b"odd", true);
            read.lose_place();
            let log = utf16("one\ntwo\n", bytes);
            // Behind a line feed, of which the other half comes first in UTF-16LE.
            let behind = log.iter().position(|byte| *byte == b'\n').unwrap() + 1;
            let line = log[behind..].split(|byte| *byte == b'\n').next().unwrap();
            assert_eq!(&*read.text(line, true, read.here()), b"two", "{name}");
        }
    }
}
