//! One log with what a search finds in it.

use super::columns::{columns, columns_of_part};
use super::rows::MAX_ROWS;
use super::run_log::RunLog;
use solti_logstore::{LinePart, LogError, LogSearch, RowMatcher};
use solti_model::{LineMatch, MAX_ROW_BYTES, RowNo, RowRanges};
use solti_rows::Style;
use std::path::Path;

/// A match that ends at a row's clip is read a little farther, so that it is told whole.
const BEHIND_CLIP: usize = 1024;
/// Of a long row so much is looked through for single matches.
const MAX_LINE_BYTES: usize = 32 * 1024 * 1024;
/// Matches that are told of one part of a long row.
const MAX_RANGES: usize = 1_000;

pub(super) struct SearchedLog {
    pub search: LogSearch,
    pub log: RunLog,
    matcher: RowMatcher,
}

impl SearchedLog {
    pub(super) fn new(search: LogSearch, log: RunLog, matcher: RowMatcher) -> Self {
        Self { search, log, matcher }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.log.folder
    }

    pub(super) fn ranges(&self, from: RowNo, count: u32) -> Result<Vec<RowRanges>, LogError> {
        let limit = MAX_ROW_BYTES + BEHIND_CLIP;
        let mut view = self.log.view()?;
        let wanted = self.matcher.query().stream;
        let mut found = Vec::new();
        for row in view.rows(from, count.min(MAX_ROWS) as usize, limit)? {
            if wanted.is_some_and(|wanted| wanted != row.stream) {
                continue;
            }
            let text = view.shown(&row, Style::default(), limit)?.text;
            let shown = text.len().min(MAX_ROW_BYTES);
            let mut ranges = self.matcher.ranges(&text);
            ranges.retain(|(start, _)| *start < shown);
            for (_, end) in &mut ranges {
                *end = (*end).min(shown);
            }
            if !ranges.is_empty() {
                found.push(RowRanges { row: row.row, ranges: columns(&text, &ranges) });
            }
        }
        Ok(found)
    }

    /// The first match in a row from byte `from` of its text on, or the last before it.
    pub(super) fn line_match(
        &self,
        row: RowNo,
        from: u64,
        forward: bool,
    ) -> Result<Option<LineMatch>, LogError> {
        let mut last = None;
        let text = self.log.view()?.line_bytes(row, MAX_LINE_BYTES)?.unwrap_or_default();
        self.matcher.each_range(&text, |start, end| {
            let found = LineMatch { from_byte: start as u64, to_byte: end as u64 };
            let behind = found.from_byte >= from;
            if forward == behind {
                last = Some(found);
            }
            !behind
        });
        Ok(last)
    }

    /// Where in a part of a row the matches are, in UTF-16 columns of the part.
    pub(super) fn ranges_in(&self, row: RowNo, part: &LinePart) -> Result<Vec<(u32, u32)>, LogError> {
        let text = self.log.view()?.line_bytes(row, MAX_LINE_BYTES)?.unwrap_or_default();
        let (from, to) = (part.from as usize, (part.next as usize).min(text.len()));
        let mut ranges = Vec::new();
        self.matcher.each_range(&text, |start, end| {
            if start < to && end > from {
                ranges.push((start.max(from) - from, end.min(to) - from));
            }
            start < to && ranges.len() < MAX_RANGES
        });
        Ok(columns_of_part(text.get(from..to).unwrap_or_default(), &ranges))
    }
}
