//! What is read of logs beside plain rows, each against the plain rows or what the child wrote: exports, one line in
//! parts, density.

mod common;

use solti_positions::RowNo;
use std::path::Path;

use proptest::prelude::*;
use solti_logstore::{
    LogSearch, LogView, LogWriter, RawExport, Row, RowExport, SearchQuery, SegmentSizes, Stream, slices,
};

#[derive(Debug, Clone)]
enum Step {
    Append(Stream, Vec<u8>),
    Wait(u64),
    ClockBack(u64),
}

fn steps(max: usize) -> impl Strategy<Value = Vec<Step>> {
    let stream = prop_oneof![2 => Just(Stream::Stdout), 1 => Just(Stream::Stderr)];
    let bytes = prop_oneof![
        5 => prop::collection::vec(prop_oneof![Just(b'\n'), any::<u8>(), Just(b'x')], 1..30),
        1 => (1usize..30).prop_map(|n| b"line\n".repeat(n)),
    ];
    let step = prop_oneof![
        8 => (stream, bytes).prop_map(|(stream, bytes)| Step::Append(stream, bytes)),
        5 => prop_oneof![1u64..20, Just(150)].prop_map(Step::Wait),
        1 => (1u64..5000).prop_map(Step::ClockBack),
    ];
    prop::collection::vec(step, 1..max)
}

/// Writes a log; returns what the child wrote, in the order of its writes.
fn write(dir: &Path, steps: &[Step], rest: u64, begin: u64) -> Vec<(Stream, Vec<u8>)> {
    let mut writer = LogWriter::with_sizes(dir, SegmentSizes { head: 150, rest }).unwrap();
    let (mut now, mut written) = (begin, Vec::new());
    for step in steps {
        match step {
            Step::Append(stream, bytes) => {
                writer.append(*stream, bytes, now).unwrap();
                written.push((*stream, bytes.clone()));
            }
            Step::Wait(ms) => {
                now += ms;
                writer.flush_due(now).unwrap();
            }
            Step::ClockBack(ms) => now -= ms,
        }
    }
    writer.finish(now + 1).unwrap();
    written
}

fn all_rows(dir: &Path) -> Vec<Row> {
    LogView::open(dir).unwrap().rows(RowNo::ZERO, usize::MAX, usize::MAX).unwrap()
}

fn raw(dir: &Path) -> (Vec<u8>, u64) {
    let mut export = RawExport::open(dir, false).unwrap();
    let (mut out, mut lines) = (Vec::new(), 0);
    while let Some(more) = export.next(&mut out, 50).unwrap() {
        lines += more;
    }
    (out, lines)
}

fn row_numbers(dir: &Path, search: Option<&LogSearch>) -> Vec<RowNo> {
    let mut export = RowExport::open(dir, false).unwrap();
    let mut rows = Vec::new();
    loop {
        let more = export.next(search).unwrap();
        if more.is_empty() {
            return rows;
        }
        rows.extend(more.iter().map(|row| row.row));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, max_shrink_iters: 2000, ..ProptestConfig::default() })]

    #[test]
    fn an_export_is_what_the_child_wrote(steps in steps(60), rest in prop_oneof![100u64..500, Just(1 << 20)]) {
        let dir = tempfile::tempdir().unwrap();
        let written = write(dir.path(), &steps, rest, 1_700_000_000_000);
        let (bytes, lines) = raw(dir.path());
        // Each stream's bytes are there in their order, and nothing else is.
        let total: usize = written.iter().map(|(_, bytes)| bytes.len()).sum();
        prop_assert_eq!(bytes.len(), total);
        prop_assert_eq!(lines, bytes.iter().filter(|byte| **byte == b'\n').count() as u64);
        let (mut left, rows) = (bytes.as_slice(), all_rows(dir.path()));
        for row in &rows {
            let (text, rest) = left.split_at(row.bytes.len());
            prop_assert_eq!(text, &row.bytes);
            left = if row.partial { rest } else { &rest[1..] };
        }
        prop_assert_eq!(row_numbers(dir.path(), None), (0..rows.len() as u64).map(RowNo::new).collect::<Vec<_>>());

        let query = SearchQuery { pattern: "x".into(), ..SearchQuery::default() };
        let search = LogSearch::open(dir.path(), query.compile().unwrap(), RowNo::ZERO, 1).unwrap();
        search.advance(&std::sync::atomic::AtomicBool::new(false), &|_| {}).unwrap();
        let expected: Vec<RowNo> =
            rows.iter().filter(|row| common::shows_x(&row.bytes)).map(|row| row.row).collect();
        prop_assert_eq!(row_numbers(dir.path(), Some(&search)), expected);
    }

    #[test]
    fn density_counts_every_line_once(steps in steps(60), count in 1usize..50) {
        let dir = tempfile::tempdir().unwrap();
        let written = write(dir.path(), &steps, 200, 1_700_000_000_000);
        let query = SearchQuery { pattern: "x".into(), ..SearchQuery::default() };
        let search = LogSearch::with_block_bytes(dir.path(), query.compile().unwrap(), RowNo::ZERO, 1, 32).unwrap();
        search.advance(&std::sync::atomic::AtomicBool::new(false), &|_| {}).unwrap();
        let slices = slices(&mut LogView::open(dir.path()).unwrap(), count, Some(&search)).unwrap();
        prop_assert_eq!(slices.len(), count);
        let rows = all_rows(dir.path());
        let mut last = 0;
        for (n, slice) in slices.iter().enumerate() {
            let end = rows.len() * (n + 1) / count;
            let matches = rows[last..end].iter().filter(|row| common::shows_x(&row.bytes));
            prop_assert_eq!(slice.matches, matches.count() as u64);
            last = end;
        }
        for stream in Stream::ALL {
            let bytes = written.iter().filter(|(of, _)| *of == stream).flat_map(|(_, bytes)| bytes);
            let lines = bytes.filter(|byte| **byte == b'\n').count() as u64;
            prop_assert_eq!(slices.iter().map(|slice| slice.lines[stream as usize]).sum::<u64>(), lines);
        }
    }
}

