//! Reads a row, however long it is, and tells what a terminal shows of it.

use vte::{Params, Perform};

use crate::escapes::{BACKSPACE, ESC, Parser, SHIFT_IN, SHIFT_OUT, Start, next_start};
use crate::line::Line;
use crate::shown::{Link, Shown, whole_characters};
use crate::style::Style;

/// Of an escape that has no end so many bytes are shown.
const MAX_OPEN: usize = 16 * 1024;
/// A longer address leads nowhere.
const MAX_LINK: usize = 2 * 1024;
/// Does nothing anywhere but where text is printed.
const PROBE: u8 = b'x';

/// Reads rows, one after the other: [`Self::begin`], [`Self::feed`] as often as there are bytes, [`Self::finish`]. In between
/// [`Self::so_far`] tells how the row stands.
///
/// Memory: some ten bytes for each column that is kept, and little else.
pub struct RowReader {
    parser: Parser,
    terminal: Terminal,
    /// The beginning of a character.
    torn: Vec<u8>,
    /// The bytes since the last ESC, while nothing has come of it.
    open: Vec<u8>,
}

impl std::fmt::Debug for RowReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RowReader").field("terminal", &self.terminal).finish_non_exhaustive()
    }
}

impl RowReader {
    /// Keeps so many columns of a row: what is behind them counts, and is not shown.
    pub fn new(columns: usize) -> Self {
        let line = Line::new(columns);
        let terminal = Terminal {
            line,
            in_escape: false,
            acted: false,
            cut: false,
            link_before: None,
            idle: false,
            probe: None,
        };
        Self { parser: Parser::default(), terminal, torn: Vec::new(), open: Vec::new() }
    }

    /// A new row, with what earlier ones left switched on.
    pub fn begin(&mut self, style: Style) {
        self.parser = Parser::default();
        self.terminal.line.begin(style);
        self.torn.clear();
        self.open.clear();
    }

    /// Further bytes of the row; a newline is none.
    pub fn feed(&mut self, bytes: &[u8]) {
        let mut left = bytes;
        if !self.torn.is_empty() {
            // The parser loses a character when it is given one in two parts.
            let more = left.iter().take_while(|byte| **byte & 0xc0 == 0x80).count().min(3);
            let mut torn = std::mem::take(&mut self.torn);
            torn.extend_from_slice(&left[..more]);
            left = &left[more..];
            if left.is_empty() && whole_characters(&torn).is_empty() {
                self.torn = torn;
                return;
            }
            self.feed_whole(&torn);
        }
        let whole = whole_characters(left);
        self.torn.extend_from_slice(&left[whole.len()..]);
        self.feed_whole(whole);
    }

    fn feed_whole(&mut self, bytes: &[u8]) {
        let mut left = bytes;
        while !left.is_empty() {
            let start = next_start(left);
            let (Start::Esc(end) | Start::C1(end, _) | Start::Idle(end)) = start else {
                return self.parse(left);
            };
            if end > 0 {
                self.parse(&left[..end]);
            }
            left = match start {
                Start::C1(_, second) => {
                    self.escape(&[ESC, second]);
                    &left[end + 2..]
                }
                Start::Idle(_) => {
                    self.idle(&left[end..end + 2]);
                    &left[end + 2..]
                }
                Start::Esc(_) | Start::None => {
                    self.escape(&[ESC]);
                    &left[end + 1..]
                }
            };
        }
    }

    /// A control that is nothing to a terminal, and yet a character.
    fn idle(&mut self, bytes: &[u8]) {
        self.terminal.idle = true;
        self.parse(bytes);
        self.terminal.idle = false;
    }

    /// An escape begins, whatever was before.
    fn escape(&mut self, begin: &[u8]) {
        let (first, second) = begin.split_at(1);
        self.advance(first);
        self.open.clear();
        self.open.extend_from_slice(first);
        if !second.is_empty() {
            self.parse(second);
        }
    }

    fn parse(&mut self, bytes: &[u8]) {
        let acted = self.advance(bytes);
        if acted {
            self.open.clear();
        } else if !self.open.is_empty() {
            let room = MAX_OPEN.saturating_sub(self.open.len());
            self.open.extend_from_slice(&bytes[..bytes.len().min(room)]);
        }
    }

    /// Whether an escape has ended, or text was printed.
    fn advance(&mut self, bytes: &[u8]) -> bool {
        let terminal = &mut self.terminal;
        (terminal.in_escape, terminal.acted, terminal.cut) = (!self.open.is_empty(), false, false);
        self.parser.advance(&mut self.terminal, bytes);
        self.terminal.acted
    }

    /// What is shown of the row so far, its text cut to `limit` bytes; further bytes may follow. A character or an escape that is not
    /// complete is not shown yet.
    pub fn so_far(&self, limit: usize) -> Shown {
        self.terminal.line.shown(limit)
    }

    /// What is shown of the row, its text cut to `limit` bytes. An escape that is not complete is shown as it is, instead of
    /// taking with it what a person may look for.
    pub fn finish(&mut self, limit: usize) -> Shown {
        let torn = std::mem::take(&mut self.torn);
        self.feed_whole(&torn);
        self.terminal.probe = Some(false);
        self.parser.advance(&mut self.terminal, &[PROBE]);
        let is_text = self.terminal.probe.take().unwrap_or(true);
        if !is_text && let Some((_, rest)) = self.open.split_first() {
            self.terminal.line.put_control('\x1b');
            self.terminal.in_escape = false;
            let mut parser = Parser::default();
            parser.advance(&mut self.terminal, rest);
            // A character that is not complete.
            self.terminal.probe = Some(false);
            parser.advance(&mut self.terminal, &[PROBE]);
            self.terminal.probe = None;
        }
        self.terminal.line.shown(limit)
    }
}

