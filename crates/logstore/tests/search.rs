//! Searching against matching line by line: random output of two streams in tiny blocks, as it grows and when it is
//! over, and the questions that a window asks.

mod common;

use solti_positions::{Rank, RowNo};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use proptest::prelude::*;
use regex::bytes::{Regex, RegexBuilder};
use solti_logstore::{
    LogSearch, LogView, LogWriter, Progress, Row, SearchQuery, SegmentSizes, StoredLog, Stream, make_filter,
    make_filters, make_filters_with_block_bytes, remove_segment,
};
use solti_rows::{RowTexts, Severity, severity};

fn query(pattern: &str) -> SearchQuery {
    SearchQuery { pattern: pattern.into(), ..SearchQuery::default() }
}

/// The rule, said a second time and slowly.
struct Naive {
    query: SearchQuery,
    pattern: Regex,
    exclude: Regex,
}

impl Naive {
    fn new(query: &SearchQuery) -> Self {
        let build = |pattern: &str| {
            let text = if query.regex { pattern.to_owned() } else { regex::escape(pattern) };
            let text = if query.whole_word && !pattern.is_empty() {
                format!(r"\b{{start-half}}(?:{text})\b{{end-half}}")
            } else {
                text
            };
            RegexBuilder::new(&text).case_insensitive(!query.case_sensitive).build().unwrap()
        };
        Self { query: query.clone(), pattern: build(&query.pattern), exclude: build(&query.exclude) }
    }

    fn matches(&self, row: &Row) -> bool {
        if row.gap.is_some()
            || row.removed.is_some()
            || self.query.stream.is_some_and(|stream| stream != row.stream)
        {
            return false;
        }
        let mut spare = Vec::new();
        let asks_fields = !self.query.fields.is_empty();
        let through = self.query.ignore_escapes || self.query.severity.is_some() || asks_fields;
        let text = RowTexts::new(through).of(&row.bytes, &mut spare).to_vec();
        let text = text.strip_suffix(b"\n").unwrap_or(&text);
        (self.pattern.is_match(text) && self.holds(text)) != self.query.invert
            && (self.query.exclude.is_empty() || !self.exclude.is_match(text))
            && (self.query.severity.is_none()
                || severity(&String::from_utf8_lossy(text)) == self.query.severity)
    }

    fn holds(&self, text: &[u8]) -> bool {
        let text = String::from_utf8_lossy(text);
        let has = |name: &str, value: &str| {
            text.split_whitespace().filter_map(|word| word.split_once('=')).any(|(key, said)| {
                key == name
                    && if self.query.case_sensitive {
                        said == value
                    } else {
                        said.eq_ignore_ascii_case(value)
                    }
            })
        };
        match self.query.fields.as_str() {
            "level=error" => has("level", "error"),
            "level!=warn" => !has("level", "warn"),
            _ => true,
        }
    }

    fn rows(&self, dir: &Path, is_final: bool) -> Vec<RowNo> {
        let mut view = LogView::open(dir).unwrap();
        view.set_final(is_final);
        let rows = view.rows(RowNo::ZERO, usize::MAX, usize::MAX).unwrap();
        rows.iter().filter(|row| self.matches(row)).map(|row| row.row).collect()
    }
}

fn search(dir: &Path, query: &SearchQuery, near: u64, threads: usize, block: u64) -> LogSearch {
    LogSearch::with_block_bytes(dir, query.compile().unwrap(), RowNo::new(near), threads, block).unwrap()
}

fn advance(search: &LogSearch) -> Progress {
    let last = std::sync::Mutex::new(Progress::default());
    search.advance(&AtomicBool::new(false), &|progress| *last.lock().unwrap() = progress).unwrap();
    last.into_inner().unwrap()
}

