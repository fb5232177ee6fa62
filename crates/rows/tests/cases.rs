//! The cases that the page reads too: tests/corpus/rows.json.

use serde::Deserialize;
use solti_rows::{RowReader, RowTexts, Style, StyleScanner, shown, text};

#[derive(Deserialize)]
struct Cases {
    rows: Vec<Row>,
    styles: Vec<Switched>,
}

#[derive(Deserialize)]
struct Row {
    what: String,
    input: String,
    text: String,
    spans: Option<Vec<Span>>,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
struct Span {
    text: String,
    #[serde(default)]
    style: String,
    #[serde(default)]
    control: bool,
    link: Option<String>,
}

#[derive(Deserialize)]
struct Switched {
    sequences: Vec<String>,
    on: String,
}

fn cases() -> Cases {
    serde_json::from_str(include_str!("../../../tests/corpus/rows.json")).unwrap()
}

#[test]
fn a_row_shows_what_a_terminal_shows_of_it() {
    for Row { what, input, text: expected, spans } in cases().rows {
        assert_eq!(text(input.as_bytes()), expected, "{what}");
        let shown = shown(input.as_bytes(), Style::default(), usize::MAX);
        let found: Vec<Span> = shown
            .parts()
            .map(|(text, span)| Span {
                text: text.to_owned(),
                style: span.style.to_string(),
                control: span.control,
                link: span.link.as_deref().map(str::to_owned),
            })
            .collect();
        let plain = Span { text: expected.clone(), style: String::new(), control: false, link: None };
        let whole = if expected.is_empty() { vec![] } else { vec![plain] };
        assert_eq!(found, spans.unwrap_or(whole), "{what}");
    }
}

/// Whoever comes to a row by another way reads the same.
#[test]
fn the_characters_of_a_row_do_not_depend_on_the_rows_before() {
    let rows = ["\x1b(0lqk", "lqk \x1b)0\x0elqk", "lqk \x0flqk"];
    let expected = ["┌─┐", "lqk ┌─┐", "lqk lqk"];
    let mut reader = RowReader::new(80);
    let read = rows.map(|row| {
        reader.begin(Style::default());
        reader.feed(row.as_bytes());
        reader.finish(usize::MAX).text
    });
    assert_eq!(read, expected);
    let mut spare = Vec::new();
    assert_eq!(
        RowTexts::new(true).of(rows.join("\n").as_bytes(), &mut spare),
        expected.join("\n").as_bytes()
    );
}

#[test]
fn what_is_on_is_told_as_it_is_switched_on() {
    let on = |sequences: &[String]| {
        let (mut style, mut scanner) = (Style::default(), StyleScanner::default());
        for sequence in sequences {
            let bytes = format!("\x1b[{sequence}m");
            scanner.scan(bytes.as_bytes(), 0, |_, found| found.apply(&mut style));
        }
        style
    };
    for Switched { sequences, on: expected } in cases().styles {
        assert_eq!(on(&sequences).to_string(), expected, "{sequences:?}");
        if !expected.is_empty() {
            assert_eq!(on(std::slice::from_ref(&expected)), on(&sequences), "{expected}");
        }
    }
}
