//! The handle that the rest of the app holds: every question and every write goes through here.

use crate::readers::Readers;
use crate::task_cache::TaskCache;
use crate::writer::{Commit, Writer, WriterStats};
use crate::{
    AttemptRange, Attempts, Change, DueCall, Durations, EndedCall, HookCounts, JobMark, LabelCount, Past,
    PastSince, RowCursor, RowPage, RowQuery, SpanRow, Standing, StoreError, StoredEvent, StoredJob,
    StoredLane, StoredRow, StoredRun, StoredTask,
};
use crate::{
    environment, history, hooks, jobs, kin, mark, meta, past_since, read, renamed_jobs, rows, schema,
    shared_lanes, spans,
};
use solti_model::{
    AttemptsNotKept, Bookmark, Firing, HistoryQuery, HookDelivery, InheritedVariable, Job, JobEnd, JobName,
    JobRevision, JobRun, Kin, RunOfDay, Slot, Task, TaskId, TaskPage, TaskPhase, TaskQuery,
};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Cheap to clone. When the last clone is dropped, what is queued is still written, and the file is closed.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    dir: PathBuf,
    readers: Readers,
    writer: Writer,
    /// Shared with the writer.
    tasks: Arc<TaskCache>,
    /// It was so when it was opened.
    is_older: bool,
}

impl Store {
    /// Opens `dir/solti.db`, and makes it (mode 0600, in a folder of mode 0700) or brings it to the current format where needed.
    /// Blocks for the time of some disk accesses.
    ///
    /// # Errors
    /// `TooNew` for a file of a later version; `Open`, `Io`, `ReadOnly`, `Corrupt`, `Full` as they say.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        let path = schema::prepare_file(dir)?;
        let connection = schema::open_writer(&path)?;
        let is_older = mark::is_ahead_of(&connection, &path)?;
        let tasks = Arc::new(TaskCache::new());
        let writer = Writer::spawn(connection, &path, Arc::clone(&tasks))?;
        let inner = Inner { dir: dir.to_owned(), readers: Readers::open(path)?, writer, tasks, is_older };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Whether the database is of an earlier time than the one that was here before it was opened.
    pub(crate) fn is_older(&self) -> bool {
        self.inner.is_older
    }

    /// The folder that holds the database.
    pub fn dir(&self) -> &Path {
        &self.inner.dir
    }

    /// Waits until everything queued is in the main file: the next opening then knows that nothing was interrupted.
    /// The store can still be used.
    ///
    /// # Errors
    /// Why that could not be written.
    pub async fn settle(&self) -> Result<(), StoreError> {
        self.inner.writer.settle()?.await
    }

    /// Writes the batch as one atomic unit; it is on disk when this returns `Ok`. The batch is queued by the call itself:
    /// the order of calls is the order of commits, and dropping the future does not take the batch back.
    ///
    /// # Errors
    /// `Busy` with a full queue, `Closed`, or why the database refused the batch. Other batches are not affected.
    pub fn apply(&self, batch: Vec<Change>) -> impl Future<Output = Result<(), StoreError>> + Send + use<> {
        let queued = self.enqueue(batch);
        async move { queued?.await }
    }

    /// As [`Store::apply`], for callers that queue now and wait later.
    ///
    /// # Errors
    /// `Busy` with a full queue, `Closed` when the writer is gone.
    pub fn enqueue(&self, batch: impl Into<Arc<[Change]>>) -> Result<Commit, StoreError> {
        self.inner.writer.enqueue(batch.into())
    }

    /// What the writer has done since it was opened.
    pub fn writer_stats(&self) -> WriterStats {
        self.inner.writer.stats()
    }

    /// The task with its whole spec; `None` for an unknown id. One whose record cannot be read is `unreadable`.
    pub async fn task(&self, id: &TaskId) -> Result<Option<StoredTask>, StoreError> {
        let ticket = match self.inner.tasks.get(id) {
            Ok(task) => return Ok(Some((*task).clone())),
            Err(ticket) => ticket,
        };
        let id = id.clone();
        let found = self.inner.readers.run(move |db| read::task(db, &id)).await?;
        Ok(found.map(|(task, spec_bytes)| {
            self.inner.tasks.keep(ticket, &task, spec_bytes);
            task
        }))
    }

