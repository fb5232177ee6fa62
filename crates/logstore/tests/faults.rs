//! What must survive: torn tails, a full disk, a line without end, readers that look on while the log is written.

mod common;

use solti_positions::RowNo;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use common::{Lines, drain, read_all};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use solti_logstore::{
    GapCause, INDEX_FILE, LOG_FILE, LineSpan, LogError, LogReader, LogView, LogWriter, Removed, SegmentSizes,
    StoredLog, Stream, repair,
};

const T0: u64 = 1_700_000_000_000;

#[test]
fn a_torn_index_is_readable_at_every_offset() {
    let whole = tempfile::tempdir().unwrap();
    let mut writer = LogWriter::create(whole.path()).unwrap();
    let mut expected: [Vec<Vec<u8>>; 2] = Default::default();
    for n in 0..60u64 {
        let stream = Stream::ALL[(n % 3 == 0) as usize];
        let line = format!("line {n} {}", "x".repeat(n as usize * 5));
        writer.append(stream, format!("{line}\n").as_bytes(), T0 + n * 20).unwrap();
        expected[stream as usize].push(line.into_bytes());
    }
    writer.finish(T0 + 5000).unwrap();
    let log = fs::read(whole.path().join(LOG_FILE)).unwrap();
    let index = fs::read(whole.path().join(INDEX_FILE)).unwrap();
    let torn = tempfile::tempdir().unwrap();
    let mut best = 0;
    for len in 0..700 {
        fs::write(torn.path().join(LOG_FILE), &log).unwrap();
        fs::write(torn.path().join(INDEX_FILE), &index[..len]).unwrap();
        let lines = read_all(torn.path(), false);
        for stream in Stream::ALL {
            let got = lines.of(stream);
            assert_eq!(got, expected[stream as usize][..got.len()], "index cut at {len}");
        }
        let seen = lines.of(Stream::Stdout).len() + lines.of(Stream::Stderr).len();
        assert!(seen >= best, "a longer index never shows less");
        best = seen;
        repair(torn.path()).unwrap();
        let rows = LogView::open(torn.path()).unwrap().rows(RowNo::ZERO, 1000, 1000).unwrap();
        assert_eq!(rows.len(), 60, "every line is there again");
    }
    assert_eq!(best, 60);
}

#[test]
fn a_torn_log_is_readable_at_every_offset() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = LogWriter::create(dir.path()).unwrap();
    for n in 0..20 {
        writer.append(Stream::ALL[n % 2], format!("line {n}\n").as_bytes(), T0 + n as u64 * 20).unwrap();
    }
    drop(writer);
    let log = fs::read(dir.path().join(LOG_FILE)).unwrap();
    let index = fs::read(dir.path().join(INDEX_FILE)).unwrap();
    for len in 0..=log.len() {
        fs::write(dir.path().join(LOG_FILE), &log[..len]).unwrap();
        fs::write(dir.path().join(INDEX_FILE), &index).unwrap();
        repair(dir.path()).unwrap();
        let rows = LogView::open(dir.path()).unwrap().rows(RowNo::ZERO, 100, 100).unwrap();
        let expected = common::lines_of(&log[..len]);
        assert_eq!(rows.iter().map(|r| &r.bytes[..]).collect::<Vec<_>>(), expected);
        for row in &rows {
            assert_eq!(row.stream, Stream::ALL[row.row.get() as usize % 2], "what is left keeps its stream");
        }
    }
}

