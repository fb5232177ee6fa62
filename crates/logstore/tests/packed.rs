//! A small log that has ended is packed into one file, and reads as it did before; also while it is being packed, in a
//! copy that lost the attribute, and when its bytes are removed. A log of version 0.1.0 is read as it is.

mod common;

use common::{Lines, drain, read_all};
use solti_logstore::{
    INDEX_FILE, LOG_FILE, LogReader, LogSearch, LogView, LogWriter, Removed, Row, SearchQuery, SmallSearch,
    StoredLog, Stream, first_file, forget_end, pack, remove_segment, repair,
};
use solti_positions::{Rank, RowNo};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

const T0: u64 = 1_700_000_000_000;

/// Three rows of both streams, the last one without an end, at times of their own.
fn write(run: &Path) {
    fs::create_dir_all(run).unwrap();
    let mut writer = LogWriter::create(run).unwrap();
    writer.append(Stream::Stdout, b"one\n", T0 + 7).unwrap();
    writer.append(Stream::Stderr, b"a warning\n", T0 + 123).unwrap();
    writer.append(Stream::Stdout, b"an end", T0 + 1000).unwrap();
    writer.finish(T0 + 1001).unwrap();
}

struct Run {
    task: tempfile::TempDir,
    folder: PathBuf,
}

impl Run {
    fn new() -> Self {
        let task = tempfile::tempdir().unwrap();
        let folder = task.path().join("1");
        write(&folder);
        Self { task, folder }
    }

    /// `false` where the file system has no attributes: then nothing may have changed.
    fn pack(&self) -> bool {
        let packed = pack(&self.folder).unwrap();
        if !packed {
            println!("skipped: {} has no extended attributes", self.task.path().display());
            assert!(self.folder.join(INDEX_FILE).exists());
        }
        packed
    }

    fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.task.path()).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
}

fn rows(run: &Path) -> Vec<Row> {
    let mut view = LogView::open(run).unwrap();
    view.set_final(true);
    view.rows(RowNo::ZERO, 100, 100).unwrap()
}

#[test]
fn a_packed_log_reads_as_before_and_takes_one_block() {
    let run = Run::new();
    let (before, lines) = (rows(&run.folder), read_all(&run.folder, true));
    assert_eq!(before.iter().map(|row| row.ts_ms - T0).collect::<Vec<_>>(), [7, 123, 1001]);
    let log = fs::read(run.folder.join(LOG_FILE)).unwrap();
    if !run.pack() {
        return;
    }
    assert_eq!(run.files(), ["1.log"]);
    let packed = run.task.path().join("1.log");
    assert_eq!(first_file(&run.folder), packed);
    assert_eq!(fs::read(&packed).unwrap(), log, "its bytes are as they came");
    let about = fs::metadata(&packed).unwrap();
    assert_eq!(about.mode() & 0o777, 0o600);
    assert!(about.blocks() * 512 <= about.blksize(), "{} sectors", about.blocks());

    assert_eq!(rows(&run.folder), before);
    assert_eq!(read_all(&run.folder, true), lines);
    let mut after = LogReader::open_after(&run.folder, [1, 0]).unwrap();
    let (mut rest, mut cut) = (Lines::default(), [false; 2]);
    drain(&mut after, &mut rest, &mut cut);
    assert_eq!(rest.of(Stream::Stderr), [b"a warning"]);
    for (stream, found) in [(None, vec![RowNo::new(1)]), (Some(Stream::Stdout), vec![])] {
        let query = SearchQuery { pattern: "warn".into(), stream, ..SearchQuery::default() };
        let search = LogSearch::open(&run.folder, query.compile().unwrap(), RowNo::ZERO, 1).unwrap();
        search.advance(&AtomicBool::new(false), &|_| {}).unwrap();
        assert_eq!(search.select(Rank::ZERO, 10).unwrap(), found);
    }
    assert_eq!(repair(&run.folder).unwrap().rows, 3);
    let stored = StoredLog::of(&run.folder, true).unwrap();
    assert_eq!((stored.segments.len(), stored.segments[0].log_bytes), (1, log.len() as u64));
    assert!(!pack(&run.folder).unwrap(), "once is enough");
}

