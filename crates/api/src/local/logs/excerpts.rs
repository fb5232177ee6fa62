//! Excerpts of one log: its density, one long line, the text of a selection, its file. Several logs in one are `merged`'s.

use super::export::{self, Lines, add_line, time};
use super::rows::{MAX_BUCKETS, density, spans};
use super::run_log::blocking;
use super::searched_log::SearchedLog;
use crate::operations::{ExportLog, ExportStream, GetLogDensity, Perform, Produce, ReadLine, ReadLogText};
use crate::{ApiError, SupervisorApiAdapter};
use solti_logstore::{LogError, LogView, RawExport, Row, RowExport, slices};
use solti_model::{
    FieldError, LineChunk, LogDensity, LogText, MAX_ROW_BYTES, MAX_TEXT_BYTES, Rank, TextPosition,
};
use solti_rows::Style;
use std::sync::Arc;

const MAX_CHUNK: u32 = 1024 * 1024;
/// Rows of a selection that are read at a time, and how much of each; a longer one is read by itself.
const TEXT_ROWS: usize = 32;
const TEXT_CLIP: usize = 64 * 1024;

/// Takes the part between two UTF-16 columns.
fn between(text: &str, from: u64, to: u64) -> &str {
    let (mut column, mut start, mut end) = (0u64, text.len(), text.len());
    for (at, c) in text.char_indices() {
        if column >= from && start == text.len() {
            start = at;
        }
        if column >= to {
            end = at;
            break;
        }
        column += c.len_utf16() as u64;
    }
    text.get(start.min(end)..end).unwrap_or_default()
}

/// A selection in the making.
struct Selection {
    view: LogView,
    start: TextPosition,
    end: TextPosition,
    timestamps: bool,
    text: String,
}

impl Selection {
    /// Adds a row; whether there is room for another.
    fn add(&mut self, row: Row, first: bool) -> Result<bool, LogError> {
        let room = MAX_TEXT_BYTES.saturating_sub(self.text.len());
        let from = if row.row == self.start.row { self.start.column } else { 0 };
        let mut to = if row.row == self.end.row { self.end.column } else { u64::MAX };
        // Columns are those of what a window shows: the beginning of a long row. Behind it means the row's end.
        let mut line = self.view.shown(&row, Style::default(), MAX_ROW_BYTES)?;
        if to >= line.text.encode_utf16().count() as u64 {
            to = u64::MAX;
            if line.more > 0 {
                line = self.view.shown(&row, Style::default(), room)?;
            }
        }
        let part = between(&line.text, from, to);
        let time = if self.timestamps { time(row.ts_ms) } else { String::new() };
        if part.len() + time.len() + 1 > room || (to == u64::MAX && line.more > 0) {
            return Ok(false);
        }
        if !first {
            self.text.push('\n');
        }
        self.text.push_str(&time);
        // NUL would end the text on some clipboards, so its symbol goes there.
        self.text.push_str(&part.replace('\0', "\u{2400}"));
        Ok(true)
    }

    fn read(mut self, search: Option<&SearchedLog>) -> Result<LogText, LogError> {
        let (mut next, mut first) = (self.start.row, true);
        let mut rank = search.map_or(Ok(Rank::ZERO), |open| open.search.rank(self.start.row))?;
        loop {
            let rows = match search {
                Some(open) => {
                    let wanted = open.search.select(rank, TEXT_ROWS)?;
                    rank += wanted.len() as u64;
                    self.view.rows_at(&wanted, TEXT_CLIP)?
                }
                None => self.view.rows(next, TEXT_ROWS, TEXT_CLIP)?,
            };
            if rows.is_empty() {
                break;
            }
            for row in rows {
                if row.row > self.end.row {
                    return Ok(LogText { text: self.text, truncated: false });
                }
                next = row.row + row.removed.map_or(1, |removed| removed.rows);
                if !self.add(row, first)? {
                    return Ok(LogText { text: self.text, truncated: true });
                }
                first = false;
            }
        }
        Ok(LogText { text: self.text, truncated: false })
    }
}

