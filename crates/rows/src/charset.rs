//! Which characters bytes stand for: those of ASCII, or DEC's for drawing lines.
//!
//! Each row begins with ASCII, whatever the one before has left switched on. A terminal goes on with it; but then what a row
//! says would be another text for whoever comes to it by another way, as a search does, and one stray byte of a binary file
//! would make all that follows unreadable. Colours go on (`logstore::style`): no text depends on them.

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Charset {
    /// G0 and G1 hold the line drawing characters.
    drawing: [bool; 2],
    shifted: bool,
}

impl Charset {
    pub(crate) fn set(&mut self, number: usize, drawing: bool) {
        self.drawing[number] = drawing;
    }

    pub(crate) fn shift(&mut self, shifted: bool) {
        self.shifted = shifted;
    }

    pub(crate) fn character(self, c: char) -> char {
        match c {
            '`'..='~' if self.drawing[usize::from(self.shifted)] => DRAWING[c as usize - '`' as usize],
            other => other,
        }
    }
}

/// From 0x60 on.
const DRAWING: [char; 31] = [
    '◆', '▒', '␉', '␌', '␍', '␊', '°', '±', '␤', '␋', '┘', '┐', '┌', '└', '┼', '⎺', '⎻', '─', '⎼', '⎽', '├',
    '┤', '┴', '┬', '│', '≤', '≥', 'π', '≠', '£', '·',
];
