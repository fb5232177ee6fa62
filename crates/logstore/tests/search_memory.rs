//! What a search takes, however its pattern is made. Alone in its file: what is measured is the whole process.

use solti_logstore::{LogSearch, LogWriter, SearchQuery, Stream};
use solti_positions::RowNo;
use std::fs;
use std::io::Write as _;
use std::sync::atomic::AtomicBool;

/// Beside what the same search takes of a word.
const MOST_KB: u64 = 64 * 1024;

/// The most memory since the last reset, in kB.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

fn reset_peak() {
    fs::write("/proc/self/clear_refs", "5").unwrap();
}

#[test]
fn a_pattern_with_many_states_stays_within_its_memory_and_finds_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let run = dir.path().join("run");
    fs::create_dir(&run).unwrap();
    let mut writer = LogWriter::create(&run).unwrap();
    let (mut text, mut n) = (Vec::new(), 0_u64);
    while text.len() < 12 << 20 {
        n += 1;
        let id = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let end = if n.is_multiple_of(1_000) { "x" } else { "" };
        writeln!(
            text,
            "worker {} of {id:016x} took {} ms \u{e4}\u{4e2d} {:02}{end}",
            n % 16,
            id >> 50,
            n % 100
        )
        .unwrap();
    }
    for part in text.chunks(1 << 20) {
        writer.append(Stream::Stdout, part, 1).unwrap();
    }
    writer.finish(2).unwrap();

    let found = |pattern: &str| {
        let query = SearchQuery { pattern: pattern.into(), regex: true, ..SearchQuery::default() };
        let search = LogSearch::open(&run, query.compile().unwrap(), RowNo::MAX, 2).unwrap();
        search.advance(&AtomicBool::new(false), &|_| {}).unwrap();
        search.total()
    };
    found("nothing says this");
    reset_peak();
    let before = peak();
    assert_eq!(found("[a-z]+.{1,100}[0-9]{2}x$"), n / 1_000);
    let more = peak().saturating_sub(before);
    assert!(more < MOST_KB, "{more} kB more");
}
