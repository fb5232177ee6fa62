//! Searching the logs of many tasks, newest task first: many small logs by each thread, one after the other, a large one on
//! all processors. What is found is told in frames of a bounded size, and at least every few milliseconds.

use super::encodings::Encodings;
use super::run_log::{LogPlace, RunLog, threads};
use crate::ApiError;
use crate::operations::ItemStream;
use futures::StreamExt;
use futures::stream::BoxStream;
use solti_logstore::{LogError, LogSearch, RowMatcher, SmallSearch};
use solti_model::{Rank, RowNo, RunHits, RunId, TaskHits, TaskId};
use solti_rows::Style;
use solti_store::{Attempts, RowCursor, StoreError};
use solti_supervisor::{RunFolders, Supervisor, SupervisorError};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

/// Tasks that one thread searches before it takes the next ones.
const TASKS: u32 = 128;
/// Tries before the store is given up, over some seconds.
const TRIES: u32 = 6;
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// Frames that wait for those of newer tasks.
const FRAMES: usize = 4;
/// Runs in one frame.
const RUNS: usize = 256;
/// What was found waits no longer for more.
const GATHER: Duration = Duration::from_millis(30);
/// A log from this size on is searched by several threads.
const LARGE: u64 = 32 * 1024 * 1024;
/// The longest beginning of a first match, in bytes.
const FIRST_TEXT: usize = 400;

/// Set when nobody reads the results any more.
struct Stop(Arc<AtomicBool>);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Some of what was found, and how many tasks were searched for it.
#[derive(Default)]
struct Frame {
    hits: Vec<RunHits>,
    tasks: u64,
    /// Logs that could not be read.
    unread: u64,
}

pub(super) async fn search(
    supervisor: &Supervisor,
    encodings: &Encodings,
    matcher: RowMatcher,
    ids: Option<Vec<TaskId>>,
) -> Result<ItemStream<TaskHits>, ApiError> {
    let total_tasks = match &ids {
        Some(ids) => ids.len() as u64,
        None => supervisor.store().counts().await.map_err(SupervisorError::from)?.values().sum(),
    };
    let stop = Stop(Arc::default());
    let (folders, stopped) = (supervisor.folders().clone(), Arc::clone(&stop.0));
    let encodings = encodings.clone();
    let frames = tasks(supervisor.clone(), ids)
        .map(move |tasks| {
            let (frames, found) = mpsc::channel(FRAMES);
            match tasks {
                Ok(tasks) => {
                    let (folders, stopped) = (folders.clone(), Arc::clone(&stopped));
                    let (encodings, matcher) = (encodings.clone(), matcher.clone());
                    let part = Part { folders, encodings, matcher, stopped };
                    // It ends when nobody takes what it finds.
                    tokio::task::spawn_blocking(move || part.search(tasks, &frames));
                }
                // Of the one place that it has, which is free.
                Err(error) => drop(frames.try_send(Err(error))),
            }
            std::future::ready(ReceiverStream::new(found))
        })
        // As many parts are searched at once, and what they find is told in their order.
        .buffered(threads())
        .flatten();
    let reported = TaskHits {
        tasks: Vec::new(),
        searched_tasks: 0,
        total_tasks,
        complete: false,
        unread_logs: 0,
        error: None,
    };
    let reader = (Box::pin(frames), stop, reported.clone(), false);
    let later = futures::stream::unfold(reader, |(mut frames, stop, mut reported, ended)| async move {
        if ended {
            return None;
        }
        reported.tasks.clear();
        let ended = match frames.next().await {
            Some(Ok(frame)) => {
                reported.tasks = frame.hits;
                reported.searched_tasks += frame.tasks;
                reported.unread_logs += frame.unread;
                reported.total_tasks = reported.total_tasks.max(reported.searched_tasks);
                false
            }
            Some(Err(error)) => {
                reported.error = Some(ApiError::from(SupervisorError::from(error)).to_string());
                true
            }
            None => {
                reported.complete = true;
                true
            }
        };
        Some((reported.clone(), (frames, stop, reported, ended)))
    });
    Ok(Box::pin(futures::stream::iter([reported]).chain(later)))
}

/// What is to be asked of the store next.
enum Next {
    All(Option<RowCursor>),
    Ids(std::vec::IntoIter<TaskId>),
}

