//! Reads the rows that begin in one block and hands them to the matcher: all at once where that can be, the parts of
//! one stream where that is asked for, and a row without end window by window.

use memchr::memchr;
use solti_positions::{LogOffset, RowNo};
use solti_rows::{MAX_COLUMNS, RowReader, Style, without_end};

use super::blocks::{Block, Scanned};
use super::query::{RowMatcher, Scratch};
use crate::cursor::LogFiles;
use crate::encoding::without_mark;
use crate::locate::{self, Part};
use crate::{AlignedBuffer, LogError, newlines};

/// Read beyond a block's end to complete its last row; most rows are shorter.
const ROW_BYTES: u64 = 4 * 1024;
/// A row that goes on for so long behind its block is searched in windows of this size, …
const WINDOW: u64 = 1024 * 1024;
/// … and a match in it is found when it is not longer than this.
const OVERLAP: u64 = 64 * 1024;
/// A row that redraws itself is read from its beginning whenever it has grown, while it is not longer than this. A longer one is
/// read when it has ended.
const REDRAWN: u64 = 1024 * 1024;

/// What a scan has to know of the log as a whole.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds<'a> {
    /// Bytes that the index tells of, or all when the run has ended.
    pub end: LogOffset,
    /// No byte will follow.
    pub is_final: bool,
    /// Where a row ends without a newline, in order: at gaps.
    pub breaks: &'a [LogOffset],
}

impl Bounds<'_> {
    /// A row that holds byte `at` ends here at the latest, and whether it does so for good.
    fn row_limit(&self, at: LogOffset) -> (LogOffset, bool) {
        let next = self.breaks.partition_point(|place| *place <= at);
        match self.breaks.get(next) {
            Some(place) if *place <= self.end => (*place, true),
            _ => (self.end, self.is_final),
        }
    }
}

/// The last row of the log while it has no end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OpenRow {
    pub start: LogOffset,
    /// It is a match as far as it goes.
    pub matches: bool,
    /// Something in it was found, whatever `invert` says, up to here.
    found: bool,
    /// Another text is shown than its bytes.
    redraws: bool,
    scanned_to: LogOffset,
}

impl OpenRow {
    pub(super) fn searched_bytes(&self) -> u64 {
        self.scanned_to - self.start
    }
}

/// Reads and searches blocks, one after the other. Memory: about two blocks.
pub(super) struct Scanner<'a> {
    files: &'a mut LogFiles,
    matcher: RowMatcher,
    /// Only the first `have` bytes are of the log.
    buffer: AlignedBuffer,
    have: usize,
    scratch: Scratch,
}

/// The rows of a block as they lie in the buffer.
struct Rows {
    /// Where in the log the buffer begins.
    base: LogOffset,
    /// Whole rows, log bytes.
    from: LogOffset,
    to: LogOffset,
    /// The last row begins at `to` and has no end within reach.
    endless: bool,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(files: &'a mut LogFiles, matcher: RowMatcher) -> Self {
        let scratch = matcher.scratch();
        Self { files, matcher, buffer: AlignedBuffer::default(), have: 0, scratch }
    }

    /// Goes on with a block where its last scan ended. `open` is the row that stood open when the log was last looked
    /// at; returned is the one that does so now, if it begins in this block.
    pub(super) fn count(
        &mut self,
        block: &Block,
        bounds: Bounds<'_>,
        open: Option<OpenRow>,
    ) -> Result<(Scanned, Option<OpenRow>), LogError> {
        let Some(rows) = self.rows(block, bounds)? else {
            // No row begins in what there is of it.
            let to = block.end.min(bounds.end).max(block.searched_to);
            let done = bounds.is_final || bounds.end >= block.end;
            let (to, at_row) = if done { (to, false) } else { (block.searched_to, block.at_row) };
            return Ok((Scanned { to, at_row, matches: 0, done }, None));
        };
        let mut matches = 0;
        if self.matcher.query().stream.is_none() && !bounds.has_break(rows.from, rows.to) {
            let bytes = slice(&self.buffer[..self.have], &rows, rows.from, rows.to);
            self.scratch.begin_at(self.scratch.encoding().row_start(self.files, bytes, rows.from)?);
            matches += self.matcher.count(bytes, &mut self.scratch);
        } else {
            for part in self.wanted_parts(&rows, bounds)? {
                let bytes = slice(&self.buffer[..self.have], &rows, part.from, part.to);
                self.scratch.begin_at(self.scratch.encoding().row_start(self.files, bytes, part.from)?);
                matches += self.matcher.count(bytes, &mut self.scratch);
            }
        }
        let whole =
            Scanned { to: rows.to, at_row: true, matches, done: bounds.is_final || rows.to >= block.end };
        if !rows.endless {
            return Ok((whole, None));
        }
        let (row, end) = self.endless_row(rows.to, bounds, open)?;
        Ok(match end {
            Some(end) => {
                let matches = matches + u64::from(row.matches);
                (Scanned { to: end.max(block.end), at_row: end >= block.end, matches, done: true }, None)
            }
            None => (Scanned { done: false, ..whole }, Some(row)),
        })
    }

