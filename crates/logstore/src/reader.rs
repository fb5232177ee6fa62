//! The sequential reader: every line of a run's log, in order, once.
//!
//! Makes lines of the cursor's pieces: joins a line that the other stream interrupted, withholds unfinished ones.
//! Rows for a window, which are what the file shows and not what the child meant, live in `view`.

use std::collections::VecDeque;
use std::path::Path;

use bytes::{Bytes, BytesMut};
use memchr::memchr_iter;

use solti_positions::LogOffset;

use crate::cursor::{Cursor, LogFiles, Piece};
use crate::format::Kind;
use crate::{LogError, Stream};

/// About this many bytes make a batch.
const BATCH_BYTES: u64 = 64 * 1024;
/// Or about this many lines.
const BATCH_LINES: u64 = 4 * 1024;
/// No batch has more, give or take a line of each stream: 64 KiB of empty lines would take 2 MiB to describe.
const MOST_LINES: usize = 8 * 1024;
/// A line longer than this comes in several spans.
const LINE_BYTES: usize = 1024 * 1024;

/// One line of a [`Batch`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineSpan {
    /// The pipe it came through.
    pub stream: Stream,
    /// The line goes on in the next span of this stream with the same `seq`: it is longer than 1 MiB, a gap
    /// tore it, or it was asked for before its end. Where its rest was removed, or the output ended there, nothing goes on.
    pub cut: bool,
    /// It goes on with the line of the span before it of this stream.
    pub continues: bool,
    /// A newline of the child's stands behind it.
    pub ended: bool,
    /// The line's bytes in the batch, newline excluded.
    pub start: u32,
    /// Behind its last byte.
    pub end: u32,
    /// Line number within its stream, from 0; dropped lines count.
    pub seq: u64,
    /// When the line's first byte was recorded, milliseconds since the epoch.
    pub ts_ms: u64,
}

/// Bytes that the log does not have (any more).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// How many of the batch's lines come before the gap.
    pub before_line: usize,
    /// Why they are not there.
    pub cause: GapCause,
    /// How many they are.
    pub bytes: u64,
    /// Newlines among these bytes, of both streams; `seq` goes on after them.
    pub lines: u64,
}

/// Why bytes are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GapCause {
    /// Bytes of this stream found no space on the disk.
    NoSpace(Stream),
    /// Retention removed segments of the log.
    Removed,
}

/// Some whole lines in order.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// What the lines are slices of.
    pub bytes: Bytes,
    /// In the order of the log.
    pub lines: Vec<LineSpan>,
    /// In the order of the log.
    pub gaps: Vec<Gap>,
}

impl Batch {
    /// The bytes of one line without its newline, sharing the batch's memory.
    pub fn line(&self, span: &LineSpan) -> Bytes {
        self.bytes.slice(span.start as usize..span.end as usize)
    }
}

/// A cursor over one run's log, from its beginning. Memory: a batch, and an unfinished line of each stream.
#[derive(Debug)]
pub struct LogReader {
    files: LogFiles,
    cursor: Cursor,
    is_final: bool,
    unfinished: bool,
    pieces: Vec<Piece>,
    /// What the next batch begins with: pieces that did not adjoin the ones before them, or had too many lines.
    kept_back: VecDeque<Piece>,
    streams: [StreamState; 2],
    /// The stream and time of the row that is not ended yet.
    open_row: Option<(Stream, u64)>,
    spare_bytes: BytesMut,
    spare_lines: Vec<LineSpan>,
}

#[derive(Debug, Default)]
struct StreamState {
    seq: u64,
    /// The beginning of a line whose end was not seen yet, and its time.
    carry: Vec<u8>,
    carry_ts: u64,
    /// The current line was cut: an empty rest must still be told.
    was_cut: bool,
}

impl LogReader {
    /// Opens at the log's beginning. Missing files are an empty log for now, and looked for at each read.
    ///
    /// # Errors
    /// [`LogError::Open`]; a symbolic link is not followed.
    pub fn open(run_dir: &Path) -> Result<Self, LogError> {
        Ok(Self {
            files: LogFiles::open(run_dir)?,
            cursor: Cursor::new(),
            is_final: false,
            unfinished: false,
            pieces: Vec::new(),
            kept_back: VecDeque::new(),
            streams: Default::default(),
            open_row: None,
            spare_bytes: BytesMut::new(),
            spare_lines: Vec::new(),
        })
    }

