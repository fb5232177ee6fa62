//! Searching the logs of many tasks: newest task first, several small logs at once, a large one on all processors.

use super::run_log::blocking;
use super::searches::threads;
use crate::ApiError;
use crate::log_search::TaskHitsStream;
use futures::StreamExt;
use solti_logstore::{LogError, LogSearch, LogView, RowMatcher};
use solti_model::{RunHits, TaskHits, TaskId};
use solti_store::{RowQuery, StoreError};
use solti_supervisor::{Supervisor, SupervisorError};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Tasks whose runs are looked up at a time.
const PAGE: u32 = 100;
/// Tries before the store is given up, over some seconds.
const TRIES: u32 = 6;
/// A log from this size on is searched by several threads.
const LARGE: u64 = 32 * 1024 * 1024;
/// Runs in one message: a task may have thousands.
const AT_ONCE: usize = 500;
/// The longest beginning of a first match, in bytes.
const FIRST_TEXT: usize = 400;

/// Set when nobody reads the results any more.
struct Stop(Arc<AtomicBool>);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

struct Run {
    id: TaskId,
    attempt: u32,
    folder: PathBuf,
    over: bool,
}

pub(super) async fn search(
    supervisor: &Supervisor,
    matcher: RowMatcher,
    ids: Option<Vec<TaskId>>,
) -> Result<TaskHitsStream, ApiError> {
    let total_tasks = match &ids {
        Some(ids) => ids.len() as u64,
        None => supervisor.store().counts().await.map_err(SupervisorError::from)?.values().sum(),
    };
    let stop = Stop(Arc::default());
    let stopped = Arc::clone(&stop.0);
    let tasks = tasks(supervisor.clone(), ids);
    let store = supervisor.clone();
    let hits = tasks
        .map(move |id| {
            let (supervisor, matcher, stopped) = (store.clone(), matcher.clone(), Arc::clone(&stopped));
            async move { of_task(&supervisor, id, matcher, stopped).await }
        })
        .buffered(threads());
    let nothing = TaskHits { tasks: Vec::new(), searched_tasks: 0, total_tasks, complete: false };
    let start = (Box::pin(hits), stop, 0u64, false, Vec::new());
    let later = futures::stream::unfold(start, move |state| async move {
        let (mut hits, stop, searched, ended, untold) = state;
        if ended {
            return None;
        }
        let (mut tasks, complete, searched) = if untold.is_empty() {
            let found = hits.next().await;
            let (complete, searched) = (found.is_none(), searched + u64::from(found.is_some()));
            (found.unwrap_or_default(), complete, searched)
        } else {
            (untold, false, searched)
        };
        let untold = tasks.split_off(tasks.len().min(AT_ONCE));
        let total_tasks = total_tasks.max(searched);
        let news = TaskHits { tasks, searched_tasks: searched, total_tasks, complete };
        Some((news, (hits, stop, searched, complete, untold)))
    });
    Ok(Box::pin(futures::stream::iter([nothing]).chain(later)))
}

/// Asks the store again when it cannot be read: it may be busy, or the disk full, for a moment.
async fn patient<T, F: Future<Output = Result<T, StoreError>>>(ask: impl Fn() -> F) -> Result<T, StoreError> {
    let mut pause = Duration::from_millis(50);
    for _ in 0..TRIES {
        match ask().await {
            Ok(answer) => return Ok(answer),
            Err(error) => tracing::warn!("a search waits for the store: {error}"),
        }
        tokio::time::sleep(pause).await;
        pause *= 2;
    }
    ask().await
}

/// The ids of the tasks, newest first.
fn tasks(supervisor: Supervisor, ids: Option<Vec<TaskId>>) -> futures::stream::BoxStream<'static, TaskId> {
    if let Some(mut ids) = ids {
        ids.sort_unstable_by(|a, b| b.cmp(a));
        ids.dedup();
        return futures::stream::iter(ids).boxed();
    }
    let first = RowQuery { limit: Some(PAGE), ..RowQuery::default() };
    futures::stream::unfold((supervisor, Some(first)), |(supervisor, query)| async move {
        let query = query?;
        match patient(|| supervisor.store().list(&query)).await {
            Ok(page) => {
                let ids: Vec<TaskId> = page.rows.into_iter().map(|row| row.task.metadata.id).collect();
                let next = page.next.map(|cursor| RowQuery { cursor: Some(cursor), ..query });
                Some((futures::stream::iter(ids), (supervisor, next)))
            }
            Err(error) => {
                tracing::warn!("a search over all logs ends early: {error}");
                None
            }
        }
    })
    .flatten()
    .boxed()
}

/// The runs of one task with matches, oldest first. A log that cannot be read is passed over, and the app's log says so.
async fn of_task(
    supervisor: &Supervisor,
    id: TaskId,
    matcher: RowMatcher,
    stopped: Arc<AtomicBool>,
) -> Vec<RunHits> {
    let runs = match patient(|| supervisor.store().runs(&id)).await {
        Ok(runs) => runs,
        Err(error) => {
            tracing::warn!("the runs of task {id} are not searched: {error}");
            return Vec::new();
        }
    };
    let folders = supervisor.folders();
    let runs: Vec<Run> = runs
        .into_iter()
        .map(|stored| Run {
            id: id.clone(),
            attempt: stored.run.attempt,
            folder: folders.run(&id, stored.run.attempt),
            over: stored.run.finished_at.is_some(),
        })
        .collect();
    let searched =
        blocking(move || Ok(runs.iter().filter_map(|run| of_run(run, &matcher, &stopped)).collect()));
    // A panic is all that can go wrong here; it was reported.
    searched.await.unwrap_or_default()
}

fn of_run(run: &Run, matcher: &RowMatcher, stopped: &AtomicBool) -> Option<RunHits> {
    // A run that has printed nothing has no folder.
    if stopped.load(Ordering::Relaxed) || !run.folder.exists() {
        return None;
    }
    search_run(run, matcher, stopped).unwrap_or_else(|error| {
        tracing::warn!("the log of task {}, attempt {} is not searched: {error}", run.id, run.attempt);
        None
    })
}

fn search_run(run: &Run, matcher: &RowMatcher, stopped: &AtomicBool) -> Result<Option<RunHits>, LogError> {
    let mut view = LogView::open(&run.folder)?;
    view.set_final(run.over);
    let threads = if view.extent()?.bytes < LARGE { 1 } else { threads() };
    let search = LogSearch::open(&run.folder, matcher.clone(), 0, threads)?;
    search.set_final(run.over);
    search.advance(stopped, &|_| {})?;
    let Some(first_row) = search.select(0, 1)?.first().copied() else { return Ok(None) };
    let first = view.rows_at(&[first_row], FIRST_TEXT)?;
    let first_text = first.first().map(|row| String::from_utf8_lossy(&row.bytes).into_owned());
    Ok(Some(RunHits {
        id: run.id.clone(),
        attempt: run.attempt,
        matches: search.total(),
        first_row,
        first_text: first_text.unwrap_or_default(),
    }))
}
