//! Walks the records of a run's index in order over all segments, while the writer appends or after it is gone, bridges
//! what the index does not cover, and tells of segments that were removed. Knows nothing of lines; `reader` and `view`
//! make lines and rows of the pieces. Which files there are lives in `log_files`.

use crate::format::{Counts, HEADER, Kind, PAGE, Place, RECORDS_END, Record, page_seal};
pub(crate) use crate::log_files::LogFiles;
use crate::{LogError, Stream, newlines};
use solti_positions::{LogOffset, RowNo};

/// Bytes that no record covers are taken in pieces of this size.
const BRIDGE_BYTES: usize = 64 * 1024;

/// A record, or the part of it that came since it was last seen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece {
    /// The counts before its first byte.
    pub before: Counts,
    pub record: Record,
}

impl Piece {
    pub(crate) fn ts_ms(&self) -> u64 {
        self.before.ts_ms.saturating_add(self.record.dt)
    }

    /// What is left behind its first `bytes` bytes, which end a line and hold `newlines` of them. Of the counts before it
    /// only offset and time are kept right.
    pub(crate) fn behind(&self, bytes: u64, newlines: u64) -> Self {
        let before = Counts { offset: self.before.offset + bytes, ..self.before };
        let (len, newlines) = (self.record.len - bytes, self.record.newlines.saturating_sub(newlines));
        Self { before, record: Record { len, newlines, ..self.record } }
    }
}

/// A place in the index. Memory: one page.
#[derive(Debug)]
pub(crate) struct Cursor {
    page: Box<[u8; PAGE]>,
    /// Which page is loaded; `None` before the first.
    place: Option<Place>,
    /// The loaded copy cannot change any more.
    sealed: bool,
    /// Where the current record begins, the counts before it, and how much of it was handed out.
    at: usize,
    base: Counts,
    seen: Option<Record>,
    /// Of the page's last record; of bytes behind it that have none, too.
    last_stream: Stream,
    bridge: Option<Bridge>,
    /// The log's bytes of this segment are known to reach at least to here.
    log_end: LogOffset,
    is_final: bool,
    ended: bool,
}

/// Log bytes without records: up to `end`, then on with page `next`, before which they may be missing.
#[derive(Clone, Copy, Debug)]
struct Bridge {
    end: LogOffset,
    next: Option<(Place, Counts)>,
}

/// What the log has of a record's bytes.
enum Coverage {
    There,
    /// The data that the index tells of cannot be seen yet.
    NotYet,
    /// Gone; the segment's bytes end here.
    Lost {
        end: LogOffset,
    },
}

impl Cursor {
    pub(crate) fn new() -> Self {
        Self {
            page: Box::new([0; PAGE]),
            place: None,
            sealed: false,
            at: RECORDS_END,
            base: Counts::default(),
            seen: None,
            last_stream: Stream::Stdout,
            bridge: None,
            log_end: LogOffset::ZERO,
            is_final: false,
            ended: false,
        }
    }

    pub(crate) fn set_final(&mut self, is_final: bool) {
        self.is_final = is_final;
    }