    /// Whether the task was deleted and its files may still be there.
    pub async fn is_deleted(&self, id: &TaskId) -> Result<bool, StoreError> {
        let id = id.clone();
        self.inner.readers.run(move |db| read::is_deleted(db, &id)).await
    }

    /// All tasks of which [`Store::is_deleted`] says so.
    pub async fn deleted(&self) -> Result<Vec<TaskId>, StoreError> {
        self.inner.readers.run(read::deleted).await
    }

    /// How far these tasks are, without their specs; an unknown id has no entry.
    pub async fn standings(&self, ids: Vec<TaskId>) -> Result<BTreeMap<TaskId, Standing>, StoreError> {
        self.inner.readers.run(move |db| read::standings(db, &ids)).await
    }

    /// At most `limit` tasks, newest first, those behind `before`, with their attempts alone; and behind which the next
    /// ones are. `None` for that when there are no more.
    pub async fn attempts_before(
        &self,
        before: Option<RowCursor>,
        limit: u32,
    ) -> Result<(Vec<Attempts>, Option<RowCursor>), StoreError> {
        self.inner.readers.run(move |db| read::attempts_before(db, before, limit)).await
    }

    /// The attempts of these tasks, in this order; an unknown id is left out.
    pub async fn attempts_of(&self, ids: Vec<TaskId>) -> Result<Vec<Attempts>, StoreError> {
        self.inner.readers.run(move |db| read::attempts_of(db, &ids)).await
    }

    /// The contract's query: newest first, by offset.
    pub async fn query(&self, query: &TaskQuery) -> Result<TaskPage<Task>, StoreError> {
        let query = query.clone();
        self.inner.readers.run(move |db| rows::query(db, &query)).await
    }

    /// A page of the list: newest first, by cursor.
    pub async fn list(&self, query: &RowQuery) -> Result<RowPage, StoreError> {
        let query = query.clone();
        match if rows::can_be_halved(&query) { self.inner.readers.run(rows::halves).await? } else { None } {
            Some(halves) => self.list_by_halves(query, halves).await,
            None => self.inner.readers.run(move |db| rows::list(db, &query)).await,
        }
    }

    async fn list_by_halves(
        &self,
        query: RowQuery,
        [newer, older]: [rows::Range; 2],
    ) -> Result<RowPage, StoreError> {
        let readers = &self.inner.readers;
        let half = |range| {
            let query = query.clone();
            readers.run(move |db| rows::find(db, &query, Some(range)))
        };
        let ((mut nums, newer), (rest, older)) = tokio::try_join!(half(newer), half(older))?;
        nums.extend(rest);
        readers.run(move |db| rows::page(db, &query, (nums, newer + older))).await
    }

    /// These tasks as a list shows them, in this order, without those that are not stored.
    pub async fn rows_of(&self, ids: Vec<TaskId>) -> Result<Vec<StoredRow>, StoreError> {
        self.inner.readers.run(move |db| rows::rows_of(db, &ids)).await
    }

    /// All runs that are kept, oldest first, as far as they fit into [`solti_model::MAX_ANSWER_BYTES`]: the first ones, and of
    /// the others the latest. Empty for an unknown id.
    pub async fn runs(&self, id: &TaskId) -> Result<Vec<StoredRun>, StoreError> {
        let id = id.clone();
        self.inner.readers.run(move |db| history::runs(db, &id)).await
    }

    /// A page of the runs; empty for an unknown id.
    pub async fn run_page(&self, id: &TaskId, query: HistoryQuery) -> Result<Past<StoredRun>, StoreError> {
        let id = id.clone();
        self.inner.readers.run(move |db| history::run_page(db, &id, query)).await
    }

    /// A page of the events; empty for an unknown id.
    pub async fn event_page(
        &self,
        id: &TaskId,
        query: HistoryQuery,
    ) -> Result<Past<StoredEvent>, StoreError> {
        let id = id.clone();
        self.inner.readers.run(move |db| history::event_page(db, &id, query)).await
    }

    /// The attempts of the task that were removed.
    pub async fn not_kept(&self, id: &TaskId) -> Result<Option<AttemptsNotKept>, StoreError> {
        let id = id.clone();
        self.inner.readers.run(move |db| history::not_kept(db, &id)).await
    }