/// What the parser has found, upon the line.
#[derive(Debug)]
struct Terminal {
    line: Line,
    /// What the parser is given was begun by an escape.
    in_escape: bool,
    /// An escape has ended, or text was printed.
    acted: bool,
    /// So has a control string, and not by a bell: the byte that did it comes next.
    cut: bool,
    /// The link that was on before the one which that string has set.
    link_before: Option<Option<Link>>,
    /// What the parser is given is a character of its own and no byte that is none.
    idle: bool,
    /// While it is found out whether the parser is at text: whether it is.
    probe: Option<bool>,
}

impl Perform for Terminal {
    fn print(&mut self, c: char) {
        match &mut self.probe {
            Some(is_text) if c == char::from(PROBE) => *is_text = true,
            _ => {
                (self.acted, self.cut) = (true, false);
                self.line.put(c);
            }
        }
    }

    fn execute(&mut self, byte: u8) {
        let cut = std::mem::take(&mut self.cut);
        match byte {
            b'\r' => self.line.go_to(0),
            BACKSPACE => self.line.back(1),
            b'\t' => self.line.tab(1),
            SHIFT_OUT => self.line.shift(true),
            SHIFT_IN => self.line.shift(false),
            // They end an escape, and nothing is printed.
            0x18 | 0x1a if self.in_escape && (!self.acted || cut) => {
                self.acted = true;
                if let Some(link) = self.link_before.take().filter(|_| cut) {
                    self.line.set_link(link);
                }
            }
            0x80..=0x9f if !self.idle => self.line.put('\u{fffd}'),
            _ => self.line.put_control(char::from(byte)),
        }
    }

    fn hook(&mut self, _: &Params, _: &[u8], _: bool, _: char) {}

    fn unhook(&mut self) {
        (self.acted, self.cut, self.link_before) = (true, true, None);
    }

    fn osc_dispatch(&mut self, params: &[&[u8]], by_bell: bool) {
        (self.acted, self.cut, self.link_before) = (true, !by_bell, None);
        // `8 ; parameters ; address`, and semicolons may be in the address.
        if let [b"8", _, address @ ..] = params {
            let address = address.join(&b';');
            let link = (!address.is_empty() && address.len() <= MAX_LINK)
                .then(|| Link::from(String::from_utf8_lossy(&address)));
            self.link_before = Some(self.line.set_link(link));
        }
    }

    fn csi_dispatch(&mut self, params: &Params, intermediates: &[u8], too_many: bool, action: char) {
        if self.probe.is_some() {
            return;
        }
        self.acted = true;
        if too_many {
            return;
        }
        let first = params.iter().next().and_then(|group| group.first().copied()).unwrap_or(0);
        let line = &mut self.line;
        match intermediates {
            [] => {}
            // Nothing here is protected from these.
            b"?" if matches!(action, 'K' | 'J') => {}
            b"?" => {
                // The other screen.
                if matches!(action, 'h' | 'l') && matches!(first, 47 | 1047 | 1049) {
                    line.leave();
                }
                return;
            }
            b"!" if action == 'p' => return line.soft_reset(),
            _ => return,
        }
        let count = usize::from(first.max(1));
        match action {
            'm' => line.restyle(|style| style.apply(params.iter())),
            'G' | '`' => line.go_to(count - 1),
            'C' | 'a' => line.forward(count),
            'D' => line.back(count),
            'K' | 'J' => match first {
                0 => line.erase_to_end(),
                1 => line.erase_to_start(),
                2 => line.erase_all(),
                _ => {}
            },
            'X' => line.erase(count),
            'P' => line.delete(count),
            '@' => line.insert(count),
            'b' => line.repeat(count),
            'I' => line.tab(count),
            'Z' => line.tab_back(count),
            's' => line.save(),
            'u' => line.restore(),
            'h' | 'l' if first == 4 => line.set_inserts(action == 'h'),
            'A' | 'B' | 'd' | 'e' | 'L' | 'M' | 'S' | 'T' => line.leave(),
            // A scrolling region: the cursor goes to the first row.
            'E' | 'F' | 'r' => {
                line.leave();
                line.go_to(0);
            }
            'H' | 'f' => {
                let column = params.iter().nth(1).and_then(|group| group.first().copied()).unwrap_or(0);
                line.leave();
                line.go_to(usize::from(column.max(1)) - 1);
            }
            _ => {}
        }
    }

    fn esc_dispatch(&mut self, intermediates: &[u8], _: bool, byte: u8) {
        if self.probe.is_some() {
            return;
        }
        self.acted = true;
        let line = &mut self.line;
        match (intermediates, byte) {
            ([], b'7') => line.save(),
            ([], b'8') => line.restore(),
            ([], b'D' | b'M') => line.leave(),
            ([], b'E') => {
                line.leave();
                line.go_to(0);
            }
            ([], b'c') => line.reset(),
            (b"(", set) => line.set_charset(0, set == b'0'),
            (b")", set) => line.set_charset(1, set == b'0'),
            _ => {}
        }
    }
}