/// Every answer of a search against the list of matching rows.
fn check(search: &LogSearch, progress: Progress, expected: &[RowNo], near: u64, rows: u64) {
    let total = expected.len() as u64;
    assert_eq!(progress.matches, total);
    assert_eq!(search.total(), total);
    assert_eq!(search.select(Rank::ZERO, usize::MAX).unwrap(), expected);
    let at_or_after = expected.iter().find(|row| row.get() >= near).or(expected.last());
    assert_eq!(progress.nearest, at_or_after.copied());
    for row in (0..rows + 2).step_by(1 + rows as usize / 30).map(RowNo::new) {
        let rank = expected.partition_point(|found| *found < row);
        assert_eq!(search.rank(row).unwrap(), Rank::new(rank as u64), "rank of {row}");
        let place = |index: usize| expected.get(index).map(|found| (*found, Rank::new(index as u64)));
        let next = expected.partition_point(|found| *found <= row);
        let forward = if next < expected.len() { place(next) } else { place(0) };
        assert_eq!(search.step(row, true).unwrap(), forward, "after {row}");
        let back = place(rank.checked_sub(1).unwrap_or(expected.len().saturating_sub(1)));
        assert_eq!(search.step(row, false).unwrap(), back, "before {row}");
        let page = search.select(Rank::new(rank as u64), 3).unwrap();
        assert_eq!(page, &expected[rank..expected.len().min(rank + 3)]);
    }
}

#[derive(Debug, Clone)]
enum Step {
    Append(Stream, Vec<u8>),
    Wait(u64),
    Search,
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let words = [
        "error",
        "Error ",
        "errors",
        "\n",
        "\n",
        "er\x1b[31mror\x1b[0m",
        "\x1b[1",
        "x",
        "\0",
        "ä",
        "\r\n",
        "\r",
        "\x08",
        "\x1b[K",
        "\x1b[2D",
        " ",
        "error: ",
        "warning: ",
        " level=error ",
        " level=Warn\t",
    ];
    let odd = Just(&b"\xff"[..]);
    let word = prop_oneof![20 => prop::sample::select(words.to_vec()).prop_map(str::as_bytes), 1 => odd];
    prop_oneof![
        8 => prop::collection::vec(word, 1..30).prop_map(|words| words.concat()),
        1 => (1usize..600).prop_map(|n| vec![b'y'; n]),
        1 => (1usize..40).prop_map(|n| b"an error line\nand one without\n".repeat(n)),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let stream = prop_oneof![2 => Just(Stream::Stdout), 1 => Just(Stream::Stderr)];
    prop_oneof![
        8 => (stream, bytes()).prop_map(|(stream, bytes)| Step::Append(stream, bytes)),
        2 => prop_oneof![1u64..20, Just(150)].prop_map(Step::Wait),
        2 => Just(Step::Search),
    ]
}

fn any_query() -> impl Strategy<Value = SearchQuery> {
    let pattern = prop_oneof![
        3 => Just(("error", false)),
        1 => Just(("or", false)),
        1 => Just(("", false)),
        1 => Just(("^error", true)),
        1 => Just(("error$", true)),
        1 => Just(("^$", true)),
        1 => Just(r"err[a-z]+\s").prop_map(|pattern| (pattern, true)),
        1 => Just(("(without|y{20,})", true)),
    ];
    let stream =
        prop_oneof![2 => Just(None), 1 => Just(Some(Stream::Stdout)), 1 => Just(Some(Stream::Stderr))];
    let severity =
        prop_oneof![4 => Just(None), 1 => Just(Some(Severity::Error)), 1 => Just(Some(Severity::Warning))];
    let exclude = prop_oneof![4 => Just(""), 1 => Just("without"), 1 => Just("x")];
    let fields = prop_oneof![4 => Just(""), 1 => Just("level=error"), 1 => Just("level!=warn")];
    (pattern, any::<[bool; 4]>(), stream, severity, exclude, fields).prop_map(
        |((pattern, regex), [case, word, invert, escapes], stream, severity, exclude, fields)| SearchQuery {
            pattern: pattern.into(),
            regex,
            case_sensitive: case,
            whole_word: word && !pattern.is_empty(),
            invert,
            stream,
            ignore_escapes: escapes,
            severity,
            exclude: exclude.into(),
            fields: fields.into(),
            ..SearchQuery::default()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, max_shrink_iters: 2000, ..ProptestConfig::default() })]

