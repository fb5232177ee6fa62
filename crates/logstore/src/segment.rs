//! The segments of a log: their file names and their sizes. A segment holds whole rows and is never changed once the
//! next one is begun, so that retention can delete it. Rolling from one to the next lives in `writer`, reading over
//! them in `log_files`.

use crate::{INDEX_FILE, LOG_FILE};

/// The first bytes of a run, which retention keeps, are a segment of their own.
const HEAD_BYTES: u64 = 1 << 20;
const REST_BYTES: u64 = 64 << 20;

/// When a segment is sealed: at the first end of a row after this many bytes of `output.log`, at the latest a quarter
/// later, where a newline of our own ends the row. The last write may go beyond by its own length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentSizes {
    /// Of the first segment.
    pub head: u64,
    /// Of every other one; at most 2 GiB.
    pub rest: u64,
}

impl Default for SegmentSizes {
    fn default() -> Self {
        Self { head: HEAD_BYTES, rest: REST_BYTES }
    }
}

impl SegmentSizes {
    pub(crate) fn of(&self, segment: u32) -> u64 {
        // A page header has 32 bits for its place within a segment.
        if segment == 0 { self.head } else { self.rest }.clamp(1, 2 << 30)
    }
}

/// `output.log`, `output.1.log`, …
pub(crate) fn log_name(segment: u32) -> String {
    numbered(LOG_FILE, segment)
}

/// `output.idx`, `output.1.idx`, …
pub(crate) fn index_name(segment: u32) -> String {
    numbered(INDEX_FILE, segment)
}

/// `output.skip`, `output.1.skip`, …
#[cfg(feature = "reader")]
pub(crate) fn skip_name(segment: u32) -> String {
    numbered("output.skip", segment)
}

fn numbered(name: &str, segment: u32) -> String {
    match name.split_once('.') {
        Some((stem, extension)) if segment > 0 => format!("{stem}.{segment}.{extension}"),
        _ => name.to_owned(),
    }
}

/// The segment and the extension of a file that belongs to a segment; `None` for any other.
pub(crate) fn parse_name(name: &str) -> Option<(u32, &str)> {
    let rest = name.strip_prefix("output.")?;
    match rest.split_once('.') {
        None => Some((0, rest)),
        Some((number, extension)) if !extension.contains('.') => {
            let segment: u32 = number.parse().ok().filter(|n| *n > 0)?;
            (number == segment.to_string()).then_some((segment, extension))
        }
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back() {
        for segment in [0, 1, 9, 10, u32::MAX] {
            assert_eq!(parse_name(&log_name(segment)), Some((segment, "log")));
            assert_eq!(parse_name(&index_name(segment)), Some((segment, "idx")));
            #[cfg(feature = "reader")]
            assert_eq!(parse_name(&skip_name(segment)), Some((segment, "skip")));
        }
        for other in [
            "output",
            "exit",
            "output.0.log",
            "output.01.log",
            "output.x.log",
            "output.1.idx.new",
            "output.idx.new",
        ] {
            assert_eq!(parse_name(other), None, "{other}");
        }
    }
}