    /// The first attempt after `after` that is kept.
    pub async fn next_attempt(&self, id: &TaskId, after: u32) -> Result<Option<u32>, StoreError> {
        let id = id.clone();
        self.inner.readers.run(move |db| history::next_attempt(db, &id, after)).await
    }

    /// Attempts that have to go where a task may keep `keep` beside its first ones: a step for each of at most `limit` tasks,
    /// for [`Change::DropAttempts`]. None when nothing has to.
    pub async fn surplus(&self, keep: u32, limit: u32) -> Result<Vec<AttemptRange>, StoreError> {
        self.inner.readers.run(move |db| history::surplus(db, keep, limit)).await
    }

    /// One attempt, if it is stored.
    pub async fn run(&self, id: &TaskId, attempt: u32) -> Result<Option<StoredRun>, StoreError> {
        let id = id.clone();
        self.inner.readers.run(move |db| read::run(db, &id, attempt)).await
    }

    /// The attempt with the highest number.
    pub async fn latest_run(&self, id: &TaskId) -> Result<Option<StoredRun>, StoreError> {
        let id = id.clone();
        self.inner.readers.run(move |db| Ok(read::latest_runs(db, &id, 1)?.pop())).await
    }

    /// The last `per_task` runs of each task, oldest first; a task without runs has no entry.
    pub async fn recent_runs(
        &self,
        ids: &[TaskId],
        per_task: u32,
    ) -> Result<BTreeMap<TaskId, Vec<StoredRun>>, StoreError> {
        let ids = ids.to_vec();
        self.inner.readers.run(move |db| read::recent_runs(db, &ids, per_task)).await
    }

    /// As [`Store::runs`].
    pub async fn events(&self, id: &TaskId) -> Result<Vec<StoredEvent>, StoreError> {
        let id = id.clone();
        self.inner.readers.run(move |db| history::events(db, &id)).await
    }

    /// By attempt and row; empty for an unknown id.
    pub async fn bookmarks(&self, id: &TaskId) -> Result<Vec<Bookmark>, StoreError> {
        let id = id.clone();
        self.inner.readers.run(move |db| read::bookmarks(db, &id)).await
    }

    /// Every task that is not terminal, by lane, and within it by its place in the queue.
    pub async fn active(&self) -> Result<Vec<StoredTask>, StoreError> {
        self.inner.readers.run(read::active).await
    }

    /// Finished tasks that have to go: those that finished before `before_ms`, and those over `keep` in number. The ones
    /// that finished first come first, at most `limit`. One with a bookmark stays: somebody wants to come back to it. So does for a while
    /// one that another machine has handed over: that one may not know yet how it ended. `now_ms`: `None` where nobody knows.
    pub async fn expired(
        &self,
        before_ms: Option<u64>,
        keep: Option<u32>,
        now_ms: Option<u64>,
        limit: u32,
    ) -> Result<Vec<TaskId>, StoreError> {
        self.inner.readers.run(move |db| read::expired(db, before_ms, keep, now_ms, limit)).await
    }

    /// The lanes with stored settings, by name.
    pub async fn lanes(&self) -> Result<Vec<StoredLane>, StoreError> {
        self.inner.readers.run(read::lanes).await
    }

    /// The lanes that tasks share, those used last first; 200 at most.
    pub async fn shared_lanes(&self) -> Result<Vec<Slot>, StoreError> {
        self.inner.readers.run(shared_lanes::all).await
    }

    /// How many tasks are in each phase; every phase has an entry.
    pub async fn counts(&self) -> Result<BTreeMap<TaskPhase, u64>, StoreError> {
        self.inner.readers.run(read::counts).await
    }

    /// The saved jobs, by name.
    pub async fn jobs(&self) -> Result<Vec<StoredJob>, StoreError> {
        self.inner.readers.run(jobs::all).await
    }

    /// What jobs are called now, by the names that they had before.
    pub async fn renamed_jobs(&self) -> Result<BTreeMap<JobName, JobName>, StoreError> {
        self.inner.readers.run(renamed_jobs::all).await
    }

    /// The revisions of a job that are kept, newest first; empty for an unknown one.
    pub async fn job_revisions(&self, job: &JobName) -> Result<Vec<JobRevision>, StoreError> {
        let job = job.clone();
        self.inner.readers.run(move |db| jobs::revisions(db, &job)).await
    }