    #[test]
    fn a_search_finds_what_matching_line_by_line_finds(
        steps in prop::collection::vec(step(), 1..40),
        query in any_query(),
        near in 0u64..200,
        block in prop_oneof![20u64..100, 500u64..5000],
        rest in prop_oneof![100u64..1000, Just(1 << 20)],
        removed in prop::option::of(1usize..4),
        finish in any::<bool>(),
        damage in any::<u16>(),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = LogWriter::with_sizes(dir.path(), SegmentSizes { head: 200, rest }).unwrap();
        let naive = Naive::new(&query);
        let growing = search(dir.path(), &query, near, 2, block);
        let mut now = 1_700_000_000_000;
        for step in &steps {
            match step {
                Step::Append(stream, bytes) => writer.append(*stream, bytes, now).unwrap(),
                Step::Wait(ms) => {
                    now += ms;
                    writer.flush_due(now).unwrap();
                }
                Step::Search => {
                    let progress = advance(&growing);
                    prop_assert_eq!(progress.matches, naive.rows(dir.path(), false).len() as u64);
                }
            }
        }
        if finish {
            writer.finish(now + 1).unwrap();
        } else {
            writer.flush_due(now + 1).unwrap();
        }
        let expected = naive.rows(dir.path(), false);
        let rows = LogView::open(dir.path()).unwrap().extent().unwrap().rows;
        // A search that began before the first row was there begins with whatever comes first.
        let progress = advance(&growing);
        check(&growing, progress, &expected, near, rows);
        let fresh = search(dir.path(), &query, near, 1, block);
        let progress = advance(&fresh);
        check(&fresh, progress, &expected, near, rows);

        // With filters the same is found, and not everything is read.
        let files = |extension: &str| {
            let names = std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path());
            names.filter(|path| path.extension().is_some_and(|found| found == extension)).collect::<Vec<_>>()
        };
        make_filters_with_block_bytes(dir.path(), false, &AtomicBool::new(false), block).unwrap();
        let filtered = search(dir.path(), &query, near, 2, block);
        let progress = advance(&filtered);
        check(&filtered, progress, &expected, near, rows);
        // A damaged filter hides nothing.
        for (n, path) in files("skip").into_iter().enumerate() {
            let mut bytes = std::fs::read(&path).unwrap();
            let at = (damage as usize + n * 7) % bytes.len();
            bytes[at] ^= 0x10;
            std::fs::write(&path, bytes).unwrap();
        }
        let damaged = search(dir.path(), &query, near, 2, block);
        prop_assert_eq!(advance(&damaged).matches, expected.len() as u64);

        if let Some(removed) = removed && common::segments(dir.path()).len() > removed + 1 {
            for file in common::segments(dir.path()).remove(removed) {
                std::fs::remove_file(file).unwrap();
            }
            let left = naive.rows(dir.path(), false);
            let late = search(dir.path(), &query, near, 2, block);
            let progress = advance(&late);
            check(&late, progress, &left, near, rows);
            // What the one before has counted may be gone; what it says of the rest is true.
            let found = fresh.select(Rank::ZERO, usize::MAX).unwrap();
            prop_assert!(found.iter().all(|row| expected.contains(row)));
        }
    }
}

#[test]
fn a_row_longer_than_any_block_is_one_match() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = LogWriter::with_sizes(dir.path(), SegmentSizes { head: 1 << 30, rest: 1 }).unwrap();
    let mut line = vec![b'.'; 5_000_000];
    line[4_300_000..4_300_006].copy_from_slice(b"needle");
    writer.append(Stream::Stdout, b"needle\n", 1).unwrap();
    let query = query("needle");
    let search = search(dir.path(), &query, 0, 2, 64 * 1024);
    assert_eq!(advance(&search).matches, 1);
    for part in line.chunks(700_000) {
        writer.append(Stream::Stdout, part, 2).unwrap();
        writer.flush_due(200).unwrap();
        advance(&search);
    }
    assert_eq!(
        (search.total(), search.select(Rank::ZERO, 9).unwrap()),
        (2, vec![RowNo::ZERO, RowNo::new(1)])
    );
    writer.append(Stream::Stdout, b"\nno\nneedle", 300).unwrap();
    writer.finish(400).unwrap();
    let progress = advance(&search);
    assert_eq!(search.select(Rank::ZERO, 9).unwrap(), [0, 1, 3].map(RowNo::new));
    assert_eq!(progress.searched_bytes, progress.total_bytes);
}

#[test]
fn what_a_person_looks_at_is_searched_first() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = LogWriter::create(dir.path()).unwrap();
    for n in 0..20_000 {
        writer.append(Stream::Stdout, format!("line {n}\n").as_bytes(), 1).unwrap();
    }
    writer.finish(2).unwrap();
    let search = search(dir.path(), &query("line 1"), 15_000, 1, 4096);
    let (stop, first) = (AtomicBool::new(false), AtomicU64::new(0));
    let note = |progress: Progress| {
        first.store(progress.nearest.unwrap().get(), Ordering::Relaxed);
        stop.store(true, Ordering::Relaxed);
    };
    search.advance(&stop, &note).unwrap();
    assert_eq!(first.load(Ordering::Relaxed), 15_000);
    assert!(search.progress().unwrap().searched_bytes < 10_000, "a search that was stopped went on");
}