/// The tasks with their attempts, newest first, some at a time; an error is the last that comes.
fn tasks(
    supervisor: Supervisor,
    ids: Option<Vec<TaskId>>,
) -> BoxStream<'static, Result<Vec<Attempts>, StoreError>> {
    let next = match ids {
        Some(mut ids) => {
            ids.sort_unstable_by(|a, b| b.cmp(a));
            ids.dedup();
            Next::Ids(ids.into_iter())
        }
        None => Next::All(None),
    };
    futures::stream::unfold((supervisor, Some(next)), |(supervisor, next)| async move {
        match page(&supervisor, next?).await {
            Ok(page) => page.map(|(tasks, next)| (Ok(tasks), (supervisor, Some(next)))),
            Err(error) => {
                tracing::warn!("a search over all logs ends early: {error}");
                Some((Err(error), (supervisor, None)))
            }
        }
    })
    .boxed()
}

/// Asks the store again when it cannot be read: it may be busy, or the disk full, for a moment.
async fn patient<T, F: Future<Output = Result<T, StoreError>>>(ask: impl Fn() -> F) -> Result<T, StoreError> {
    let mut pause = FIRST_PAUSE;
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

async fn page(supervisor: &Supervisor, next: Next) -> Result<Option<(Vec<Attempts>, Next)>, StoreError> {
    let store = supervisor.store();
    Ok(match next {
        Next::All(before) => {
            let (tasks, last) = patient(|| store.attempts_before(before.clone(), TASKS)).await?;
            last.map(|last| (tasks, Next::All(Some(last))))
        }
        Next::Ids(mut ids) => {
            let some: Vec<TaskId> = ids.by_ref().take(TASKS as usize).collect();
            if some.is_empty() {
                None
            } else {
                Some((patient(|| store.attempts_of(some.clone())).await?, Next::Ids(ids)))
            }
        }
    })
}

/// What one thread needs for its tasks.
struct Part {
    folders: RunFolders,
    encodings: Encodings,
    matcher: RowMatcher,
    stopped: Arc<AtomicBool>,
}

impl Part {
    /// Searches the runs of these tasks, oldest first in each. A log that cannot be read is counted and passed over,
    /// and the app's log says why.
    fn search(&self, tasks: Vec<Attempts>, frames: &mpsc::Sender<Result<Frame, StoreError>>) {
        let mut small = SmallSearch::new(self.matcher.clone(), FIRST_TEXT);
        let (mut frame, mut began) = (Frame::default(), Instant::now());
        for Attempts { id, runs } in tasks {
            for (attempt, over) in runs {
                if self.stopped.load(Ordering::Relaxed) {
                    return;
                }
                let folder = self.folders.run(&id, attempt);
                let run = LogPlace { run: RunId { task: id.clone(), attempt }, folder, over };
                match self.of_run(run, &mut small) {
                    Ok(hits) => frame.hits.extend(hits),
                    Err(error) => {
                        frame.unread += 1;
                        tracing::warn!("the log of task {id}, attempt {attempt} is not searched: {error}");
                    }
                }
                if frame.hits.len() >= RUNS || (!frame.hits.is_empty() && began.elapsed() >= GATHER) {
                    if frames.blocking_send(Ok(std::mem::take(&mut frame))).is_err() {
                        return;
                    }
                    began = Instant::now();
                }
            }
            frame.tasks += 1;
        }
        // Nobody may want it any more.
        frames.blocking_send(Ok(frame)).ok();
    }

    fn of_run(&self, run: LogPlace, small: &mut SmallSearch) -> Result<Option<RunHits>, LogError> {
        let chosen = self.encodings.chosen(&run.folder);
        let found = if run.over { small.search(&run.folder, chosen)? } else { None };
        match found {
            Some(found) => Ok(found.map(|found| RunHits {
                id: run.run.task.clone(),
                attempt: run.run.attempt,
                matches: found.matches,
                first_row: found.first_row,
                first_text: found.first_text,
            })),
            None => {
                let encoding = self.encodings.look(&run.folder, run.over)?;
                let run = run.read_in(encoding);
                search_run(&run, &self.matcher.clone().in_encoding(encoding), &self.stopped)
            }
        }
    }
}

fn search_run(run: &RunLog, matcher: &RowMatcher, stopped: &AtomicBool) -> Result<Option<RunHits>, LogError> {
    let mut view = run.view()?;
    let threads = if view.extent()?.bytes < LARGE { 1 } else { threads() };
    let search = LogSearch::open(&run.folder, matcher.clone(), RowNo::ZERO, threads)?;
    search.set_final(run.over);
    search.advance(stopped, &|_| {})?;
    let Some(first_row) = search.select(Rank::ZERO, 1)?.first().copied() else { return Ok(None) };
    let first_text = match view.rows_at(&[first_row], FIRST_TEXT)?.first() {
        Some(row) => view.shown(row, Style::default(), FIRST_TEXT)?.text,
        None => String::new(),
    };
    Ok(Some(RunHits {
        id: run.run.task.clone(),
        attempt: run.run.attempt,
        matches: search.total(),
        first_row,
        first_text,
    }))
}
