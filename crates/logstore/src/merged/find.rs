//! What searches of the single logs have found, in the order of all of them. Each log is searched by itself; here its
//! matches get their places.

use super::{CHUNK, Merged, PlacedRow};
use crate::{LogError, LogSearch};
use solti_positions::{MergedPosition, Rank, RowNo};

/// A match and how many are before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlacedHit {
    /// Of its row among the rows of all the logs.
    pub position: MergedPosition,
    /// How many matches lie before it.
    pub rank: Rank,
}

/// Of all logs: for each the search over it.
type Searches<'a> = [&'a LogSearch];

impl Merged {
    /// How many matches lie before `position`.
    ///
    /// # Errors
    /// [`LogError::Open`] and [`LogError::Read`].
    pub fn rank(&mut self, searches: &Searches<'_>, position: MergedPosition) -> Result<Rank, LogError> {
        let starts = self.starts(position)?;
        sum(searches.iter().zip(starts).map(|(search, start)| search.rank(start))).map(Rank::new)
    }

    /// The next match behind `position` or before it, going round at the ends; `None` when there are no matches.
    ///
    /// # Errors
    /// [`LogError::Open`] and [`LogError::Read`].
    pub fn step(
        &mut self,
        searches: &Searches<'_>,
        position: MergedPosition,
        forward: bool,
    ) -> Result<Option<PlacedHit>, LogError> {
        let total = MergedPosition::new(self.look()?);
        if forward {
            match self.first_from(searches, position.saturating_add(1).min(total))? {
                Some(found) => Ok(Some(found)),
                None => self.first_from(searches, MergedPosition::ZERO),
            }
        } else {
            match self.last_before(searches, position.min(total))? {
                Some(found) => Ok(Some(found)),
                None => self.last_before(searches, total),
            }
        }
    }

    /// The first match from `position` on, else the last one before it.
    ///
    /// # Errors
    /// [`LogError::Open`] and [`LogError::Read`].
    pub fn nearest(
        &mut self,
        searches: &Searches<'_>,
        position: MergedPosition,
    ) -> Result<Option<MergedPosition>, LogError> {
        let position = position.min(MergedPosition::new(self.look()?));
        let found = match self.first_from(searches, position)? {
            Some(found) => Some(found),
            None => self.last_before(searches, position)?,
        };
        Ok(found.map(|found| found.position))
    }

    /// The matches of rank `from` and following, at most `count`, in order, each clipped to `clip` bytes.
    ///
    /// # Errors
    /// [`LogError::Open`] and [`LogError::Read`].
    pub fn select(
        &mut self,
        searches: &Searches<'_>,
        from: Rank,
        count: usize,
        clip: usize,
    ) -> Result<Vec<PlacedRow>, LogError> {
        self.look()?;
        let ranks = self.ranks(searches, from)?;
        let mut queues = Vec::with_capacity(searches.len());
        for (source, (search, next)) in searches.iter().zip(ranks).enumerate() {
            let mut matches = Matches { search, source, next, rows: Vec::new(), first: None };
            matches.refill(self)?;
            queues.push(matches);
        }
        let mut order: Vec<(usize, RowNo, u64)> = Vec::new();
        while order.len() < count {
            let next = queues.iter_mut().filter(|queue| queue.first.is_some());
            let Some(next) = next.min_by_key(|queue| (queue.first.map(|(key, _)| key), queue.source)) else {
                break;
            };
            let Some((key, row)) = next.first.take() else { break };
            order.push((next.source, row, key));
            next.refill(self)?;
        }
        self.read(&order, clip)
    }

    /// The rows themselves; one that is not there any more is left out.
    fn read(&mut self, order: &[(usize, RowNo, u64)], clip: usize) -> Result<Vec<PlacedRow>, LogError> {
        let mut found = Vec::with_capacity(order.len());
        for source in 0..self.sources.len() {
            let of_source = || order.iter().filter(|(of, ..)| *of == source);
            let wanted: Vec<RowNo> = of_source().map(|(_, row, _)| *row).collect();
            let rows = self.sources[source].view.rows_at(&wanted, clip)?;
            let mut keys = of_source();
            for row in rows {
                let Some((.., key)) = keys.find(|(_, number, _)| *number == row.row) else { break };
                found.push(PlacedRow { position: self.position_of(*key, source, row.row)?, source, row });
            }
        }
        found.sort_unstable_by_key(|row| row.position);
        Ok(found)
    }

