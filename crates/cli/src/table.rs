//! Tables for people: as wide as the terminal, one column giving way; whole where nobody's terminal is the limit.

use crate::terminal::harmless;
use anstyle::Style;
use std::io::{self, IsTerminal as _, Write as _};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// Between two columns.
const GAP: usize = 2;
/// The column that gives way keeps so much.
const LEAST: usize = 10;

pub struct Cell {
    text: String,
    style: Style,
}

impl Cell {
    /// Text of tasks is not trusted: what would steer a terminal is shown instead.
    pub fn new(text: impl AsRef<str>) -> Self {
        Self::styled(text, Style::new())
    }

    pub fn styled(text: impl AsRef<str>, style: Style) -> Self {
        Self { text: harmless(text.as_ref()), style }
    }

    pub fn into_text(self) -> String {
        self.text
    }

    fn width(&self) -> usize {
        self.text.width()
    }
}

/// Prints `rows` under `head`; the column `flexible` gives way where it must.
pub fn print<const N: usize>(head: [&str; N], flexible: usize, rows: &[[Cell; N]]) -> io::Result<()> {
    let mut out = anstream::stdout().lock();
    let terminal = io::stdout().is_terminal().then(terminal_width).flatten();
    out.write_all(lines(head, flexible, rows, terminal).as_bytes())?;
    out.flush()
}

fn terminal_width() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    (size.ws_col > 0).then_some(size.ws_col.into())
}

fn lines<const N: usize>(
    head: [&str; N],
    flexible: usize,
    rows: &[[Cell; N]],
    width: Option<usize>,
) -> String {
    let mut widths = head.map(|title| title.width());
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.width());
        }
    }
    if let Some(width) = width {
        let all: usize = widths.iter().sum::<usize>() + GAP * (N - 1);
        widths[flexible] =
            widths[flexible].saturating_sub(all.saturating_sub(width)).max(LEAST.min(widths[flexible]));
    }
    let bold = Style::new().bold();
    let head = head.map(|title| Cell::styled(title, bold));
    let mut text = String::new();
    for row in std::iter::once(&head).chain(rows) {
        let mut line = String::new();
        for (i, (cell, width)) in row.iter().zip(widths).enumerate() {
            let shown = cut(&cell.text, width);
            let padding = if i + 1 == N { 0 } else { width - shown.width() + GAP };
            line.push_str(&format!("{}{shown}{:#}{:padding$}", cell.style, cell.style, ""));
        }
        text.push_str(line.trim_end_matches(' '));
        text.push('\n');
    }
    text
}

/// The beginning of a text that fits, with a mark when something is missing.
fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let (mut shown, mut left) = (String::new(), width.saturating_sub(1));
    for c in text.chars() {
        let wide = c.width().unwrap_or(0);
        if wide > left {
            break;
        }
        shown.push(c);
        left -= wide;
    }
    shown.push('…');
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<[Cell; 3]> {
        [("1", "a short one", "x"), ("22", "a name that is far too long for the terminal", "yy")]
            .map(|(a, b, c)| [a, b, c].map(Cell::new))
            .into()
    }

    fn plain(text: &str) -> Vec<String> {
        anstream::adapter::strip_str(text).to_string().lines().map(str::to_owned).collect()
    }

    #[test]
    fn one_column_gives_way_to_the_terminal() {
        let lines = plain(&lines(["ID", "NAME", "END"], 1, &rows(), Some(30)));
        assert_eq!(lines[2], "22  a name that is far t…  yy");
        assert!(lines.iter().all(|line| line.width() <= 30));
    }

    #[test]
    fn nothing_is_cut_where_nobody_looks() {
        let lines = plain(&lines(["ID", "NAME", "END"], 1, &rows(), None));
        assert!(lines[2].contains("far too long for the terminal"));
        assert_eq!(lines[0].find("END"), lines[1].find('x'));
    }

    #[test]
    fn wide_characters_count_as_wide_and_controls_are_shown() {
        assert_eq!(cut("日本語日本語", 7), "日本語…");
        assert_eq!(Cell::new("a\x1b[31m\r\nb").text, "a␛[31m␍␊b");
    }
}
