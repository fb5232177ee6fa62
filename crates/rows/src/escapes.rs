//! Where escape sequences begin. What they are is for `vte` to say, which knows those of seven bits alone: the others are
//! turned into them here.

use memchr::{memchr_iter, memchr2, memchr3, memchr3_iter};

/// Keeps so many bytes of a control string: the address of a link is in one.
pub(crate) type Parser = vte::Parser<4096>;

pub(crate) const ESC: u8 = 0x1b;
pub(crate) const BACKSPACE: u8 = 0x08;
/// Into the other set of characters, and back.
pub(crate) const SHIFT_OUT: u8 = 0x0e;
pub(crate) const SHIFT_IN: u8 = 0x0f;
/// The first byte of the C1 controls in UTF-8; their second one is their own number.
const C1: u8 = 0xc2;

/// IND, NEL, RI, DCS, SOS, CSI, ST, OSC, PM, APC. What else is there is nothing that a terminal acts upon.
fn is_introducer(second: u8) -> bool {
    matches!(second, 0x84 | 0x85 | 0x8d | 0x90 | 0x98 | 0x9b..=0x9f)
}

/// Whether there may be something upon which a terminal acts instead of just printing it: an escape, a carriage return, a
/// backspace, a change of the characters.
pub(crate) fn acts(bytes: &[u8]) -> bool {
    next_act(bytes).is_some()
}

/// Where the first such byte is.
pub(crate) fn next_act(bytes: &[u8]) -> Option<usize> {
    let first = memchr3(ESC, b'\r', BACKSPACE, bytes);
    // What is behind it is not looked at.
    let before = &bytes[..first.unwrap_or(bytes.len())];
    let is_one =
        |at: &usize| before[*at] != C1 || before.get(at + 1).is_some_and(|byte| is_introducer(*byte));
    memchr3_iter(SHIFT_OUT, SHIFT_IN, C1, before).find(is_one).or(first)
}

/// Whether there is an escape of one character.
pub(crate) fn has_c1(bytes: &[u8]) -> bool {
    memchr_iter(C1, bytes).any(|at| bytes.get(at + 1).is_some_and(|second| is_introducer(*second)))
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
