//! The searches that are open: each is driven by a task of its own, answers under its id, and is gone when its reader
//! is. Searches of several logs are put together of these by `merged`.

use super::growth::Growth;
use super::merged_log::MergedSearch;
use super::rows::{MAX_ROWS, text_rows};
use super::run_log::{blocking, threads};
use super::searched_log::SearchedLog;
use crate::operations::{
    ItemStream, OpenSearch, OpenedSearch, Perform, Provide, SearchAll, SearchEvent, SearchLine, SearchRanges,
    SearchRank, SearchRows, SearchStep,
};
use crate::{ApiError, Pauses, SupervisorApiAdapter};
use solti_logstore::{
    LogError, LogSearch, PatternError, Progress, RowMatcher, SearchQuery, Stream, TextEncoding, pays,
};
use solti_model::{
    LineMatch, LogQuery, MAX_ROW_BYTES, MatchedRows, OutputStreamKind, Rank, RowKey, RowRanges, SearchHit,
    SearchProgress, Severity, TaskHits,
};
use solti_supervisor::Supervisor;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;

/// Growth is gathered for so long before the search goes on.
const GATHER: Duration = Duration::from_millis(30);
/// The same of a search that nobody waits for.
const GATHER_IN_BACKGROUND: Duration = Duration::from_secs(1);
/// By id. Shared by the clones of an adapter.
#[derive(Clone)]
pub(crate) struct OpenSearches {
    table: Arc<Mutex<SearchesById>>,
    /// Of those that nobody waits for one works at a time.
    background: Arc<Semaphore>,
}

impl Default for OpenSearches {
    fn default() -> Self {
        Self { table: Arc::default(), background: Arc::new(Semaphore::new(1)) }
    }
}

/// When a search works, and with how many threads.
#[derive(Clone)]
pub(super) struct SearchPace {
    pub threads: usize,
    gather: Duration,
    turns: Arc<Semaphore>,
}

#[derive(Default)]
struct SearchesById {
    next: u64,
    open: HashMap<String, Found>,
}

/// What an id stands for.
#[derive(Clone)]
pub(super) enum Found {
    One(Arc<SearchedLog>),
    Several(Arc<MergedSearch>),
}

fn not_open(message: &str) -> ApiError {
    ApiError::invalid("searchId", message)
}

impl OpenSearches {
    fn table(&self) -> MutexGuard<'_, SearchesById> {
        // Nothing panics while holding it.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Of a search of so many logs, which takes turns with others while nobody waits for it, and else with itself alone.
    pub(super) fn pace(&self, query: &LogQuery, logs: usize) -> SearchPace {
        if query.background {
            return SearchPace {
                threads: 1,
                gather: GATHER_IN_BACKGROUND,
                turns: Arc::clone(&self.background),
            };
        }
        // No more at once than there are processors, however many the logs are.
        let turns = Arc::new(Semaphore::new(threads()));
        SearchPace { threads: (threads() / logs.max(1)).max(1), gather: GATHER, turns }
    }

    pub(super) fn add(&self, search: Found) -> String {
        let mut table = self.table();
        table.next += 1;
        let id = format!("search-{}", table.next);
        table.open.insert(id.clone(), search);
        id
    }

    fn find(&self, id: &str) -> Result<Found, ApiError> {
        self.table().open.get(id).cloned().ok_or_else(|| not_open("this search is not open"))
    }

    /// # Errors
    /// `InvalidRequest` when it is not open, or of several logs.
    pub(super) fn one(&self, id: &str) -> Result<Arc<SearchedLog>, ApiError> {
        match self.find(id)? {
            Found::One(search) => Ok(search),
            Found::Several(_) => Err(not_open("this search is of several logs")),
        }
    }

    /// # Errors
    /// `InvalidRequest` when it is not open, or of one log.
    pub(super) fn several(&self, id: &str) -> Result<Arc<MergedSearch>, ApiError> {
        match self.find(id)? {
            Found::Several(search) => Ok(search),
            Found::One(_) => Err(not_open("this search is of one log")),
        }
    }
}

