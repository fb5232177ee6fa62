//! Tables for people: as wide as the terminal or COLUMNS says, long cells giving way, then whole columns; elsewhere one long cell does
//! not make every row as wide.

use crate::terminal::harmless;
use anstyle::Style;
use std::io::{self, IsTerminal as _, Write as _};
use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

/// Between two columns.
const GAP: usize = 2;
/// A column that gives way keeps so much.
const LEAST: usize = 10;
/// Where there is no terminal a column is at most so wide. The last one, which no other is moved by, is whole.
const MOST: usize = 100;

pub struct Cell {
    text: String,
    style: Style,
    /// Of no use in part: its column does not give way.
    whole: bool,
}

impl Cell {
    /// Text of tasks is not trusted: what would steer a terminal is shown instead.
    pub fn new(text: impl AsRef<str>) -> Self {
        Self::styled(text, Style::new())
    }

    pub fn styled(text: impl AsRef<str>, style: Style) -> Self {
        Self { text: harmless(text.as_ref()), style, whole: false }
    }

    /// An id or a time, which is copied from here.
    pub fn whole(text: impl AsRef<str>) -> Self {
        Self { whole: true, ..Self::new(text) }
    }

    pub fn into_text(self) -> String {
        self.text
    }

    fn width(&self) -> usize {
        self.text.width()
    }
}

/// Prints `rows` under `head`; the column `flexible` gives way first where one must. Where that is not enough columns are left out.
pub fn print<const N: usize>(head: [&str; N], flexible: usize, rows: &[[Cell; N]]) -> io::Result<()> {
    print_leaving(head, flexible, &first_to_leave::<N>(flexible), rows)
}

/// As [`print`], with the columns in the order in which they are left out.
pub fn print_leaving<const N: usize>(
    head: [&str; N],
    flexible: usize,
    leaving: &[usize],
    rows: &[[Cell; N]],
) -> io::Result<()> {
    let mut out = anstream::stdout().lock();
    let terminal = || io::stdout().is_terminal().then(terminal_width).flatten();
    let width = named_width(std::env::var("COLUMNS").ok().as_deref()).or_else(terminal);
    out.write_all(lines(head, flexible, leaving, rows, width).as_bytes())?;
    out.flush()
}

/// What a row is about comes first, and what is behind the flexible column is said least. Where nothing is, that column stays longest.
fn first_to_leave<const N: usize>(flexible: usize) -> Vec<usize> {
    let last = flexible + 1 == N;
    let behind = (1..N).rev().filter(|column| !last || *column != flexible);
    behind.chain(last.then_some(flexible)).collect()
}

/// What a person or a script asks for, whatever the terminal is.
fn named_width(columns: Option<&str>) -> Option<usize> {
    columns?.trim().parse().ok().filter(|columns| *columns > 0)
}

fn terminal_width() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    (size.ws_col > 0).then_some(size.ws_col.into())
}

fn lines<const N: usize>(
    head: [&str; N],
    flexible: usize,
    leaving: &[usize],
    rows: &[[Cell; N]],
    width: Option<usize>,
) -> String {
    let mut widths = head.map(|title| title.width());
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.width());
        }
    }
    let gives = |column: &usize| !rows.iter().any(|row| row[*column].whole);
    let giving: Vec<_> = (0..N).filter(gives).collect();
    let mut there = [true; N];
    match width {
        Some(width) => {
            let mut leaving = leaving.iter();
            loop {
                let mut fitted = widths;
                let fits = fit(&mut fitted, there, flexible, &giving, width);
                let left_out = if fits { None } else { leaving.next() };
                let Some(left_out) = left_out else {
                    widths = fitted;
                    break;
                };
                there[*left_out] = false;
            }
        }
        None => giving.iter().filter(|column| **column + 1 < N).for_each(|column| {
            widths[*column] = widths[*column].min(MOST);
        }),
    }
    let bold = Style::new().bold();
    let head = head.map(|title| Cell::styled(title, bold));
    let mut text = String::new();
    for row in std::iter::once(&head).chain(rows) {
        let mut line = String::new();
        for ((cell, width), _) in row.iter().zip(widths).zip(there).filter(|(_, there)| *there) {
            let shown = cut(&cell.text, width);
            let padding = width.saturating_sub(shown.width()) + GAP;
            line.push_str(&format!("{}{shown}{:#}{:padding$}", cell.style, cell.style, ""));
        }
        text.push_str(line.trim_end_matches(' '));
        text.push('\n');
    }
    text
}

/// Takes from the columns that are `there` what is too much for `width`: from the flexible one, then from the widest of those that give
/// way. Whether that is enough.
fn fit<const N: usize>(
    widths: &mut [usize; N],
    there: [bool; N],
    flexible: usize,
    giving: &[usize],
    width: usize,
) -> bool {
    let columns: Vec<_> = (0..N).filter(|column| there[*column]).collect();
    let giving: Vec<_> = giving.iter().copied().filter(|column| there[*column]).collect();
    let wide: usize = columns.iter().map(|column| widths[*column]).sum();
    let mut too_much = (wide + GAP * columns.len().saturating_sub(1)).saturating_sub(width);
    let mut take = |width: &mut usize, most: usize| {
        let taken = width.saturating_sub(LEAST).min(too_much).min(most);
        *width -= taken;
        too_much -= taken;
        taken > 0
    };
    if there[flexible] {
        take(&mut widths[flexible], usize::MAX);
    }
    while let Some(widest) = giving.iter().copied().max_by_key(|column| widths[*column]) {
        // By as much as makes it as wide as the next one.
        let next = giving.iter().filter(|column| **column != widest).map(|column| widths[*column]).max();
        let most = (widths[widest] - next.unwrap_or(0)).max(1);
        if !take(&mut widths[widest], most) {
            break;
        }
    }
    too_much == 0
}

