//! Several logs read as one, and what a search finds in that order.

use super::rows::{MAX_ROWS, text_row};
use super::run_log::RunLog;
use super::searched_log::SearchedLog;
use solti_logstore::{LogError, LogSearch, Merged, PlacedRow, TextEncoding};
use solti_model::{MAX_ROW_BYTES, MatchedMergedRows, MergedPosition, MergedRow, Rank, SearchHit};
use solti_rows::Shown;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// Merged logs that are kept ready: a window asks again and again for the same ones.
const KEPT_MERGES: usize = 4;

type Sources = Vec<(PathBuf, bool, TextEncoding)>;

/// Merged logs that were asked for last.
#[derive(Clone, Default)]
pub(crate) struct OpenMerges(Arc<Mutex<Vec<(Sources, Merged)>>>);

impl OpenMerges {
    fn take(&self, sources: &Sources) -> Option<Merged> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = kept.iter().position(|(of, _)| of == sources)?;
        Some(kept.remove(at).1)
    }

    fn keep(&self, sources: Sources, merged: Merged) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT_MERGES {
            kept.remove(0);
        }
        kept.push((sources, merged));
    }

    pub(super) fn with<T>(
        &self,
        logs: &[RunLog],
        work: impl FnOnce(&mut Merged) -> Result<T, LogError>,
    ) -> Result<T, LogError> {
        let sources: Sources = logs.iter().map(|log| (log.folder.clone(), log.over, log.encoding)).collect();
        let mut merged = match self.take(&sources) {
            Some(merged) => merged,
            None => open(logs)?,
        };
        let answer = work(&mut merged)?;
        self.keep(sources, merged);
        Ok(answer)
    }
}

pub(super) fn open(logs: &[RunLog]) -> Result<Merged, LogError> {
    let mut merged = Merged::open(logs.iter().map(|log| (log.folder.as_path(), log.over)))?;
    merged.set_encodings(logs.iter().map(|log| log.encoding));
    Ok(merged)
}

pub(super) fn merged_rows(merged: &mut Merged, placed: Vec<PlacedRow>) -> Result<Vec<MergedRow>, LogError> {
    let shown = merged.shown_rows(&placed, MAX_ROW_BYTES)?;
    let row = |(placed, shown): (PlacedRow, Shown)| MergedRow {
        position: placed.position,
        source: placed.source as u32,
        row: text_row(placed.row, shown),
    };
    Ok(placed.into_iter().zip(shown).map(row).collect())
}

/// Several logs with what a search finds in each.
pub(super) struct MergedSearch {
    merged: Mutex<Merged>,
    pub parts: Vec<Arc<SearchedLog>>,
}

impl MergedSearch {
    pub(super) fn new(merged: Merged, parts: Vec<Arc<SearchedLog>>) -> Self {
        Self { merged: Mutex::new(merged), parts }
    }

    pub(super) fn answer<T>(
        &self,
        ask: impl FnOnce(&mut Merged, &[&LogSearch]) -> Result<T, LogError>,
    ) -> Result<T, LogError> {
        let searches: Vec<&LogSearch> = self.parts.iter().map(|part| &part.search).collect();
        // What it knows of a log's pages is read anew whenever it does not fit.
        ask(&mut self.merged.lock().unwrap_or_else(PoisonError::into_inner), &searches)
    }

    pub(super) fn step(
        &self,
        position: MergedPosition,
        forward: bool,
    ) -> Result<Option<SearchHit>, LogError> {
        self.answer(|merged, searches| {
            let total = searches.iter().map(|search| search.total()).sum();
            let found = merged.step(searches, position, forward)?;
            Ok(found.map(|hit| SearchHit { row: hit.position.into(), index: hit.rank.get() + 1, total }))
        })
    }

    pub(super) fn rank(&self, position: MergedPosition) -> Result<Rank, LogError> {
        self.answer(|merged, searches| {
            merged.look()?;
            merged.rank(searches, position)
        })
    }

    pub(super) fn rows(&self, from: Rank, count: u32) -> Result<MatchedMergedRows, LogError> {
        self.answer(|merged, searches| {
            let rows = merged.select(searches, from, count.min(MAX_ROWS) as usize, MAX_ROW_BYTES)?;
            let total = searches.iter().map(|search| search.total()).sum();
            Ok(MatchedMergedRows { from, total, rows: merged_rows(merged, rows)? })
        })
    }

    /// Whether it is of these logs, in this order.
    pub(super) fn is_of(&self, logs: &[RunLog]) -> bool {
        logs.iter().map(|log| log.folder.as_path()).eq(self.parts.iter().map(|part| part.folder()))
    }
}