#[test]
fn a_quick_search_of_a_small_log_finds_what_any_other_finds() {
    let run = Run::new();
    let check = |folder: &Path| {
        for (pattern, invert, stream) in [
            ("warn", false, None),
            ("ONE", false, None),
            ("n", false, None),
            ("n", true, None),
            ("a", true, None),
            ("", false, None),
            ("nothing says this", false, None),
            ("nothing says this", true, None),
            ("an", false, Some(Stream::Stdout)),
            ("warn", false, Some(Stream::Stdout)),
        ] {
            let query = SearchQuery { pattern: pattern.into(), invert, stream, ..SearchQuery::default() };
            let matcher = query.compile().unwrap();
            let search = LogSearch::open(folder, matcher.clone(), RowNo::ZERO, 1).unwrap();
            search.set_final(true);
            search.advance(&AtomicBool::new(false), &|_| {}).unwrap();
            let first = search.select(Rank::ZERO, 1).unwrap().first().copied();
            match SmallSearch::new(matcher, 4).search(folder, None).unwrap() {
                Some(found) => {
                    assert_eq!(found.as_ref().map(|found| found.first_row), first, "{query:?}");
                    assert_eq!(found.as_ref().map_or(0, |found| found.matches), search.total(), "{query:?}");
                    let mut view = LogView::open(folder).unwrap();
                    let text = first.map(|row| view.rows(row, 1, 4).unwrap().remove(0).bytes);
                    let text = text.map(|bytes| String::from_utf8(bytes).unwrap());
                    assert_eq!(found.map(|found| found.first_text), text);
                }
                None => assert!(stream.is_some(), "{query:?}"),
            }
        }
    };
    check(&run.folder);
    if run.pack() {
        check(&run.folder);
        remove_segment(&run.folder, 0).unwrap();
        check(&run.folder);
    }
    let missing = SearchQuery::default().compile().unwrap();
    assert_eq!(SmallSearch::new(missing, 4).search(&run.task.path().join("9"), None).unwrap(), Some(None));
}

#[test]
fn who_reads_a_log_while_it_is_packed_reads_it_whole() {
    let run = Run::new();
    let before = (rows(&run.folder), read_all(&run.folder, true));
    let listed = LogView::open(&run.folder).unwrap();
    let (mut reader, mut begun) =
        (LogReader::open(&run.folder).unwrap(), LogView::open(&run.folder).unwrap());
    assert_eq!(begun.rows(RowNo::ZERO, 1, 100).unwrap(), before.0[..1]);
    if !run.pack() {
        return;
    }
    let (mut lines, mut cut) = (Lines::default(), [false; 2]);
    drain(&mut reader, &mut lines, &mut cut);
    assert_eq!(lines, before.1);
    for mut view in [listed, begun] {
        assert_eq!(view.rows(RowNo::ZERO, 100, 100).unwrap(), before.0);
    }
}

#[test]
fn what_a_crash_leaves_beside_a_packed_log_goes() {
    let run = Run::new();
    let before = rows(&run.folder);
    let index = fs::read(run.folder.join(INDEX_FILE)).unwrap();
    if !run.pack() {
        return;
    }
    fs::create_dir(&run.folder).unwrap();
    fs::write(run.folder.join(INDEX_FILE), index).unwrap();
    assert_eq!(rows(&run.folder), before);
    assert!(!pack(&run.folder).unwrap());
    assert_eq!(run.files(), ["1.log"]);
    assert_eq!(rows(&run.folder), before);
}

#[test]
fn the_bytes_of_a_packed_log_can_go_and_its_length_stays_known() {
    let run = Run::new();
    let extent = LogView::open(&run.folder).unwrap().extent().unwrap();
    if !run.pack() {
        return;
    }
    for _ in 0..2 {
        remove_segment(&run.folder, 0).unwrap();
        assert_eq!(run.files(), ["1.log"]);
        assert_eq!(StoredLog::of(&run.folder, true).unwrap().bytes(), 0, "not a block of it is left");
        assert_eq!(LogView::open(&run.folder).unwrap().extent().unwrap(), extent);
        let rows = rows(&run.folder);
        assert_eq!((rows.len(), rows[0].removed), (1, Some(Removed { rows: 3, bytes: extent.bytes })));
        let mut reader = LogReader::open(&run.folder).unwrap();
        let batch = reader.next_batch().unwrap().unwrap();
        assert_eq!((batch.lines.len(), batch.gaps[0].lines), (0, 2), "whole lines; the last one had no end");
    }
}

#[test]
fn a_copy_without_attributes_keeps_the_text_and_when_it_was_written() {
    let run = Run::new();
    if !run.pack() {
        return;
    }
    let copy = run.task.path().join("2");
    fs::write(run.task.path().join("2.log"), fs::read(first_file(&run.folder)).unwrap()).unwrap();
    let written = fs::metadata(run.task.path().join("2.log")).unwrap().modified().unwrap();
    let written = written.duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() as u64;
    let rows = rows(&copy);
    let texts: Vec<_> = rows.iter().map(|row| (row.stream, &row.bytes[..], row.ts_ms)).collect();
    let out = |text: &'static [u8]| (Stream::Stdout, text, written);
    assert_eq!(texts, [out(b"one"), out(b"a warning"), out(b"an end")]);
    remove_segment(&copy, 0).unwrap();
    assert_eq!(self::rows(&copy)[0].removed.unwrap().rows, 3);
}