#[test]
fn an_index_without_its_log_says_how_much_is_missing() {
    // On one page of the index and on several, the last line open.
    for lines in [1, 60, 5_000u64] {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = LogWriter::create(dir.path()).unwrap();
        for n in 0..lines {
            let end = if n + 1 < lines { "\n" } else { "" };
            let text = format!("line {n}{end}");
            writer.append(Stream::ALL[n as usize % 2], text.as_bytes(), T0 + n * 20).unwrap();
        }
        let totals = writer.finish(T0 + 200_000).unwrap();
        fs::remove_file(dir.path().join(LOG_FILE)).unwrap();

        let mut reader = LogReader::open(dir.path()).unwrap();
        assert!(reader.next_batch().unwrap().is_none(), "while it runs, it may come yet");
        reader.set_final(true);
        let batch = reader.next_batch().unwrap().expect("a gap");
        let [gap] = batch.gaps[..] else { panic!("{:?}", batch.gaps) };
        assert_eq!((gap.cause, gap.bytes), (GapCause::Removed, totals.bytes));
        assert!(batch.lines.is_empty() && reader.next_batch().unwrap().is_none());

        // Nobody puts it out of the world by making the index whole.
        for repaired in [false, true] {
            if repaired {
                repair(dir.path()).unwrap();
            }
            let mut view = LogView::open(dir.path()).unwrap();
            view.set_final(true);
            let extent = view.extent().unwrap();
            assert_eq!((extent.rows, extent.bytes), (totals.rows, totals.bytes));
            let rows = view.rows(RowNo::ZERO, 10, 100).unwrap();
            let [row] = &rows[..] else { panic!("{rows:?}") };
            assert_eq!(row.removed, Some(Removed { rows: totals.rows, bytes: totals.bytes }));
        }
    }
}

#[test]
fn a_finished_log_that_was_cut_says_how_much_is_missing() {
    let whole = b"one\ntwo\nthree\nfour";
    for len in 0..whole.len() {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = LogWriter::create(dir.path()).unwrap();
        for (n, line) in whole.split_inclusive(|byte| *byte == b'\n').enumerate() {
            writer.append(Stream::Stdout, line, T0 + n as u64 * 20).unwrap();
        }
        writer.finish(T0 + 1000).unwrap();
        fs::write(dir.path().join(LOG_FILE), &whole[..len]).unwrap();
        repair(dir.path()).unwrap();

        let mut reader = LogReader::open(dir.path()).unwrap();
        reader.set_final(true);
        let mut gaps = vec![];
        while let Some(batch) = reader.next_batch().unwrap() {
            gaps.extend(batch.gaps.iter().map(|gap| (gap.cause, gap.bytes)));
        }
        let missing = (whole.len() - len) as u64;
        assert_eq!(gaps, [(GapCause::Removed, missing)], "cut at {len}");

        let mut view = LogView::open(dir.path()).unwrap();
        view.set_final(true);
        let extent = view.extent().unwrap();
        let rows = view.rows(RowNo::ZERO, 100, 100).unwrap();
        let (gap, there) = rows.split_last().unwrap();
        let text: Vec<&[u8]> = there.iter().map(|row| &row.bytes[..]).collect();
        assert_eq!(text, common::lines_of(&whole[..len]));
        let removed = gap.removed.expect("a gap");
        assert_eq!((removed.bytes, extent.bytes), (missing, whole.len() as u64), "cut at {len}");
        assert_eq!(gap.row.get() + removed.rows, extent.rows, "cut at {len}");
    }
}

#[test]
fn a_log_whose_files_are_removed_while_it_is_written_goes_on_in_others() {
    // What is removed, and whether more is printed then.
    for (names, more) in [(&[LOG_FILE][..], true), (&[LOG_FILE], false), (&[LOG_FILE, INDEX_FILE], true)]
        .into_iter()
        .chain([(&[LOG_FILE, INDEX_FILE][..], false), (&[INDEX_FILE], true)])
    {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = LogWriter::create(dir.path()).unwrap();
        writer.append(Stream::Stdout, b"one\ntwo\nthr", T0).unwrap();
        writer.flush_due(T0 + 100).unwrap();
        for name in names {
            fs::remove_file(dir.path().join(name)).unwrap();
        }
        let is_lost = names.contains(&LOG_FILE);
        // As the shim does every second.
        writer.files_to_sync().unwrap();
        let rest: &[u8] = if more { b"ee\nfour\n" } else { b"" };
        writer.append(Stream::Stdout, rest, T0 + 200).unwrap();
        let totals = writer.finish(T0 + 1000).unwrap();
        assert_eq!(totals.dropped, if is_lost { 12 } else { 0 }, "{names:?}, its own newline too");

        let mut view = LogView::open(dir.path()).unwrap();
        view.set_final(true);
        let extent = view.extent().unwrap();
        let rows = view.rows(RowNo::ZERO, 100, 100).unwrap();
        let mut expected: Vec<&[u8]> = if is_lost { vec![b""] } else { vec![b"one", b"two", b"thr"] };
        expected.extend(common::lines_of(rest));
        assert_eq!(rows.iter().map(|row| &row.bytes[..]).collect::<Vec<_>>(), expected, "{names:?}");
        assert_eq!(rows[0].removed, is_lost.then_some(Removed { rows: 3, bytes: 12 }), "{names:?}");
        assert_eq!((extent.rows, extent.bytes), (totals.rows, totals.bytes), "{names:?}");
    }
}

