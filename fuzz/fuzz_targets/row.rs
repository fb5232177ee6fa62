//! A row of a program's output: however it is cut, it shows the same, within bounds, and nothing in it steers who shows it.
//!
//! The first byte says where it is cut.
#![no_main]

use libfuzzer_sys::fuzz_target;
use solti_rows::{RowReader, RowTexts, Style, StyleScanner, columns, is_control, shown, text};

const LIMIT: usize = 1_000;

fn read(parts: &[&[u8]]) -> solti_rows::Shown {
    let mut reader = RowReader::new(columns(LIMIT));
    reader.begin(Style::default());
    parts.iter().for_each(|part| reader.feed(part));
    reader.finish(LIMIT)
}

fuzz_target!(|bytes: &[u8]| {
    let Some((cut, bytes)) = bytes.split_first() else { return };
    let row = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let whole = read(&[row]);
    let (head, tail) = row.split_at(usize::from(*cut).min(row.len()));
    assert_eq!(read(&[head, tail]), whole);
    let all = shown(row, Style::default(), LIMIT);
    assert!(all.text.len() <= LIMIT);
    assert_eq!(all.parts().map(|(text, _)| text.len()).sum::<usize>(), all.text.len());
    for (text, span) in all.parts() {
        assert!(text.chars().all(|c| is_control(c) == span.control));
    }
    let mut spare = Vec::new();
    let found = RowTexts::new(true).of(bytes, &mut spare).to_vec();
    let lines: Vec<_> = bytes.split(|byte| *byte == b'\n').map(text).collect();
    // A last row of which nothing is shown is one by its line feed.
    let last = !bytes.is_empty() && !bytes.ends_with(b"\n") && lines.last().is_some_and(|line| line.is_empty());
    assert_eq!(String::from_utf8_lossy(&found), lines.join("\n") + if last { "\n" } else { "" });
    let mut style = Style::default();
    StyleScanner::default().scan(bytes, 0, |_, sequence| sequence.apply(&mut style));
});