    /// A job as it was saved then, if that is kept.
    pub async fn job_revision(&self, job: &JobName, revision: u32) -> Result<Option<Job>, StoreError> {
        let job = job.clone();
        self.inner.readers.run(move |db| jobs::revision(db, &job, revision)).await
    }

    /// What came of the last times of a job's schedules, newest first.
    pub async fn firings(&self, job: &JobName, limit: u32) -> Result<Vec<Firing>, StoreError> {
        let job = job.clone();
        self.inner.readers.run(move |db| jobs::firings(db, &job, limit)).await
    }

    /// The last tasks of each of these jobs, newest first; a job without tasks has no entry.
    pub async fn job_runs(
        &self,
        names: Vec<JobName>,
        limit: u32,
    ) -> Result<BTreeMap<JobName, Vec<JobRun>>, StoreError> {
        self.inner.readers.run(move |db| jobs::runs(db, &names, limit)).await
    }

    /// The last tasks of the job that are over, newest first.
    pub async fn job_ends(&self, name: JobName, limit: u32) -> Result<Vec<JobEnd>, StoreError> {
        self.inner.readers.run(move |db| jobs::ends(db, &name, limit)).await
    }

    /// Of each of these tasks that belongs to a job, how it and those before it stand, oldest first.
    pub async fn job_strips(
        &self,
        ids: Vec<TaskId>,
        limit: u32,
    ) -> Result<BTreeMap<TaskId, Vec<JobMark>>, StoreError> {
        self.inner.readers.run(move |db| jobs::strips(db, &ids, limit)).await
    }

    /// A page of the tasks of a job, newest first, also of one that is deleted.
    pub async fn job_history(
        &self,
        job: &JobName,
        cursor: Option<RowCursor>,
        limit: Option<u32>,
    ) -> Result<RowPage, StoreError> {
        let job = job.clone();
        self.inner.readers.run(move |db| jobs::history(db, &job, cursor, limit)).await
    }

    /// How long the last tasks of each kin took that are over; those that were stopped are left out. A kin of which nothing is known
    /// has no entry.
    pub async fn durations(
        &self,
        kins: Vec<Kin>,
        limit: u32,
    ) -> Result<BTreeMap<Kin, Durations>, StoreError> {
        self.inner.readers.run(move |db| kin::durations(db, &kins, limit)).await
    }

    /// When the first attempt of each of these began, later by as long as attempts of it stood still: what it has taken so far is
    /// the time since then.
    pub async fn begun(&self, ids: Vec<TaskId>) -> Result<BTreeMap<TaskId, u64>, StoreError> {
        self.inner.readers.run(move |db| kin::begun(db, &ids)).await
    }

    /// The tasks that waited or ran between two times, newest first, `limit` at most, and whether there are more; with `of_jobs`
    /// those of saved jobs alone.
    pub async fn between(
        &self,
        times: (u64, u64),
        of_jobs: bool,
        limit: u32,
    ) -> Result<(Vec<SpanRow>, bool), StoreError> {
        self.inner.readers.run(move |db| spans::between(db, times, of_jobs, limit)).await
    }