#[test]
fn a_run_folder_that_is_removed_while_its_log_is_written_harms_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let run = dir.path().join("1");
    fs::create_dir(&run).unwrap();
    let mut writer = LogWriter::create(&run).unwrap();
    writer.append(Stream::Stdout, b"one\n", T0).unwrap();
    fs::remove_dir_all(&run).unwrap();
    assert_eq!(writer.files_to_sync().unwrap().len(), 2);
    writer.append(Stream::Stdout, b"two\n", T0 + 200).unwrap();
    assert_eq!(writer.finish(T0 + 1000).unwrap().bytes, 8);
    assert!(!run.exists());
}

#[test]
fn a_log_without_index_is_all_stdout() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join(LOG_FILE), b"one\ntwo\n\xff\0three").unwrap();
    assert!(read_all(dir.path(), false).of(Stream::Stdout).is_empty());
    let expected: [&[u8]; 3] = [b"one", b"two", b"\xff\0three"];
    assert_eq!(read_all(dir.path(), true).of(Stream::Stdout), expected);
    assert_eq!(repair(dir.path()).unwrap().rows, 3);
    assert_eq!(read_all(dir.path(), false).of(Stream::Stdout), expected);
}

#[test]
fn a_log_whose_place_is_out_of_reach_is_not_empty() {
    let dir = tempfile::tempdir().unwrap();
    let runs = dir.path().join("runs");
    let run = runs.join("task/1");
    assert!(LogView::open(&run).is_err(), "no folder of runs");
    std::os::unix::fs::symlink(dir.path().join("unmounted"), &runs).unwrap();
    assert!(LogView::open(&run).is_err(), "it leads nowhere");
    fs::remove_file(&runs).unwrap();
    fs::create_dir(&runs).unwrap();
    LogView::open(&run).expect("nothing was printed");
    std::os::unix::fs::symlink(dir.path().join("unmounted"), runs.join("task")).unwrap();
    assert!(LogView::open(&run).is_err(), "the task's own leads nowhere");
}

#[test]
fn no_files_are_an_empty_log_until_they_come() {
    let dir = tempfile::tempdir().unwrap();
    let mut reader = LogReader::open(dir.path()).unwrap();
    let mut view = LogView::open(dir.path()).unwrap();
    assert!(reader.next_batch().unwrap().is_none());
    assert_eq!(view.extent().unwrap().rows, 0);
    let mut writer = LogWriter::create(dir.path()).unwrap();
    writer.append(Stream::Stderr, b"late\n", T0).unwrap();
    assert_eq!(reader.next_batch().unwrap().unwrap().lines.len(), 1);
    assert_eq!(view.extent().unwrap().rows, 1);
}

#[test]
fn a_silent_run_leaves_no_files() {
    let dir = tempfile::tempdir().unwrap();
    let totals = LogWriter::create(dir.path()).unwrap().finish(T0).unwrap();
    assert_eq!(totals, Default::default());
    assert_eq!(repair(dir.path()).unwrap(), totals);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn nothing_is_followed_or_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    let victim = dir.path().join("victim");
    fs::write(&victim, "precious").unwrap();
    std::os::unix::fs::symlink(&victim, dir.path().join(LOG_FILE)).unwrap();
    assert!(matches!(LogWriter::create(dir.path()), Err(LogError::Open { .. })));
    assert!(matches!(LogReader::open(dir.path()), Err(LogError::Open { .. })));
    assert_eq!(fs::read(&victim).unwrap(), b"precious");
}

#[test]
fn nothing_that_came_before_the_first_byte_is_followed_either() {
    let dir = tempfile::tempdir().unwrap();
    let victim = dir.path().join("victim");
    fs::write(&victim, "precious").unwrap();
    let mut writer = LogWriter::create(dir.path()).unwrap();
    std::os::unix::fs::symlink(&victim, dir.path().join(LOG_FILE)).unwrap();
    assert!(matches!(writer.append(Stream::Stdout, b"line\n", T0), Err(LogError::Write { .. })));
    assert_eq!(writer.finish(T0).unwrap().dropped, 5);
    assert_eq!(fs::read(&victim).unwrap(), b"precious");
}