/// The beginning of a text that fits, with a mark when something is missing.
fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let (mut shown, mut left) = (String::new(), width.saturating_sub(1));
    for character in text.graphemes(true) {
        let wide = character.width();
        if wide > left {
            break;
        }
        shown.push_str(character);
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
        let lines = plain(&lines(["ID", "NAME", "END"], 1, &[2, 1], &rows(), Some(30)));
        assert_eq!(lines[2], "22  a name that is far t…  yy");
        assert!(lines.iter().all(|line| line.width() <= 30));
    }

    #[test]
    fn the_widest_of_the_others_gives_way_next_and_no_id_does() {
        let id = "01jd3v8m2k9x7w5q4t6r8y0z1a";
        let row = [
            Cell::whole(id),
            Cell::new("n".repeat(5_000)),
            Cell::new("l".repeat(60)),
            Cell::new("t".repeat(20)),
        ];
        let lines = plain(&lines(["ID", "NAME", "LANE", "TOOK"], 1, &[3, 2], &[row], Some(80)));
        assert!(lines.iter().all(|line| line.width() <= 80), "{lines:?}");
        let words: Vec<_> = lines[1].split_whitespace().map(|word| word.width()).collect();
        assert_eq!((lines[1].starts_with(id), &words[1..]), (true, &[10, 19, 19][..]), "{lines:?}");
    }

    #[test]
    fn where_there_is_little_room_columns_are_left_out() {
        assert_eq!(first_to_leave::<6>(2), [5, 4, 3, 2, 1]);
        assert_eq!(first_to_leave::<5>(4), [3, 2, 1, 4], "nothing is behind it");
        let id = "01jd3v8m2k9x7w5q4t6r8y0z1a";
        let row = || {
            let texts = ["succeeded", "a name that is long", "build-x7kp2", "3 min 12 s ago", "12.4 s"];
            let mut texts = texts.map(Cell::new).into_iter();
            std::array::from_fn(|n| if n == 0 { Cell::whole(id) } else { texts.next().expect("five") })
        };
        let head = ["ID", "STATUS", "NAME", "LANE", "CREATED", "TOOK"];
        for width in 26..120 {
            let lines = plain(&lines(head, 2, &first_to_leave::<6>(2), &[row()], Some(width)));
            assert!(lines.iter().all(|line| line.width() <= width), "{width}: {lines:?}");
            assert!(lines[1].starts_with(id), "{width}: {lines:?}");
        }
        let narrow = plain(&lines(head, 2, &first_to_leave::<6>(2), &[row()], Some(40)));
        assert_eq!(narrow, ["ID                          STATUS", "01jd3v8m2k9x7w5q4t6r8y0z1a  succeeded"]);
        let wider = plain(&lines(head, 2, &first_to_leave::<6>(2), &[row()], Some(66)));
        assert_eq!(wider[0].split_whitespace().collect::<Vec<_>>(), ["ID", "STATUS", "NAME", "LANE"]);
    }

    #[test]
    fn one_long_name_does_not_widen_every_row_where_there_is_no_terminal() {
        let row = |name: String| [Cell::new("1"), Cell::new(&name), Cell::new(name)];
        let rows = [row("n".repeat(5_000)), row("short".into())];
        let lines = plain(&lines(["ID", "NAME", "END"], 1, &[], &rows, None));
        assert_eq!(lines[2].find("short"), lines[1].find('n'));
        assert!(lines[2].len() < 200 && lines[1].contains("n…  n"), "{}", lines[2]);
        assert_eq!(lines[1].chars().count(), 4 + MOST + 2 + 5_000, "the last column is whole");
    }

    #[test]
    fn columns_names_a_width() {
        assert_eq!(named_width(Some("80")), Some(80));
        for none in [None, Some(""), Some("0"), Some("wide"), Some("-3")] {
            assert_eq!(named_width(none), None, "{none:?}");
        }
    }

    #[test]
    fn what_is_not_long_is_whole_where_there_is_no_terminal() {
        let lines = plain(&lines(["ID", "NAME", "END"], 1, &[], &rows(), None));
        assert!(lines[2].contains("far too long for the terminal"));
        assert_eq!(lines[0].find("END"), lines[1].find('x'));
    }

    #[test]
    fn wide_characters_count_as_wide_and_controls_are_shown() {
        assert_eq!(cut("日本語日本語", 7), "日本語…");
        // A person, a flag, and a letter with its mark.
        for (text, width, shown) in [
            ("ab\u{1f469}\u{200d}\u{1f4bb}cd", 4, "ab…"),
            ("\u{1f1e9}\u{1f1ea}\u{1f1eb}\u{1f1f7}x", 4, "\u{1f1e9}\u{1f1ea}…"),
            ("e\u{301}e\u{301}e\u{301}", 2, "e\u{301}…"),
        ] {
            assert_eq!(cut(text, width), shown, "{text}");
        }
        assert_eq!(Cell::new("a\x1b[31m\r\nb").text, "a␛[31m␍␊b");
    }
}
