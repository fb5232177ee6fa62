//! What holds of any bytes: however a row is read, it is the same, and it is bounded.

use proptest::prelude::*;
use solti_rows::{
    MAX_COLUMNS, RowReader, RowTexts, Style, StyleScanner, columns, is_control, is_plain, plain, shown, text,
};

fn piece() -> impl Strategy<Value = Vec<u8>> {
    let texts = [
        "a",
        "bc ",
        "ä",
        "处",
        "e\u{301}",
        "\u{202e}",
        "\0",
        "\t",
        "\r",
        "\x08",
        "\x1b",
        "\x1b[",
        "\x1b[31m",
        "\x1b[0m",
        "\x1b[1;38;5;9m",
        "\x1b[K",
        "\x1b[3",
        ";4m",
        "\u{9b}32m",
        "\u{9b}",
        "\u{9d}0;t\u{9c}",
        "\x1b]0;t\x07",
        "\x1b]8;;u",
        "\x1b\\",
        "\x1bP",
        "\x1bX",
        "\x1b[5G",
        "\x1b[2D",
        "\x1b[A",
        "\x1b[H",
        "\x1b[9999C",
        "\x1b[1<m",
        "\x18",
        "\x1b[3@",
        "\x1b[2P",
        "\x1b7",
        "\x1b8",
        "\x1b(0",
        "\x1b[2J",
    ];
    prop_oneof![
        12 => prop::sample::select(texts.to_vec()).prop_map(|text| text.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>().prop_filter("no newline", |byte| *byte != b'\n'), 1..5),
    ]
}

fn row() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(piece(), 0..30).prop_map(|pieces| pieces.concat())
}

fn plain_row() -> impl Strategy<Value = Vec<u8>> {
    let texts = ["a", "bc ", "ä", "处", "e\u{301}", "\u{202e}", "\0", "\u{81}", "\u{7f}", "😀"];
    let byte = any::<u8>().prop_filter("acts", |byte| !b"\n\r\x08\t\x1b\x0e\x0f".contains(byte));
    let piece = prop_oneof![
        6 => prop::sample::select(texts.to_vec()).prop_map(|text| text.as_bytes().to_vec()),
        1 => prop::collection::vec(byte, 1..5),
    ];
    prop::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
}

fn read(parts: &[&[u8]], limit: usize) -> solti_rows::Shown {
    let mut reader = RowReader::new(columns(limit));
    reader.begin(Style::default());
    parts.iter().for_each(|part| reader.feed(part));
    reader.finish(limit)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, ..ProptestConfig::default() })]

    #[test]
    fn a_row_is_the_same_in_one_piece_and_in_several(row in row(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6)) {
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(row.len() + 1)).collect();
        cuts.sort_unstable();
        let (mut parts, mut from) = (Vec::new(), 0);
        for cut in cuts.into_iter().chain([row.len()]) {
            parts.push(&row[from..cut]);
            from = cut;
        }
        prop_assert_eq!(read(&parts, usize::MAX), read(&[&row], usize::MAX));
    }

    #[test]
    fn spans_cover_the_text_and_mark_what_steers_it(row in row(), limit in 0usize..40) {
        for limit in [limit, usize::MAX] {
            let shown = shown(&row, Style::default(), limit);
            prop_assert!(shown.text.len() <= limit);
            prop_assert_eq!(shown.parts().map(|(text, _)| text).collect::<String>(), shown.text.clone());
            for (text, span) in shown.parts() {
                prop_assert!(text.chars().all(|c| is_control(c) == span.control), "{:?}", shown);
            }
        }
    }

    #[test]
    fn what_is_plain_needs_no_reader(row in plain_row(), limit in 1usize..40) {
        prop_assume!(is_plain(&row));
        let quick = plain(&row, row.len() as u64, Style::default(), usize::MAX);
        let full = read(&[&row], usize::MAX);
        prop_assert_eq!(&quick, &full);
        let cut = shown(&row, Style::default(), limit);
        prop_assert!(quick.text.starts_with(&cut.text));
    }

    #[test]
    fn a_search_sees_of_each_row_what_is_shown(rows in prop::collection::vec(row(), 0..8)) {
        let bytes = rows.join(&b'\n');
        let mut spare = Vec::new();
        let texts = RowTexts::new(true).of(&bytes, &mut spare).to_vec();
        let mut expected = rows.iter().map(|row| text(row).into_owned()).collect::<Vec<_>>().join("\n");
        if rows.last().is_some_and(|last| !last.is_empty() && text(last).is_empty()) {
            expected.push('\n');
        }
        prop_assert_eq!(String::from_utf8_lossy(&texts).into_owned(), expected);
    }

    #[test]
    fn what_a_row_leaves_switched_on_is_found_without_reading_it(row in row(), cut in any::<prop::sample::Index>()) {
        // Without what restores the cursor: that was not switched on.
        let other = |byte: &u8| if b"8uc!".contains(byte) { b'-' } else { *byte };
        let row: Vec<u8> = row.iter().map(other).collect();
        let mut style = Style::default();
        let mut scanner = StyleScanner::default();
        let cut = cut.index(row.len() + 1);
        scanner.scan(&row[..cut], 0, |_, sequence| sequence.apply(&mut style));
        scanner.scan(&row[cut..], cut as u64, |_, sequence| sequence.apply(&mut style));
        prop_assert_eq!(style, read(&[&row], usize::MAX).end);
    }
}

#[test]
fn a_meter_shows_its_last_state_however_often_it_was_set() {
    let meter: String = (1..=2_000).map(|n| format!("\r{n}")).collect();
    assert_eq!(text(meter.as_bytes()), "2000");
    let bar: String =
        (1..=50_000).map(|n| format!("\r{n}/50000 \x1b[32m{}\x1b[0m\x1b[K", "=".repeat(n / 1_000))).collect();
    let shown = shown(bar.as_bytes(), Style::default(), 10 * 1024);
    assert_eq!(shown.text, format!("50000/50000 {}", "=".repeat(50)));
    assert_eq!((shown.spans.len(), shown.more), (2, 0));
}

#[test]
fn a_long_row_costs_what_is_kept_of_it() {
    let mut reader = RowReader::new(100);
    reader.begin(Style::default());
    reader.feed(b"\x1b[1mbegin\x1b[0m");
    for _ in 0..1_000 {
        reader.feed(&[b'x'; 10_000]);
    }
    reader.feed(b"\x1b]0;");
    for _ in 0..1_000 {
        reader.feed(&[b'y'; 10_000]);
    }
    let shown = reader.finish(50);
    assert!(shown.text.starts_with("beginxxx") && shown.text.len() == 50);
    assert!(shown.more >= 9_999_900, "{}", shown.more);
    let mut zalgo = "e".to_owned();
    zalgo.push_str(&"\u{301}".repeat(1_000_000));
    assert!(text(format!("\r{zalgo}").as_bytes()).len() < 1_000);
    assert_eq!(text(b"x\x1b[65535Cy").len(), 80);
    let harm = [&[b'x'; 1_000_000][..], &b"\x1b[1K\x1b[2G\x1b[@\x1b[P\x1b[499b".repeat(100_000)].concat();
    assert!(text(&harm).len() <= MAX_COLUMNS * 4);
}
