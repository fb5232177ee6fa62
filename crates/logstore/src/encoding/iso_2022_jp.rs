//! ISO-2022-JP: bytes of ASCII alone, in which escapes say what those behind them stand for. The escapes of a terminal are none of
//! these, and stay as they are.

use super::ESC;
use encoding_rs::ISO_2022_JP;
use memchr::memmem;

/// Where the first escape is that begins characters of two bytes: no terminal has it.
pub(super) fn begin(bytes: &[u8]) -> Option<usize> {
    memmem::find_iter(bytes, b"\x1b$").find(|at| matches!(bytes.get(at + 2), Some(b'B' | b'@')))
}

/// Whether a text can be nothing else. Its last row may be cut.
pub(super) fn is(bytes: &[u8]) -> bool {
    if begin(bytes).is_none() || std::str::from_utf8(bytes).is_err_and(|error| error.error_len().is_some()) {
        return false;
    }
    let whole = memchr::memrchr(b'\n', bytes).map_or(bytes, |newline| &bytes[..newline]);
    let mut rows = whole.split(|byte| *byte == b'\n').filter(|row| begin(row).is_some());
    rows.all(|row| {
        let mut decoder = ISO_2022_JP.new_decoder_without_bom_handling();
        parts(row).all(|part| {
            let mut text = String::with_capacity(part.len() * 3 + 16);
            is_of_terminal(part) || !decoder.decode_to_string(part, &mut text, false).2
        })
    })
}

/// The bytes in order, each ESC that a terminal acts upon as a part of its own.
pub(super) fn parts(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut left = bytes;
    std::iter::from_fn(move || {
        let is_own = |at: &usize| !matches!(left.get(at + 1), Some(b'$' | b'('));
        let at = memchr::memchr_iter(ESC, left).find(is_own);
        let (part, rest) = left.split_at(match at {
            Some(0) => 1,
            Some(at) => at,
            None => left.len(),
        });
        left = rest;
        (!part.is_empty()).then_some(part)
    })
}

/// Whether this is one of [`parts`] that is an ESC of a terminal.
pub(super) fn is_of_terminal(part: &[u8]) -> bool {
    part == [ESC]
}
