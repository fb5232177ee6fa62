//! Several logs read and searched as one. Each log of a search is searched by itself, as `searches` does it; here what they
//! find is put in the order of all, and how far they are is told as one.

use super::export::{self, Lines, add_line};
use super::growth::Growth;
use super::merged_log::{MergedSearch, merged_rows, open};
use super::rows::{MAX_BUCKETS, MAX_ROWS, density};
use super::run_log::{RunLog, blocking};
use super::searched_log::SearchedLog;
use super::searches::{Found, Running, compile, reported};
use crate::operations::{
    ExportMerged, ExportStream, ItemStream, MergedDensity, MergedPositionAt, MergedPositions,
    MergedSearchRows, OpenMergedSearch, OpenedSearch, Perform, Produce, Provide, ReadMerged, SearchEvent,
};
use crate::{ApiError, Pauses, SupervisorApiAdapter};
use futures::future::select_all;
use solti_logstore::{LogError, LogSearch, MergedExport, Progress};
use solti_model::{
    FieldError, LogDensity, MAX_MERGED_LOGS, MAX_ROW_BYTES, MatchedMergedRows, MergedPosition, MergedRows,
    Rank, RowKey, RunId, SearchProgress,
};
use solti_supervisor::SupervisorError;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::timeout;

/// Several logs in the making of a file.
struct MergedRowExport {
    rows: MergedExportRows,
    /// What each line of a log begins with.
    names: Vec<String>,
    timestamps: bool,
}

enum MergedExportRows {
    All(MergedExport),
    /// Those from this rank on.
    Found(Arc<MergedSearch>, Rank),
}

impl Lines for MergedRowExport {
    fn next(&mut self, bytes: &mut Vec<u8>, _: usize) -> Result<Option<u64>, LogError> {
        let rows = match &mut self.rows {
            MergedExportRows::All(export) => export.next_rows()?,
            MergedExportRows::Found(search, from) => {
                let rows = search.answer(|merged, searches| merged.export_matches(searches, *from))?;
                *from += rows.len() as u64;
                rows.into_iter().map(|placed| (placed.source, placed.row)).collect()
            }
        };
        for (source, row) in &rows {
            add_line(bytes, row, self.timestamps, self.names.get(*source).map_or("", String::as_str));
        }
        Ok((!rows.is_empty()).then_some(rows.len() as u64))
    }
}

/// How far the parts of a search are.
struct Parts {
    search: Arc<MergedSearch>,
    near: MergedPosition,
    /// `None` for one that has said all.
    receivers: Vec<Option<watch::Receiver<SearchProgress>>>,
    last: Vec<SearchProgress>,
    first: bool,
    /// Which row is the nearest could not be read; asked again so much later.
    rest: Option<Duration>,
    pauses: Pauses,
    _running: Running,
}

impl Parts {
    async fn next(&mut self) -> SearchProgress {
        if !std::mem::take(&mut self.first) {
            match self.rest {
                Some(rest) => drop(timeout(rest, self.changed()).await),
                None => self.changed().await,
            }
        }
        if self.rest.take().is_none() {
            self.pauses.reset();
        }
        let sum = |of: fn(&SearchProgress) -> u64| self.last.iter().map(of).sum();
        let all = Progress {
            matches: sum(|part| part.matches),
            searched_bytes: sum(|part| part.searched_bytes),
            total_bytes: sum(|part| part.total_bytes),
            nearest: None,
        };
        let complete = self.last.iter().all(|part| part.complete);
        let mut progress = reported(all, complete, self.last.iter().any(|part| part.live));
        progress.error = self.last.iter().find_map(|part| part.error.clone());
        // Each has to have looked around there, or the nearest of all would be another one a moment later.
        if all.matches > 0 && self.last.iter().all(|part| part.nearest.is_some() || part.complete) {
            let (search, near) = (Arc::clone(&self.search), self.near);
            let nearest = move || search.answer(|merged, searches| merged.nearest(searches, near));
            match blocking(nearest).await {
                Ok(nearest) => progress.nearest = nearest.map(RowKey::from),
                Err(error) => {
                    progress.error = Some(error.to_string());
                    self.rest = Some(self.pauses.next());
                }
            }
        }
        progress
    }

