//! Rows beside a terminal: `alacritty_terminal` is given the same bytes, and what it shows of its line is what we show.

use alacritty_terminal::Term;
use alacritty_terminal::event::VoidListener;
use alacritty_terminal::grid::Dimensions;
use alacritty_terminal::index::{Column, Line};
use alacritty_terminal::term::Config;
use alacritty_terminal::term::cell::{Cell, Flags};
use alacritty_terminal::vte::ansi::{Color as TermColor, NamedColor, Processor, StdSyncHandler};
use proptest::prelude::*;
use solti_rows::{Color, RowReader, Shown, Style};
use std::path::Path;
use unicode_width::UnicodeWidthChar;

const COLUMNS: usize = 2_000;

struct Size;

impl Dimensions for Size {
    fn total_lines(&self) -> usize {
        2
    }

    fn screen_lines(&self) -> usize {
        2
    }

    fn columns(&self) -> usize {
        COLUMNS
    }
}

/// One column, or two: what is in it, and its style as parameters.
type Seen = (String, String);

fn color(color: TermColor) -> Option<Color> {
    match color {
        TermColor::Named(NamedColor::Foreground | NamedColor::Background) => None,
        TermColor::Named(named) => Some(Color::Indexed(named as u8)),
        TermColor::Indexed(index) => Some(Color::Indexed(index)),
        TermColor::Spec(rgb) => Some(Color::True([rgb.r, rgb.g, rgb.b])),
    }
}

fn style(cell: &Cell) -> Style {
    let mut style = Style::default();
    for (flag, code) in [
        (Flags::BOLD, 1),
        (Flags::DIM, 2),
        (Flags::ITALIC, 3),
        (Flags::ALL_UNDERLINES, 4),
        (Flags::INVERSE, 7),
        (Flags::STRIKEOUT, 9),
    ] {
        if cell.flags.intersects(flag) {
            style.apply([&[code][..]]);
        }
    }
    style.fg = color(cell.fg);
    style.bg = color(cell.bg);
    style
}

fn terminal(bytes: &[u8]) -> Vec<Seen> {
    let mut term = Term::new(Config::default(), &Size, VoidListener);
    let mut parser: Processor<StdSyncHandler> = Processor::new();
    parser.advance(&mut term, bytes);
    let row = &term.grid()[Line(0)];
    let cells = (0..COLUMNS).map(|column| &row[Column(column)]);
    let seen = cells.filter(|cell| !cell.flags.contains(Flags::WIDE_CHAR_SPACER)).map(|cell| {
        let mut text = String::from(if cell.c == '\t' { ' ' } else { cell.c });
        text.extend(cell.zerowidth().into_iter().flatten());
        (text, style(cell).to_string())
    });
    trimmed(seen.collect())
}

fn ours(shown: &Shown) -> Vec<Seen> {
    let mut seen: Vec<Seen> = Vec::new();
    let mut column = 0;
    for (text, span) in shown.parts() {
        let style = span.style.to_string();
        for c in text.chars() {
            match (c, c.width()) {
                ('\t', _) => {
                    let stop = (column / 8 + 1) * 8;
                    seen.extend((column..stop).map(|_| (" ".to_owned(), style.clone())));
                    column = stop;
                }
                (c, Some(0)) => seen.last_mut().expect("a mark is upon something").0.push(c),
                (c, width) => {
                    seen.push((c.into(), style.clone()));
                    column += width.unwrap_or(1);
                }
            }
        }
    }
    trimmed(seen)
}

/// Without blanks at the end: a log has no right edge up to which a ground could reach.
fn trimmed(mut seen: Vec<Seen>) -> Vec<Seen> {
    while seen.last().is_some_and(|(text, _)| text == " ") {
        seen.pop();
    }
    seen
}

fn read(bytes: &[u8], style: Style) -> Shown {
    let mut reader = RowReader::new(COLUMNS);
    reader.begin(style);
    reader.feed(bytes);
    reader.finish(usize::MAX)
}

fn words(words: &'static [&'static str]) -> BoxedStrategy<String> {
    prop::sample::select(words).prop_map(str::to_owned).boxed()
}

