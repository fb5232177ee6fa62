//! Random access by row, for the log window.
//!
//! A row is what the files show: the bytes between two newlines, ours included, or a gap. What was removed keeps its
//! row numbers and is shown as one row. Putting the lines of each stream together again lives in `reader`.

use std::path::Path;

use memchr::memchr_iter;
use solti_positions::{LogOffset, RowNo};

use crate::cursor::{Cursor, LogFiles, Piece};
use crate::format::Kind;
use crate::{LogError, Stream, TextEncoding};

/// How much there is to show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// Display lines; what was removed counts as the rows that it was.
    pub rows: u64,
    /// All bytes that were printed, what was removed too.
    pub bytes: u64,
    /// Time of the last record, milliseconds since the epoch; 0 when empty.
    pub last_ts: u64,
}

/// One display line of the merged log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// From 0 per attempt.
    pub row: RowNo,
    /// The pipe it came through.
    pub stream: Stream,
    /// When its first byte was recorded, milliseconds since the epoch.
    pub ts_ms: u64,
    /// Where its first byte is in the log.
    pub offset: LogOffset,
    /// At most `clip` bytes of it, newline excluded.
    pub bytes: Vec<u8>,
    /// All of its bytes, newline excluded.
    pub full_len: u64,
    /// It does not end with a newline of the child (yet).
    pub partial: bool,
    /// It goes on with a line that the other stream or a gap interrupted.
    pub continued: bool,
    /// Not a line but this many bytes that found no space on the disk.
    pub gap: Option<u64>,
    /// Not a line but what retention removed: this row stands for all the rows up to the next one's number.
    pub removed: Option<Removed>,
}

/// A part of the log that is not there any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Removed {
    /// At least 1.
    pub rows: u64,
    /// The bytes of these rows.
    pub bytes: u64,
}

/// Opened once per request or kept; memory does not depend on the log's size.
#[derive(Debug)]
pub struct LogView {
    files: LogFiles,
    cursor: Cursor,
    is_final: bool,
    encoding: TextEncoding,
    /// Known for good, once the run has ended.
    extent: Option<Extent>,
}

impl LogView {
    /// Missing files are an empty log for now, and looked for at each request.
    ///
    /// # Errors
    /// [`LogError::Open`]; a symbolic link is not followed.
    pub fn open(run_dir: &Path) -> Result<Self, LogError> {
        let (files, encoding) = (LogFiles::open(run_dir)?, TextEncoding::default());
        Ok(Self { files, cursor: Cursor::new(), is_final: false, encoding, extent: None })
    }

    /// How the bytes of the log are read; UTF-8 without it. What is asked for by bytes stays what was printed.
    pub fn set_encoding(&mut self, encoding: TextEncoding) {
        self.encoding = encoding;
        self.extent = None;
    }

    pub(crate) fn encoding(&self) -> TextEncoding {
        self.encoding
    }

    /// The run has ended: also show what no record covers. Slow on a large log without index: [`crate::repair`] it.
    pub fn set_final(&mut self, is_final: bool) {
        self.is_final = is_final;
        self.cursor.set_final(is_final);
        self.extent = None;
    }

    /// How much there is now. One page of the index is read, and a few headers.
    ///
    /// # Errors
    /// [`LogError::Open`] and [`LogError::Read`].
    pub fn extent(&mut self) -> Result<Extent, LogError> {
        if let Some(extent) = self.extent {
            return Ok(extent);
        }
        self.cursor.seek_last(&mut self.files)?;
        while self.cursor.next(&mut self.files)?.is_some() {}
        let counts = self.cursor.counts();
        let is_open = counts.open_row.is_some() && !self.encoding.has_rest(&self.files, &counts)?;
        let rows = counts.row + u64::from(is_open);
        let extent = Extent { rows: rows.get(), bytes: counts.offset.get(), last_ts: counts.ts_ms };
        if self.is_final || self.cursor.has_ended() {
            self.extent = Some(extent);
        }
        Ok(extent)
    }

    /// Up to `count` rows beginning at `from`, each clipped to `clip` bytes; fewer at the log's end. When `from` lies
    /// in a removed part, the row that stands for all of it is the first.
    ///
    /// # Errors
    /// [`LogError::Open`] and [`LogError::Read`].
    pub fn rows(&mut self, from: RowNo, count: usize, clip: usize) -> Result<Vec<Row>, LogError> {
        self.cursor.seek_row(&mut self.files, from)?;
        let mut page = RowPage { from, count, clip, rows: Vec::new(), open: None, buffer: Vec::new() };
        while page.rows.len() < count {
            let Some(piece) = self.cursor.next(&mut self.files)? else { break };
            match piece.record.kind {
                Kind::Data => page.data(&piece, &self.files)?,
                Kind::Gap => page.gap(&piece),
                Kind::Removed => page.removed(&piece),
                Kind::End => break,
            }
        }
        page.close(true);
        let counts = self.cursor.counts();
        if page.rows.last().is_some_and(|last| last.row == counts.row)
            && self.encoding.has_rest(&self.files, &counts)?
        {
            page.rows.pop();
        }
        Ok(page.rows)
    }

