//! What the text of a row begins with: the same however the row is reached, and as far back as is promised.

use proptest::prelude::*;
use solti_logstore::{LogView, LogWriter, Row, SegmentSizes, Stream};
use solti_positions::RowNo;

const CELL: usize = 64 * 1024;

fn styles(view: &mut LogView, rows: &[Row]) -> Vec<String> {
    view.styles(rows).unwrap().iter().map(ToString::to_string).collect()
}

/// A row's style by the rule, from all rows before it as the page would draw them one by one.
fn expected(rows: &[Row], at: usize) -> Vec<u8> {
    let row = &rows[at];
    let from = (row.offset.get() as usize / CELL).saturating_sub(1) * CELL;
    let mut on = Vec::new();
    for earlier in rows[..at].iter().filter(|earlier| earlier.stream == row.stream) {
        let mut bytes = &earlier.bytes[..];
        while let Some(escape) = bytes.iter().position(|byte| *byte == 0x1b) {
            let place = earlier.offset.get() as usize + earlier.bytes.len() - bytes.len() + escape;
            bytes = &bytes[escape + 1..];
            let params = bytes.strip_prefix(b"[").and_then(|rest| rest.split_once_m());
            if let Some(params) = params.filter(|_| place >= from) {
                on = if params == b"0" { Vec::new() } else { params.to_vec() };
            }
        }
    }
    on
}

trait SplitOnceM {
    fn split_once_m(&self) -> Option<&[u8]>;
}

impl SplitOnceM for [u8] {
    fn split_once_m(&self) -> Option<&[u8]> {
        let end = self.iter().position(|byte| !byte.is_ascii_digit())?;
        (self[end] == b'm').then(|| &self[..end])
    }
}

fn chunk() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => (31u8..37).prop_map(|color| format!("\x1b[{color}m").into_bytes()),
        2 => Just(b"\x1b[0m".to_vec()),
        1 => Just(b"\x1b[3".to_vec()),
        1 => Just(b"1m".to_vec()),
        1 => Just(b"\x1b[?3m\x1b]0;31m\x07".to_vec()),
        6 => (1usize..9).prop_map(|n| b"text\n".repeat(n)),
        2 => (1usize..30_000).prop_map(|n| vec![b'x'; n]),
        1 => (CELL..3 * CELL).prop_map(|n| vec![b'y'; n]),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, max_shrink_iters: 2000, ..ProptestConfig::default() })]

    #[test]
    fn a_row_looks_the_same_however_it_is_reached(
        steps in prop::collection::vec((any::<bool>(), chunk()), 1..80),
        page in 1usize..20,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = LogWriter::with_sizes(dir.path(), SegmentSizes { head: 50_000, rest: 90_000 }).unwrap();
        for (n, (err, bytes)) in steps.iter().enumerate() {
            let stream = if *err { Stream::Stderr } else { Stream::Stdout };
            writer.append(stream, bytes, n as u64 * 40).unwrap();
            writer.flush_due(n as u64 * 40 + 20).unwrap();
        }
        writer.finish(10_000).unwrap();
        let mut view = LogView::open(dir.path()).unwrap();
        let rows = view.rows(RowNo::ZERO, usize::MAX, usize::MAX).unwrap();
        let all = styles(&mut view, &rows);
        for (at, style) in all.iter().enumerate() {
            prop_assert_eq!(style.as_bytes(), expected(&rows, at), "row {}", at);
        }
        for from in (0..rows.len()).step_by(page) {
            let some = view.rows(RowNo::new(from as u64), page, 100).unwrap();
            prop_assert_eq!(styles(&mut view, &some), &all[from..(from + page).min(all.len())]);
        }
        let apart: Vec<Row> = rows.iter().step_by(page).cloned().collect();
        prop_assert_eq!(styles(&mut view, &apart), all.iter().step_by(page).cloned().collect::<Vec<_>>());
    }
}