#[test]
fn density_tells_where_a_stream_spoke() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = LogWriter::create(dir.path()).unwrap();
    for n in 0..1000 {
        let stream = if (500..550).contains(&n) { Stream::Stderr } else { Stream::Stdout };
        writer.append(stream, b"a line\n", n * 20).unwrap();
    }
    writer.finish(20_000).unwrap();
    let slices = slices(&mut LogView::open(dir.path()).unwrap(), 20, None).unwrap();
    let stderr: Vec<u64> = slices.iter().map(|slice| slice.lines[1]).collect();
    assert_eq!((stderr[10], stderr.iter().sum::<u64>()), (50, 50), "{stderr:?}");
}

#[test]
fn a_line_comes_in_parts_and_says_how_long_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = LogWriter::create(dir.path()).unwrap();
    let line: Vec<u8> = (0..500_000u32).map(|n| b'a' + (n % 26) as u8).collect();
    writer.append(Stream::Stdout, b"first\n", 1).unwrap();
    writer.append(Stream::Stdout, &line, 2).unwrap();
    writer.append(Stream::Stdout, b"\nlast", 3).unwrap();
    writer.finish(500).unwrap();
    let mut view = LogView::open(dir.path()).unwrap();
    let (mut whole, mut at) = (Vec::new(), 0);
    while at < line.len() as u64 {
        let part = view.line(RowNo::new(1), at, 70_000).unwrap().unwrap();
        assert_eq!((part.from, part.full_len), (at, line.len() as u64));
        at = part.next;
        whole.extend(part.shown.text.into_bytes());
    }
    assert!(whole == line);
    assert_eq!(view.line_bytes(RowNo::new(1), 30).unwrap().unwrap(), line[..30]);
    let last = view.line(RowNo::new(2), 1, 100).unwrap().unwrap();
    assert_eq!((last.shown.text.as_str(), last.from, last.next, last.full_len), ("ast", 1, 4, 4));
    assert_eq!(view.line(RowNo::new(3), 0, 100).unwrap(), None);
    assert_eq!(view.line_bytes(RowNo::new(3), 10).unwrap(), None);
    let numbers = |rows: Vec<Row>| rows.iter().map(|row| row.row).collect::<Vec<_>>();
    assert_eq!(numbers(view.rows_at(&[RowNo::ZERO, RowNo::new(2)], 10).unwrap()), [0, 2].map(RowNo::new));
}

#[test]
fn a_part_of_a_line_has_whole_characters_and_its_colours() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = LogWriter::create(dir.path()).unwrap();
    writer.append(Stream::Stdout, "ab\u{e9}\u{1f600}cd\n".as_bytes(), 1).unwrap();
    writer.append(Stream::Stdout, b"plain \x1b[31mred \x1b[1mbold\n", 2).unwrap();
    writer.append(Stream::Stdout, b"as red as that\n", 3).unwrap();
    writer.finish(500).unwrap();
    let mut view = LogView::open(dir.path()).unwrap();
    let mut part = |row, from, count| view.line(RowNo::new(row), from, count).unwrap().unwrap();
    // From within the emoji, to within it.
    for from in 4..8 {
        let part = part(0, from, 4);
        assert_eq!((part.shown.text.as_str().chars().next(), part.from), (Some('\u{1f600}'), 4), "{from}");
    }
    assert_eq!((part(0, 0, 6).shown.text.as_str(), part(0, 0, 6).next), ("ab\u{e9}", 4));
    let coloured = part(1, 8, 5);
    assert_eq!(
        (coloured.shown.text.as_str(), coloured.from, coloured.next, coloured.full_len),
        ("d bol", 8, 13, 14)
    );
    assert_eq!(coloured.shown.spans.iter().map(|span| span.len).collect::<Vec<_>>(), [2, 3]);
    assert!(coloured.shown.spans[0].style.fg.is_some() && coloured.shown.spans[1].style.bold());
    assert!(part(2, 3, 3).shown.spans[0].style.fg.is_some(), "switched on by the row before");
}