#[test]
fn a_log_that_is_long_or_not_finished_stays_as_it_is() {
    let task = tempfile::tempdir().unwrap();
    let long = task.path().join("1");
    fs::create_dir(&long).unwrap();
    let mut writer = LogWriter::create(&long).unwrap();
    writer.append(Stream::Stdout, &b"0123456789abcde\n".repeat(8 * 1024), T0).unwrap();
    assert!(!pack(&long).unwrap(), "it is being written");
    writer.finish(T0).unwrap();
    assert!(!pack(&long).unwrap());
    let torn = task.path().join("2");
    write(&torn);
    fs::write(torn.join(LOG_FILE), b"one\n").unwrap();
    assert!(!pack(&torn).unwrap(), "the log is shorter than its index says");
    let foreign = task.path().join("3");
    write(&foreign);
    fs::write(foreign.join("notes"), b"mine").unwrap();
    assert!(!pack(&foreign).unwrap(), "something else is in the folder");
    assert!(!pack(&task.path().join("4")).unwrap());
    // What a symbolic link leads to is nobody's log.
    std::os::unix::fs::symlink(long.join(LOG_FILE), task.path().join("5.log")).unwrap();
    assert!(LogView::open(&task.path().join("5")).is_err());
}

/// The files are those of version 0.1.0, byte by byte.
#[test]
fn a_log_of_0_1_0_is_read_and_packed_as_it_is() {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/log-0.1.0");
    let task = tempfile::tempdir().unwrap();
    let run = task.path().join("1");
    fs::create_dir(&run).unwrap();
    for name in [LOG_FILE, INDEX_FILE] {
        fs::copy(fixture.join(name), run.join(name)).unwrap();
    }
    for _ in 0..2 {
        let rows = rows(&run);
        let seen: Vec<_> = rows.iter().map(|row| (row.stream, &row.bytes[..], row.ts_ms - T0)).collect();
        let expected: [(Stream, &[u8], u64); 3] = [
            (Stream::Stdout, b"one", 7),
            (Stream::Stderr, b"a warning", 123),
            (Stream::Stdout, b"an end", 1001),
        ];
        assert_eq!(seen, expected);
        pack(&run).unwrap();
    }
}

#[test]
fn a_packed_log_that_was_cut_says_how_much_is_missing() {
    let run = Run::new();
    if !run.pack() {
        return;
    }
    let packed = fs::OpenOptions::new().write(true).open(run.task.path().join("1.log")).unwrap();
    packed.set_len(6).unwrap();
    let rows = rows(&run.folder);
    let shown: Vec<_> = rows.iter().map(|row| (&row.bytes[..], row.removed)).collect();
    assert_eq!(
        shown,
        [(&b"one"[..], None), (b"a ", None), (b"", Some(Removed { rows: 1, bytes: 14 }))],
        "what is left, and a gap"
    );
    assert_eq!(StoredLog::of(&run.folder, true).unwrap().segments[0].log_bytes, 6);
    // What is left of it can go as that of any log.
    remove_segment(&run.folder, 0).unwrap();
    assert_eq!(fs::metadata(run.task.path().join("1.log")).unwrap().len(), 0);
    assert_eq!(crate::rows(&run.folder)[0].removed, Some(Removed { rows: 3, bytes: 20 }));
}

#[test]
fn a_packed_log_that_was_removed_by_hand_says_how_much_is_missing() {
    let run = Run::new();
    let mut view = LogView::open(&run.folder).unwrap();
    let before = view.extent().unwrap();
    if !run.pack() {
        return;
    }
    fs::remove_file(run.task.path().join("1.log")).unwrap();
    for _ in 0..2 {
        let rows = rows(&run.folder);
        let [gap] = &rows[..] else { panic!("{rows:?}") };
        assert_eq!(gap.removed, Some(Removed { rows: before.rows, bytes: before.bytes }));
        let mut view = LogView::open(&run.folder).unwrap();
        view.set_final(true);
        assert_eq!((view.extent().unwrap().rows, view.extent().unwrap().bytes), (before.rows, before.bytes));
        let mut reader = LogReader::open(&run.folder).unwrap();
        reader.set_final(true);
        let batch = reader.next_batch().unwrap().expect("a gap");
        assert_eq!((batch.lines.len(), batch.gaps.len(), batch.gaps[0].bytes), (0, 1, before.bytes));
        assert!(reader.next_batch().unwrap().is_none());
    }
    assert!(StoredLog::of(&run.folder, true).unwrap().segments.is_empty());
    forget_end(&run.folder);
    assert_eq!(rows(&run.folder), []);
}