#[test]
fn a_view_opened_before_the_first_byte_sees_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = LogWriter::create(dir.path()).unwrap();
    let mut view = LogView::open(dir.path()).unwrap();
    let mut reader = LogReader::open(dir.path()).unwrap();
    assert_eq!(view.extent().unwrap().rows, 0);
    assert!(reader.next_batch().unwrap().is_none());
    writer.append(Stream::Stdout, b"line\n", T0).unwrap();
    writer.sync().unwrap();
    assert_eq!(view.extent().unwrap().rows, 1);
    assert_eq!(reader.next_batch().unwrap().unwrap().bytes, "line\n");
}

#[test]
fn a_prompt_is_seen_after_a_twentieth_of_a_second_and_its_line_stays_one() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = LogWriter::create(dir.path()).unwrap();
    writer.append(Stream::Stdout, b"Password: ", T0).unwrap();
    assert_eq!(writer.flush_due(T0 + 30).unwrap(), Some(20));
    let mut view = LogView::open(dir.path()).unwrap();
    assert_eq!(view.extent().unwrap().rows, 0);
    assert_eq!(writer.flush_due(T0 + 50).unwrap(), None);
    let row = view.rows(RowNo::ZERO, 1, 100).unwrap().remove(0);
    assert_eq!((&row.bytes[..], row.partial), (&b"Password: "[..], true));

    writer.append(Stream::Stderr, b"warning\n", T0 + 200).unwrap();
    writer.append(Stream::Stdout, b"secret\n", T0 + 300).unwrap();
    assert_eq!(fs::read(dir.path().join(LOG_FILE)).unwrap(), b"Password: \nwarning\nsecret\n");
    let rows = view.rows(RowNo::ZERO, 9, 100).unwrap();
    let flags: Vec<_> = rows.iter().map(|r| (r.stream as u8, r.partial, r.continued)).collect();
    assert_eq!(flags, [(0, true, false), (1, false, false), (0, false, true)]);
    assert_eq!(read_all(dir.path(), false).of(Stream::Stdout), [b"Password: secret"]);
}

#[test]
fn what_there_is_of_a_line_is_read_before_its_end_by_who_asks_for_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = LogWriter::create(dir.path()).unwrap();
    let (mut parts, mut lines) = (LogReader::open(dir.path()).unwrap(), LogReader::open(dir.path()).unwrap());
    parts.set_unfinished(true);
    let read = |reader: &mut LogReader| {
        let mut read = vec![];
        while let Some(batch) = reader.next_batch().unwrap() {
            let part = |span: &LineSpan| {
                let text = String::from_utf8_lossy(&batch.line(span)).into_owned();
                (span.seq, text, span.continues, span.ended, span.cut)
            };
            read.extend(batch.lines.iter().map(part));
        }
        read
    };
    let part = |seq, text: &str, continues, ended, cut| (seq, text.to_owned(), continues, ended, cut);
    writer.append(Stream::Stdout, b"Password: ", T0).unwrap();
    writer.flush_due(T0 + 50).unwrap();
    assert_eq!(read(&mut parts), [part(0, "Password: ", false, false, true)]);
    assert_eq!(read(&mut parts), [], "it is told once");
    writer.append(Stream::Stderr, b"warning\n", T0 + 200).unwrap();
    writer.append(Stream::Stdout, b"secret\nrest", T0 + 300).unwrap();
    writer.flush_due(T0 + 400).unwrap();
    let told = [
        part(0, "warning", false, true, false),
        part(0, "secret", true, true, false),
        part(1, "rest", false, false, true),
    ];
    assert_eq!(read(&mut parts), told);
    assert_eq!(read(&mut lines), [told[0].clone(), part(0, "Password: secret", false, true, false)]);
    writer.finish(T0 + 500).unwrap();
    assert_eq!(read(&mut parts), []);
    assert_eq!(read(&mut lines), [part(1, "rest", false, false, false)], "its newline never came");
}