    /// Hands the runs of saved jobs whose time is between these two, both included, to `fold`, in the order of their times. A run's
    /// time is when its latest attempt began, or when it was made.
    pub async fn fold_job_runs<T: Send + 'static>(
        &self,
        times: (u64, u64),
        into: T,
        fold: impl FnMut(&mut T, JobName, RunOfDay) + Send + 'static,
    ) -> Result<T, StoreError> {
        self.inner.readers.run(move |db| spans::fold_job_runs(db, times, into, fold)).await
    }

    /// The 50 labels that most tasks carry, without `name`.
    pub async fn labels(&self) -> Result<Vec<LabelCount>, StoreError> {
        self.inner.readers.run(read::labels).await
    }

    /// What has happened since then; of each kind `named` are named.
    pub async fn past_since(&self, since: u64, named: usize) -> Result<PastSince, StoreError> {
        self.inner.readers.run(move |db| past_since::past_since(db, since, named)).await
    }

    /// Up to which event the hooks have been asked, and the last that there is.
    pub async fn hooks_seen(&self) -> Result<(u64, u64), StoreError> {
        self.inner.readers.run(hooks::seen).await
    }

    /// The next events after this one of tasks that have ended or fallen silent; and the event up to which there are no more.
    pub async fn hook_events(&self, after: u64, limit: u32) -> Result<(Vec<StoredEvent>, u64), StoreError> {
        self.inner.readers.run(move |db| hooks::events_after(db, after, limit)).await
    }

    /// The calls of hooks that are due, one of each hook; and when the next one is, of those that are not.
    pub async fn due_calls(&self, now: u64, limit: u32) -> Result<(Vec<DueCall>, Option<u64>), StoreError> {
        self.inner.readers.run(move |db| hooks::due(db, now, limit)).await
    }

    /// The calls whose command's task is over, oldest first.
    pub async fn ended_calls(&self) -> Result<Vec<EndedCall>, StoreError> {
        self.inner.readers.run(hooks::ended).await
    }

    /// The latest calls of a hook, newest first.
    pub async fn hook_calls(&self, hook: &str, limit: u32) -> Result<Vec<HookDelivery>, StoreError> {
        let hook = hook.to_owned();
        self.inner.readers.run(move |db| hooks::latest(db, &hook, limit)).await
    }

    /// One call, as it stands.
    pub async fn hook_call(&self, id: u64) -> Result<Option<HookDelivery>, StoreError> {
        self.inner.readers.run(move |db| hooks::call(db, id)).await
    }

    /// How many calls of this hook, or of all, wait and were dropped.
    pub async fn hook_counts(&self, hook: Option<&str>) -> Result<HookCounts, StoreError> {
        let hook = hook.map(str::to_owned);
        self.inner.readers.run(move |db| hooks::counts(db, hook.as_deref())).await
    }

    /// Whether all tasks are held, as [`Change::hold_all`] wrote it.
    pub async fn all_held(&self) -> Result<bool, StoreError> {
        self.inner.readers.run(|db| meta::all_held(db)).await
    }

    /// A setting, written by [`Change::SetMeta`].
    pub async fn meta(&self, key: &str) -> Result<Option<String>, StoreError> {
        let key = key.to_owned();
        self.inner.readers.run(move |db| meta::get(db, &key)).await
    }

    /// The settings of all names that begin so.
    pub async fn metas(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        let prefix = prefix.to_owned();
        self.inner.readers.run(move |db| meta::beginning_with(db, &prefix)).await
    }

    /// Writes a setting on its own; in a batch it is [`Change::SetMeta`].
    pub async fn set_meta(&self, key: &str, value: &str) -> Result<(), StoreError> {
        self.apply(vec![Change::SetMeta { key: key.to_owned(), value: value.to_owned() }]).await
    }

    /// The number under which these variables are stored, from now on at the latest. Only masked ones belong here.
    ///
    /// # Errors
    /// As [`Store::apply`].
    pub async fn keep_environment(
        &self,
        variables: Vec<InheritedVariable>,
    ) -> Result<Option<i64>, StoreError> {
        let (looked_for, readers) = (variables.clone(), &self.inner.readers);
        if let Some(number) = readers.run(move |db| environment::number(db, &looked_for)).await? {
            return Ok(Some(number));
        }
        self.apply(vec![Change::PutEnvironment(variables.clone())]).await?;
        readers.run(move |db| environment::number(db, &variables)).await
    }

    /// What the runs with this number inherited.
    pub async fn environment(&self, number: i64) -> Result<Option<Vec<InheritedVariable>>, StoreError> {
        self.inner.readers.run(move |db| environment::variables(db, number)).await
    }

    /// Takes away what no run refers to any more. `current` stays: only new runs with that one may come meanwhile.
    pub async fn drop_unused_environments(&self, current: Option<i64>) -> Result<(), StoreError> {
        let unused = self.inner.readers.run(move |db| environment::unused(db, current)).await?;
        if unused.is_empty() {
            return Ok(());
        }
        self.apply(unused.into_iter().map(Change::DeleteEnvironment).collect()).await
    }

    /// Reads the whole file and says whether it is sound. Takes a while with a large one.
    ///
    /// # Errors
    /// `Corrupt` when it is not.
    pub async fn check(&self) -> Result<(), StoreError> {
        self.inner.readers.run(read::check).await
    }

    /// Runs on the runtime's blocking threads.
    pub(crate) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        match tokio::task::spawn_blocking(work).await {
            Ok(answer) => answer,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => Err(StoreError::Closed),
        }
    }
}
