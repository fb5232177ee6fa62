//! The log store against a model in memory: random output of two streams, any split, any times, segments of any size, a
//! crash anywhere.

mod common;

use solti_positions::RowNo;
use std::fs::OpenOptions;
use std::path::Path;

use common::{Lines, bytes_of, drain, lines_of, log_bytes, read_all, segments};
use proptest::prelude::*;
use solti_logstore::{
    LogLimits, LogReader, LogView, LogWriter, Row, SegmentSizes, StoredLog, Stream, plan, remove_segment,
    repair,
};

#[derive(Debug, Clone)]
enum Step {
    Append(Stream, Vec<u8>),
    Wait(u64),
    ClockBack(u64),
    Sync,
    Read,
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        6 => prop::collection::vec(prop_oneof![3 => Just(b'\n'), 5 => any::<u8>(), 8 => Just(b'x')], 1..40),
        2 => (1usize..300).prop_map(|n| b"line of text\n".repeat(n)),
        1 => (1usize..150_000).prop_map(|n| vec![b'y'; n]),
        1 => prop_oneof![
            9 => Just(b"\n".to_vec()),
            // More lines than a batch has room for.
            1 => (8_000usize..20_000).prop_map(|n| vec![b'\n'; n]),
        ],
        1 => Just(vec![0, 0xff, 0xfe, b'\r']),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let stream = prop_oneof![2 => Just(Stream::Stdout), 1 => Just(Stream::Stderr)];
    prop_oneof![
        8 => (stream, bytes()).prop_map(|(s, b)| Step::Append(s, b)),
        3 => prop_oneof![1u64..8, 90u64..130, Just(5000)].prop_map(Step::Wait),
        1 => (1u64..10_000).prop_map(Step::ClockBack),
        1 => Just(Step::Sync),
        2 => Just(Step::Read),
    ]
}

fn sizes() -> impl Strategy<Value = SegmentSizes> {
    let small = (1u64..3000, 1u64..6000).prop_map(|(head, rest)| SegmentSizes { head, rest });
    let large = (1u64..100_000, 1u64..300_000).prop_map(|(head, rest)| SegmentSizes { head, rest });
    prop_oneof![2 => small, 2 => large, 1 => Just(SegmentSizes::default())]
}

struct Model {
    printed: [Vec<u8>; 2],
    /// What a reader has seen that looks on.
    live: Lines,
    reader: LogReader,
    was_cut: [bool; 2],
}

impl Model {
    fn look_on(&mut self) {
        drain(&mut self.reader, &mut self.live, &mut self.was_cut);
    }
}

/// Plays the steps; a reader looks on all the while. Returns the model and the writer, not finished.
fn play(dir: &Path, sizes: SegmentSizes, steps: &[Step]) -> (Model, LogWriter, u64) {
    play_with(dir, sizes, steps, || ())
}

/// As [`play`], with something that is done after each step.
fn play_with(
    dir: &Path,
    sizes: SegmentSizes,
    steps: &[Step],
    mut after_step: impl FnMut(),
) -> (Model, LogWriter, u64) {
    let mut writer = LogWriter::with_sizes(dir, sizes).unwrap();
    let reader = LogReader::open(dir).unwrap();
    let mut model =
        Model { printed: Default::default(), live: Lines::default(), reader, was_cut: [false; 2] };
    let mut now = 1_700_000_000_000;
    for step in steps {
        match step {
            Step::Append(stream, bytes) => {
                writer.append(*stream, bytes, now).unwrap();
                model.printed[*stream as usize].extend_from_slice(bytes);
            }
            Step::Wait(ms) => {
                now += ms;
                writer.flush_due(now).unwrap();
            }
            Step::ClockBack(ms) => now -= ms,
            Step::Sync => writer.sync().unwrap(),
            Step::Read => model.look_on(),
        }
        after_step();
    }
    writer.flush_due(now + 1).unwrap();
    model.look_on();
    (model, writer, now + 1)
}

fn check_complete(model: &mut Model, dir: &Path) {
    // The one that looked on has seen the same as one who comes later.
    model.look_on();
    assert_eq!(model.live, read_all(dir, false));
    for stream in Stream::ALL {
        let expected = lines_of(&model.printed[stream as usize]);
        assert_eq!(model.live.of(stream), expected, "{stream:?}");
        let seqs: Vec<u64> = model.live.0[stream as usize].iter().map(|(seq, _)| *seq).collect();
        assert_eq!(seqs, (0..expected.len() as u64).collect::<Vec<_>>());
    }
}