/// # Errors
/// `InvalidRequest` with the field of the pattern.
pub(super) async fn compile(query: LogQuery) -> Result<RowMatcher, ApiError> {
    let query = SearchQuery {
        pattern: query.pattern,
        regex: query.regex,
        case_sensitive: query.case_sensitive,
        whole_word: query.whole_word,
        invert: query.invert,
        stream: query.stream.map(|stream| match stream {
            OutputStreamKind::Stdout => Stream::Stdout,
            OutputStreamKind::Stderr => Stream::Stderr,
        }),
        ignore_escapes: query.ignore_ansi,
        severity: query.severity.map(|severity| match severity {
            Severity::Error => solti_rows::Severity::Error,
            Severity::Warning => solti_rows::Severity::Warning,
        }),
        exclude: query.exclude,
        fields: query.fields,
        encoding: TextEncoding::default(),
    };
    let wrong = |error: PatternError| {
        let field = match error {
            PatternError::Excluded(_) => "query.exclude",
            PatternError::Field { .. } => "query.fields",
            _ => "query.pattern",
        };
        ApiError::invalid(field, error.to_string())
    };
    blocking(move || Ok(query.compile().map_err(wrong))).await?
}

/// The work of a search, which ends with its reader.
pub(super) struct Running {
    supervisor: Supervisor,
    searches: OpenSearches,
    ids: Vec<String>,
    stop: Arc<AtomicBool>,
    drivers: Vec<JoinHandle<()>>,
}

impl Running {
    pub(super) fn new(api: &SupervisorApiAdapter, id: String) -> Self {
        let (supervisor, searches) = (api.supervisor().clone(), api.searches.clone());
        Self { supervisor, searches, ids: vec![id], stop: Arc::default(), drivers: Vec::new() }
    }

    /// Answers under a further id.
    pub(super) fn name(&mut self, id: String, search: Found) {
        self.searches.table().open.insert(id.clone(), search);
        self.ids.push(id);
    }

    /// Begins to search one log.
    pub(super) fn drive(
        &mut self,
        open: &Arc<SearchedLog>,
        growth: Growth,
        pace: &SearchPace,
    ) -> watch::Receiver<SearchProgress> {
        let (sender, progress) = watch::channel(reported(Progress::default(), false, !open.log.over));
        let (stop, pace) = (Arc::clone(&self.stop), pace.clone());
        let work = drive(self.supervisor.clone(), Arc::clone(open), growth, sender, stop, pace);
        self.drivers.push(tokio::spawn(work));
        progress
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for driver in &self.drivers {
            driver.abort();
        }
        let mut table = self.searches.table();
        for id in &self.ids {
            table.open.remove(id);
        }
    }
}

pub(super) fn reported(progress: Progress, complete: bool, live: bool) -> SearchProgress {
    SearchProgress {
        matches: progress.matches,
        searched_bytes: progress.searched_bytes,
        total_bytes: progress.total_bytes,
        complete,
        live,
        error: None,
        nearest: progress.nearest.map(RowKey::from),
    }
}

/// Searches, and goes on as the log grows. What cannot be read is told when it cannot be read the next time either, and tried again for
/// as long as there is a reader.
async fn drive(
    supervisor: Supervisor,
    open: Arc<SearchedLog>,
    mut growth: Growth,
    progress: watch::Sender<SearchProgress>,
    stop: Arc<AtomicBool>,
    SearchPace { gather, turns, .. }: SearchPace,
) {
    let mut live = !open.log.over;
    let mut reported_of = None;
    let mut pauses = Pauses::FOLLOWING;
    loop {
        open.search.set_final(!live);
        let (search, told_to, stopped) = (Arc::clone(&open), progress.clone(), Arc::clone(&stop));
        // It is never closed.
        let turn = Arc::clone(&turns).acquire_owned().await.ok();
        let outcome = blocking(move || {
            let _turn = turn;
            search.search.advance(&stopped, &|now| {
                told_to.send_replace(reported(now, false, live));
            })?;
            search.search.progress()
        });
        let bytes = match outcome.await {
            Ok(now) => {
                progress.send_replace(reported(now, true, live));
                pauses.reset();
                now.total_bytes
            }
            Err(error) => {
                let may_pass = matches!(error, ApiError::Unavailable { .. });
                if !pauses.are_fresh() || !may_pass {
                    progress.send_modify(|last| last.error = Some(error.to_string()));
                }
                if !may_pass {
                    return;
                }
                // The search goes on where it was.
                tokio::time::sleep(pauses.next()).await;
                continue;
            }
        };
        // The bytes were read a moment ago: now it costs least to make the next search faster, where that can be.
        if pays(bytes) && reported_of.is_none_or(|told_live| told_live != live) {
            supervisor.searched(open.log.run.clone(), !live);
            reported_of = Some(live);
        }
        if !live {
            return;
        }
        live = growth.of_attempt(open.log.run.attempt).await;
        if live {
            tokio::time::sleep(gather).await;
        }
    }
}

