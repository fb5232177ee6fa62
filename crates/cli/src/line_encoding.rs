//! Lines of a log that is not UTF-8, as text for a terminal. Pure. What is no terminal gets the bytes.

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE};
use std::borrow::Cow;

/// It ends every line, whatever the encoding; in UTF-16 it is half of a line feed.
const LINE_END: u8 = b'\n';

/// How the lines of a log become text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LineEncoding {
    /// `None` for UTF-8.
    encoding: Option<&'static Encoding>,
    /// By somebody. Where it is guessed, a line that can be UTF-8 is taken for that: another program may have printed it.
    chosen: bool,
}

impl LineEncoding {
    /// By its name in the Encoding Standard, as the server tells it.
    pub fn named(name: Option<&str>, chosen: bool) -> Self {
        Self { encoding: name.and_then(|name| Encoding::for_label(name.as_bytes())), chosen }
    }

    /// The text of a line as far as it is there. `behind_half`: it begins with the other half of what ended the one before. With whether
    /// the next line does so, which is told of one that has ended.
    pub fn text<'a>(&self, line: &'a [u8], ended: bool, behind_half: bool) -> (Cow<'a, [u8]>, bool) {
        let Some(encoding) = self.encoding else { return (Cow::Borrowed(line), false) };
        let rest = if behind_half { line.strip_prefix(b"\0").unwrap_or(line) } else { line };
        let can_be_utf8 = !rest.is_empty() && !rest.contains(&0) && std::str::from_utf8(rest).is_ok();
        if can_be_utf8 && !self.chosen {
            return (Cow::Borrowed(rest), false);
        }
        let mut bytes = Vec::with_capacity(line.len() + 2);
        if behind_half {
            bytes.push(LINE_END);
        }
        bytes.extend_from_slice(line);
        let mut next_behind_half = false;
        if encoding == UTF_16LE || encoding == UTF_16BE {
            match (bytes.len() % 2 == 0, ended) {
                (true, _) => next_behind_half = ended,
                // A character whose second byte ended the line.
                (false, true) => bytes.push(LINE_END),
                // The other half of it is to come.
                (false, false) => bytes.truncate(bytes.len() - 1),
            }
        }
        let text = encoding.decode_without_bom_handling(&bytes).0;
        // The line feeds whose halves stood at both ends, and the mark at the beginning of a log.
        let text = text.strip_prefix('\n').filter(|_| behind_half).unwrap_or(&text);
        let text = text.strip_suffix('\n').filter(|_| ended).unwrap_or(text);
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        (Cow::Owned(text.as_bytes().to_vec()), next_behind_half)
    }
}

/// Whether bytes of a log tell that it may not be UTF-8. Of a part of a line the end may be half of a character.
pub fn is_odd(bytes: &[u8], ended: bool) -> bool {
    bytes.contains(&0) || std::str::from_utf8(bytes).is_err_and(|error| ended || error.error_len().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines of a log, each as it is shown.
    fn lines(encoding: LineEncoding, log: &[u8]) -> Vec<String> {
        let mut behind_half = false;
        let mut rows: Vec<_> = log.split(|byte| *byte == LINE_END).collect();
        let open = rows.pop().expect("there is one");
        let mut text = |line: &[u8], ended: bool| {
            let (text, next) = encoding.text(line, ended, behind_half);
            behind_half = next;
            String::from_utf8(text.into_owned()).expect("text")
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
            let encoding = LineEncoding::named(Some(name), false);
            let expected = ["h\u{e9}llo", "", "\u{65e5}\u{672c}", "\u{1f600}x"];
            assert_eq!(lines(encoding, &utf16(text, bytes)), expected, "{name}");
            for odd in ["a\u{10a}b", "a\u{a05}b"] {
                assert_eq!(lines(encoding, &utf16(odd, bytes)).concat(), odd, "{name}");
            }
        }
        let half = LineEncoding::named(Some("UTF-16LE"), false);
        assert_eq!(&*half.text(b"h\0i", false, false).0, b"h", "the other half is to come");
    }

    #[test]
    fn lines_of_another_program_stay_as_they_are() {
        let mut log = utf16("caf\u{e9}\n", u16::to_le_bytes);
        log.extend("plain \u{e4}\n".bytes());
        log.extend(utf16("on", u16::to_le_bytes));
        let encoding = LineEncoding::named(Some("UTF-16LE"), false);
        assert_eq!(lines(encoding, &log), ["caf\u{e9}", "plain \u{e4}", "on"]);
        let log = [&b"\xcf\xf0\xe8\xe2\xe5\xf2\n"[..], "\u{20ac}\nx".as_bytes()].concat();
        let guessed = LineEncoding::named(Some("windows-1251"), false);
        assert_eq!(lines(guessed, &log), ["\u{41f}\u{440}\u{438}\u{432}\u{435}\u{442}", "\u{20ac}", "x"]);
        let chosen = LineEncoding::named(Some("windows-1252"), true);
        assert_eq!(lines(chosen, "\u{e4}".as_bytes()), ["\u{c3}\u{a4}"]);
        assert_eq!(&*LineEncoding::default().text(b"\xff\0", true, false).0, b"\xff\0");
    }

    #[test]
    fn bytes_that_are_text_ask_for_nothing() {
        assert!(!is_odd("plain \u{20ac}".as_bytes(), true) && !is_odd(b"\xe2\x82", false));
        assert!(is_odd(b"\xe2\x82", true) && is_odd(b"h\0", false) && is_odd(b"\xcf\xf0", false));
    }
}
