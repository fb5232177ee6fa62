//! A line on a terminal that is not ended yet: shown as far as it is there, and again from its beginning when what comes goes
//! back in it. Pure: bytes in, what is to be written out.

use crate::terminal::{Colored, colored, colored_row};
use solti_logstore::{LineStart, LogLines};
use solti_rows::{MAX_COLUMNS, RowReader, Shown, Style};

/// A row that is shown wider stands in rows above: only what comes of it is shown. So many bytes of a line are read again with what comes.
const LONGEST: usize = 64 * 1024;

/// One stream of a task on a terminal. Memory: the row as it is shown, and little more than [`LONGEST`] bytes of its line.
#[derive(Debug, Default)]
pub struct Screen {
    /// What the task has left switched on before the line, and behind what there is of it.
    before: Style,
    behind: Style,
    /// What stands before the line, which is ours.
    head: String,
    /// Whether anything of the line stands on the terminal, if only its head.
    begun: bool,
    /// How the line stands, once there is anything of it.
    reader: Option<RowReader>,
    /// The last bytes of the line, the text that the reader has of them, and where they begin in their log.
    line: Vec<u8>,
    text: Vec<u8>,
    start: Option<LineStart>,
    /// There were others before them, which the reader alone knows.
    settled: bool,
    shown: Colored,
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
        if begins && ended && self.line.is_empty() {
            let shown = colored(&lines.text(part, true, lines.here()), &self.before);
            self.behind = shown.end;
            self.leave();
            return format!("{}{}\n", head(), shown.text);
        }
        let Some(row) = self.read(part, ended, lines) else { return String::new() };
        let shown = colored_row(&row);
        if begins {
            self.head = head();
            self.begun = true;
        }
        let mut out = match begins {
            true => format!("{}{}", self.head, shown.text),
            false => self.change(&shown.text, columns),
        };
        self.behind = shown.end;
        if ended {
            out.push('\n');
            self.leave();
        } else if shown.width > LONGEST {
            self.leave();
        } else {
            self.shown = shown;
        }
        out
    }

    /// What shows the rest of a line to which nothing will be added: what has no end is shown as it is.
    pub fn end(&mut self, columns: usize) -> String {
        let Some(mut reader) = self.reader.take_if(|_| self.begun) else { return String::new() };
        let shown = colored_row(&reader.finish(usize::MAX));
        let out = self.change(&shown.text, columns);
        self.shown = shown;
        out
    }

    /// What makes the line that stands on the terminal into this one.
    fn change(&self, text: &str, columns: usize) -> String {
        match text.strip_prefix(&*self.shown.text) {
            Some(more) => more.to_owned(),
            None => format!("{}{}{text}", self.back(columns), self.head),
        }
    }

    /// How the line stands with this part; `None` for the half of a line feed, which begins no line.
    fn read(&mut self, part: &[u8], ended: bool, lines: &LogLines) -> Option<Shown> {
        if self.line.len() > LONGEST {
            self.line.clear();
            self.text.clear();
            (self.start, self.settled) = (None, true);
        }
        self.line.extend_from_slice(part);
        let text = lines.text(&self.line, ended, *self.start.get_or_insert_with(|| lines.here()));
        if !self.begun && !ended && text.is_empty() {
            return None;
        }
        let begun = |before| {
            let mut reader = RowReader::new(MAX_COLUMNS);
            reader.begin(before);
            reader
        };
        let reader = self.reader.get_or_insert_with(|| begun(self.before));
        match text.strip_prefix(&*self.text) {
            Some(more) => reader.feed(more),
            // It has turned out to be of another encoding.
            None if !self.settled => {
                *reader = begun(self.before);
                reader.feed(&text);
            }
            None => reader.feed(text.get(self.text.len()..).unwrap_or_default()),
        }
        self.text.clear();
        self.text.extend_from_slice(&text);
        Some(if ended { reader.finish(usize::MAX) } else { reader.so_far(usize::MAX) })
    }

    /// The row was ended by us, because something else is to be shown: what comes of the line stands on a row of its own.
    pub fn leave(&mut self) {
        self.before = self.behind;
        self.line.clear();
        self.text.clear();
        (self.reader, self.start) = (None, None);
        (self.begun, self.settled) = (false, false);
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

    /// What a terminal without a right edge shows in the end.
    fn seen(written: &[String]) -> String {
        solti_rows::text(written.concat().replace("\r\x1b[J", "\x1b[2K\r").trim_end_matches('\n').as_bytes())
            .into_owned()
    }

    #[test]
    fn a_row_that_redraws_itself_keeps_its_state_over_all_its_parts() {
        let mut meter: String = (0..100_000).map(|n| format!("\rprogress {n:06}")).collect();
        meter.push_str("\rdone  ");
        let (mut screen, mut lines) = (Screen::default(), LogLines::default());
        let parts: Vec<_> = meter.as_bytes().chunks(50_000).collect();
        let mut written = Vec::new();
        for (n, part) in parts.iter().enumerate() {
            let ended = n + 1 == parts.len();
            written.push(screen.show(part, ended, &lines, String::new, 80));
            lines.pass(part, ended);
            assert!(screen.line.len() <= LONGEST + part.len(), "bounded");
        }
        assert_eq!(seen(&written), "done  ss 099999");
        // A row that is too wide goes on where it stands.
        let mut screen = Screen::default();
        let wide = "x".repeat(LONGEST + 1);
        let written = shown(&mut screen, &[(&wide, false), ("yy", false), ("z", true)]);
        assert_eq!(written, [&*wide, "yy", "z\n"]);
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
    fn what_has_no_end_is_shown_when_the_log_has_one() {
        for (part, before, rest) in [
            ("abc\x1b[31", "abc", "\u{241b}[31"),
            ("\x1b[", "", "\u{241b}["),
            ("\x1b]0;title", "", "\u{241b}]0;title"),
            ("abc", "abc", ""),
            ("10%\rx", "x0%", ""),
        ] {
            let mut screen = Screen::default();
            assert_eq!(shown(&mut screen, &[(part, false)]), [before], "{part:?}");
            assert_eq!(screen.end(80), rest, "{part:?}");
            assert_eq!(screen.end(80), "", "once");
        }
    }

    #[test]
    fn half_a_character_waits_for_the_other() {
        let mut screen = Screen::default();
        let utf8 = LogLines::default();
        let euro = "\u{20ac}".as_bytes();
        assert_eq!(screen.show(&euro[..2], false, &utf8, String::new, 80), "");
        assert_eq!(screen.show(&euro[2..], true, &utf8, String::new, 80), "\u{20ac}\n");
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
