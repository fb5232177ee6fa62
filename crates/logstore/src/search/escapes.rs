//! Takes terminal escape sequences (ECMA-48) out of rows: CSI, control strings, and the short ones. One that is not
//! complete within its row stays, because the log window shows it too. Colours and what they look like are the page's.

use memchr::{memchr, memchr2};

pub(crate) const ESC: u8 = 0x1b;
const BEL: u8 = 0x07;
/// CSI and ST as one character each (U+009B, U+009C) are these bytes in UTF-8.
const C1: u8 = 0xc2;
const CSI: u8 = 0x9b;
const ST: u8 = 0x9c;

/// Whether there may be any.
pub(crate) fn are_in(bytes: &[u8]) -> bool {
    memchr(ESC, bytes).is_some() || memchr::memmem::find(bytes, &[C1, CSI]).is_some()
}

/// Appends `bytes` without escapes to `out`. Newlines stay where they are.
pub(crate) fn strip(bytes: &[u8], out: &mut Vec<u8>) {
    each_rest(bytes, |from, to| out.extend_from_slice(&bytes[from..to]));
}

/// `bytes` without escapes, and of each byte that is left where it was.
pub(crate) fn strip_with_places(bytes: &[u8]) -> (Vec<u8>, Vec<usize>) {
    let (mut out, mut places) = (Vec::new(), Vec::new());
    each_rest(bytes, |from, to| {
        out.extend_from_slice(&bytes[from..to]);
        places.extend(from..to);
    });
    (out, places)
}

/// The ranges between the escapes.
fn each_rest(bytes: &[u8], mut rest: impl FnMut(usize, usize)) {
    let (mut from, mut at) = (0, 0);
    while let Some(found) = memchr2(ESC, C1, &bytes[at..]) {
        at += found;
        match escape_len(&bytes[at..]) {
            Some(len) => {
                rest(from, at);
                at += len;
                from = at;
            }
            None => at += 1,
        }
    }
    rest(from, bytes.len());
}

/// The length of the escape that `bytes` begins with; `None` when there is none, or not a whole one.
fn escape_len(bytes: &[u8]) -> Option<usize> {
    match (bytes[0], bytes.get(1)?) {
        (C1, &CSI) | (ESC, b'[') => {
            let params = bytes[2..].iter().take_while(|b| (0x30..=0x3f).contains(*b)).count();
            let between = bytes[2 + params..].iter().take_while(|b| (0x20..=0x2f).contains(*b)).count();
            let last = 2 + params + between;
            (0x40..=0x7e).contains(bytes.get(last)?).then_some(last + 1)
        }
        (ESC, kind @ (b']' | b'P' | b'X' | b'^' | b'_')) => {
            let bell_ends = *kind == b']';
            for (at, byte) in bytes.iter().enumerate().skip(2) {
                match *byte {
                    b'\n' => return None,
                    BEL if bell_ends => return Some(at + 1),
                    ST if bytes[at - 1] == C1 => return Some(at + 1),
                    ESC => return (bytes.get(at + 1) == Some(&b'\\')).then_some(at + 2),
                    _ => {}
                }
            }
            None
        }
        (ESC, _) => {
            let between = bytes[1..].iter().take_while(|b| (0x20..=0x2f).contains(*b)).count();
            (0x30..=0x7e).contains(bytes.get(1 + between)?).then_some(2 + between)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stripped(text: &str) -> String {
        let mut out = Vec::new();
        strip(text.as_bytes(), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn every_kind_goes() {
        for (text, rest) in [
            ("\x1b[1;31mred\x1b[0m", "red"),
            ("\u{9b}31mred", "red"),
            ("\x1b]8;;https://example.org\x1b\\link\x1b]8;;\x07", "link"),
            ("\x1bPq#0\x1b\\x\x1b_apc\u{9c}y", "xy"),
            ("\x1b(Bx\x1b=y", "xy"),
            ("\x1b[?25l\n\x1b[1 qx\n", "\nx\n"),
        ] {
            assert_eq!(stripped(text), rest);
        }
    }

    #[test]
    fn what_is_not_complete_stays_and_newlines_end_it() {
        for text in ["\x1b", "ok\x1b[38;5", "\x1b]0;title\nnext\x07", "\x1b[\n", "\u{e4}\u{c2}"] {
            assert_eq!(stripped(text), text);
        }
    }

    #[test]
    fn every_byte_that_is_left_knows_its_place() {
        let text = b"a\x1b[mb\x1b[1mc";
        let (rest, places) = strip_with_places(text);
        assert_eq!(rest, b"abc");
        assert!(rest.iter().zip(&places).all(|(byte, place)| text[*place] == *byte));
    }
}
