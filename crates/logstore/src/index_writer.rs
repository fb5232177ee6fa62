//! Writes the index of a segment: one page in memory, records appended or the last one grown in place. What the bytes
//! mean is `format`'s; when a record is published, and when a segment ends, is the log writer's decision.

use std::io;
use std::os::unix::fs::FileExt;

use solti_positions::LogOffset;

use crate::Stream;
use crate::format::{Counts, HEADER, Kind, MAX_RECORD, PAGE, Place, RECORDS_END, Record, page_seal};
use crate::new_file::NewFile;

/// A record takes no more bytes than this, so that reaching row N never scans more.
const RECORD_BYTES: u64 = 64 * 1024;
/// A record takes no more lines after this time, so that a line's time is right to it.
const RECORD_MS: u64 = 10;
/// A clock that went back less than this is taken to stand still.
const CLOCK_SLACK_MS: u64 = 1000;
/// Room that one step may need: an own newline, both gaps and the data.
const STEP_ROOM: usize = 4 * MAX_RECORD;

#[derive(Debug)]
pub(crate) struct IndexWriter {
    file: NewFile,
    segment: u32,
    /// Where in the log the segment begins.
    segment_start: LogOffset,
    page: Box<[u8; PAGE]>,
    /// `None` before the segment's first page exists.
    page_no: Option<u32>,
    used: usize,
    /// The page is in the file up to here.
    published: usize,
    /// The last record of this page, where it begins, and the counts before it: it may still grow.
    tail: Option<(usize, Record, Counts)>,
    counts: Counts,
}

impl IndexWriter {
    /// The index of a log that begins.
    pub(crate) fn new(file: NewFile) -> Self {
        Self::of_segment(file, 0, LogOffset::ZERO, Counts::default())
    }

    /// The index of a segment that begins at byte `segment_start` of the log, of what comes behind these counts.
    pub(crate) fn of_segment(file: NewFile, segment: u32, segment_start: LogOffset, counts: Counts) -> Self {
        Self {
            file,
            segment,
            segment_start,
            page: Box::new([0; PAGE]),
            page_no: None,
            used: PAGE,
            published: PAGE,
            tail: None,
            counts,
        }
    }

    pub(crate) fn counts(&self) -> &Counts {
        &self.counts
    }

    pub(crate) fn file(&self) -> &NewFile {
        &self.file
    }

    pub(crate) fn segment(&self) -> u32 {
        self.segment
    }

    pub(crate) fn segment_start(&self) -> LogOffset {
        self.segment_start
    }

    pub(crate) fn is_unpublished(&self) -> bool {
        self.published < self.used
    }

    /// Makes sure that the next step's records have room. The only call that may need space on the disk: a page is
    /// written whole when it begins, so that its records can never fail for want of space.
    pub(crate) fn make_room(&mut self, now_ms: u64) -> io::Result<()> {
        let clock_went_back = now_ms.saturating_add(CLOCK_SLACK_MS) < self.counts.ts_ms;
        if self.page_no.is_some() && self.has_room() && !clock_went_back {
            return Ok(());
        }
        self.publish()?;
        let next = self.page_no.map_or(0, |n| n + 1);
        let counts = Counts { ts_ms: now_ms, ..self.counts };
        let mut fresh = Box::new([0; PAGE]);
        counts.put_header(Place { segment: self.segment, page: next }, self.segment_start, &mut fresh);
        let file = self.file.get()?;
        if let Err(e) = file.write_all_at(&fresh[..], page_start(next)) {
            // Half a page must not be taken for the next one while records still go to this one. Best effort: the
            // header's checksum is the second guard.
            file.set_len(page_start(next)).ok();
            // A clock that jumped back can wait for its new page: until then it stands still.
            return if self.page_no.is_some() && self.has_room() { Ok(()) } else { Err(e) };
        }
        self.seal_page();
        (self.page, self.page_no, self.counts) = (fresh, Some(next), counts);
        (self.used, self.published, self.tail) = (HEADER, HEADER, None);
        Ok(())
    }

    /// Goes on in the next segment, whose index is `file`; returns the file of the one that is now sealed. The next
    /// segment's first page is what tells readers that this one is complete, so it is written last.
    pub(crate) fn begin_segment(&mut self, file: NewFile, now_ms: u64) -> io::Result<NewFile> {
        self.publish()?;
        let mut next = Self::of_segment(file, self.segment + 1, self.counts.offset, self.counts);
        if let Err(e) = next.make_room(now_ms) {
            next.file.discard();
            return Err(e);
        }
        self.seal_page();
        Ok(std::mem::replace(self, next).file)
    }

    /// Whether [`Self::make_room`] can do without the disk.
    pub(crate) fn has_room(&self) -> bool {
        self.used + STEP_ROOM <= RECORDS_END
    }