    /// The rows of these numbers, which are in order. One that is not there is left out.
    ///
    /// # Errors
    /// [`LogError::Open`] and [`LogError::Read`].
    pub fn rows_at(&mut self, wanted: &[RowNo], clip: usize) -> Result<Vec<Row>, LogError> {
        let mut found = Vec::with_capacity(wanted.len());
        let mut left = wanted;
        while let Some(first) = left.first() {
            // Rows that are close to each other are read in one go.
            let near =
                left.windows(2).take_while(|pair| pair[1] - pair[0] <= 8 && pair[1] - *first < 256).count();
            let (group, rest) = left.split_at(near + 1);
            let count = group[near] - *first + 1;
            let rows = self.rows(*first, count as usize, clip)?;
            found.extend(rows.into_iter().filter(|row| group.binary_search(&row.row).is_ok()));
            left = rest;
        }
        Ok(found)
    }

    /// For what else is read from the same files.
    pub(crate) fn parts(&mut self) -> (&mut LogFiles, bool) {
        (&mut self.files, self.is_final)
    }
}

/// Some bytes of a row within a piece.
#[derive(Clone, Copy)]
struct Part {
    /// Where they are in the log.
    offset: LogOffset,
    /// The row began before the piece.
    mid: bool,
    /// The row goes on with an earlier line.
    continued: bool,
}

/// The asked-for rows in the making.
struct RowPage {
    from: RowNo,
    count: usize,
    clip: usize,
    rows: Vec<Row>,
    open: Option<Row>,
    buffer: Vec<u8>,
}

impl RowPage {
    fn data(&mut self, piece: &Piece, files: &LogFiles) -> Result<(), LogError> {
        let record = &piece.record;
        let first = piece.before.row;
        // The row of the last byte, and with it all rows of the piece, come before the page.
        if first + record.newlines < self.from.saturating_add(u64::from(!record.partial)) {
            return Ok(());
        }
        if piece.before.open_row.is_none() {
            self.close(true);
        }
        // In the midst of a long row only its head is wanted: the rest is counted and not read.
        let head_only = record.newlines == 0;
        let want = if head_only {
            let have = self.open.as_ref().map_or(0, |row| row.bytes.len());
            record.len.min((self.clip - have.min(self.clip)) as u64)
        } else {
            record.len
        } as usize;
        self.buffer.resize(want, 0);
        let n = files.read_log(&mut self.buffer, piece.before.offset)?;
        let buffer = std::mem::take(&mut self.buffer);
        let bytes = &buffer[..n];

        let mut row = first;
        let mut start = 0;
        // Only a row that begins in this piece takes this piece's time and flags.
        let mut mid = piece.before.open_row.is_some();
        let newlines = (!head_only).then(|| memchr_iter(b'\n', bytes)).into_iter().flatten();
        for newline in newlines {
            if row >= self.from {
                let continued = record.continued && row == first && !mid;
                let part = Part { offset: piece.before.offset + start as u64, mid, continued };
                self.extend(piece, row, &bytes[start..newline], (newline - start) as u64, part);
                let own = record.own_newline && newline + 1 == n && n as u64 == record.len;
                self.close(own);
                if self.rows.len() >= self.count {
                    self.buffer = buffer;
                    return Ok(());
                }
            }
            (row, start, mid) = (row + 1, newline + 1, false);
        }
        let rest = if head_only { record.len } else { (n - start) as u64 };
        if rest > 0 && row >= self.from {
            let continued = record.continued && row == first && !mid;
            let part = Part { offset: piece.before.offset + start as u64, mid, continued };
            self.extend(piece, row, &bytes[start..], rest, part);
        }
        self.buffer = buffer;
        Ok(())
    }

    /// Adds bytes to the open row, or begins it.
    fn extend(&mut self, piece: &Piece, number: RowNo, bytes: &[u8], len: u64, part: Part) {
        // A row whose beginning was not seen is not part of the page: the search began before every wanted row.
        if self.open.is_none() && part.mid && number < self.from {
            return;
        }
        let row = self.open.get_or_insert_with(|| Row {
            row: number,
            stream: piece.record.stream,
            ts_ms: piece.ts_ms(),
            offset: part.offset,
            bytes: Vec::new(),
            full_len: 0,
            partial: true,
            continued: part.continued,
            gap: None,
            removed: None,
        });
        let room = self.clip - row.bytes.len().min(self.clip);
        row.bytes.extend_from_slice(&bytes[..bytes.len().min(room)]);
        row.full_len += len;
    }

    fn close(&mut self, partial: bool) {
        if let Some(mut row) = self.open.take()
            && self.rows.len() < self.count
        {
            row.partial = partial;
            self.rows.push(row);
        }
    }

    fn gap(&mut self, piece: &Piece) {
        let number = self.end_row_before(piece);
        if number >= self.from {
            self.push_gap(piece, number, Some(piece.record.len), None);
        }
    }

    fn removed(&mut self, piece: &Piece) {
        let number = self.end_row_before(piece);
        let removed = Removed { rows: piece.record.newlines, bytes: piece.record.len };
        if removed.rows > 0 && number + removed.rows > self.from {
            self.push_gap(piece, number, None, Some(removed));
        }
    }

    /// A gap ends the row that stands open; returns the gap's own row.
    fn end_row_before(&mut self, piece: &Piece) -> RowNo {
        self.close(true);
        piece.before.row + u64::from(piece.before.open_row.is_some())
    }

    fn push_gap(&mut self, piece: &Piece, number: RowNo, gap: Option<u64>, removed: Option<Removed>) {
        if self.rows.len() < self.count {
            self.rows.push(Row {
                row: number,
                stream: piece.record.stream,
                ts_ms: piece.ts_ms(),
                offset: piece.before.offset,
                bytes: Vec::new(),
                full_len: 0,
                partial: false,
                continued: false,
                gap,
                removed,
            });
        }
    }
}