    /// Opens for a reader that already has `lines` lines of each stream: about there, never behind it. Lines before
    /// may come once more and are told by their `seq`; the first of each stream may then lack its beginning.
    ///
    /// # Errors
    /// [`LogError::Open`] and [`LogError::Read`].
    pub fn open_after(run_dir: &Path, lines: [u64; 2]) -> Result<Self, LogError> {
        let mut reader = Self::open(run_dir)?;
        reader.cursor.seek_lines(&mut reader.files, lines)?;
        let mut counts = reader.cursor.counts();
        while let Some(piece) = reader.cursor.next(&mut reader.files)? {
            if !reader.cursor.counts().is_before(lines) {
                counts = piece.before;
                reader.kept_back.push_back(piece);
                break;
            }
            counts = reader.cursor.counts();
        }
        reader.open_row = counts.open_row.map(|stream| (stream, counts.ts_ms));
        for stream in Stream::ALL {
            reader.streams[stream.index()].seq = counts.seq[stream.index()];
        }
        Ok(reader)
    }

    /// The run has ended: the trailing unfinished lines, and log bytes that no record covers, are yielded too.
    /// The writer's end mark in the index has the same effect.
    pub fn set_final(&mut self, is_final: bool) {
        self.is_final = is_final;
        self.cursor.set_final(is_final);
    }

    /// Whether what there is of a line that has not ended is yielded once there is nothing else; the rest comes when it is there.
    pub fn set_unfinished(&mut self, unfinished: bool) {
        self.unfinished = unfinished;
    }

    /// The next lines; `None` when caught up for now, or for good when the run has ended. After an error it may be called again
    /// and goes on where it was.
    ///
    /// # Errors
    /// [`LogError::Open`] and [`LogError::Read`].
    pub fn next_batch(&mut self) -> Result<Option<Batch>, LogError> {
        let batch = self.read_batch();
        if batch.is_err() {
            for piece in self.pieces.drain(..).rev() {
                self.kept_back.push_front(piece);
            }
        }
        batch
    }

    fn read_batch(&mut self) -> Result<Option<Batch>, LogError> {
        loop {
            let more = self.collect()?;
            let mut out = Output {
                bytes: std::mem::take(&mut self.spare_bytes),
                lines: std::mem::take(&mut self.spare_lines),
                gaps: Vec::new(),
            };
            out.bytes.clear();
            out.lines.clear();
            if more {
                self.make_lines(&mut out)?;
            } else if self.is_final || self.cursor.has_ended() {
                self.open_row = None;
                for stream in Stream::ALL {
                    self.streams[stream.index()].end_of_log(stream, &mut out);
                }
            } else if self.unfinished {
                for stream in Stream::ALL {
                    self.streams[stream.index()].cut(stream, &mut out);
                }
            }
            if !out.lines.is_empty() || !out.gaps.is_empty() {
                return Ok(Some(Batch { bytes: out.bytes.freeze(), lines: out.lines, gaps: out.gaps }));
            }
            (self.spare_bytes, self.spare_lines) = (out.bytes, out.lines);
            if !more {
                return Ok(None);
            }
        }
    }

    /// Collects adjoining pieces for one batch; whether there are any.
    fn collect(&mut self) -> Result<bool, LogError> {
        self.pieces.clear();
        let (mut bytes, mut lines, mut end) = (0, 0, None);
        while bytes < BATCH_BYTES && lines < BATCH_LINES && self.pieces.len() < BATCH_LINES as usize / 4 {
            let piece = match self.kept_back.pop_front() {
                Some(piece) => piece,
                None => match self.cursor.next(&mut self.files)? {
                    Some(piece) => piece,
                    None => break,
                },
            };
            if piece.record.kind == Kind::Data {
                if end.is_some_and(|end| end != piece.before.offset) {
                    self.kept_back.push_front(piece);
                    break;
                }
                bytes += piece.record.len;
                lines += piece.record.newlines;
                end = Some(piece.before.offset + piece.record.len);
            }
            if piece.record.kind == Kind::Removed {
                // By itself: the cursor's counts are then the ones behind it.
                if self.pieces.is_empty() {
                    self.pieces.push(piece);
                } else {
                    self.kept_back.push_front(piece);
                }
                break;
            }
            self.pieces.push(piece);
        }
        Ok(!self.pieces.is_empty())
    }

