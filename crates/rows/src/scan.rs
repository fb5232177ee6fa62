//! Finds what switches colours and attributes in bytes of many rows, without a look at anything else.

use memchr::memchr;
use vte::{Params, Perform};

use crate::escapes::{ESC, Parser, Start, next_start};
use crate::style::Style;

/// The parameters of one sequence.
#[derive(Debug)]
pub struct Sgr<'a>(&'a Params);

impl Sgr<'_> {
    /// Changes the style as the sequence says; what is not drawn, such as blinking, leaves it as it is.
    pub fn apply(&self, style: &mut Style) {
        style.apply(self.0.iter());
    }
}

/// Reads on from where it was: a sequence may be in two pieces, but not in two rows.
#[derive(Default)]
pub struct StyleScanner {
    parser: Parser,
    /// Where the sequence begins that is not complete.
    open: Option<u64>,
    /// The last byte may be the first of an escape of two.
    half: bool,
}

impl std::fmt::Debug for StyleScanner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StyleScanner").field("open", &self.open).finish_non_exhaustive()
    }
}

struct Finder<F> {
    found: F,
    begun: u64,
    done: bool,
    printed: bool,
}

impl<F: FnMut(u64, Sgr<'_>)> Perform for Finder<F> {
    fn terminated(&self) -> bool {
        self.done
    }

    fn print(&mut self, _: char) {
        (self.done, self.printed) = (true, true);
    }

    fn execute(&mut self, byte: u8) {
        self.done |= matches!(byte, 0x18 | 0x1a);
    }

    fn unhook(&mut self) {
        self.done = true;
    }

    fn osc_dispatch(&mut self, _: &[&[u8]], _: bool) {
        self.done = true;
    }

    fn csi_dispatch(&mut self, params: &Params, intermediates: &[u8], too_many: bool, action: char) {
        self.done = true;
        if action == 'm' && intermediates.is_empty() && !too_many {
            (self.found)(self.begun, Sgr(params));
        }
    }

    fn esc_dispatch(&mut self, _: &[u8], _: bool, _: u8) {
        self.done = true;
    }
}

impl StyleScanner {
    /// Forgets what is not complete.
    pub fn interrupt(&mut self) {
        (self.parser, self.open, self.half) = (Parser::default(), None, false);
    }

    /// Reads bytes, the first of them at place `at`, and tells of each sequence where it begins.
    pub fn scan(&mut self, bytes: &[u8], at: u64, found: impl FnMut(u64, Sgr<'_>)) {
        let mut finder = Finder { found, begun: 0, done: false, printed: false };
        let mut left = bytes;
        let place = |left: &[u8]| at + (bytes.len() - left.len()) as u64;
        if std::mem::take(&mut self.half)
            && let Some(second) = left.first()
            && let Start::C1(_, second) = next_start(&[0xc2, *second])
        {
            self.begin(place(left).saturating_sub(1), &[ESC, second], &mut finder);
            left = &left[1..];
        }
        loop {
            let start = next_start(left);
            let (Start::Esc(end) | Start::C1(end, _) | Start::Idle(end)) = start else {
                self.half = left.last() == Some(&0xc2);
                let whole = left.len() - usize::from(self.half);
                return self.go_on(&left[..whole], &mut finder);
            };
            self.go_on(&left[..end], &mut finder);
            match start {
                Start::Esc(at) => {
                    self.begin(place(&left[at..]), &[ESC], &mut finder);
                    left = &left[at + 1..];
                }
                Start::C1(at, second) => {
                    self.begin(place(&left[at..]), &[ESC, second], &mut finder);
                    left = &left[at + 2..];
                }
                Start::Idle(at) => {
                    self.go_on(&left[at..at + 2], &mut finder);
                    left = &left[at + 2..];
                }
                Start::None => return,
            }
        }
    }

    fn begin<F: FnMut(u64, Sgr<'_>)>(&mut self, at: u64, bytes: &[u8], finder: &mut Finder<F>) {
        let (first, second) = bytes.split_at(1);
        finder.done = false;
        if self.parser.advance_until_terminated(finder, first) == 0 {
            // It stood at text, in the midst of a character.
            self.parser = Parser::default();
            finder.done = false;
            // How far it got is told by `done`.
            _ = self.parser.advance_until_terminated(finder, first);
        }
        finder.printed = false;
        self.open = Some(at);
        self.go_on(second, finder);
    }

    fn go_on<F: FnMut(u64, Sgr<'_>)>(&mut self, bytes: &[u8], finder: &mut Finder<F>) {
        let Some(begun) = self.open.filter(|_| !bytes.is_empty()) else { return };
        (finder.begun, finder.done) = (begun, false);
        let newline = memchr(b'\n', bytes);
        _ = self.parser.advance_until_terminated(finder, &bytes[..newline.unwrap_or(bytes.len())]);
        if finder.done || newline.is_some() {
            self.open = None;
        }
        if std::mem::take(&mut finder.printed) || (newline.is_some() && !finder.done) {
            // It may stand in the midst of a character, or of what the newline has ended.
            self.parser = Parser::default();
        }
    }
}