    /// Whether the writer's end mark was passed: nothing will follow.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended
    }

    /// The counts behind everything that was handed out.
    pub(crate) fn counts(&self) -> Counts {
        self.seen.as_ref().map_or(self.base, |seen| self.base.after(seen))
    }

    /// The next piece; `None` when there is none for now.
    pub(crate) fn next(&mut self, files: &mut LogFiles) -> Result<Option<Piece>, LogError> {
        let mut fresh = false;
        let mut confirmed = None;
        loop {
            if self.ended {
                return Ok(None);
            }
            if let Some(bridge) = self.bridge {
                match self.bridge_piece(files, bridge)? {
                    Some(piece) => return Ok(Some(piece)),
                    None => continue,
                }
            }
            if let Some((record, size)) = self.decode_current() {
                if record.kind == Kind::End {
                    self.ended = true;
                    continue;
                }
                if self.seen != Some(record) {
                    match self.check_bytes(files, &record)? {
                        Coverage::There => return Ok(Some(self.hand_out(record))),
                        Coverage::NotYet => return Ok(None),
                        Coverage::Lost { end } => {
                            self.give_up_segment(end, record.stream);
                            continue;
                        }
                    }
                }
                if self.decode(self.at + size).is_some() {
                    (self.base, self.seen, self.at) = (self.base.after(&record), None, self.at + size);
                    continue;
                }
            }
            if !fresh {
                // Behind a page that cannot change any more there may be a segment that was not there before.
                files.look()?;
                if !self.sealed {
                    self.reload(files)?;
                }
                fresh = true;
                continue;
            }
            let Some((next, counts)) = self.following_page(files)? else {
                let end = if self.is_final { files.log_end()? } else { LogOffset::ZERO };
                if end > self.counts().offset {
                    self.settle();
                    self.bridge = Some(Bridge { end, next: None });
                    continue;
                }
                return self.missing_log(files);
            };
            // The writer publishes a page's last records before the next page: with the next one seen, look again.
            if !self.sealed && confirmed != Some(next) {
                self.reload(files)?;
                confirmed = Some(next);
                continue;
            }
            self.settle();
            if self.base.offset < counts.offset {
                self.bridge = Some(Bridge { end: counts.offset, next: Some((next, counts)) });
            } else {
                self.load(files, next, counts)?;
                fresh = true;
            }
        }
    }

    /// Goes to the last page on which row `row` can begin.
    pub(crate) fn seek_row(&mut self, files: &mut LogFiles, row: RowNo) -> Result<(), LogError> {
        self.seek_page(files, |counts| counts.row < row || (counts.row == row && counts.open_row.is_none()))
    }

    /// Goes to the last page before which no line from `lines` on has begun, of either stream.
    pub(crate) fn seek_lines(&mut self, files: &mut LogFiles, lines: [u64; 2]) -> Result<(), LogError> {
        self.seek_page(files, |counts| counts.is_before(lines))
    }

    /// Goes to the last page that begins at or before byte `offset` of the log.
    pub(crate) fn seek_offset(&mut self, files: &mut LogFiles, offset: LogOffset) -> Result<(), LogError> {
        self.seek_page(files, |counts| counts.offset <= offset)
    }

    /// Goes to the last page.
    pub(crate) fn seek_last(&mut self, files: &mut LogFiles) -> Result<(), LogError> {
        self.rewind(files)?;
        for segment in files.segments().into_iter().rev() {
            for page in (0..files.pages(segment)?).rev() {
                let place = Place { segment, page };
                if let Some(counts) = files.header(place)? {
                    return self.load(files, place, counts);
                }
            }
        }
        Ok(())
    }

    /// Goes to the first page of a segment, which begins at `start`, or, when that is not sound, to the last page before.
    pub(crate) fn seek_segment(
        &mut self,
        files: &mut LogFiles,
        segment: u32,
        start: LogOffset,
    ) -> Result<(), LogError> {
        let first = Place { segment, page: 0 };
        match files.header(first)? {
            Some(counts) => {
                self.rewind(files)?;
                self.load(files, first, counts)
            }
            None => self.seek_page(files, |counts| counts.offset < start),
        }
    }

    /// Goes to a page whose header says these counts.
    pub(crate) fn seek_place(
        &mut self,
        files: &LogFiles,
        place: Place,
        counts: Counts,
    ) -> Result<(), LogError> {
        self.rewind(files)?;
        self.load(files, place, counts)
    }

    fn rewind(&mut self, files: &LogFiles) -> Result<(), LogError> {
        files.look()?;
        *self = Self { is_final: self.is_final, ..Self::new() };
        Ok(())
    }

    /// Goes to the last page whose header passes; the test must hold up to some page and not after it.
    fn seek_page(&mut self, files: &mut LogFiles, passes: impl Fn(&Counts) -> bool) -> Result<(), LogError> {
        self.rewind(files)?;
        let segments = files.segments();
        let segment = last_passing(
            0,
            segments.len(),
            |at| Ok(files.first_header(segments[at])?.map(|(_, counts)| counts)),
            &passes,
        )?;
        let Some((segment, counts)) = segment.map(|(at, counts)| (segments[at], counts)) else {
            return Ok(());
        };
        let pages = files.pages(segment)? as usize;
        let page = last_passing(0, pages, |at| files.header(Place { segment, page: at as u32 }), &passes)?;
        // Both are `None` only for a segment that was removed a moment ago.
        let (page, counts) = page.unwrap_or((0, counts));
        self.load(files, Place { segment, page: page as u32 }, counts)
    }

    fn decode(&self, at: usize) -> Option<(Record, usize)> {
        Record::decode(self.place?.page, &self.page, at)
    }

    fn decode_current(&self) -> Option<(Record, usize)> {
        let found = self.decode(self.at)?;
        // A record only ever grows; anything else is a page read in the middle of a write.
        let grew = self.seen.is_none_or(|seen| {
            found.0.kind == seen.kind && found.0.len >= seen.len && found.0.newlines >= seen.newlines
        });
        grew.then_some(found)
    }

    /// Whether the log has the record's bytes.
    fn check_bytes(&mut self, files: &LogFiles, record: &Record) -> Result<Coverage, LogError> {
        let end = self.base.offset.saturating_add(record.len);
        if record.kind != Kind::Data || end <= self.log_end {
            return Ok(Coverage::There);
        }
        let segment = self.place.map_or(0, |place| place.segment);
        let Some(log_end) = files.segment_end(segment)? else {
            return Ok(Coverage::Lost { end: LogOffset::ZERO });
        };
        self.log_end = log_end;
        Ok(if end <= log_end {
            Coverage::There
        } else if self.is_final || files.segment_after(Some(segment)).is_some() {
            Coverage::Lost { end: log_end }
        } else {
            Coverage::NotYet
        })
    }

    /// The segment was removed, or its log lost its tail and its index did not: what is left of it is all there is.
    fn give_up_segment(&mut self, log_end: LogOffset, stream: Stream) {
        self.settle();
        if let Some(place) = &mut self.place {
            place.page = u32::MAX;
        }
        self.sealed = true;
        self.last_stream = stream;
        if log_end > self.base.offset {
            self.bridge = Some(Bridge { end: log_end, next: None });
        }
    }

    fn hand_out(&mut self, record: Record) -> Piece {
        let mut piece = Piece { before: self.base, record };
        if let Some(seen) = &self.seen {
            if record.kind == Kind::Data {
                piece.before = self.base.after(seen);
                piece.record.continued = false;
                piece.record.dt = 0;
            }
            piece.record.len -= seen.len;
            piece.record.newlines -= seen.newlines;
        }
        self.seen = Some(record);
        self.last_stream = record.stream;
        piece
    }

    /// Takes the counts behind the current record as the new base.
    fn settle(&mut self) {
        self.base = self.counts();
        self.seen = None;
        self.at = RECORDS_END;
    }

    fn bridge_piece(&mut self, files: &LogFiles, bridge: Bridge) -> Result<Option<Piece>, LogError> {
        let left = bridge.end.saturating_since(self.base.offset);
        let want = left.min(BRIDGE_BYTES as u64) as usize;
        let mut bytes = vec![0; want];
        let n = files.read_log(&mut bytes, self.base.offset)?;
        let bytes = &bytes[..n];
        let Some(last) = bytes.last() else {
            self.bridge = None;
            return match bridge.next {
                Some((place, counts)) => {
                    let removed = (self.base.offset < counts.offset).then(|| self.removed_until(&counts));
                    self.load(files, place, counts)?;
                    Ok(removed)
                }
                None => {
                    self.at = RECORDS_END;
                    // Bytes that are nowhere, before others that no sound page tells of.
                    let behind = Counts { offset: bridge.end, ..self.base };
                    let missing = (self.base.offset < bridge.end).then(|| self.removed_until(&behind));
                    self.base.offset = behind.offset.max(self.base.offset);
                    Ok(missing)
                }
            };
        };
        let stream = self.base.open_row.unwrap_or(self.last_stream);
        let record = Record {
            stream,
            kind: Kind::Data,
            len: n as u64,
            newlines: newlines::count(bytes),
            partial: *last != b'\n',
            continued: self.base.line_open[stream.index()] && self.base.open_row.is_none(),
            ..Record::END
        };
        let piece = Piece { before: self.base, record };
        self.base = self.base.after(&record);
        Ok(Some(piece))
    }

    /// What is missing between here and a place further on.
    fn removed_until(&self, counts: &Counts) -> Piece {
        let first_row = self.base.row + u64::from(self.base.open_row.is_some());
        let record = Record {
            stream: self.last_stream,
            kind: Kind::Removed,
            len: counts.offset - self.base.offset,
            newlines: counts.row.saturating_since(first_row),
            dt: counts.ts_ms.saturating_sub(self.base.ts_ms),
            ..Record::END
        };
        Piece { before: self.base, record }
    }

    /// What the index of the last segment tells of and nobody has any more: somebody has removed the log's file, or cut it.
    fn missing_log(&mut self, files: &LogFiles) -> Result<Option<Piece>, LogError> {
        let Some(segment) = self.place.map(|place| place.segment).filter(|_| self.is_final) else {
            return Ok(None);
        };
        let Some(IndexEnd { counts: behind, is_marked }) = index_end(files, segment)? else {
            return Ok(None);
        };
        // Without the end mark a crash may have cut the file, and its records are the next best guess.
        if behind.offset <= self.counts().offset || (files.has_log(segment)? && !is_marked) {
            return Ok(None);
        }
        self.settle();
        let mut missing = self.removed_until(&behind);
        // Of a row that was cut a part is there; the gap is one of its own all the same, so that it is told.
        missing.record.newlines = missing.record.newlines.max(1);
        let row = self.base.after(&missing.record).row;
        self.base = Counts { row, ..behind };
        Ok(Some(missing))
    }

    /// The next page with a sound header, normally the very next; `None` when there is none yet.
    fn following_page(&self, files: &LogFiles) -> Result<Option<(Place, Counts)>, LogError> {
        if let Some(Place { segment, page }) = self.place {
            for page in page.saturating_add(1)..files.pages(segment)? {
                let place = Place { segment, page };
                if let Some(counts) = files.header(place)? {
                    return Ok(Some((place, counts)));
                }
            }
        }
        let mut segment = self.place.map(|place| place.segment);
        loop {
            segment = files.segment_after(segment);
            let Some(next) = segment else { return Ok(None) };
            if let Some(found) = files.first_header(next)? {
                return Ok(Some(found));
            }
        }
    }

    fn load(&mut self, files: &LogFiles, place: Place, counts: Counts) -> Result<(), LogError> {
        self.read(files, place)?;
        if self.place.is_none_or(|before| before.segment != place.segment) {
            self.log_end = LogOffset::ZERO;
        }
        self.place = Some(place);
        (self.base, self.at, self.seen) = (counts, HEADER, None);
        // Not that of the page before: bytes without a record are to be the same from wherever one came to the page.
        self.last_stream = counts.open_row.unwrap_or(Stream::Stdout);
        Ok(())
    }

    fn reload(&mut self, files: &LogFiles) -> Result<(), LogError> {
        self.place.map_or(Ok(()), |place| self.read(files, place))
    }

    /// Takes the page whole or not at all: who could not read it may try again.
    fn read(&mut self, files: &LogFiles, place: Place) -> Result<(), LogError> {
        let mut page = [0; PAGE];
        files.read_page(&mut page, place)?;
        *self.page = page;
        self.sealed = self.page[RECORDS_END..] == page_seal(&self.page);
        Ok(())
    }
}