#[test]
fn a_line_of_ten_megabytes_comes_in_bounded_pieces() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = LogWriter::create(dir.path()).unwrap();
    let line: Vec<u8> = (0..10 << 20).map(|n: u32| b'a' + (n % 23) as u8).collect();
    for chunk in line.chunks(64 * 1024) {
        writer.append(Stream::Stdout, chunk, T0).unwrap();
    }
    writer.append(Stream::Stdout, b"\nshort\n", T0 + 5).unwrap();
    writer.finish(T0 + 5).unwrap();
    let mut reader = LogReader::open(dir.path()).unwrap();
    let (mut lines, mut was_cut) = (Lines::default(), [false; 2]);
    while let Some(batch) = reader.next_batch().unwrap() {
        assert!(batch.bytes.len() <= 2 << 20, "a batch is bounded");
        for span in &batch.lines {
            lines.add(span, &batch.line(span), &mut was_cut);
        }
    }
    assert_eq!(lines.of(Stream::Stdout), [&line[..], b"short"]);
    // The head is a segment of its own and ends its row.
    let rows = LogView::open(dir.path()).unwrap().rows(RowNo::ZERO, 9, 10).unwrap();
    assert_eq!(rows.len(), 3);
    assert_eq!((rows[0].full_len + rows[1].full_len, rows[0].bytes.len()), (10 << 20, 10));
    assert_eq!([&rows[0], &rows[1]].map(|row| (row.partial, row.continued)), [(true, false), (false, true)]);
    assert_eq!((rows[2].row.get(), &rows[2].bytes[..]), (2, &b"short"[..]));
}

#[test]
fn readers_that_look_on_lose_nothing() {
    let dir = tempfile::tempdir().unwrap();
    // Many small segments, so that readers meet their ends at every moment.
    let sizes = SegmentSizes { head: 500, rest: 2000 };
    let mut writer = LogWriter::with_sizes(dir.path(), sizes).unwrap();
    let done = AtomicBool::new(false);
    let count = 60_000u64;
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let mut reader = LogReader::open(dir.path()).unwrap();
                    let (mut lines, mut was_cut) = (Lines::default(), [false; 2]);
                    loop {
                        let last = done.load(Ordering::Acquire);
                        drain(&mut reader, &mut lines, &mut was_cut);
                        if last {
                            return lines;
                        }
                        std::thread::yield_now();
                    }
                })
            })
            .collect();
        let mut seed = 7u64;
        let mut now = T0;
        let mut text = [String::new(), String::new()];
        let mut next = [0u64; 2];
        for _ in 0..count {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let random = seed >> 33;
            let s = random.is_multiple_of(5) as usize;
            text[s].push_str(&format!("{}\n", next[s]));
            next[s] += 1;
            if random.is_multiple_of(3) {
                // Any split: half of it now, the rest with the next ones.
                let half = text[s].len() / 2;
                let rest = text[s].split_off(half);
                writer.append(Stream::ALL[s], text[s].as_bytes(), now).unwrap();
                text[s] = rest;
            }
            now += (random >> 8) % 4 / 3;
        }
        for s in Stream::ALL {
            writer.append(s, text[s as usize].as_bytes(), now).unwrap();
        }
        writer.finish(now).unwrap();
        done.store(true, Ordering::Release);
        for reader in readers {
            let lines = reader.join().unwrap();
            for (lines, count) in lines.0.iter().zip(next) {
                assert_eq!(lines.len() as u64, count);
                for (n, (seq, line)) in lines.iter().enumerate() {
                    assert_eq!((*seq, line), (n as u64, &n.to_string().into_bytes()));
                }
            }
        }
    });
}

/// Runs one test of this program again as a process of its own, whose limits it may change. The signal of a file that grew too
/// large is ignored there, so that the limit shows as an error of `write`, as a full disk does.
fn with_own_limits(test: &str, body: impl FnOnce()) {
    if std::env::var_os("OWN_LIMITS_TEST").is_some() {
        return body();
    }
    let status = Command::new("sh")
        .args(["-c", "trap '' XFSZ; exec \"$0\" --exact \"$1\""])
        .arg(std::env::current_exe().unwrap())
        .arg(test)
        .env("OWN_LIMITS_TEST", "1")
        .status()
        .unwrap();
    assert!(status.success());
}

fn limit(bytes: Option<u64>) {
    let maximum = getrlimit(Resource::Fsize).maximum;
    setrlimit(Resource::Fsize, Rlimit { current: bytes.or(maximum), maximum }).unwrap();
}