fn csi(finals: &'static str, most: u16) -> BoxedStrategy<String> {
    let finals: Vec<char> = finals.chars().collect();
    (prop::option::of(0..most), prop::sample::select(finals))
        .prop_map(|(count, last)| format!("\x1b[{}{last}", count.map(|n| n.to_string()).unwrap_or_default()))
        .boxed()
}

fn colors() -> BoxedStrategy<String> {
    words(&[
        "\x1b[m",
        "\x1b[0m",
        "\x1b[1;31m",
        "\x1b[22;39m",
        "\x1b[42m",
        "\x1b[7m",
        "\x1b[27m",
        "\x1b[38;5;208m",
        "\x1b[48;2;1;2;3m",
        "\x1b[38:2::9:8:7m",
        "\x1b[58;5;1;3m",
        "\x1b[58:2::1:2:3;9m",
        "\x1b[4:3m",
        "\x1b[4:0m",
        "\x1b[97;100m",
    ])
}

/// Everything that is to be known within a row, upon characters of one column.
fn narrow() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        6 => "[a-zA-Z0-9 .]{1,9}",
        1 => words(&["\u{e4}", "e\u{301}", "─", "x\u{200d}"]),
        2 => words(&["\r", "\x08", "\t"]),
        2 => csi("GCDKXP@`aIZ", 12),
        1 => csi("KJ", 2),
        1 => ("[a-z]", csi("b", 4)).prop_map(|(c, repeat)| c + &repeat),
        2 => words(&["\x1b[s", "\x1b[u", "\x1b7", "\x1b8", "\x1b(B", "\x1b(0", "\x1b[4h", "\x1b[4l"]),
        3 => colors(),
        1 => words(&["x\x1b7\x1b[2;3f\x1b[31m50%\x1b8", "x\x1b[s\x1b[B\x1b[2Ke\u{301}\x1b[u", "x\x1b7\x1b[r\x1b[2;1Hy\x1b8"]),
        1 => words(&["\x1b]0;title\x07", "\x1b]8;;http://a.b/\x1b\\", "\x1b[?25l", "\x1b=", "\x1bP1q#0\x1b\\", "\x1b_x\x1b\\", "\x1b[31<m"]),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

/// Characters of two columns, and what goes back over them.
fn wide() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => words(&["处", "理中", "한국", "👩\u{200d}🚀", "😀", "ｗｉｄｅ"]),
        3 => "[a-z]{1,4}",
        3 => words(&["\r", "\x08", "\x1b[2K", "\x1b[G"]),
        2 => csi("GCD", 9),
        1 => colors(),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn a_row_is_what_a_terminal_shows(text in narrow()) {
        prop_assert_eq!(ours(&read(text.as_bytes(), Style::default())), terminal(text.as_bytes()));
    }

    #[test]
    fn wide_characters_are_overwritten_as_in_a_terminal(text in wide()) {
        prop_assert_eq!(ours(&read(text.as_bytes(), Style::default())), terminal(text.as_bytes()));
    }
}

/// Output as programs write it to a terminal, row by row.
#[test]
fn recorded_programs_look_as_in_a_terminal() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/corpus/terminal");
    let (mut judged, mut moving) = (0, 0);
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let (mut style, mut left) = (Style::default(), 0);
        for (n, row) in std::fs::read(&path).unwrap().split(|byte| *byte == b'\n').enumerate() {
            let before = style;
            let shown = read(row.strip_suffix(b"\r").unwrap_or(row), style);
            style = shown.end;
            // What is above a row is not there for us.
            if leaves(row) {
                left += 1;
                continue;
            }
            judged += 1;
            let bytes = [format!("\x1b[{before}m").as_bytes(), row].concat();
            assert_eq!(ours(&shown), terminal(&bytes), "{} row {n}", path.display());
        }
        moving += left;
    }
    assert!(judged > 200 && moving > 0, "{judged} rows judged, {moving} move to others");
}

/// Whether a row moves to another, or to the right edge.
fn leaves(row: &[u8]) -> bool {
    if row.windows(6).any(|six| six == b"\x1b[999C") {
        return true;
    }
    let mut left = row;
    while let Some(at) = left.windows(2).position(|two| two == b"\x1b[") {
        left = &left[at + 2..];
        let last = left.iter().find(|byte| (0x40..=0x7e).contains(*byte));
        if last.is_some_and(|last| b"ABEFHLMSTdef".contains(last)) {
            return true;
        }
    }
    false
}
