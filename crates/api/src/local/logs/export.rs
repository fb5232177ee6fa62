//! Logs in the making of a file: rows as lines of text, in chunks of a bounded size.

use super::run_log::blocking;
use crate::operations::{ExportChunk, ExportStream};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use solti_logstore::{LogError, Row};
use solti_model::counted;

/// Bytes of one chunk of an export, about.
const CHUNK_BYTES: usize = 512 * 1024;

/// What is to become a file.
pub(super) trait Lines: Send + 'static {
    /// Adds further bytes, about `room` of them at most, and says how many rows they are of; `None` when there are no more.
    fn next(&mut self, bytes: &mut Vec<u8>, room: usize) -> Result<Option<u64>, LogError>;
}

/// In chunks; the first error ends it.
pub(super) fn stream(lines: impl Lines) -> ExportStream {
    Box::pin(futures::stream::unfold(Some(lines), |lines| async {
        let mut lines = lines?;
        let read = blocking(move || Ok((chunk(&mut lines)?, lines)));
        match read.await {
            Ok((chunk, lines)) => chunk.map(|chunk| (Ok(chunk), Some(lines))),
            Err(error) => Some((Err(error), None)),
        }
    }))
}

fn chunk(lines: &mut impl Lines) -> Result<Option<ExportChunk>, LogError> {
    let mut bytes = Vec::with_capacity(CHUNK_BYTES);
    let (mut rows, mut ended) = (0, false);
    while bytes.len() < CHUNK_BYTES && !ended {
        let room = CHUNK_BYTES - bytes.len();
        match lines.next(&mut bytes, room)? {
            Some(more) => rows += more,
            None => ended = true,
        }
    }
    Ok(if ended && bytes.is_empty() && rows == 0 {
        None
    } else {
        Some(ExportChunk { bytes: bytes.into(), rows })
    })
}

/// Adds a row as a line of text.
pub(super) fn add_line(bytes: &mut Vec<u8>, row: &Row, timestamps: bool, name: &str) {
    if timestamps {
        bytes.extend_from_slice(time(row.ts_ms).as_bytes());
    }
    bytes.extend_from_slice(name.as_bytes());
    bytes.extend_from_slice(&row.bytes);
    if let Some(text) = gap_text(row) {
        bytes.extend_from_slice(text.as_bytes());
    } else if row.full_len > row.bytes.len() as u64 {
        let rest = row.full_len - row.bytes.len() as u64;
        bytes.extend_from_slice(format!(" [{} more]", counted(rest, "byte")).as_bytes());
    }
    bytes.push(b'\n');
}

/// The local time of this machine with its offset, so that it is the same moment for whoever reads it elsewhere.
pub(super) fn time(ts_ms: u64) -> String {
    time_in(ts_ms, TimeZone::system())
}

fn time_in(ts_ms: u64, zone: TimeZone) -> String {
    let time = i64::try_from(ts_ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    time.map(|time| time.to_zoned(zone).strftime("%Y-%m-%dT%H:%M:%S%.3f%:z ").to_string()).unwrap_or_default()
}

fn gap_text(row: &Row) -> Option<String> {
    match (row.gap, row.removed) {
        (Some(bytes), _) => {
            let were = if bytes == 1 { "was" } else { "were" };
            Some(format!("[{} {were} not stored: the disk was full]", counted(bytes, "byte")))
        }
        (None, Some(removed)) => {
            let (lines, bytes) = (counted(removed.rows, "line"), counted(removed.bytes, "byte"));
            Some(format!("[{lines}, {bytes} were removed to make room]"))
        }
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::tz::offset;

    #[test]
    fn times_are_local_with_their_offset_and_exact_to_the_millisecond() {
        let time = |zone| time_in(1_700_000_000_007, zone);
        assert_eq!(time(TimeZone::UTC), "2023-11-14T22:13:20.007+00:00 ");
        assert_eq!(time(TimeZone::fixed(offset(-5))), "2023-11-14T17:13:20.007-05:00 ");
        assert_eq!(time_in(1_700_000_000_000, TimeZone::fixed(offset(1))), "2023-11-14T23:13:20.000+01:00 ");
    }
}
