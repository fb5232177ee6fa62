//! Several logs as rows to save, in their order of time: all rows, or those that searches have found. Of each the text that
//! is shown.

use super::{Merged, PlacedRow, Queue};
use crate::{LogError, LogSearch, Row};
use solti_positions::{Rank, RowNo};

/// Rows that are read in one go.
const ROWS: usize = 256;
/// The longest row that is read whole. Less than of a log alone: of each of them a few rows are held.
const ROW_BYTES: usize = 256 * 1024;

/// All rows of the logs, as long as they were when it began.
///
/// Each log is read on from where it was, so that a row that is written late, between others that were saved already, stands
/// where it comes and shifts nothing.
#[derive(Debug)]
pub struct MergedExport {
    merged: Merged,
    queues: Vec<Queue>,
}

impl MergedExport {
    /// # Errors
    /// [`LogError::Open`] and [`LogError::Read`].
    pub fn new(mut merged: Merged) -> Result<Self, LogError> {
        merged.look()?;
        let queues = merged.sources.iter_mut().map(|source| Queue::fill(source, RowNo::ZERO, ROW_BYTES));
        let queues = queues.collect::<Result<_, LogError>>()?;
        Ok(Self { merged, queues })
    }

    /// Further rows, each with the number of its log; none at the end.
    ///
    /// # Errors
    /// [`LogError::Open`] and [`LogError::Read`].
    pub fn next_rows(&mut self) -> Result<Vec<(usize, Row)>, LogError> {
        let mut rows = Vec::new();
        while rows.len() < ROWS {
            let first = (0..self.queues.len()).filter_map(|n| Some((self.queues[n].key?, n))).min();
            let Some((_, n)) = first else { break };
            if let Some(mut row) = self.queues[n].take(&mut self.merged.sources[n], ROW_BYTES)? {
                self.merged.sources[n].view.show(&mut row, ROW_BYTES)?;
                rows.push((n, row));
            }
        }
        Ok(rows)
    }
}

impl Merged {
    /// Further matches to save, from rank `from` on; none behind the last.
    ///
    /// # Errors
    /// [`LogError::Open`] and [`LogError::Read`].
    pub fn export_matches(
        &mut self,
        searches: &[&LogSearch],
        from: Rank,
    ) -> Result<Vec<PlacedRow>, LogError> {
        let mut placed = self.select(searches, from, ROWS, ROW_BYTES)?;
        for PlacedRow { source, row, .. } in &mut placed {
            self.sources[*source].view.show(row, ROW_BYTES)?;
        }
        Ok(placed)
    }
}