impl SupervisorApiAdapter {
    async fn answer_of<T: Send + 'static>(
        &self,
        search: &str,
        answer: impl FnOnce(&SearchedLog) -> Result<T, LogError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let open = self.searches.one(search)?;
        blocking(move || answer(&open)).await
    }
}

impl Provide<OpenSearch> for SupervisorApiAdapter {
    async fn provide(
        &self,
        OpenSearch { run, query, near }: OpenSearch,
    ) -> Result<ItemStream<SearchEvent>, ApiError> {
        let pace = self.searches.pace(&query, 1);
        let matcher = compile(query).await?;
        let log = self.log(&run).await?;
        let matcher = matcher.in_encoding(log.encoding);
        let growth = Growth::of(self.supervisor(), &run.task).await?;
        let threads = pace.threads;
        let open = blocking(move || {
            let search = LogSearch::open(&log.folder, matcher.clone(), near, threads)?;
            Ok(Arc::new(SearchedLog::new(search, log, matcher)))
        })
        .await?;
        let id = self.searches.add(Found::One(Arc::clone(&open)));
        let mut running = Running::new(self, id.clone());
        let progress = running.drive(&open, growth, &pace);
        let reader = (running, progress, true);
        let progress = futures::stream::unfold(reader, |(running, mut progress, first)| async move {
            if !first && progress.changed().await.is_err() {
                // All was said; the search still answers until its reader goes.
                std::future::pending::<()>().await;
            }
            let now = progress.borrow_and_update().clone();
            Some((now, (running, progress, false)))
        });
        Ok(OpenedSearch { id, progress: Box::pin(progress) }.into_events())
    }
}

impl Perform<SearchStep> for SupervisorApiAdapter {
    async fn perform(
        &self,
        SearchStep { search_id, row, forward }: SearchStep,
    ) -> Result<Option<SearchHit>, ApiError> {
        match self.searches.find(&search_id)? {
            Found::Several(search) => blocking(move || search.step(row.position(), forward)).await,
            Found::One(open) => {
                blocking(move || {
                    let found = open.search.step(row.row(), forward)?;
                    Ok(found.map(|(row, rank)| SearchHit {
                        row: row.into(),
                        index: rank.get() + 1,
                        total: open.search.total(),
                    }))
                })
                .await
            }
        }
    }
}

impl Perform<SearchRows> for SupervisorApiAdapter {
    async fn perform(
        &self,
        SearchRows { search_id, from, count }: SearchRows,
    ) -> Result<MatchedRows, ApiError> {
        self.answer_of(&search_id, move |open| {
            let wanted = open.search.select(from, count.min(MAX_ROWS) as usize)?;
            let mut view = open.log.view()?;
            let rows = view.rows_at(&wanted, MAX_ROW_BYTES)?;
            Ok(MatchedRows { from, total: open.search.total(), rows: text_rows(&mut view, rows)? })
        })
        .await
    }
}

impl Perform<SearchRank> for SupervisorApiAdapter {
    async fn perform(&self, SearchRank { search_id, row }: SearchRank) -> Result<Rank, ApiError> {
        match self.searches.find(&search_id)? {
            Found::Several(search) => blocking(move || search.rank(row.position())).await,
            Found::One(open) => blocking(move || open.search.rank(row.row())).await,
        }
    }
}

impl Perform<SearchRanges> for SupervisorApiAdapter {
    async fn perform(
        &self,
        SearchRanges { search_id, from, count }: SearchRanges,
    ) -> Result<Vec<RowRanges>, ApiError> {
        self.answer_of(&search_id, move |open| open.ranges(from, count)).await
    }
}

impl Perform<SearchLine> for SupervisorApiAdapter {
    async fn perform(
        &self,
        SearchLine { search_id, row, from_byte, forward }: SearchLine,
    ) -> Result<Option<LineMatch>, ApiError> {
        self.answer_of(&search_id, move |open| open.line_match(row, from_byte, forward)).await
    }
}

impl Provide<SearchAll> for SupervisorApiAdapter {
    async fn provide(&self, SearchAll { query, ids }: SearchAll) -> Result<ItemStream<TaskHits>, ApiError> {
        super::many::search(self.supervisor(), &self.encodings, compile(query).await?, ids).await
    }
}
