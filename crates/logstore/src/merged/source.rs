//! One log among several: when each of its rows counts as written, by its index alone.

use crate::cursor::Cursor;
use crate::format::{Counts, Place};
use crate::{Extent, LogError, LogView, Row};
use solti_positions::RowNo;

#[derive(Debug)]
pub(super) struct Source {
    pub view: LogView,
    /// Of every page that was there at the last look.
    marks: Vec<Mark>,
    extent: Extent,
    /// The page that was asked for last.
    page: Option<Page>,
}

/// A page of an index.
#[derive(Clone, Copy, Debug)]
struct Mark {
    place: Place,
    /// The time of its first record, or of a page before it if that is later.
    key: u64,
    /// Behind the rows that begin before it.
    rows: RowNo,
}

/// The records of one page.
#[derive(Debug)]
struct Page {
    /// The number of its mark.
    mark: usize,
    /// How far the log went when it was read, while it is the last page.
    read_at: Option<Extent>,
    /// In order; a row belongs to the last record that has no more rows begun before it.
    records: Vec<Record>,
    /// Behind the last one.
    end: Counts,
}

/// What a record says of the rows that begin in it.
#[derive(Clone, Copy, Debug)]
struct Record {
    /// When they count as written.
    key: u64,
    before: Counts,
}

/// Behind the rows that have begun.
fn begun(counts: &Counts) -> RowNo {
    counts.row + u64::from(counts.open_row.is_some())
}

impl Source {
    pub(crate) fn new(view: LogView) -> Self {
        Self { view, marks: Vec::new(), extent: Extent::default(), page: None }
    }

    /// Rows at the last look.
    pub(crate) fn rows(&self) -> u64 {
        self.extent.rows
    }

    /// Behind the last of them.
    pub(crate) fn end(&self) -> RowNo {
        RowNo::new(self.rows())
    }

    pub(crate) fn look(&mut self) -> Result<(), LogError> {
        self.extent = self.view.extent()?;
        let (files, _) = self.view.parts();
        let last = self.marks.last().map(|mark| mark.place);
        let mut segment = last.map(|last| last.segment).or_else(|| files.segment_after(None));
        let mut page = last.map_or(0, |last| last.page + 1);
        while let Some(number) = segment {
            for page in page..files.pages(number)? {
                let place = Place { segment: number, page };
                if let Some(counts) = files.header(place)? {
                    let key = self.marks.last().map_or(0, |mark| mark.key).max(counts.ts_ms);
                    self.marks.push(Mark { place, key, rows: begun(&counts) });
                }
            }
            (segment, page) = (files.segment_after(segment), 0);
        }
        Ok(())
    }

    /// The latest time that a row counts as.
    pub(crate) fn last_time(&self) -> u64 {
        self.extent.last_ts.max(self.marks.last().map_or(0, |mark| mark.key))
    }

    /// At least and at most how many rows are earlier than `time`.
    pub(crate) fn bounds(&self, time: u64) -> (u64, u64) {
        let next = self.marks.partition_point(|mark| mark.key < time);
        let least = next.checked_sub(1).map_or(RowNo::ZERO, |at| self.marks[at].rows);
        let most = match next {
            0 => RowNo::ZERO,
            _ => self.marks.get(next).map_or(self.end(), |mark| mark.rows),
        };
        (least.min(self.end()).get(), most.min(self.end()).get())
    }

    /// The first row that is not earlier than `time`, and so how many are.
    pub(crate) fn before(&mut self, time: u64) -> Result<RowNo, LogError> {
        let next = self.marks.partition_point(|mark| mark.key < time);
        let Some(mark) = next.checked_sub(1) else { return Ok(RowNo::ZERO) };
        let limit = self.rows_behind(mark);
        let page = self.page(mark)?;
        let at = page.records.partition_point(|record| record.key < time);
        let rows = page.records.get(at).map_or(begun(&page.end), |record| begun(&record.before));
        Ok(rows.min(limit))
    }

    /// The time that a row counts as, which may be any row there is.
    pub(crate) fn key_at(&mut self, row: RowNo) -> Result<u64, LogError> {
        let Some(mark) = self.marks.partition_point(|mark| mark.rows <= row).checked_sub(1) else {
            return Ok(0);
        };
        let (floor, ceiling) =
            (self.marks[mark].key, self.marks.get(mark + 1).map_or(u64::MAX, |mark| mark.key));
        let page = self.page(mark)?;
        let at = page.records.partition_point(|record| begun(&record.before) <= row);
        Ok(at.checked_sub(1).map_or(floor, |at| page.records[at].key).min(ceiling))
    }

    /// The time that the next row in order counts as.
    pub(crate) fn key(&self, row: &Row) -> u64 {
        let next = self.marks.partition_point(|mark| mark.rows <= row.row);
        let floor = next.checked_sub(1).map_or(0, |at| self.marks[at].key);
        row.ts_ms.max(floor).min(self.marks.get(next).map_or(u64::MAX, |mark| mark.key))
    }

    /// About what the log holds before row `row`: lines of each stream.
    pub(crate) fn lines_before(&mut self, row: RowNo) -> Result<[u64; 2], LogError> {
        let Some(mark) = self.marks.partition_point(|mark| mark.rows <= row).checked_sub(1) else {
            return Ok([0, 0]);
        };
        let page = self.page(mark)?;
        let at = page.records.partition_point(|record| record.before.row <= row);
        let from = at.checked_sub(1).map_or(page.end, |at| page.records[at].before);
        let to = page.records.get(at).map_or(page.end, |record| record.before);
        Ok([0, 1].map(|stream| from.share(&to, row, |counts: &Counts| counts.seq[stream])))
    }

    /// Behind the rows that begin before the page behind this one.
    fn rows_behind(&self, mark: usize) -> RowNo {
        self.marks.get(mark + 1).map_or(self.end(), |mark| mark.rows).min(self.end())
    }

    fn page(&mut self, mark: usize) -> Result<&Page, LogError> {
        let is_last = mark + 1 == self.marks.len();
        let read_at = is_last.then_some(self.extent);
        // The last page grows; it is another one as soon as the log is longer.
        let kept = self.page.take().filter(|page| page.mark == mark && page.read_at == read_at);
        let page = match kept {
            Some(page) => page,
            None => self.read_page(mark, read_at)?,
        };
        Ok(self.page.insert(page))
    }

    fn read_page(&mut self, mark: usize, read_at: Option<Extent>) -> Result<Page, LogError> {
        let Mark { place, key: floor, .. } = self.marks[mark];
        let limit = self.marks.get(mark + 1).map_or(RowNo::MAX, |mark| mark.rows);
        let (files, is_final) = self.view.parts();
        let mut cursor = Cursor::new();
        cursor.set_final(is_final);
        let mut page = Page { mark, read_at, records: Vec::new(), end: Counts::default() };
        // Without a header the segment was removed a moment ago: nothing is known of its rows.
        let Some(counts) = files.header(place)? else {
            page.end.row = limit;
            return Ok(page);
        };
        cursor.seek_place(files, place, counts)?;
        let mut key = floor;
        while let Some(piece) = cursor.next(files)? {
            if begun(&piece.before) >= limit {
                page.end = piece.before;
                return Ok(page);
            }
            key = key.max(piece.ts_ms());
            page.records.push(Record { key, before: piece.before });
        }
        page.end = cursor.counts();
        Ok(page)
    }
}