/// Every row, one by one and in pages, against the file.
fn check_rows(dir: &Path, is_final: bool) {
    let log = log_bytes(dir);
    let mut view = LogView::open(dir).unwrap();
    view.set_final(is_final);
    let extent = view.extent().unwrap();
    assert_eq!(extent.bytes, log.len() as u64);
    let expected = lines_of(&log);
    assert_eq!(extent.rows, expected.len() as u64);
    let rows = view.rows(RowNo::ZERO, usize::MAX, usize::MAX).unwrap();
    assert_eq!(rows.iter().map(|r| &r.bytes[..]).collect::<Vec<_>>(), expected);
    for (n, row) in rows.iter().enumerate().step_by(1 + rows.len() / 40) {
        assert_eq!(row.row.get(), n as u64);
        let page = view.rows(RowNo::new(n as u64), 3, 5).unwrap();
        assert_eq!(page.len(), 3.min(rows.len() - n));
        for (clipped, full) in page.iter().zip(&rows[n..]) {
            assert_eq!(clipped.bytes, full.bytes[..full.bytes.len().min(5)]);
            assert_eq!(clipped.full_len, full.full_len);
            assert_eq!(
                (clipped.row, clipped.stream, clipped.ts_ms, clipped.partial, clipped.continued),
                (full.row, full.stream, full.ts_ms, full.partial, full.continued)
            );
        }
    }
    assert!(view.rows(RowNo::new(extent.rows), 10, 10).unwrap().is_empty());
}

/// Each stream's bytes, from the rows: our own newlines are told by `partial`.
fn printed_by_rows(dir: &Path) -> [Vec<u8>; 2] {
    let mut printed: [Vec<u8>; 2] = Default::default();
    for row in LogView::open(dir).unwrap().rows(RowNo::ZERO, usize::MAX, usize::MAX).unwrap() {
        let out = &mut printed[row.stream as usize];
        out.extend_from_slice(&row.bytes);
        if !row.partial {
            out.push(b'\n');
        }
    }
    printed
}

/// Removes the oldest segments, the head last, until no more than this is left, or nothing that may go.
fn make_room(dir: &Path, ended: bool, left: u64) {
    let limits = LogLimits {
        run_bytes: None,
        task_bytes: Some(left),
        total_bytes: None,
        min_free_bytes: 0,
        keep_head_bytes: 100,
    };
    for removal in plan(&[(0, StoredLog::of(dir, ended).unwrap())], &limits, 0) {
        remove_segment(dir, removal.segment).unwrap();
    }
}

fn all_rows(dir: &Path) -> Vec<Row> {
    LogView::open(dir).unwrap().rows(RowNo::ZERO, usize::MAX, usize::MAX).unwrap()
}

/// What is left is as it was, and what is gone is told: rows by their numbers, lines by their `seq`.
fn check_removed(dir: &Path, whole: &Path) {
    let rows = all_rows(whole);
    let mut next = 0;
    for row in all_rows(dir) {
        assert_eq!(row.row.get(), next);
        next += 1;
        if let Some(removed) = row.removed {
            next = row.row.get() + removed.rows;
            let gone = &rows[row.row.get() as usize..next as usize];
            let bytes: u64 = gone.iter().map(|row| row.full_len + 1).sum();
            // The last row of all may lack its newline.
            assert!(removed.bytes == bytes || (next == rows.len() as u64 && removed.bytes + 1 == bytes));
        } else {
            assert_eq!(row, rows[row.row.get() as usize]);
        }
    }
    assert_eq!(next, rows.len() as u64);
    assert_eq!(
        LogView::open(dir).unwrap().extent().unwrap().bytes,
        LogView::open(whole).unwrap().extent().unwrap().bytes
    );
}

/// Lines that a reader saw beside holes: each is the line of that number, or what holes left of it.
fn check_seen(seen: &Lines, whole: &Lines) {
    for (seen, whole) in seen.0.iter().zip(&whole.0) {
        assert!(seen.windows(2).all(|pair| pair[0].0 < pair[1].0), "no line comes twice");
        for (seq, line) in seen {
            let mut full = whole[*seq as usize].1.iter();
            assert!(line.iter().all(|byte| full.any(|other| other == byte)), "line {seq}");
        }
    }
}

fn truncate(path: &Path, len: u64) {
    OpenOptions::new().write(true).open(path).unwrap().set_len(len).unwrap();
}