#[test]
fn a_reader_that_finds_no_descriptor_goes_on_where_it_was() {
    with_own_limits("a_reader_that_finds_no_descriptor_goes_on_where_it_was", || {
        let dir = tempfile::tempdir().unwrap();
        small_segments(dir.path(), 3000).finish(T0 + 90_000).unwrap();
        let expected = read_all(dir.path(), true);
        assert_eq!(expected.0.iter().map(Vec::len).sum::<usize>(), 3000);
        let maximum = getrlimit(Resource::Nofile).maximum;
        let descriptors = |current| setrlimit(Resource::Nofile, Rlimit { current, maximum }).unwrap();

        let mut reader = LogReader::open(dir.path()).unwrap();
        reader.set_final(true);
        let (mut lines, mut was_cut, mut refused) = (Lines::default(), [false; 2], 0);
        let mut short = true;
        loop {
            descriptors(if short { Some(0) } else { maximum });
            let batch = reader.next_batch();
            descriptors(maximum);
            match batch {
                Ok(Some(batch)) => {
                    for span in &batch.lines {
                        lines.add(span, &batch.line(span), &mut was_cut);
                    }
                    short = true;
                }
                Ok(None) => break,
                Err(error) => {
                    assert!(error.is_passing(), "{error:?}");
                    refused += 1;
                    short = false;
                }
            }
        }
        assert!(refused > 1, "only {refused}");
        assert_eq!(lines, expected);
    });
}

/// Kept bytes and gap bytes of each stream, from the rows.
fn kept_and_gaps(dir: &Path) -> [(u64, u64); 2] {
    let mut sums = [(0, 0); 2];
    for row in LogView::open(dir).unwrap().rows(RowNo::ZERO, usize::MAX, usize::MAX).unwrap() {
        let sum = &mut sums[row.stream as usize];
        match row.gap {
            Some(bytes) => sum.1 += bytes,
            None => sum.0 += row.full_len + u64::from(!row.partial),
        }
    }
    sums
}

#[test]
fn a_full_disk_leaves_a_gap_and_harms_nothing() {
    with_own_limits("a_full_disk_leaves_a_gap_and_harms_nothing", || {
        // Either file may be the one that finds no space.
        for (line, stop) in [("0123456789abcdef\n", 10_000), ("\n", 6_000), ("half a line ", 9_000)] {
            let dir = tempfile::tempdir().unwrap();
            let mut writer = LogWriter::create(dir.path()).unwrap();
            let mut printed = [0u64; 2];
            let mut newlines = [0u64; 2];
            for n in 0..12_000u64 {
                match n {
                    2_000 => limit(Some(stop)),
                    9_000 => limit(None),
                    _ => {}
                }
                let s = (n % 7 == 0) as usize;
                writer.append(Stream::ALL[s], line.as_bytes(), T0 + n * 3).unwrap();
                writer.flush_due(T0 + n * 3 + 1).unwrap();
                if n % 1000 == 0 {
                    writer.sync().unwrap();
                }
                printed[s] += line.len() as u64;
                newlines[s] += u64::from(line.ends_with('\n'));
            }
            writer.append(Stream::Stdout, b"\nlast\n", T0 + 40_000).unwrap();
            (printed[0], newlines[0]) = (printed[0] + 6, newlines[0] + 2);
            let totals = writer.finish(T0 + 40_001).unwrap();
            assert!(totals.dropped > 0, "{line:?}");
            assert_eq!(totals.lines, newlines, "dropped lines are counted");
            let sums = kept_and_gaps(dir.path());
            assert_eq!(sums.map(|(kept, gap)| kept + gap), printed);
            assert_eq!(sums[0].1 + sums[1].1, totals.dropped);
            let lines = read_all(dir.path(), false);
            let (seq, last) = lines.0[0].last().unwrap();
            assert_eq!((*seq, &last[..]), (newlines[0] - 1, &b"last"[..]));
        }
    });
}

/// Ten lines of ten bytes a segment, about.
fn small_segments(dir: &Path, lines: u64) -> LogWriter {
    let sizes = SegmentSizes { head: 100, rest: 100 };
    let mut writer = LogWriter::with_sizes(dir, sizes).unwrap();
    for n in 0..lines {
        let stream = Stream::ALL[(n % 5 == 0) as usize];
        writer.append(stream, format!("line {n:04}\n").as_bytes(), T0 + n * 20).unwrap();
    }
    writer.sync().unwrap();
    writer
}

