//! What others have written, on its way to this terminal: of tasks, of another machine, of its ssh. All of it goes through
//! here. Lines of logs keep their colours.

use serde::Serialize;
use solti_rows::{Shown, Style};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use unicode_width::UnicodeWidthStr as _;

/// Whether a row that is not ours stands open where [`say`] writes.
static ROW_OPEN: AtomicBool = AtomicBool::new(false);

pub fn set_row_open(open: bool) {
    ROW_OPEN.store(open, Ordering::Relaxed);
}

pub fn is_row_open() -> bool {
    ROW_OPEN.load(Ordering::Relaxed)
}

/// What ends that row, if there is one.
pub fn row_end() -> &'static str {
    if ROW_OPEN.swap(false, Ordering::Relaxed) { "\n" } else { "" }
}

/// A line of our own on standard error, on a row of its own. Who has closed that does not want to hear of it.
macro_rules! say {
    ($($words:tt)*) => {{
        use std::io::Write as _;
        // At once: what others write there meanwhile is not to get into it.
        let line = format!("{}{}\n", $crate::terminal::row_end(), format_args!($($words)*));
        std::io::stderr().write_all(line.as_bytes()).ok();
    }};
}
pub(crate) use say;

/// Of the terminal that is standard output, or else standard error.
pub fn columns() -> Option<usize> {
    let size =
        rustix::termios::tcgetwinsize(io::stdout()).or_else(|_| rustix::termios::tcgetwinsize(io::stderr()));
    size.ok().map(|size| usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

/// Control characters as their pictures, so that a text can neither steer the terminal nor break a line.
pub fn harmless(text: &str) -> String {
    let shown = |c: char| match c {
        '\0'..='\u{1f}' => char::from_u32(0x2400 + c as u32).unwrap_or('\u{fffd}'),
        '\u{7f}' => '\u{2421}',
        // C1 controls, other ends of lines, and what changes the direction of what follows.
        '\u{80}'..='\u{9f}'
        | '\u{61c}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        other => other,
    };
    text.chars().map(shown).collect()
}

/// As [`harmless`], of a text that may have several lines; all but the first are set in, so that none looks like one of this
/// program.
pub fn harmless_lines(text: &str) -> String {
    text.trim_end().split('\n').map(harmless).collect::<Vec<_>>().join("\n  ")
}

/// A line of a log as a terminal shows it, with its colours and with nothing that could do more than colour it.
#[derive(Debug, Default)]
pub struct Colored {
    pub text: String,
    /// In columns.
    pub width: usize,
    /// What is switched on behind the line.
    pub end: Style,
}

/// `style` is what is switched on before the line.
pub fn colored(line: &[u8], style: &Style) -> Colored {
    colored_row(&solti_rows::shown(line, *style, usize::MAX))
}

/// As [`colored`], of what is shown of a line.
pub fn colored_row(shown: &Shown) -> Colored {
    let mut out = String::with_capacity(shown.text.len());
    for (text, span) in shown.parts() {
        let text = if span.control { harmless(text) } else { text.to_owned() };
        match span.style.is_plain() {
            true => out.push_str(&text),
            false => out.push_str(&format!("\x1b[{}m{text}\x1b[0m", span.style)),
        }
    }
    Colored { text: out, width: shown.text.width(), end: shown.end }
}

pub fn json(value: &impl Serialize) -> serde_json::Result<String> {
    serde_json::to_string(value).map(harmless_json)
}

/// JSON, with what JSON leaves as it is and a terminal takes for a command as escapes. Any reader takes it for the same.
pub fn harmless_json(text: String) -> String {
    if !text.bytes().any(|byte| matches!(byte, 0x7f | 0xc2)) {
        return text;
    }
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\u{7f}'..='\u{9f}' => safe.push_str(&format!("\\u{:04x}", c as u32)),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_shown_instead() {
        assert_eq!(harmless("a\x1b[31m\r\nb\u{9b}2J\u{202e}"), "a␛[31m␍␊b\u{fffd}2J\u{fffd}");
        assert_eq!(harmless_lines("bad\n  (\x1b\nsolti: all is well\n"), "bad\n    (␛\n  solti: all is well");
    }

    #[test]
    fn a_line_of_a_log_keeps_its_colors_and_nothing_else() {
        let line = b"\x1b[2J\x1b[31m10%\r50%\x07\x1b]52;c;eA==\x07 ok\x1b[0m \x1b[1mbold";
        let shown = colored(line, &Style::default());
        assert_eq!(shown.text, "\x1b[31m50%\x1b[0m\x1b[31m␇\x1b[0m\x1b[31m ok\x1b[0m \x1b[1mbold\x1b[0m");
        assert_eq!(colored(b"next", &shown.end).text, "\x1b[1mnext\x1b[0m");
        assert_eq!(colored("plain \u{e4}".as_bytes(), &Style::default()).text, "plain \u{e4}");
    }

    #[test]
    fn json_is_the_same_and_steers_nothing() {
        let text = "a\x1b\u{9b}2J\u{7f}ä";
        let safe = json(&text).expect("writes");
        assert_eq!(safe, "\"a\\u001b\\u009b2J\\u007fä\"");
        assert_eq!(serde_json::from_str::<String>(&safe).expect("reads"), text);
    }
}
