//! The rows of several logs in one order: by time, then by log, then by row. Any place of it is found by counting how
//! many rows of each log come before a time, which takes the index and no data.
//!
//! A clock that was set back would break that order. So a row counts as no earlier than its page of the index, no page as
//! earlier than the ones before it, and no row as later than the next page.

use std::collections::VecDeque;
use std::path::Path;

use crate::cursor::Cursor;
use crate::format::{Counts, Place};
use crate::{LogError, LogView, Row};

/// Rows that are read at a time from each log.
const CHUNK: usize = 64;

/// Several logs. Memory: 32 bytes for each page of their indexes, which is one for about 40 MB of bulk output.
#[derive(Debug)]
pub struct Merged {
    sources: Vec<Source>,
}

#[derive(Debug)]
struct Source {
    view: LogView,
    /// Of every page that was there at the last look.
    marks: Vec<Mark>,
    rows: u64,
}

/// A page of an index.
#[derive(Clone, Copy, Debug)]
struct Mark {
    place: Place,
    /// The time of its first record, or of a page before it if that is later.
    key: u64,
    /// Rows that begin before it.
    rows: u64,
}

/// Rows that have begun.
fn begun(counts: &Counts) -> u64 {
    counts.row + u64::from(counts.open_row.is_some())
}

impl Merged {
    /// Each log by its run's folder, and whether its run has ended.
    ///
    /// # Errors
    /// [`LogError::Open`]; a symbolic link is not followed.
    pub fn open<'a>(runs: impl IntoIterator<Item = (&'a Path, bool)>) -> Result<Self, LogError> {
        let sources = runs.into_iter().map(|(run_dir, is_final)| {
            let mut view = LogView::open(run_dir)?;
            view.set_final(is_final);
            Ok(Source { view, marks: Vec::new(), rows: 0 })
        });
        Ok(Self { sources: sources.collect::<Result<_, LogError>>()? })
    }

    /// How many rows there are now in all, and up to `count` of them from the one of rank `from` on, each with the
    /// number of its log and clipped to `clip` bytes. A row that stands for removed ones counts as many.
    ///
    /// # Errors
    /// [`LogError::Open`] and [`LogError::Read`].
    pub fn rows(
        &mut self,
        from: u64,
        count: usize,
        clip: usize,
    ) -> Result<(u64, Vec<(usize, Row)>), LogError> {
        for source in &mut self.sources {
            source.look()?;
        }
        let total = self.sources.iter().map(|source| source.rows).sum();
        let mut page = Vec::new();
        if from >= total {
            return Ok((total, page));
        }
        let mut queues = Vec::with_capacity(self.sources.len());
        let starts = self.starts(from)?;
        for (source, start) in self.sources.iter_mut().zip(starts) {
            queues.push(Queue::fill(source, start, clip)?);
        }
        while page.len() < count {
            let first = (0..queues.len()).filter_map(|n| Some((queues[n].key?, n))).min();
            let Some((_, n)) = first else { break };
            if let Some(row) = queues[n].take(&mut self.sources[n], clip)? {
                page.push((n, row));
            }
        }
        Ok((total, page))
    }

    /// The first row of each log that is not among the first `from` of all.
    fn starts(&mut self, from: u64) -> Result<Vec<u64>, LogError> {
        // The latest time before which there are no more than `from` rows.
        let (mut low, mut high) = (0, 0);
        for source in &mut self.sources {
            high =
                source.view.extent()?.last_ts.max(source.marks.last().map_or(0, |mark| mark.key)).max(high);
        }
        high += 1;
        while low + 1 < high {
            let middle = low + (high - low) / 2;
            // Most often the pages' headers tell.
            let bounds = self.sources.iter().map(|source| source.bounds(middle));
            let (least, most) = bounds.fold((0, 0), |sum, (least, most)| (sum.0 + least, sum.1 + most));
            let fits = most <= from || (least <= from && self.before(middle)?.iter().sum::<u64>() <= from);
            if fits { low = middle } else { high = middle }
        }
        let (mut starts, ends) = (self.before(low)?, self.before(low + 1)?);
        let mut skip = from - starts.iter().sum::<u64>();
        for (start, end) in starts.iter_mut().zip(ends) {
            let here = skip.min(end - *start);
            (*start, skip) = (*start + here, skip - here);
        }
        Ok(starts)
    }

    /// How many rows of each log are earlier than `time`.
    fn before(&mut self, time: u64) -> Result<Vec<u64>, LogError> {
        self.sources.iter_mut().map(|source| source.before(time)).collect()
    }
}

impl Source {
    fn look(&mut self) -> Result<(), LogError> {
        self.rows = self.view.extent()?.rows;
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

    /// At least and at most how many rows are earlier than `time`.
    fn bounds(&self, time: u64) -> (u64, u64) {
        let next = self.marks.partition_point(|mark| mark.key < time);
        let least = next.checked_sub(1).map_or(0, |at| self.marks[at].rows);
        (least, if next == 0 { 0 } else { self.marks.get(next).map_or(self.rows, |mark| mark.rows) })
    }

    /// How many rows are earlier than `time`.
    fn before(&mut self, time: u64) -> Result<u64, LogError> {
        let next = self.marks.partition_point(|mark| mark.key < time);
        let Some(mark) = next.checked_sub(1).map(|at| self.marks[at]) else { return Ok(0) };
        let limit = self.marks.get(next).map_or(u64::MAX, |mark| mark.rows);
        let (files, is_final) = self.view.parts();
        let mut cursor = Cursor::new();
        cursor.set_final(is_final);
        let Some(counts) = files.header(mark.place)? else { return Ok(limit.min(self.rows)) };
        cursor.seek_place(files, mark.place, counts)?;
        while let Some(piece) = cursor.next(files)? {
            if begun(&piece.before) >= limit {
                break;
            }
            if piece.ts_ms() >= time {
                return Ok(begun(&piece.before).min(self.rows));
            }
        }
        Ok(begun(&cursor.counts()).min(limit).min(self.rows))
    }

    /// The time that a row counts as.
    fn key(&self, row: &Row) -> u64 {
        let next = self.marks.partition_point(|mark| mark.rows <= row.row);
        let floor = next.checked_sub(1).map_or(0, |at| self.marks[at].key);
        row.ts_ms.max(floor).min(self.marks.get(next).map_or(u64::MAX, |mark| mark.key))
    }
}

/// The next rows of one log.
struct Queue {
    next: u64,
    rows: VecDeque<Row>,
    /// Of the first of them; `None` when there is none left.
    key: Option<u64>,
}

impl Queue {
    fn fill(source: &mut Source, next: u64, clip: usize) -> Result<Self, LogError> {
        let mut queue = Self { next, rows: VecDeque::new(), key: None };
        queue.refill(source, clip)?;
        Ok(queue)
    }

    fn refill(&mut self, source: &mut Source, clip: usize) -> Result<(), LogError> {
        if self.rows.is_empty() && self.next < source.rows {
            let count = (source.rows - self.next).min(CHUNK as u64) as usize;
            self.rows = source.view.rows(self.next, count, clip)?.into();
            let behind = |row: &Row| row.row + row.removed.map_or(1, |removed| removed.rows);
            self.next = self.rows.back().map_or(source.rows, behind);
        }
        self.key = self.rows.front().map(|row| source.key(row));
        Ok(())
    }

    fn take(&mut self, source: &mut Source, clip: usize) -> Result<Option<Row>, LogError> {
        let row = self.rows.pop_front();
        self.refill(source, clip)?;
        Ok(row)
    }
}
