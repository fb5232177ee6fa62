//! Several logs in one order, against all of their rows sorted: pages of it, places, what searches find, the overview.

mod common;

use solti_positions::{MergedPosition, Rank, RowNo};
use std::path::Path;
use std::sync::atomic::AtomicBool;

use proptest::prelude::*;
use solti_logstore::{
    LogSearch, LogView, LogWriter, Merged, MergedExport, PlacedRow, SearchQuery, SegmentSizes, Stream,
    remove_segment,
};

#[derive(Debug, Clone)]
enum Step {
    Append(Stream, Vec<u8>),
    Wait(u64),
    ClockBack(u64),
}

#[derive(Debug, Clone)]
struct Log {
    steps: Vec<Step>,
    /// The size of a segment behind the first.
    rest: u64,
    begin: u64,
    /// How many segments retention removes behind the first.
    removed: usize,
}

fn logs() -> impl Strategy<Value = Vec<Log>> {
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
    let steps = prop::collection::vec(step, 1..40);
    let rest = prop_oneof![100u64..300, Just(1 << 20)];
    let log = (steps, rest, 0u64..2000, prop_oneof![2 => Just(0usize), 1 => 1usize..3]);
    prop::collection::vec(
        log.prop_map(|(steps, rest, begin, removed)| Log { steps, rest, begin, removed }),
        1..4,
    )
}

impl Log {
    fn write(&self, dir: &Path) {
        let mut writer = LogWriter::with_sizes(dir, SegmentSizes { head: 150, rest: self.rest }).unwrap();
        let mut now = 1_700_000_000_000 + self.begin;
        for step in &self.steps {
            match step {
                Step::Append(stream, bytes) => {
                    writer.append(*stream, bytes, now).unwrap();
                }
                Step::Wait(ms) => {
                    now += ms;
                    writer.flush_due(now).unwrap();
                }
                Step::ClockBack(ms) => now -= ms,
            }
        }
        writer.finish(now + 1).unwrap();
        let segments = common::segments(dir).len();
        for segment in 1..=self.removed.min(segments.saturating_sub(2)) {
            remove_segment(dir, segment as u32).unwrap();
        }
    }

    fn is_steady(&self) -> bool {
        !self.steps.iter().any(|step| matches!(step, Step::ClockBack(_)))
    }
}

fn searched(dir: &Path) -> LogSearch {
    let query = SearchQuery { pattern: "x".into(), ..SearchQuery::default() };
    let search = LogSearch::with_block_bytes(dir, query.compile().unwrap(), RowNo::ZERO, 1, 64).unwrap();
    search.set_final(true);
    search.advance(&AtomicBool::new(false), &|_| {}).unwrap();
    search
}