    /// Records bytes that were written to the log. Room must have been made.
    pub(crate) fn data(&mut self, stream: Stream, len: u64, newlines: u64, partial: bool, now_ms: u64) {
        if let Some((_, tail, _)) = &self.tail
            && tail.kind == Kind::Data
            && tail.stream == stream
            && !tail.own_newline
            && tail.len < RECORD_BYTES
        {
            let fresh = now_ms < self.counts.ts_ms.saturating_add(RECORD_MS);
            // A row's time is its beginning's: more of the same row may come as late as it likes.
            let same_row = tail.partial && newlines == u64::from(!partial);
            let grown = Record { len: tail.len + len, newlines: tail.newlines + newlines, partial, ..*tail };
            if (fresh || same_row) && self.replace_tail(grown) {
                return;
            }
        }
        let continued = self.counts.line_open[stream.index()] && self.counts.open_row != Some(stream);
        let record = Record { stream, kind: Kind::Data, len, newlines, partial, continued, ..Record::END };
        self.push(record, now_ms);
    }

    /// Records that we ended the open row with a newline of our own.
    pub(crate) fn own_newline(&mut self, now_ms: u64) {
        let Some(stream) = self.counts.open_row else { return };
        if let Some((_, tail, _)) = &self.tail
            && tail.kind == Kind::Data
        {
            let closed = Record {
                len: tail.len + 1,
                newlines: tail.newlines + 1,
                partial: false,
                own_newline: true,
                ..*tail
            };
            if self.replace_tail(closed) {
                return;
            }
        }
        let record =
            Record { stream, kind: Kind::Data, len: 1, newlines: 1, own_newline: true, ..Record::END };
        self.push(record, now_ms);
    }

    /// Records bytes that were dropped; `partial` when the last of them was no newline.
    pub(crate) fn gap(&mut self, stream: Stream, bytes: u64, newlines: u64, partial: bool, now_ms: u64) {
        if let Some((_, tail, _)) = &self.tail
            && tail.kind == Kind::Gap
            && tail.stream == stream
        {
            let grown =
                Record { len: tail.len + bytes, newlines: tail.newlines + newlines, partial, ..*tail };
            if self.replace_tail(grown) {
                return;
            }
        }
        self.push(Record { stream, kind: Kind::Gap, len: bytes, newlines, partial, ..Record::END }, now_ms);
    }

    /// Marks the index as complete. Without any page there is nothing to mark: the log is empty.
    pub(crate) fn end(&mut self, now_ms: u64) -> io::Result<()> {
        if self.page_no.is_none() {
            return Ok(());
        }
        self.push(Record::END, now_ms);
        self.publish()?;
        self.seal_page();
        Ok(())
    }

    /// Lets readers see every record.
    pub(crate) fn publish(&mut self) -> io::Result<()> {
        if let (Some(n), Some(file)) = (self.page_no, self.file.made())
            && self.is_unpublished()
        {
            let bytes = &self.page[self.published..self.used];
            file.write_all_at(bytes, page_start(n) + self.published as u64)?;
            self.published = self.used;
        }
        Ok(())
    }

    /// Best effort: a seal only spares readers a second look at the page.
    fn seal_page(&self) {
        if let (Some(n), Some(file)) = (self.page_no, self.file.made()) {
            file.write_all_at(&page_seal(&self.page), page_start(n) + RECORDS_END as u64).ok();
        }
    }

    fn push(&mut self, mut record: Record, now_ms: u64) {
        if record.kind != Kind::End {
            record.dt = now_ms.saturating_sub(self.counts.ts_ms);
        }
        let before = self.counts;
        let start = self.used;
        if self.put(start, &record) {
            self.tail = Some((start, record, before));
            self.counts = before.after(&record);
        }
    }

    fn replace_tail(&mut self, record: Record) -> bool {
        let Some((start, _, before)) = self.tail else { return false };
        if !self.put(start, &record) {
            return false;
        }
        self.tail = Some((start, record, before));
        self.counts = before.after(&record);
        true
    }

    fn put(&mut self, start: usize, record: &Record) -> bool {
        let Some(page_no) = self.page_no else { return false };
        let mut bytes = [0; MAX_RECORD];
        let n = record.encode(page_no, start, &mut bytes);
        let end = start + n;
        debug_assert!(end <= RECORDS_END, "room was made for a step's records");
        if end > RECORDS_END {
            return false;
        }
        self.page[start..end].copy_from_slice(&bytes[..n]);
        self.used = end;
        self.published = self.published.min(start);
        true
    }
}

fn page_start(page_no: u32) -> u64 {
    u64::from(page_no) * PAGE as u64
}