fn remove_segment(dir: &Path, number: u32) {
    solti_logstore::remove_segment(dir, number).unwrap();
}

#[test]
fn what_was_removed_is_one_row_and_the_others_keep_their_numbers() {
    let dir = tempfile::tempdir().unwrap();
    small_segments(dir.path(), 95).finish(T0 + 5000).unwrap();
    let whole = LogView::open(dir.path()).unwrap().rows(RowNo::ZERO, 1000, 1000).unwrap();
    assert_eq!((whole.len(), common::segments(dir.path()).len()), (95, 10));
    for segment in 1..6 {
        remove_segment(dir.path(), segment);
    }
    let mut view = LogView::open(dir.path()).unwrap();
    assert_eq!(view.extent().unwrap().rows, 95);
    let rows = view.rows(RowNo::ZERO, 1000, 1000).unwrap();
    assert_eq!(rows.len(), 95 - 50 + 1);
    assert_eq!((&rows[..10], &rows[11..]), (&whole[..10], &whole[60..]));
    assert_eq!((rows[10].row.get(), rows[10].removed), (10, Some(Removed { rows: 50, bytes: 500 })));
    for from in [10, 11, 59] {
        let page = view.rows(RowNo::new(from), 3, 1000).unwrap();
        assert_eq!(page.iter().map(|row| row.row.get()).collect::<Vec<_>>(), [10, 60, 61], "from {from}");
    }
    assert_eq!(view.rows(RowNo::new(60), 1, 1000).unwrap()[0].row.get(), 60);

    let mut reader = LogReader::open(dir.path()).unwrap();
    let (mut seqs, mut gaps) = ([vec![], vec![]], vec![]);
    while let Some(batch) = reader.next_batch().unwrap() {
        gaps.extend(batch.gaps.iter().map(|gap| (gap.cause, gap.bytes, gap.lines)));
        batch.lines.iter().for_each(|line| seqs[line.stream as usize].push(line.seq));
    }
    assert_eq!(gaps, [(GapCause::Removed, 500, 50)]);
    assert_eq!(seqs[0], (0..8).chain(48..76).collect::<Vec<_>>());
    assert_eq!(seqs[1], (0..2).chain(12..19).collect::<Vec<_>>());

    // The beginning may go as well.
    remove_segment(dir.path(), 0);
    let first = LogView::open(dir.path()).unwrap().rows(RowNo::ZERO, 1, 1000).unwrap().remove(0);
    assert_eq!((first.row.get(), first.removed), (0, Some(Removed { rows: 60, bytes: 600 })));
}

#[test]
fn a_reader_survives_that_files_vanish_under_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = small_segments(dir.path(), 45);
    // One batch each, so that the reader stands where we want it.
    let mut reader = LogReader::open(dir.path()).unwrap();
    let mut view = LogView::open(dir.path()).unwrap();
    assert_eq!(view.rows(RowNo::ZERO, 1000, 1000).unwrap().len(), 45);
    let mut lines = 0;
    let mut removed = 0;
    let mut drain = |reader: &mut LogReader| {
        while let Some(batch) = reader.next_batch().unwrap() {
            lines += batch.lines.len() as u64;
            removed += batch.gaps.iter().map(|gap| gap.lines).sum::<u64>();
        }
        lines + removed
    };
    assert_eq!(drain(&mut reader), 45);
    // The segment that it stands in, and the next ones, go before it looks again.
    for n in 45..90u64 {
        writer.append(Stream::Stdout, format!("line {n:04}\n").as_bytes(), T0 + n * 20).unwrap();
    }
    writer.sync().unwrap();
    for segment in 3..7 {
        remove_segment(dir.path(), segment);
    }
    assert_eq!(drain(&mut reader), 90);
    let rows = view.rows(RowNo::new(25), 1000, 1000).unwrap();
    assert_eq!(
        rows.iter().map(|row| row.row.get()).collect::<Vec<_>>(),
        (25..31).chain(70..90).collect::<Vec<_>>()
    );
    writer.finish(T0 + 5000).unwrap();
    assert_eq!(drain(&mut reader), 90);
    assert!(removed > 0);
}