    fn make_lines(&mut self, out: &mut Output) -> Result<(), LogError> {
        let is_data = |piece: &&Piece| piece.record.kind == Kind::Data;
        let data = self.pieces.iter().filter(is_data);
        let first = data.clone().next().map_or(LogOffset::ZERO, |piece| piece.before.offset);
        let total: u64 = data.map(|piece| piece.record.len).sum();
        let carried: usize = self.streams.iter().map(|s| s.carry.len()).sum();
        out.bytes.reserve(total as usize + carried);
        out.bytes.resize(total as usize, 0);
        let n = self.files.read_log_on(&mut out.bytes, first)?;
        let mut pieces = std::mem::take(&mut self.pieces);
        let newlines = pieces.iter().filter(is_data).map(|piece| piece.record.newlines);
        let newlines = newlines.fold(0, u64::saturating_add);
        out.lines.reserve_exact((newlines as usize).min(MOST_LINES) + 2);

        let mut at = 0;
        let mut row_start = 0;
        for (i, piece) in pieces.iter().enumerate() {
            match piece.record.kind {
                Kind::Data => {
                    let end = (at + piece.record.len as usize).min(n);
                    if end - at < piece.record.len as usize {
                        self.suspend_row(row_start, at, out);
                        self.vanished(piece, out);
                        row_start = end;
                    } else {
                        let (next_row, rest) = self.data(piece, at, end, row_start, out);
                        row_start = next_row;
                        if let Some(rest) = rest {
                            for later in pieces[i + 1..].iter().rev() {
                                self.kept_back.push_front(*later);
                            }
                            self.kept_back.push_front(rest);
                            break;
                        }
                    }
                    at = end;
                }
                Kind::Gap => {
                    self.suspend_row(row_start, at, out);
                    self.gap(piece, out);
                    row_start = at;
                }
                Kind::Removed => {
                    self.suspend_row(row_start, at, out);
                    self.removed(piece, out);
                    row_start = at;
                }
                Kind::End => {}
            }
        }
        if let Some((stream, ts)) = self.open_row {
            self.streams[stream.index()].carry_on(stream, row_start..at, ts, out);
        }
        pieces.clear();
        self.pieces = pieces;
        Ok(())
    }

    /// Makes lines of `out.bytes[from..to]`; returns where the row that is open after it begins, and what is left of the
    /// piece where the batch has no room for all of its lines.
    fn data(
        &mut self,
        piece: &Piece,
        from: usize,
        to: usize,
        row_start: usize,
        out: &mut Output,
    ) -> (usize, Option<Piece>) {
        let stream = piece.record.stream;
        let ts = piece.ts_ms();
        let mut start = row_start;
        let mut row_ts = ts;
        match self.open_row {
            Some((open, since)) if open == stream => row_ts = since,
            _ => {
                self.suspend_row(row_start, from, out);
                start = from;
            }
        }
        let own = piece.record.own_newline && to > from;
        let lines_end = if own { to - 1 } else { to };
        let state = &mut self.streams[stream.index()];
        let mut scan = from;
        let mut newlines = 0;
        if state.is_mid_line()
            && let Some(newline) = memchr::memchr(b'\n', &out.bytes[from..lines_end])
        {
            scan = from + newline + 1;
            state.end_line(stream, start..scan - 1, row_ts, out);
            (start, row_ts) = (scan, ts);
            newlines = 1;
        }
        let mut seq = state.seq;
        for newline in memchr_iter(b'\n', &out.bytes[scan..lines_end]) {
            let end = scan + newline;
            out.lines.push(LineSpan {
                stream,
                cut: false,
                continues: false,
                ended: true,
                start: start as u32,
                end: end as u32,
                seq,
                ts_ms: row_ts,
            });
            seq += 1;
            newlines += 1;
            (start, row_ts) = (end + 1, ts);
            if out.lines.len() >= MOST_LINES && start < to {
                state.seq = seq;
                self.open_row = None;
                return (start, Some(piece.behind((start - from) as u64, newlines)));
            }
        }
        state.seq = seq;
        self.open_row = (start < to).then_some((stream, row_ts));
        if own {
            self.suspend_row(start, lines_end, out);
            start = to;
        }
        (start, None)
    }

    /// The open row's bytes go to its line's carry; what follows in the log is another row.
    fn suspend_row(&mut self, start: usize, end: usize, out: &mut Output) {
        if let Some((stream, ts)) = self.open_row.take() {
            self.streams[stream.index()].carry_on(stream, start..end, ts, out);
        }
    }

    fn gap(&mut self, piece: &Piece, out: &mut Output) {
        let stream = piece.record.stream;
        let state = &mut self.streams[stream.index()];
        state.cut(stream, out);
        if piece.record.newlines > 0 {
            state.seq += piece.record.newlines;
            state.was_cut = false;
        }
        out.gaps.push(Gap {
            before_line: out.lines.len(),
            cause: GapCause::NoSpace(stream),
            bytes: piece.record.len,
            lines: piece.record.newlines,
        });
    }