fn matches(placed: &PlacedRow) -> bool {
    common::shows_x(&placed.row.bytes)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, max_shrink_iters: 2000, ..ProptestConfig::default() })]

    #[test]
    fn several_logs_are_one(logs in logs(), page in 1usize..40, slices in 1usize..30) {
        let dirs: Vec<_> = logs.iter().map(|_| tempfile::tempdir().unwrap()).collect();
        let (mut times, mut total) = (Vec::new(), 0);
        for (source, (log, dir)) in logs.iter().zip(&dirs).enumerate() {
            log.write(dir.path());
            let mut view = LogView::open(dir.path()).unwrap();
            view.set_final(true);
            total += view.extent().unwrap().rows;
            let rows = view.rows(RowNo::ZERO, usize::MAX, usize::MAX).unwrap();
            times.extend(rows.into_iter().map(|row| (row.ts_ms, source, row.row)));
        }
        times.sort_unstable();
        let mut merged = Merged::open(dirs.iter().map(|dir| (dir.path(), true))).unwrap();

        // Page by page it is one list: each position once, or once for all rows that were removed there.
        let (mut all, mut next): (Vec<PlacedRow>, _) = (Vec::new(), MergedPosition::ZERO);
        while next.get() < total {
            let (told, rows) = merged.rows(next, page, 1000).unwrap();
            prop_assert_eq!(told, total);
            prop_assert!(!rows.is_empty());
            for placed in rows {
                prop_assert_eq!(placed.position, next);
                next += placed.row.removed.map_or(1, |removed| removed.rows);
                all.push(placed);
            }
        }
        prop_assert_eq!(next.get(), total);
        let whole = Merged::open(dirs.iter().map(|dir| (dir.path(), true))).unwrap();
        let (mut export, mut saved) = (MergedExport::new(whole).unwrap(), Vec::new());
        loop {
            let rows = export.next_rows().unwrap();
            if rows.is_empty() {
                break;
            }
            saved.extend(rows.into_iter().map(|(source, row)| (source, row.row, row.removed)));
        }
        // Any time leads to the first row that counts as written then or later.
        if let (Some(first), Some(last)) = (all.first(), all.last())
            && logs.iter().all(|log| log.is_steady() && log.removed == 0)
        {
            prop_assert_eq!(merged.position_at(0).unwrap(), MergedPosition::ZERO);
            prop_assert_eq!(merged.position_at(last.row.ts_ms + 1).unwrap(), MergedPosition::new(total - 1));
            let middle = first.row.ts_ms.midpoint(last.row.ts_ms);
            let expected = all.iter().find(|placed| placed.row.ts_ms >= middle).map(|placed| placed.position);
            prop_assert_eq!(Some(merged.position_at(middle).unwrap()), expected);
        }
        let shown = all.iter().map(|placed| (placed.source, placed.row.row, placed.row.removed));
        prop_assert_eq!(saved, shown.collect::<Vec<_>>());
        // Each log is whole and in order, whatever its clock did.
        let seen: Vec<_> = all.iter().map(|placed| (placed.row.ts_ms, placed.source, placed.row.row)).collect();
        for source in 0..logs.len() {
            prop_assert!(seen.iter().filter(|(_, of, _)| *of == source).is_sorted_by_key(|(.., row)| row));
        }
        prop_assert_eq!(seen.len(), times.len());
        if logs.iter().all(Log::is_steady) {
            prop_assert_eq!(seen, times);
        }
        // A row is found where it was seen, and what lies in a removed part is told of by the row of all of it.
        for placed in all.iter().step_by(1 + all.len() / 10) {
            prop_assert_eq!(merged.position(placed.source, placed.row.row).unwrap(), placed.position);
            let inside = placed.position + (placed.row.removed.map_or(1, |removed| removed.rows) - 1);
            let (_, there) = merged.rows(inside, 1, 1000).unwrap();
            prop_assert_eq!(&there[0], placed);
        }

        let searches: Vec<LogSearch> = dirs.iter().map(|dir| searched(dir.path())).collect();
        let searches: Vec<&LogSearch> = searches.iter().collect();
        let hits: Vec<&PlacedRow> = all.iter().filter(|placed| matches(placed)).collect();
        for from in (0..=hits.len()).step_by(1 + hits.len() / 6) {
            let found = merged.select(&searches, Rank::new(from as u64), page, 1000).unwrap();
            let expected: Vec<PlacedRow> = hits.iter().skip(from).take(page).map(|hit| (*hit).clone()).collect();
            prop_assert_eq!(found, expected);
        }
        for position in (0..=total).step_by(1 + total as usize / 10).map(MergedPosition::new) {
            let before = hits.iter().filter(|hit| hit.position < position).count();
            prop_assert_eq!(merged.rank(&searches, position).unwrap(), Rank::new(before as u64));
            let forward = hits.iter().position(|hit| hit.position > position).or((!hits.is_empty()).then_some(0));
            let backward = before.checked_sub(1).or(hits.len().checked_sub(1));
            for (forwards, expected) in [(true, forward), (false, backward)] {
                let found = merged.step(&searches, position, forwards).unwrap();
                let found = found.map(|hit| (hit.position, hit.rank));
                prop_assert_eq!(found, expected.map(|at| (hits[at].position, Rank::new(at as u64))));
            }
            let nearest = hits.iter().find(|hit| hit.position >= position).or(hits.last());
            prop_assert_eq!(merged.nearest(&searches, position).unwrap(), nearest.map(|hit| hit.position));
        }

        let (rows, slices) = merged.slices(slices, &searches).unwrap();
        prop_assert_eq!(rows, total);
        let (mut from, count) = (0, slices.len() as u64);
        for (n, slice) in slices.iter().enumerate() {
            let to = total * (n as u64 + 1) / count;
            let inside = hits.iter().filter(|hit| (from..to).contains(&hit.position.get())).count();
            prop_assert_eq!(slice.matches, inside as u64);
            from = to;
        }
        for stream in [0, 1] {
            let mut lines = 0;
            for dir in &dirs {
                let mut view = LogView::open(dir.path()).unwrap();
                view.set_final(true);
                lines += solti_logstore::slices(&mut view, 1, None).unwrap()[0].lines[stream];
            }
            prop_assert_eq!(slices.iter().map(|slice| slice.lines[stream]).sum::<u64>(), lines);
        }
    }
}
