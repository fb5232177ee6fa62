//! The rows of several logs in one order: by time, then by log, then by row. Any place of it is found by counting how
//! many rows of each log come before a time, which takes the index and no data.
//!
//! A clock that was set back would break that order. So a row counts as no earlier than the rows before it on its page of
//! the index, no page as earlier than the ones before it, and no row as later than the next page.
//!
//! What one log tells of its rows' times is `source`'s work; searching, saving and the overview are `find`, `export` and
//! `overview`.

mod export;
mod find;
mod overview;
mod source;

use std::collections::VecDeque;
use std::path::Path;

use solti_positions::{MergedPosition, RowNo};
use solti_rows::Shown;

pub use self::export::MergedExport;
pub use self::find::PlacedHit;
use self::source::Source;
use crate::{LogError, LogView, Row, TextEncoding};

/// Rows that are read at a time from each log.
const CHUNK: usize = 64;

/// Several logs. Memory: 32 bytes for each page of their indexes, which is one for about 40 MB of bulk output, and one
/// page of each.
#[derive(Debug)]
pub struct Merged {
    sources: Vec<Source>,
}

/// A row and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedRow {
    /// Its number among the rows of all the logs.
    pub position: MergedPosition,
    /// The number of its log.
    pub source: usize,
    /// As its log has it.
    pub row: Row,
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
            Ok(Source::new(view))
        });
        Ok(Self { sources: sources.collect::<Result<_, LogError>>()? })
    }

    /// How the bytes of each log are read, in their order; UTF-8 without it.
    pub fn set_encodings(&mut self, encodings: impl IntoIterator<Item = TextEncoding>) {
        for (source, encoding) in self.sources.iter_mut().zip(encodings) {
            source.view.set_encoding(encoding);
        }
    }

    /// How many rows there are now in all. A row that stands for removed ones counts as many.
    ///
    /// # Errors
    /// [`LogError::Open`] and [`LogError::Read`].
    pub fn look(&mut self) -> Result<u64, LogError> {
        let mut total = 0;
        for source in &mut self.sources {
            source.look()?;
            total += source.rows();
        }
        Ok(total)
    }

    /// How many rows there are now in all, and up to `count` of them from `from` on, each clipped to `clip` bytes. When
    /// `from` lies in a removed part, the row that stands for all of it is the first.
    ///
    /// # Errors
    /// [`LogError::Open`] and [`LogError::Read`].
    pub fn rows(
        &mut self,
        from: MergedPosition,
        count: usize,
        clip: usize,
    ) -> Result<(u64, Vec<PlacedRow>), LogError> {
        let total = self.look()?;
        let mut page: Vec<PlacedRow> = Vec::new();
        if from.get() >= total {
            return Ok((total, page));
        }
        let mut queues = Vec::with_capacity(self.sources.len());
        let starts = self.starts(from)?;
        for (source, start) in self.sources.iter_mut().zip(&starts) {
            queues.push(Queue::fill(source, *start, clip)?);
        }
        let mut next = from;
        while page.len() < count {
            let first = (0..queues.len()).filter_map(|n| Some((queues[n].key?, n))).min();
            let Some((_, n)) = first else { break };
            if let Some(row) = queues[n].take(&mut self.sources[n], clip)? {
                // Only the first can begin before where it was asked for.
                let inside = if page.is_empty() { starts[n].saturating_since(row.row) } else { 0 };
                let position = next.saturating_back(inside);
                next = position + row.removed.map_or(1, |removed| removed.rows);
                page.push(PlacedRow { position, source: n, row });
            }
        }
        Ok((total, page))
    }

    /// The first row of each log that is not among the first `from` of all, as of the last look.
    ///
    /// # Errors
    /// [`LogError::Open`] and [`LogError::Read`].
    pub fn starts(&mut self, from: MergedPosition) -> Result<Vec<RowNo>, LogError> {
        // The latest time before which there are no more than `from` rows.
        let from = from.get();
        let (mut low, mut high) = (0, self.last_time() + 1);
        while low + 1 < high {
            let middle = low + (high - low) / 2;
            // Most often the pages' headers tell.
            let bounds = self.sources.iter().map(|source| source.bounds(middle));
            let (least, most) = bounds.fold((0, 0), |sum, (least, most)| (sum.0 + least, sum.1 + most));
            let fits = most <= from || (least <= from && rows(&self.before(middle)?) <= from);
            if fits { low = middle } else { high = middle }
        }
        let (mut starts, ends) = (self.before(low)?, self.before(low + 1)?);
        let mut skip = from.saturating_sub(rows(&starts));
        for (start, end) in starts.iter_mut().zip(ends) {
            let here = skip.min(end - *start);
            (*start, skip) = (*start + here, skip - here);
        }
        Ok(starts)
    }

    /// Where row `row` of log `source` stands among all, as of the last look.
    ///
    /// # Errors
    /// [`LogError::Open`] and [`LogError::Read`].
    pub fn position(&mut self, source: usize, row: RowNo) -> Result<MergedPosition, LogError> {
        let key = self.sources[source].key_at(row)?;
        self.position_of(key, source, row)
    }

    /// Where the first row of a time or later stands among all, as of the last look; the last row when all are earlier.
    ///
    /// # Errors
    /// [`LogError::Open`] and [`LogError::Read`].
    pub fn position_at(&mut self, ts_ms: u64) -> Result<MergedPosition, LogError> {
        let all: u64 = self.sources.iter().map(Source::rows).sum();
        Ok(MergedPosition::new(rows(&self.before(ts_ms)?).min(all.saturating_sub(1))))
    }

    fn position_of(&mut self, key: u64, source: usize, row: RowNo) -> Result<MergedPosition, LogError> {
        let mut position = MergedPosition::new(row.get());
        for (n, other) in self.sources.iter_mut().enumerate() {
            if n != source {
                position += other.before(if n < source { key + 1 } else { key })?.get();
            }
        }
        Ok(position)
    }

    /// What is shown of each of these rows, which are in order, its text cut to `limit` bytes.
    ///
    /// # Errors
    /// [`LogError::Open`] and [`LogError::Read`].
    pub fn shown_rows(&mut self, placed: &[PlacedRow], limit: usize) -> Result<Vec<Shown>, LogError> {
        let mut all = vec![Shown::default(); placed.len()];
        for (n, source) in self.sources.iter_mut().enumerate() {
            let of_source = || (0..).zip(placed).filter(|(_, placed)| placed.source == n);
            let rows: Vec<&Row> = of_source().map(|(_, placed)| &placed.row).collect();
            for ((at, _), shown) in of_source().zip(source.view.shown_of(rows.iter().copied(), limit)?) {
                all[at] = shown;
            }
        }
        Ok(all)
    }

    /// The latest time that a row counts as.
    fn last_time(&self) -> u64 {
        self.sources.iter().map(Source::last_time).max().unwrap_or_default()
    }

    /// The first row of each log that is not earlier than `time`.
    fn before(&mut self, time: u64) -> Result<Vec<RowNo>, LogError> {
        self.sources.iter_mut().map(|source| source.before(time)).collect()
    }
}

/// How many rows of all logs are before these, one of each.
fn rows(firsts: &[RowNo]) -> u64 {
    firsts.iter().map(|row| row.get()).sum()
}

/// The next rows of one log.
#[derive(Debug)]
struct Queue {
    next: RowNo,
    rows: VecDeque<Row>,
    /// Of the first of them; `None` when there is none left.
    key: Option<u64>,
}

impl Queue {
    fn fill(source: &mut Source, next: RowNo, clip: usize) -> Result<Self, LogError> {
        let mut queue = Self { next, rows: VecDeque::new(), key: None };
        queue.refill(source, clip)?;
        Ok(queue)
    }

    fn refill(&mut self, source: &mut Source, clip: usize) -> Result<(), LogError> {
        if self.rows.is_empty() && self.next < source.end() {
            let count = (source.end() - self.next).min(CHUNK as u64) as usize;
            self.rows = source.view.rows(self.next, count, clip)?.into();
            let behind = |row: &Row| row.row + row.removed.map_or(1, |removed| removed.rows);
            self.next = self.rows.back().map_or(source.end(), behind);
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
