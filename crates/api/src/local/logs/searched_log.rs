//! One log with what a search finds in it.

use super::columns::columns;
use super::rows::MAX_ROWS;
use super::run_log::RunLog;
use solti_logstore::{LogError, LogSearch, RowMatcher};
use solti_model::{MAX_ROW_BYTES, RowNo, RowRanges};
use solti_rows::Style;
use std::path::Path;

/// A match that ends at a row's clip is read a little farther, so that it is told whole.
const BEHIND_CLIP: usize = 1024;

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
}