impl Lines for RawExport {
    fn next(&mut self, bytes: &mut Vec<u8>, room: usize) -> Result<Option<u64>, LogError> {
        RawExport::next(self, bytes, room)
    }
}

/// Rows as they are shown; with a search, those that it has found.
struct ExportedRows {
    rows: RowExport,
    search: Option<Arc<SearchedLog>>,
    timestamps: bool,
}

impl Lines for ExportedRows {
    fn next(&mut self, bytes: &mut Vec<u8>, _: usize) -> Result<Option<u64>, LogError> {
        let rows = self.rows.next(self.search.as_ref().map(|searched| &searched.search))?;
        for row in &rows {
            add_line(bytes, row, self.timestamps, "");
        }
        Ok((!rows.is_empty()).then_some(rows.len() as u64))
    }
}

impl SupervisorApiAdapter {
    fn named(&self, search: Option<&str>) -> Result<Option<Arc<SearchedLog>>, ApiError> {
        search.map(|id| self.searches.one(id)).transpose()
    }
}

impl Perform<GetLogDensity> for SupervisorApiAdapter {
    async fn perform(&self, ask: GetLogDensity) -> Result<LogDensity, ApiError> {
        let search = self.named(ask.search_id.as_deref())?;
        let log = self.log(&ask.run).await?;
        blocking(move || {
            let mut view = log.view()?;
            let search = search.as_ref().map(|open| &open.search);
            let slices = slices(&mut view, ask.buckets.min(MAX_BUCKETS) as usize, search)?;
            Ok(density(view.extent()?.rows, &slices))
        })
        .await
    }
}

impl Perform<ReadLine> for SupervisorApiAdapter {
    async fn perform(&self, ask: ReadLine) -> Result<LineChunk, ApiError> {
        let ReadLine { run, row, from_byte, count, search_id } = ask;
        let search = self.named(search_id.as_deref())?;
        let log = self.log(&run).await?;
        let count = count.clamp(4, MAX_CHUNK) as usize;
        let found = blocking(move || {
            let Some(part) = log.view()?.line(row, from_byte, count)? else { return Ok(None) };
            let ranges = search.map_or(Ok(Vec::new()), |open| open.ranges_in(row, &part))?;
            Ok(Some((part, ranges)))
        });
        let Some((part, ranges)) = found.await? else {
            return Err(FieldError::new("row", format!("there is no row {row}")).into());
        };
        Ok(LineChunk {
            spans: spans(&part.shown),
            text: part.shown.text,
            ranges,
            from_byte: part.from,
            next_byte: part.next,
            full_len: part.full_len,
        })
    }
}

impl Perform<ReadLogText> for SupervisorApiAdapter {
    async fn perform(&self, ask: ReadLogText) -> Result<LogText, ApiError> {
        let ReadLogText { run, start, end, timestamps, search_id } = ask;
        let search = self.named(search_id.as_deref())?;
        let log = self.log(&run).await?;
        blocking(move || {
            let selection = Selection { view: log.view()?, start, end, timestamps, text: String::new() };
            selection.read(search.as_deref())
        })
        .await
    }
}

impl Produce<ExportLog> for SupervisorApiAdapter {
    async fn produce(
        &self,
        ExportLog { run, timestamps, search_id }: ExportLog,
    ) -> Result<ExportStream, ApiError> {
        let search = self.named(search_id.as_deref())?;
        let log = self.log(&run).await?;
        if !timestamps && search.is_none() {
            let raw = blocking(move || RawExport::open(&log.folder, log.over)).await?;
            return Ok(export::stream(raw));
        }
        let rows = blocking(move || {
            let mut rows = RowExport::open(&log.folder, log.over)?;
            rows.set_encoding(log.encoding);
            Ok(rows)
        })
        .await?;
        Ok(export::stream(ExportedRows { rows, search, timestamps }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_of_a_selection_are_utf_16() {
        assert_eq!(between("a😀bc", 1, 4), "😀b");
        assert_eq!(between("abc", 1, u64::MAX), "bc");
        assert_eq!(between("abc", 5, 9), "");
        assert_eq!(between("abc", 2, 1), "");
    }
}