    /// The numbers of the matching rows among those of a block that were searched, in order.
    pub(super) fn matching_rows(
        &mut self,
        block: &Block,
        bounds: Bounds<'_>,
    ) -> Result<Vec<RowNo>, LogError> {
        let from_start = Block { searched_to: block.start, at_row: block.starts_row, ..*block };
        let mut found = Vec::new();
        let Some(rows) = self.rows(&from_start, bounds)? else { return Ok(found) };
        for part in self.wanted_parts(&rows, bounds)? {
            let bytes = slice(&self.buffer[..self.have], &rows, part.from, part.to);
            self.scratch.begin_at(self.scratch.encoding().row_start(self.files, bytes, part.from)?);
            self.matcher.matching(bytes, &mut self.scratch, |n| found.push(part.row + n));
        }
        if rows.endless && block.done {
            let (row, _) = self.endless_row(rows.to, bounds, None)?;
            if row.matches {
                let part = locate::parts(self.files, bounds.is_final, rows.to, rows.to + 1, true)?;
                found.extend(part.first().map(|part| part.row));
            }
        }
        Ok(found)
    }

    /// The rows that begin in the block; `None` when the last of them has no end within reach.
    pub(super) fn whole_rows(
        &mut self,
        block: &Block,
        bounds: Bounds<'_>,
    ) -> Result<Option<&[u8]>, LogError> {
        Ok(match self.rows(block, bounds)? {
            None => Some(&[]),
            Some(rows) if rows.endless => None,
            Some(rows) => Some(slice(&self.buffer[..self.have], &rows, rows.from, rows.to)),
        })
    }

    /// Reads the rows that begin in the block behind what was searched; `None` when none begins there yet.
    fn rows(&mut self, block: &Block, bounds: Bounds<'_>) -> Result<Option<Rows>, LogError> {
        // One byte more in front tells whether a row begins here.
        let base = if block.at_row { block.searched_to } else { block.searched_to.saturating_back(1) };
        let end = block.end.min(bounds.end);
        if base >= end {
            return Ok(None);
        }
        self.have = 0;
        self.read_to(base, (end + ROW_BYTES).min(bounds.end))?;
        let from = if block.at_row {
            block.searched_to
        } else {
            let newline = memchr(b'\n', &self.buffer[..self.have]).map(|at| base + at as u64 + 1);
            let place = bounds.breaks.partition_point(|place| *place < block.searched_to);
            let place = bounds.breaks.get(place).copied();
            match (newline, place) {
                (Some(a), Some(b)) => a.min(b),
                (Some(a), None) | (None, Some(a)) => a,
                (None, None) => return Ok(None),
            }
        };
        if from >= end || base + self.have as u64 <= from {
            return Ok(None);
        }
        // The last row is the one that holds the byte before the end.
        let (limit, ends_there) = bounds.row_limit(end.saturating_back(1));
        let mut reach = ROW_BYTES;
        loop {
            let have = (base + self.have as u64).min(limit);
            let known = (end - base - 1) as usize;
            let newline = self.buffer[..self.have]
                .get(known..(have - base) as usize)
                .and_then(|rest| memchr(b'\n', rest));
            if let Some(at) = newline {
                return Ok(Some(Rows { base, from, to: base + (known + at) as u64 + 1, endless: false }));
            }
            if have >= limit && ends_there {
                return Ok(Some(Rows { base, from, to: limit, endless: false }));
            }
            if have >= limit || reach > WINDOW {
                break;
            }
            reach *= 4;
            let want = (end + reach).min(limit);
            self.read_to(base, want)?;
            if base + self.have as u64 <= have {
                // Removed meanwhile.
                break;
            }
        }
        let start = (from - base) as usize;
        let shown = (end - base) as usize;
        let last = newlines::through_last(self.buffer[..self.have].get(start..shown).unwrap_or_default());
        let before = bounds.breaks.partition_point(|place| *place < end);
        let torn = before.checked_sub(1).map_or(LogOffset::ZERO, |at| bounds.breaks[at]);
        Ok(Some(Rows { base, from, to: (from + last as u64).max(torn.max(from)), endless: true }))
    }

    /// Reads on until the buffer, which begins at `base`, reaches byte `to` of the log or there is nothing more.
    fn read_to(&mut self, base: LogOffset, to: LogOffset) -> Result<(), LogError> {
        let want = (to - base) as usize;
        if self.have == 0 {
            self.buffer.place(self.files.place_in_file(base)?, want);
        } else {
            self.buffer.grow(want);
        }
        while self.have < want {
            match self.files.read_log(&mut self.buffer[self.have..want], base + self.have as u64)? {
                0 => break,
                n => self.have += n,
            }
        }
        Ok(())
    }

    fn wanted_parts(&mut self, rows: &Rows, bounds: Bounds<'_>) -> Result<Vec<Part>, LogError> {
        if rows.from >= rows.to {
            return Ok(Vec::new());
        }
        let stream = self.matcher.query().stream;
        let mut parts = locate::parts(self.files, bounds.is_final, rows.from, rows.to, stream.is_some())?;
        parts.retain(|part| stream.is_none_or(|wanted| wanted == part.stream));
        Ok(parts)
    }