/// `make torture` asks for more.
fn cases() -> u32 {
    std::env::var("SOLTI_TORTURE_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(64)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

    #[test]
    fn every_line_comes_back(sizes in sizes(), steps in prop::collection::vec(step(), 1..120)) {
        let dir = tempfile::tempdir().unwrap();
        let (mut model, writer, now) = play(dir.path(), sizes, &steps);
        let totals = writer.finish(now).unwrap();
        check_complete(&mut model, dir.path());
        check_rows(dir.path(), false);
        prop_assert_eq!(&printed_by_rows(dir.path()), &model.printed);
        let newlines = |s: usize| model.printed[s].iter().filter(|b| **b == b'\n').count() as u64;
        prop_assert_eq!(totals.lines, [newlines(0), newlines(1)]);
        prop_assert_eq!(repair(dir.path()).unwrap(), totals);
    }

    #[test]
    fn a_crash_costs_no_byte_of_the_log(
        sizes in sizes(),
        steps in prop::collection::vec(step(), 1..80),
        log_cut in 0.0f64..1.3,
        index_cut in 0.0f64..1.3,
        broken in prop::option::of(any::<(prop::sample::Index, prop::sample::Index)>()),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let (_, writer, _) = play(dir.path(), sizes, &steps);
        drop(writer);
        let files = segments(dir.path());
        // What was being written is torn; any index may be damaged.
        if let Some([log, index]) = files.last() {
            for (path, cut) in [(log, log_cut), (index, index_cut)] {
                let len = bytes_of(path).len();
                if cut < 1.0 && len > 0 {
                    truncate(path, (len as f64 * cut) as u64);
                }
            }
        }
        if let Some((segment, at)) = broken
            && !files.is_empty()
        {
            let index = &segment.get(&files)[1];
            let mut bytes = bytes_of(index);
            if !bytes.is_empty() {
                let at = at.index(bytes.len());
                bytes[at] ^= 0x55;
                std::fs::write(index, bytes).unwrap();
            }
        }
        let data = log_bytes(dir.path());
        // Before the repair, read as a run that is over.
        let mut reader = LogReader::open(dir.path()).unwrap();
        reader.set_final(true);
        let mut lines = Lines::default();
        drain(&mut reader, &mut lines, &mut [false; 2]);
        let total = |lines: &Lines| -> usize {
            Stream::ALL.iter().flat_map(|s| lines.of(*s)).map(|l| l.len()).sum()
        };
        let text = data.iter().filter(|b| **b != b'\n').count();
        prop_assert_eq!(total(&lines), text);
        check_rows(dir.path(), true);

        let totals = repair(dir.path()).unwrap();
        prop_assert_eq!(totals.bytes, data.len() as u64);
        prop_assert_eq!(&log_bytes(dir.path()), &data);
        check_rows(dir.path(), false);
        prop_assert_eq!(total(&read_all(dir.path(), false)), text);
        if !data.is_empty() {
            prop_assert_eq!(repair(dir.path()).unwrap(), totals);
        }
    }

    #[test]
    fn what_retention_leaves_is_as_it_was(
        head in 50u64..300,
        rest in 50u64..4000,
        steps in prop::collection::vec(step(), 1..80),
        left in 0u64..20_000,
        left_at_the_end in prop_oneof![Just(0), 0u64..20_000],
    ) {
        let (dir, whole) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let sizes = SegmentSizes { head, rest };
        let (_, writer, now) = play(whole.path(), sizes, &steps);
        writer.finish(now).unwrap();
        let (mut model, writer, now) =
            play_with(dir.path(), sizes, &steps, || make_room(dir.path(), false, left));
        let totals = writer.finish(now).unwrap();
        model.look_on();
        let lines = read_all(whole.path(), false);
        check_seen(&model.live, &lines);
        check_removed(dir.path(), whole.path());
        make_room(dir.path(), true, left_at_the_end);
        check_removed(dir.path(), whole.path());
        check_seen(&read_all(dir.path(), false), &lines);
        prop_assert_eq!(repair(dir.path()).unwrap().rows, totals.rows);
    }
}

#[test]
fn a_batch_has_room_for_so_many_lines_however_short_they_are() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = LogWriter::with_sizes(dir.path(), SegmentSizes::default()).unwrap();
    let mut printed: [Vec<u8>; 2] = Default::default();
    let short = b"\n".repeat(60_000);
    for (stream, bytes) in [
        (Stream::Stdout, &b"begun"[..]),
        (Stream::Stdout, &short),
        (Stream::Stderr, &short[..8_192]),
        (Stream::Stdout, b"\nopen"),
        (Stream::Stderr, &short),
        (Stream::Stdout, b" and closed\n"),
    ] {
        writer.append(stream, bytes, 1_000).unwrap();
        printed[stream as usize].extend_from_slice(bytes);
    }
    writer.finish(2_000).unwrap();
    let mut reader = LogReader::open(dir.path()).unwrap();
    let (mut lines, mut was_cut) = (Lines::default(), [false; 2]);
    while let Some(batch) = reader.next_batch().unwrap() {
        assert!(batch.lines.len() <= 8_192 + 2, "{} lines", batch.lines.len());
        assert!(batch.lines.capacity() <= 8_192 + 4, "room for {}", batch.lines.capacity());
        for span in &batch.lines {
            lines.add(span, &batch.bytes[span.start as usize..span.end as usize], &mut was_cut);
        }
    }
    for stream in Stream::ALL {
        assert_eq!(lines.of(stream), lines_of(&printed[stream as usize]), "{stream:?}");
    }
}
