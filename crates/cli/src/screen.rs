//! A line on a terminal that is not ended yet: shown as far as it is there, and again from its beginning when what comes goes
//! back in it. Pure: bytes in, what is to be written out.

use crate::terminal::{Colored, colored};
use solti_logstore::{LineStart, LogLines};
use solti_rows::Style;

/// Of a longer one only what comes is shown. Its beginning stands in rows above.
const LONGEST: usize = 64 * 1024;

/// One stream of a task on a terminal.
#[derive(Debug, Default)]
pub struct Screen {
    /// What the task has left switched on before the line, and behind what there is of it.
    before: Style,
    behind: Style,
    /// What stands before the line, which is ours.
    head: String,
    /// Whether anything of the line stands on the terminal, if only its head.
    begun: bool,
    /// What there is of the line, and what is shown of it.
    line: Vec<u8>,
    shown: Colored,
    /// Where the line begins in its log, once there is anything of it.
    start: Option<LineStart>,
}

impl Screen {
    /// What shows `part`, the next one of a line of `lines`, on a terminal of so many columns. `head` is put before a line that begins.
    pub fn show(
        &mut self,
        part: &[u8],
        ended: bool,
        lines: &LogLines,
        head: impl FnOnce() -> String,
        columns: usize,
    ) -> String {
        let begins = !self.begun;
        let line = if begins && ended && self.line.is_empty() {
            part
        } else {
            self.line.extend_from_slice(part);
            &self.line
        };
        let text = lines.text(line, ended, *self.start.get_or_insert_with(|| lines.here()));
        // The half of a line feed begins no line.
        if begins && !ended && text.is_empty() {
            return String::new();
        }
        let shown = colored(&text, &self.before);
        if begins {
            self.head = head();
            self.begun = true;
        }
        let mut out = match shown.text.strip_prefix(&*self.shown.text) {
            Some(more) if begins => format!("{}{more}", self.head),
            Some(more) => more.to_owned(),
            None => format!("{}{}{}", self.back(columns), self.head, shown.text),
        };
        self.behind = shown.end;
        if ended {
            out.push('\n');
            self.leave();
        } else if self.line.len() > LONGEST {
            self.leave();
        } else {
            self.shown = shown;
        }
        out
    }

    /// The row was ended by us, because something else is to be shown: what comes of the line stands on a row of its own.
    pub fn leave(&mut self) {
        self.before = self.behind;
        self.line.clear();
        (self.begun, self.start) = (false, None);
        self.shown = Colored::default();
    }

    /// Another run knows nothing of this one's colours.
    pub fn begin_again(&mut self) {
        *self = Self::default();
    }

    /// To where the line began, with nothing behind that.
    fn back(&self, columns: usize) -> String {
        let width = self.head.len() + self.shown.width;
        let rows = width.saturating_sub(1) / columns.max(1);
        let up = if rows > 0 { format!("\x1b[{rows}A") } else { String::new() };
        format!("\r{up}\x1b[J")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use solti_logstore::TextEncoding;

    fn shown(screen: &mut Screen, parts: &[(&str, bool)]) -> Vec<String> {
        parts
            .iter()
            .map(|(part, ended)| screen.show(part.as_bytes(), *ended, &LogLines::default(), String::new, 10))
            .collect()
    }

    #[test]
    fn what_is_added_is_added_and_what_goes_back_is_shown_again() {
        let mut screen = Screen::default();
        assert_eq!(
            shown(&mut screen, &[("step 1 ", false), ("... ", false), ("done", true), ("next", true)]),
            ["step 1 ", "... ", "done\n", "next\n"]
        );
        assert_eq!(
            shown(&mut screen, &[("10%", false), ("\r20%", false), ("\r30%\r", true)]),
            ["10%", "\r\x1b[J20%", "\r\x1b[J30%\n"]
        );
        // It has gone on in the next row of a terminal of ten columns.
        assert_eq!(
            shown(&mut screen, &[("0123456789ab", false), ("\rx", true)])[1],
            "\r\x1b[1A\x1b[Jx123456789ab\n"
        );
    }

    #[test]
    fn colours_go_on_in_the_next_part_and_nothing_else_does() {
        let mut screen = Screen::default();
        assert_eq!(
            shown(&mut screen, &[("\x1b[31mred", false), ("\x1b]0;title\x07\x1b[?25l", false)]),
            ["\x1b[31mred\x1b[0m", ""]
        );
        screen.leave();
        assert_eq!(shown(&mut screen, &[("still", true)]), ["\x1b[31mstill\x1b[0m\n"]);
        screen.begin_again();
        assert_eq!(shown(&mut screen, &[("plain", true)]), ["plain\n"]);
    }

    #[test]
    fn a_time_stands_before_a_line_once() {
        let mut screen = Screen::default();
        let mut show = |part: &str, ended| {
            screen.show(part.as_bytes(), ended, &LogLines::default(), || "12:00 ".into(), 80)
        };
        assert_eq!(show("a", false), "12:00 a");
        assert_eq!(show("b", false), "b");
        assert_eq!(show("\rc", true), "\r\x1b[J12:00 cb\n");
    }

    #[test]
    fn half_a_character_waits_for_the_other() {
        let mut screen = Screen::default();
        let utf8 = LogLines::default();
        let euro = "\u{20ac}".as_bytes();
        assert_eq!(screen.show(&euro[..2], false, &utf8, String::new, 80), "\u{fffd}");
        assert_eq!(screen.show(&euro[2..], true, &utf8, String::new, 80), "\r\x1b[J\u{20ac}\n");
    }

    #[test]
    fn a_line_of_another_encoding_is_shown_as_its_text() {
        let mut screen = Screen::default();
        let mut lines = LogLines::default();
        lines.read_in(TextEncoding::guessed("UTF-16LE").expect("known"));
        let mut show = |part: &[u8], ended| {
            let shown = screen.show(part, ended, &lines, || "12:00 ".into(), 80);
            lines.pass(part, ended);
            shown
        };
        assert_eq!(show(b"h\0\xe9", false), "12:00 h");
        assert_eq!(show(b"\0", true), "\u{e9}\n");
        assert_eq!(show(b"\0", false), "", "half of a line feed");
        assert_eq!(show(b"i\0", false), "12:00 i");
    }
}