    /// How many matches of each log are among the first `from` of all.
    fn ranks(&mut self, searches: &Searches<'_>, from: Rank) -> Result<Vec<Rank>, LogError> {
        // The latest time before which there are no more than `from` matches.
        let from = from.get();
        let (mut low, mut high) = (0, self.last_time() + 1);
        while low + 1 < high {
            let middle = low + (high - low) / 2;
            let rows = self.before(middle)?;
            // Most often the counts of whole blocks tell.
            let (mut least, mut most) = (0, 0);
            for (search, row) in searches.iter().zip(&rows) {
                let (at_least, at_most) = search.rank_bounds(*row)?;
                (least, most) = (least + at_least.get(), most + at_most.get());
            }
            let fits = most <= from
                || (least <= from
                    && sum(searches.iter().zip(&rows).map(|(search, row)| search.rank(*row)))? <= from);
            if fits { low = middle } else { high = middle }
        }
        let (starts, ends) = (self.before(low)?, self.before(low + 1)?);
        let mut ranks = Vec::with_capacity(searches.len());
        for (search, start) in searches.iter().zip(&starts) {
            ranks.push(search.rank(*start)?);
        }
        let mut skip = from.saturating_sub(ranks.iter().map(|rank| rank.get()).sum());
        for ((rank, search), end) in ranks.iter_mut().zip(searches).zip(ends) {
            let here = skip.min(search.rank(end)?.saturating_since(*rank));
            (*rank, skip) = (*rank + here, skip - here);
        }
        Ok(ranks)
    }

    fn first_from(
        &mut self,
        searches: &Searches<'_>,
        position: MergedPosition,
    ) -> Result<Option<PlacedHit>, LogError> {
        let starts = self.starts(position)?;
        let (mut rank, mut first) = (Rank::ZERO, None);
        for (source, (search, start)) in searches.iter().zip(starts).enumerate() {
            rank += search.rank(start)?.get();
            if let Some((row, _)) = search.first_from(start)? {
                let position = self.position(source, row)?;
                first = Some(first.map_or(position, |first: MergedPosition| first.min(position)));
            }
        }
        Ok(first.map(|position| PlacedHit { position, rank }))
    }

    fn last_before(
        &mut self,
        searches: &Searches<'_>,
        position: MergedPosition,
    ) -> Result<Option<PlacedHit>, LogError> {
        let starts = self.starts(position)?;
        let (mut behind, mut last) = (Rank::ZERO, None);
        for (source, (search, start)) in searches.iter().zip(starts).enumerate() {
            if let Some((row, before)) = search.last_before(start)? {
                behind += before.get() + 1;
                last = last.max(Some(self.position(source, row)?));
            }
        }
        Ok(last.zip(behind.previous()).map(|(position, rank)| PlacedHit { position, rank }))
    }
}

fn sum(mut ranks: impl Iterator<Item = Result<Rank, LogError>>) -> Result<u64, LogError> {
    ranks.try_fold(0, |all, rank| Ok(all + rank?.get()))
}

/// The next matches of one log.
struct Matches<'a> {
    search: &'a LogSearch,
    source: usize,
    /// The rank of the first that was not read.
    next: Rank,
    /// In reverse.
    rows: Vec<RowNo>,
    /// When the first of them counts as written, and its row; `None` when there is none left.
    first: Option<(u64, RowNo)>,
}

impl Matches<'_> {
    fn refill(&mut self, merged: &mut Merged) -> Result<(), LogError> {
        if self.rows.is_empty() {
            self.rows = self.search.select(self.next, CHUNK)?;
            self.next += self.rows.len() as u64;
            self.rows.reverse();
        }
        if let Some(row) = self.rows.pop() {
            self.first = Some((merged.sources[self.source].key_at(row)?, row));
        }
        Ok(())
    }
}
