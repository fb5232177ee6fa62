//! Where escape sequences begin. What they are is for `vte` to say, which knows those of seven bits alone: the others are
//! turned into them here.

use memchr::{memchr, memchr2, memchr3};

/// Keeps so many bytes of a control string: the address of a link is in one.
pub(crate) type Parser = vte::Parser<4096>;

pub(crate) const ESC: u8 = 0x1b;
pub(crate) const BACKSPACE: u8 = 0x08;
/// The first byte of the C1 controls in UTF-8; their second one is their own number.
const C1: u8 = 0xc2;

/// IND, NEL, RI, DCS, SOS, CSI, ST, OSC, PM, APC. What else is there is nothing that a terminal acts upon.
fn is_introducer(second: u8) -> bool {
    matches!(second, 0x84 | 0x85 | 0x8d | 0x90 | 0x98 | 0x9b..=0x9f)
}

/// Whether there may be something upon which a terminal acts instead of just printing it: an escape, a carriage return, a
/// backspace.
pub(crate) fn acts(bytes: &[u8]) -> bool {
    memchr3(ESC, b'\r', BACKSPACE, bytes).is_some() || has_c1(bytes)
}

/// Whether there is an escape of one character.
pub(crate) fn has_c1(bytes: &[u8]) -> bool {
    next_c1(bytes).is_some()
}

/// Where the next escape of one character is.
pub(crate) fn next_c1(bytes: &[u8]) -> Option<usize> {
    let mut from = 0;
    while let Some(found) = memchr(C1, &bytes[from..]) {
        from += found + 1;
        if bytes.get(from).is_some_and(|second| is_introducer(*second)) {
            return Some(from - 1);
        }
    }
    None
}

/// Where an escape may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// ESC itself.
    Esc(usize),
    /// A control of two bytes, which stands for ESC and this byte.
    C1(usize, u8),
    /// A control of two bytes that no terminal acts upon.
    Idle(usize),
    /// There is none.
    None,
}

pub(crate) fn next_start(bytes: &[u8]) -> Start {
    let mut from = 0;
    while let Some(found) = memchr2(ESC, C1, &bytes[from..]) {
        let at = from + found;
        if bytes[at] == ESC {
            return Start::Esc(at);
        }
        match bytes.get(at + 1) {
            Some(second) if is_introducer(*second) => return Start::C1(at, second - 0x40),
            Some(0x80..=0x9f) => return Start::Idle(at),
            _ => from = at + 1,
        }
    }
    Start::None
}