    /// Waits for news of any part.
    async fn changed(&mut self) {
        loop {
            let waiting: Vec<_> = self
                .receivers
                .iter_mut()
                .enumerate()
                .filter_map(|(n, receiver)| {
                    let receiver = receiver.as_mut()?;
                    Some(Box::pin(async move { (n, receiver.changed().await.is_ok()) }))
                })
                .collect();
            if waiting.is_empty() {
                // All was said; the search still answers until its reader goes.
                return std::future::pending().await;
            }
            let ((n, news), ..) = select_all(waiting).await;
            match &mut self.receivers[n] {
                Some(receiver) if news => {
                    self.last[n] = receiver.borrow_and_update().clone();
                    return;
                }
                ended => *ended = None,
            }
        }
    }
}

impl SupervisorApiAdapter {
    async fn sources(&self, sources: &[RunId]) -> Result<Vec<RunLog>, ApiError> {
        if sources.len() > MAX_MERGED_LOGS {
            return Err(FieldError::new("sources", format!("at most {MAX_MERGED_LOGS} logs")).into());
        }
        let mut logs = Vec::with_capacity(sources.len());
        for source in sources {
            logs.push(self.log(source).await?);
        }
        Ok(logs)
    }

    /// The search by that name, which has to be of these logs.
    fn search_of(
        &self,
        logs: &[RunLog],
        search: Option<&str>,
    ) -> Result<Option<Arc<MergedSearch>>, ApiError> {
        let search = search.map(|id| self.searches.several(id)).transpose()?;
        if search.as_ref().is_some_and(|search| !search.is_of(logs)) {
            return Err(FieldError::new("searchId", "is a search of other logs").into());
        }
        Ok(search)
    }
}

impl Perform<ReadMerged> for SupervisorApiAdapter {
    async fn perform(&self, ReadMerged { sources, from, count }: ReadMerged) -> Result<MergedRows, ApiError> {
        let logs = self.sources(&sources).await?;
        let kept = self.merges.clone();
        blocking(move || {
            kept.with(&logs, |merged| {
                let (total, rows) = merged.rows(from, count.min(MAX_ROWS) as usize, MAX_ROW_BYTES)?;
                Ok(MergedRows { from, total, rows: merged_rows(merged, rows)? })
            })
        })
        .await
    }
}

impl Perform<MergedDensity> for SupervisorApiAdapter {
    async fn perform(
        &self,
        MergedDensity { sources, buckets, search_id }: MergedDensity,
    ) -> Result<LogDensity, ApiError> {
        let logs = self.sources(&sources).await?;
        let search = self.search_of(&logs, search_id.as_deref())?;
        let kept = self.merges.clone();
        blocking(move || {
            let parts = search.iter().flat_map(|search| &search.parts);
            let searches: Vec<&LogSearch> = parts.map(|part| &part.search).collect();
            kept.with(&logs, |merged| {
                let (rows, slices) = merged.slices(buckets.min(MAX_BUCKETS) as usize, &searches)?;
                Ok(density(rows, &slices))
            })
        })
        .await
    }
}

impl Perform<MergedPositions> for SupervisorApiAdapter {
    async fn perform(
        &self,
        MergedPositions { sources, rows }: MergedPositions,
    ) -> Result<Vec<MergedPosition>, ApiError> {
        if rows.len() > MAX_ROWS as usize {
            return Err(FieldError::new("rows", format!("at most {MAX_ROWS} rows")).into());
        }
        if rows.iter().any(|row| row.source as usize >= sources.len()) {
            return Err(FieldError::new("rows", "name a log that is not among the sources").into());
        }
        let logs = self.sources(&sources).await?;
        let kept = self.merges.clone();
        blocking(move || {
            kept.with(&logs, |merged| {
                merged.look()?;
                rows.iter().map(|row| merged.position(row.source as usize, row.row)).collect()
            })
        })
        .await
    }
}