#[test]
fn a_rare_word_is_found_and_denied_without_reading_the_rest() {
    let dir = tempfile::tempdir().unwrap();
    let sizes = SegmentSizes { head: 1 << 20, rest: 4 << 20 };
    let mut writer = LogWriter::with_sizes(dir.path(), sizes).unwrap();
    let line = |n: usize| format!("2026-01-01 00:00:00 INFO worker {} imported {} rows\n", n % 7, n % 991);
    let mut block = Vec::new();
    for n in 0..400_000 {
        block.extend_from_slice(line(n).as_bytes());
        if n == 260_000 {
            block.extend_from_slice(b"order 8f3a9c1e was lost\n");
        }
        if block.len() > 60_000 {
            writer.append(Stream::Stdout, &block, 1).unwrap();
            block.clear();
        }
    }
    writer.append(Stream::Stdout, &block, 1).unwrap();
    writer.finish(2).unwrap();
    make_filters(dir.path(), true, &AtomicBool::new(false)).unwrap();

    // What a filter says is not there is never read: so not even missing bytes are noticed.
    let search =
        |text: &str| LogSearch::open(dir.path(), query(text).compile().unwrap(), RowNo::ZERO, 1).unwrap();
    let found = search("8F3A9C1E");
    assert_eq!(advance(&found).nearest, Some(RowNo::new(260_001)));
    assert_eq!(found.select(Rank::ZERO, 9).unwrap(), [RowNo::new(260_001)]);
    for [log, _] in common::segments(dir.path()).into_iter().skip(1).take(2) {
        let len = std::fs::metadata(&log).unwrap().len();
        std::fs::write(&log, vec![b'8'; len as usize]).unwrap();
    }
    assert_eq!(advance(&search("888888")).matches, 0);
    assert!(advance(&search("imported 37")).matches > 100);
}

#[test]
fn a_filter_is_made_of_one_segment_while_the_next_one_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let sizes = SegmentSizes { head: 1 << 20, rest: 4 << 20 };
    let mut writer = LogWriter::with_sizes(dir.path(), sizes).unwrap();
    let block: Vec<u8> = (0..1500).flat_map(|n| format!("worker {n} imported rows\n").into_bytes()).collect();
    while common::segments(dir.path()).len() < 4 {
        writer.append(Stream::Stdout, &block, 1).unwrap();
    }
    let never = AtomicBool::new(false);
    let lacking = |ended| StoredLog::of(dir.path(), ended).unwrap().without_filter();
    assert_eq!(lacking(false), [1, 2]);
    make_filter(dir.path(), 3, false, &never).unwrap();
    assert_eq!(lacking(false), [1, 2], "what is written gets none");
    make_filter(dir.path(), 2, false, &never).unwrap();
    assert_eq!(lacking(false), [1]);
    make_filter(dir.path(), 1, false, &AtomicBool::new(true)).unwrap();
    assert_eq!(lacking(false), [1], "it was stopped");

    // Removed first, or meanwhile: nothing of the segment comes back.
    remove_segment(dir.path(), 1).unwrap();
    make_filter(dir.path(), 1, false, &never).unwrap();
    make_filter(dir.path(), 99, true, &never).unwrap();
    assert_eq!(lacking(false), [0u32; 0]);
    writer.append(Stream::Stdout, b"the one rare word\n", 2).unwrap();
    writer.finish(3).unwrap();

    // Made one by one, they say what those of a whole log say.
    let filter = |n: u32| std::fs::read(dir.path().join(format!("output.{n}.skip"))).unwrap();
    let alone = filter(2);
    std::fs::remove_file(dir.path().join("output.2.skip")).unwrap();
    make_filters(dir.path(), true, &never).unwrap();
    assert_eq!(alone, filter(2));
    let found = LogSearch::open(dir.path(), query("rare word").compile().unwrap(), RowNo::ZERO, 1).unwrap();
    assert_eq!(advance(&found).matches, 1);
}
