//! Indexes that no writer wrote: sound checksums over numbers that make no sense, and pages of noise. A reader may find
//! what it likes in them, but it comes to an end, needs no memory for it, and does not panic.

use solti_positions::{LogOffset, RowNo};
use std::path::Path;

use proptest::prelude::*;

use crate::format::{Counts, HEADER, Kind, MAX_RECORD, PAGE, Place, RECORDS_END, Record, page_seal};
use crate::segment::{index_name, log_name};
use crate::{LogReader, LogView, StoredLog, Stream, remove_segment, repair};

/// Small numbers, which fit the data, and all others.
fn number() -> impl Strategy<Value = u64> {
    prop_oneof![4 => 0u64..300, 1 => any::<u64>(), 1 => (u64::MAX - 5)..=u64::MAX]
}

fn stream() -> impl Strategy<Value = Stream> {
    prop_oneof![Just(Stream::Stdout), Just(Stream::Stderr)]
}

fn record() -> impl Strategy<Value = Record> {
    let kind = prop_oneof![8 => Just(Kind::Data), 1 => Just(Kind::Gap), 1 => Just(Kind::End)];
    (stream(), kind, number(), number(), number(), any::<[bool; 3]>()).prop_map(
        |(stream, kind, len, newlines, dt, [partial, own_newline, continued])| Record {
            stream,
            kind,
            len,
            newlines,
            dt,
            partial,
            own_newline,
            continued,
        },
    )
}

fn counts() -> impl Strategy<Value = Counts> {
    let numbers = (number(), number(), number(), number(), number());
    (numbers, prop::option::of(stream()), any::<[bool; 2]>()).prop_map(
        |((offset, row, out, err, ts_ms), open_row, line_open)| Counts {
            offset: LogOffset::new(offset),
            row: RowNo::new(row),
            seq: [out, err],
            ts_ms,
            open_row,
            line_open,
        },
    )
}

#[derive(Debug, Clone)]
enum Page {
    /// The header, how far into its segment it claims to be, the records, and whether it is sealed.
    Sound(Counts, u32, Vec<Record>, bool),
    Noise(u8),
}

fn page() -> impl Strategy<Value = Page> {
    let sound = (counts(), 0u32..400, prop::collection::vec(record(), 0..12), any::<bool>());
    prop_oneof![
        6 => sound.prop_map(|(counts, into, records, sealed)| Page::Sound(counts, into, records, sealed)),
        1 => any::<u8>().prop_map(Page::Noise),
    ]
}

fn bytes_of(page: &Page, place: Place) -> [u8; PAGE] {
    let mut bytes = [0; PAGE];
    match page {
        Page::Noise(byte) => bytes.fill(*byte),
        Page::Sound(counts, into_segment, records, sealed) => {
            let start = counts.offset.saturating_back(u64::from(*into_segment));
            counts.put_header(place, start, &mut bytes);
            let mut at = HEADER;
            for record in records {
                let mut encoded = [0; MAX_RECORD];
                let n = record.encode(place.page, at, &mut encoded);
                bytes[at..at + n].copy_from_slice(&encoded[..n]);
                at += n;
            }
            if *sealed {
                let seal = page_seal(&bytes);
                bytes[RECORDS_END..].copy_from_slice(&seal);
            }
        }
    }
    bytes
}

type Segment = (Vec<Page>, Option<Vec<u8>>);

fn segment() -> impl Strategy<Value = Segment> {
    let text = prop::collection::vec(prop_oneof![4 => Just(b'x'), 1 => Just(b'\n')], 0..400);
    (prop::collection::vec(page(), 0..4), prop::option::weighted(0.9, text))
}

fn write(dir: &Path, segments: &[Segment]) {
    for (number, (pages, log)) in (0u32..).zip(segments) {
        let index: Vec<u8> = (0u32..)
            .zip(pages)
            .flat_map(|(page, content)| bytes_of(content, Place { segment: number, page }))
            .collect();
        std::fs::write(dir.join(index_name(number)), index).unwrap();
        if let Some(log) = log {
            std::fs::write(dir.join(log_name(number)), log).unwrap();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, ..ProptestConfig::default() })]

    #[test]
    fn readers_come_to_an_end(segments in prop::collection::vec(segment(), 1..4), from in number()) {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), &segments);
        for is_final in [false, true] {
            let mut reader = LogReader::open(dir.path()).unwrap();
            reader.set_final(is_final);
            let mut batches = 0;
            while let Some(batch) = reader.next_batch().unwrap() {
                batches += 1;
                prop_assert!(batches < 1000 && batch.bytes.len() < 4 << 20);
            }
            let mut view = LogView::open(dir.path()).unwrap();
            view.set_final(is_final);
            view.extent().unwrap();
            for from in [0, from] {
                prop_assert!(view.rows(RowNo::new(from), 100, 1000).unwrap().len() <= 100);
            }
        }
        repair(dir.path()).unwrap();
        LogView::open(dir.path()).unwrap().rows(RowNo::new(from), 100, 1000).unwrap();
        for segment in StoredLog::of(dir.path(), true).unwrap().segments {
            remove_segment(dir.path(), segment.number).unwrap();
        }
        LogView::open(dir.path()).unwrap().extent().unwrap();
    }
}