impl Perform<MergedPositionAt> for SupervisorApiAdapter {
    async fn perform(
        &self,
        MergedPositionAt { sources, at }: MergedPositionAt,
    ) -> Result<MergedPosition, ApiError> {
        let logs = self.sources(&sources).await?;
        let kept = self.merges.clone();
        blocking(move || {
            kept.with(&logs, |merged| {
                merged.look()?;
                merged.position_at(at)
            })
        })
        .await
    }
}

impl Produce<ExportMerged> for SupervisorApiAdapter {
    async fn produce(
        &self,
        ExportMerged { sources, timestamps, search_id }: ExportMerged,
    ) -> Result<ExportStream, ApiError> {
        let logs = self.sources(&sources).await?;
        let search = self.search_of(&logs, search_id.as_deref())?;
        let mut names = Vec::with_capacity(logs.len());
        for RunId { task: id, .. } in sources {
            let stored = self.supervisor().store().task(&id).await.map_err(SupervisorError::from)?;
            let stored = stored.ok_or(ApiError::TaskNotFound { id })?;
            let name = stored.task.spec.display_name();
            names.push(format!("{}: ", name.replace(['\n', '\r'], " ")));
        }
        let rows = match search {
            Some(search) => MergedExportRows::Found(search, Rank::ZERO),
            None => MergedExportRows::All(blocking(move || MergedExport::new(open(&logs)?)).await?),
        };
        Ok(export::stream(MergedRowExport { rows, names, timestamps }))
    }
}

impl Perform<MergedSearchRows> for SupervisorApiAdapter {
    async fn perform(
        &self,
        MergedSearchRows { search_id, from, count }: MergedSearchRows,
    ) -> Result<MatchedMergedRows, ApiError> {
        let search = self.searches.several(&search_id)?;
        blocking(move || search.rows(from, count)).await
    }
}

impl Provide<OpenMergedSearch> for SupervisorApiAdapter {
    async fn provide(
        &self,
        OpenMergedSearch { sources, query, near }: OpenMergedSearch,
    ) -> Result<ItemStream<SearchEvent>, ApiError> {
        let pace = self.searches.pace(&query, sources.len());
        let matcher = compile(query).await?;
        let logs = self.sources(&sources).await?;
        let mut growths = Vec::with_capacity(logs.len());
        for source in &sources {
            growths.push(Growth::of(self.supervisor(), &source.task).await?);
        }
        let each = pace.threads;
        let search = blocking(move || {
            let mut merged = open(&logs)?;
            merged.look()?;
            let starts = merged.starts(near)?;
            let parts = logs.into_iter().zip(starts).map(|(log, start)| {
                let matcher = matcher.clone().in_encoding(log.encoding);
                let search = LogSearch::open(&log.folder, matcher.clone(), start, each)?;
                Ok(Arc::new(SearchedLog::new(search, log, matcher)))
            });
            let parts = parts.collect::<Result<_, LogError>>()?;
            Ok(Arc::new(MergedSearch::new(merged, parts)))
        })
        .await?;
        let id = self.searches.add(Found::Several(Arc::clone(&search)));
        let mut running = Running::new(self, id.clone());
        let mut receivers = Vec::with_capacity(growths.len());
        for (n, (part, growth)) in search.parts.iter().zip(growths).enumerate() {
            running.name(format!("{id}-{n}"), Found::One(Arc::clone(part)));
            receivers.push(running.drive(part, growth, &pace));
        }
        let last = receivers.iter().map(|receiver| receiver.borrow().clone()).collect();
        let receivers = receivers.into_iter().map(Some).collect();
        let parts = Parts {
            search,
            near,
            receivers,
            last,
            first: true,
            rest: None,
            pauses: Pauses::FOLLOWING,
            _running: running,
        };
        let progress = futures::stream::unfold(parts, |mut parts| async move {
            let now = parts.next().await;
            Some((now, parts))
        });
        Ok(OpenedSearch { id, progress: Box::pin(progress) }.into_events())
    }
}