#[test]
fn the_last_segment_of_a_run_that_is_over_can_go_and_its_length_stays_known() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = small_segments(dir.path(), 35);
    writer.append(Stream::Stdout, b"without end", T0 + 4000).unwrap();
    writer.sync().unwrap();
    remove_segment(dir.path(), 3);
    assert_eq!(common::segments(dir.path()).len(), 4, "a log that is written keeps its last segment");
    writer.finish(T0 + 5000).unwrap();
    let before = LogView::open(dir.path()).unwrap().extent().unwrap();
    for segment in 1..4 {
        remove_segment(dir.path(), segment);
    }
    let log = StoredLog::of(dir.path(), true).unwrap();
    assert_eq!(log.segments.iter().map(|segment| segment.log_bytes).collect::<Vec<_>>(), [100, 0]);
    assert!(log.bytes() <= 3 * 4096, "a block for each of its files");
    assert_eq!(LogView::open(dir.path()).unwrap().extent().unwrap(), before);
    let rows = LogView::open(dir.path()).unwrap().rows(RowNo::new(9), 100, 100).unwrap();
    assert_eq!((rows.len(), rows[0].row.get()), (2, 9));
    assert_eq!((rows[1].row.get(), rows[1].removed), (10, Some(Removed { rows: 26, bytes: 261 })));
    assert_eq!(repair(dir.path()).unwrap().rows, 36);
    // Nothing more can go.
    remove_segment(dir.path(), 4);
    assert_eq!(LogView::open(dir.path()).unwrap().extent().unwrap(), before);
}

/// A file system of a megabyte, unmounted when dropped; only root may have one.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount() -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount
            .args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"])
            .arg(dir.path())
            .stderr(std::process::Stdio::null());
        let mounted = mount.status().is_ok_and(|status| status.success());
        if !mounted {
            println!("skipped: a file system can be mounted by root only");
        }
        mounted.then(|| Self(dir))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        Command::new("umount").arg("-l").arg(self.0.path()).status().ok();
    }
}

#[test]
fn a_disk_that_fills_up_between_segments_leaves_gaps_and_heals() {
    let Some(disk) = SmallDisk::mount() else { return };
    let (run, ballast) = (disk.0.path().join("run"), disk.0.path().join("ballast"));
    fs::create_dir(&run).unwrap();
    let mut writer = LogWriter::with_sizes(&run, SegmentSizes { head: 3000, rest: 7000 }).unwrap();
    let mut reader = LogReader::open(&run).unwrap();
    let (mut seen, mut gaps) = (0, 0);
    let mut look_on = |reader: &mut LogReader| {
        while let Some(batch) = reader.next_batch().unwrap() {
            // Of a line that a gap tore, the last part counts.
            seen += batch.lines.iter().filter(|line| !line.cut).count() as u64;
            gaps += batch.gaps.iter().map(|gap| gap.lines).sum::<u64>();
        }
        seen + gaps
    };
    let total = 20_000u64;
    for n in 0..total {
        match n % 5_000 {
            2_000 => {
                // Every byte, so that the next page, log or segment finds none.
                let mut file = fs::File::create(&ballast).unwrap();
                while std::io::Write::write_all(&mut file, &[0; 4096]).is_ok() {}
            }
            3_000 => fs::remove_file(&ballast).unwrap(),
            _ => {}
        }
        let line = format!("line {n:06}\n");
        writer.append(Stream::Stdout, line.as_bytes(), T0 + n * 2).unwrap();
        if n % 500 == 0 {
            writer.flush_due(T0 + n * 2 + 1).unwrap();
            look_on(&mut reader);
        }
    }
    let totals = writer.finish(T0 + total * 2).unwrap();
    assert!(totals.dropped > 0);
    assert_eq!((totals.lines[0], look_on(&mut reader)), (total, total));
    let segments = common::segments(&run).len();
    assert!(segments > 10, "{segments} segments");
    let sums = kept_and_gaps(&run);
    assert_eq!((sums[0].0 + sums[0].1, sums[0].1), (total * 12, totals.dropped));
    let rows = LogView::open(&run).unwrap().rows(RowNo::new(totals.rows - 1), 1, 100).unwrap();
    assert_eq!(rows[0].bytes, b"line 019999");
}
