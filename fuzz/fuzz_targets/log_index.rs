//! A log whose index was damaged: readers end, within bounds and without a panic, and a repair makes every line readable.
//!
//! The first bytes say what is changed in the index; what remains is the output that it is of.
#![no_main]

use libfuzzer_sys::fuzz_target;
use solti_logstore::{INDEX_FILE, LOG_FILE, LogReader, LogView, LogWriter, RowNo, Stream, repair};
use std::path::Path;

fn read(dir: &Path, most: usize) {
    if let Ok(mut view) = LogView::open(dir)
        && let Ok(extent) = view.extent()
    {
        for from in [0, extent.rows / 2, extent.rows.saturating_sub(3), extent.rows] {
            let _ = view.rows(RowNo::new(from), 4, 100);
        }
    }
    if let Ok(mut reader) = LogReader::open(dir) {
        for _ in 0..most {
            if !matches!(reader.next_batch(), Ok(Some(_))) {
                return;
            }
        }
        panic!("a log of {most} bytes never ends");
    }
}

/// Chunks of output: a byte that says stream, length and end of line, then so many bytes.
fn write(dir: &Path, mut bytes: &[u8]) {
    let mut writer = LogWriter::create(dir).expect("an empty folder");
    let mut now = 1_700_000_000_000;
    while let Some((kind, rest)) = bytes.split_first() {
        let (text, rest) = rest.split_at(rest.len().min(usize::from(kind >> 2)));
        writer.append(Stream::ALL[usize::from(kind & 1)], text, now).expect("written");
        if kind & 2 != 0 {
            writer.append(Stream::ALL[usize::from(kind & 1)], b"\n", now).expect("written");
        }
        now += u64::from(*kind);
        writer.flush_due(now).expect("written");
        bytes = rest;
    }
    writer.finish(now).expect("written");
}

fuzz_target!(|bytes: &[u8]| {
    let Some((count, bytes)) = bytes.split_first() else { return };
    // In memory, where there is one: every log is synced.
    let dir = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a folder");
    let (patches, output) = bytes.split_at(bytes.len().min(usize::from(count % 16) * 3));
    write(dir.path(), output);
    let log = std::fs::read(dir.path().join(LOG_FILE)).unwrap_or_default();
    let mut index = std::fs::read(dir.path().join(INDEX_FILE)).unwrap_or_default();
    for patch in patches.as_chunks::<3>().0 {
        let at = usize::from(u16::from_le_bytes([patch[0], patch[1]]));
        match index.get_mut(at) {
            Some(byte) => *byte = patch[2],
            // Behind the end: torn there instead.
            None => index.truncate(at % (index.len() + 1)),
        }
    }
    std::fs::write(dir.path().join(INDEX_FILE), index).expect("written");
    read(dir.path(), bytes.len() + 64);
    if repair(dir.path()).is_err() {
        return;
    }
    let mut view = LogView::open(dir.path()).expect("a repaired log opens");
    let extent = view.extent().expect("and is read");
    assert_eq!(extent.bytes, log.len() as u64, "a repair loses no byte");
    let rows = view.rows(RowNo::ZERO, usize::MAX, usize::MAX).expect("and shows its rows");
    assert_eq!(rows.len() as u64, extent.rows);
    read(dir.path(), bytes.len() + 64);
});