/// How far an index tells of its segment.
pub(crate) struct IndexEnd {
    /// Behind the last record, as if what stands open had ended there.
    pub counts: Counts,
    /// The writer has finished the log.
    pub is_marked: bool,
}

/// `None` without a sound page. What the log has of it is not looked at.
pub(crate) fn index_end(files: &LogFiles, segment: u32) -> Result<Option<IndexEnd>, LogError> {
    for page in (0..files.pages(segment)?).rev() {
        let mut bytes = [0; PAGE];
        let read = files.read_page(&mut bytes, Place { segment, page })?;
        let header = Counts::take_header(Place { segment, page }, &bytes[..read.min(HEADER)]);
        let Some(mut counts) = header.map(|header| header.counts) else { continue };
        let (mut at, mut is_marked) = (HEADER, false);
        while let Some((record, size)) = Record::decode(page, &bytes, at) {
            is_marked = record.kind == Kind::End;
            counts = counts.after(&record);
            at += size;
        }
        return Ok(Some(IndexEnd { counts: counts.closed(), is_marked }));
    }
    Ok(None)
}

/// Halves its way to the last of `low..high` whose counts pass. Where there are none, those of the next one below stand.
fn last_passing(
    mut low: usize,
    mut high: usize,
    counts_at: impl Fn(usize) -> Result<Option<Counts>, LogError>,
    passes: impl Fn(&Counts) -> bool,
) -> Result<Option<(usize, Counts)>, LogError> {
    let mut found = None;
    while low < high {
        let middle = low + (high - low) / 2;
        let mut at = middle;
        let counts = loop {
            match counts_at(at)? {
                Some(counts) => break Some(counts),
                None if at > low => at -= 1,
                None => break None,
            }
        };
        match counts {
            Some(counts) if passes(&counts) => {
                found = Some((at, counts));
                low = middle + 1;
            }
            Some(_) => high = at,
            None => low = middle + 1,
        }
    }
    Ok(found)
}
