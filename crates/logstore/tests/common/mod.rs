//! What the log store's tests share: reading a run's log to the end and comparing it with what was put in.
#![allow(dead_code)]

use std::path::{Path, PathBuf};

use solti_logstore::{LineSpan, LogReader, Stream};
use solti_rows::RowTexts;

/// Whether a search for an x finds the row, without a look through escapes.
pub fn shows_x(row: &[u8]) -> bool {
    let mut spare = Vec::new();
    RowTexts::new(false).of(row, &mut spare).iter().any(|byte| b"xX".contains(byte))
}

/// Per stream: lines with their `seq`, put together from their spans.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Lines(pub [Vec<(u64, Vec<u8>)>; 2]);

impl Lines {
    pub fn of(&self, stream: Stream) -> Vec<&[u8]> {
        self.0[stream as usize].iter().map(|(_, bytes)| &bytes[..]).collect()
    }

    pub fn add(&mut self, span: &LineSpan, bytes: &[u8], was_cut: &mut [bool; 2]) {
        let lines = &mut self.0[span.stream as usize];
        let cut = &mut was_cut[span.stream as usize];
        match lines.last_mut() {
            Some((seq, line)) if *cut && *seq == span.seq => line.extend_from_slice(bytes),
            _ => lines.push((span.seq, bytes.to_vec())),
        }
        *cut = span.cut;
    }
}

pub fn drain(reader: &mut LogReader, lines: &mut Lines, was_cut: &mut [bool; 2]) {
    while let Some(batch) = reader.next_batch().unwrap() {
        for span in &batch.lines {
            lines.add(span, &batch.bytes[span.start as usize..span.end as usize], was_cut);
        }
    }
}

pub fn read_all(dir: &Path, is_final: bool) -> Lines {
    let mut reader = LogReader::open(dir).unwrap();
    reader.set_final(is_final);
    let mut lines = Lines::default();
    drain(&mut reader, &mut lines, &mut [false; 2]);
    lines
}

/// The lines of everything that a stream printed; the last one may lack its newline.
pub fn lines_of(bytes: &[u8]) -> Vec<&[u8]> {
    let mut lines: Vec<&[u8]> = bytes.split(|b| *b == b'\n').collect();
    if lines.last().is_some_and(|last| last.is_empty()) {
        lines.pop();
    }
    lines
}

/// The files of each segment that there is, log and index, in the log's order.
pub fn segments(dir: &Path) -> Vec<[PathBuf; 2]> {
    let mut numbers: Vec<u32> = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        match name.split('.').collect::<Vec<_>>()[..] {
            ["output", "log" | "idx"] => numbers.push(0),
            ["output", number, "log" | "idx"] => numbers.push(number.parse().unwrap()),
            // A filter belongs to its segment and is no file of the log.
            ["output", "skip"] | ["output", _, "skip"] => {}
            _ => panic!("a file of no segment: {name}"),
        }
    }
    numbers.sort_unstable();
    numbers.dedup();
    let name = |n: u32, extension| match n {
        0 => dir.join(format!("output.{extension}")),
        n => dir.join(format!("output.{n}.{extension}")),
    };
    numbers.into_iter().map(|n| [name(n, "log"), name(n, "idx")]).collect()
}

/// A file that was never written to is not there.
pub fn bytes_of(path: &Path) -> Vec<u8> {
    match std::fs::read(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        read => read.unwrap(),
    }
}

/// All bytes of the log.
pub fn log_bytes(dir: &Path) -> Vec<u8> {
    segments(dir).iter().flat_map(|[log, _]| bytes_of(log)).collect()
}