    /// The index told of bytes that could not be read a moment later.
    fn vanished(&mut self, piece: &Piece, out: &mut Output) {
        let stream = piece.record.stream;
        let state = &mut self.streams[stream.index()];
        state.cut(stream, out);
        let lines = piece.record.newlines.saturating_sub(u64::from(piece.record.own_newline));
        state.seq += lines;
        state.was_cut &= lines == 0;
        let (before_line, bytes) = (out.lines.len(), piece.record.len);
        out.gaps.push(Gap { before_line, cause: GapCause::Removed, bytes, lines });
    }

    /// `seq` goes on with what the log says behind the gap.
    fn removed(&mut self, piece: &Piece, out: &mut Output) {
        let behind = self.cursor.counts();
        let mut lines = 0;
        for stream in Stream::ALL {
            let state = &mut self.streams[stream.index()];
            state.cut(stream, out);
            let seq = behind.seq[stream.index()];
            lines += seq.saturating_sub(state.seq);
            state.was_cut &= seq == state.seq;
            state.seq = seq;
        }
        out.gaps.push(Gap {
            before_line: out.lines.len(),
            cause: GapCause::Removed,
            bytes: piece.record.len,
            lines,
        });
    }
}

/// A batch in the making: bytes of the log, and behind them lines that had to be put together.
struct Output {
    bytes: BytesMut,
    lines: Vec<LineSpan>,
    gaps: Vec<Gap>,
}

impl StreamState {
    fn is_mid_line(&self) -> bool {
        !self.carry.is_empty() || self.was_cut
    }

    /// More of the current line, which does not end here.
    fn carry_on(&mut self, stream: Stream, range: std::ops::Range<usize>, ts: u64, out: &mut Output) {
        if range.is_empty() {
            return;
        }
        if self.carry.len() + range.len() > LINE_BYTES {
            self.cut_between_characters(stream, out);
        }
        if self.carry.is_empty() {
            self.carry_ts = ts;
        }
        self.carry.extend_from_slice(&out.bytes[range]);
    }

    fn end_line(&mut self, stream: Stream, range: std::ops::Range<usize>, ts: u64, out: &mut Output) {
        self.carry_on(stream, range, ts, out);
        if self.carry.is_empty() {
            self.carry_ts = ts;
        }
        self.emit(stream, End::Newline, out);
        self.seq += 1;
        self.was_cut = false;
    }

    /// Yields what there is of the current line; the rest comes later.
    fn cut(&mut self, stream: Stream, out: &mut Output) {
        if !self.carry.is_empty() {
            self.emit(stream, End::Cut, out);
            self.was_cut = true;
        }
    }

    /// The same; the beginning of a character whose rest is to come stays with that.
    fn cut_between_characters(&mut self, stream: Stream, out: &mut Output) {
        let tail = self.carry[self.carry.len().saturating_sub(3)..].iter();
        let begun = match tail.rev().position(|byte| !(0x80..0xc0).contains(byte)) {
            Some(behind) => match self.carry[self.carry.len() - 1 - behind] {
                0xc2..=0xdf if behind < 1 => behind + 1,
                0xe0..=0xef if behind < 2 => behind + 1,
                0xf0..=0xf4 if behind < 3 => behind + 1,
                _ => 0,
            },
            None => 0,
        };
        let kept = self.carry.split_off(self.carry.len() - begun);
        self.cut(stream, out);
        self.carry.extend_from_slice(&kept);
    }

    fn end_of_log(&mut self, stream: Stream, out: &mut Output) {
        if !self.carry.is_empty() {
            self.emit(stream, End::Log, out);
            self.seq += 1;
        }
        self.was_cut = false;
    }

    fn emit(&mut self, stream: Stream, what_ends: End, out: &mut Output) {
        let start = out.bytes.len() as u32;
        out.bytes.extend_from_slice(&self.carry);
        let end = out.bytes.len() as u32;
        out.lines.push(LineSpan {
            stream,
            cut: what_ends == End::Cut,
            continues: self.was_cut,
            ended: what_ends == End::Newline,
            start,
            end,
            seq: self.seq,
            ts_ms: self.carry_ts,
        });
        self.carry.clear();
    }
}

/// What a span ends with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Newline,
    /// The rest of its line is to come.
    Cut,
    /// The output ended without a newline.
    Log,
}