    /// Searches the row that begins at `start` to its end, which is returned, or to the log's.
    fn endless_row(
        &mut self,
        start: LogOffset,
        bounds: Bounds<'_>,
        before: Option<OpenRow>,
    ) -> Result<(OpenRow, Option<LogOffset>), LogError> {
        let mut row = before.filter(|row| row.start == start).unwrap_or(OpenRow {
            start,
            matches: false,
            found: false,
            redraws: false,
            scanned_to: start,
        });
        let (limit, ends_there) = bounds.row_limit(start);
        let mut end = None;
        while end.is_none() && row.scanned_to < limit {
            let base = row.scanned_to.saturating_back(OVERLAP).max(start);
            let to = (row.scanned_to + WINDOW).min(limit);
            self.have = 0;
            self.read_to(base, to)?;
            let known = (row.scanned_to - base) as usize;
            if self.have <= known {
                // Removed meanwhile.
                end = Some(row.scanned_to);
                break;
            }
            let newline = memchr(b'\n', &self.buffer[known..self.have]).map(|at| known + at);
            let text = &self.buffer[..newline.unwrap_or(self.have)];
            let text = if newline.is_some() { without_end(text) } else { text };
            let text = without_mark(text, base);
            row.redraws |= self.scratch.takes_all(text);
            if !row.found && !row.redraws && !text.is_empty() {
                // Behind a window's first byte no row and no word begins by mistake.
                let first = usize::from(base > start).min(text.len());
                row.found = self.matcher.is_in_part(first, text);
            }
            row.scanned_to = base + self.have as u64;
            end = newline.map(|at| base + at as u64 + 1);
        }
        if end.is_none() && ends_there {
            end = Some(limit);
        }
        if row.redraws {
            let is_short = row.scanned_to - start <= REDRAWN;
            row.found =
                (is_short || end.is_some()) && self.is_in_redrawn(start, end.unwrap_or(row.scanned_to))?;
        }
        let query = self.matcher.query();
        let (wanted, invert) = (query.stream, query.invert);
        row.matches = row.found != invert;
        if row.matches && wanted.is_some() {
            let part = locate::parts(self.files, bounds.is_final, start, start + 1, true)?;
            row.matches = part.first().map(|part| part.stream) == wanted;
        }
        Ok((row, end))
    }

    /// Whether what is shown of one row matches.
    fn is_in_redrawn(&mut self, start: LogOffset, end: LogOffset) -> Result<bool, LogError> {
        if end - start <= REDRAWN {
            self.have = 0;
            self.read_to(start, end)?;
            let row = self.buffer[..self.have].strip_suffix(b"\n").unwrap_or(&self.buffer[..self.have]);
            self.scratch.begin_at(self.scratch.encoding().row_start(self.files, row, start)?);
            return Ok(self.matcher.finds(self.scratch.texts(row)));
        }
        let mut reader = RowReader::new(MAX_COLUMNS);
        reader.begin(Style::default());
        let encoding = self.matcher.query().encoding;
        let (mut decoder, mut text) = (None, Vec::new());
        let mut last = [0];
        self.files.read_log(&mut last, end.saturating_back(1))?;
        let len = end - start - u64::from(last == *b"\n");
        let mut at = start;
        while at < end {
            self.have = 0;
            self.read_to(at, (at + WINDOW).min(end))?;
            if self.have == 0 {
                break;
            }
            at += self.have as u64;
            let bytes = self.buffer[..self.have].strip_suffix(b"\n").unwrap_or(&self.buffer[..self.have]);
            if encoding.is_utf8() {
                let bytes = without_mark(bytes, at.saturating_back(self.have as u64));
                reader.feed(if at >= end { without_end(bytes) } else { bytes });
                continue;
            }
            if decoder.is_none() {
                let start = encoding.row_start(self.files, bytes, start)?;
                decoder = Some(encoding.decoder(bytes, len, start));
            }
            let Some(decoder) = &mut decoder else { break };
            text.clear();
            decoder.feed(bytes, &mut text);
            reader.feed(if at >= end { without_end(&text) } else { &text });
        }
        if let Some(mut decoder) = decoder {
            text.clear();
            decoder.finish(&mut text);
            reader.feed(&text);
        }
        Ok(self.matcher.finds(reader.finish(usize::MAX).text.as_bytes()))
    }
}

impl Bounds<'_> {
    fn has_break(&self, from: LogOffset, to: LogOffset) -> bool {
        let next = self.breaks.partition_point(|place| *place <= from);
        self.breaks.get(next).is_some_and(|place| *place < to)
    }
}

fn slice<'b>(buffer: &'b [u8], rows: &Rows, from: LogOffset, to: LogOffset) -> &'b [u8] {
    let at = |offset: LogOffset| ((offset - rows.base) as usize).min(buffer.len());
    &buffer[at(from)..at(to)]
}
