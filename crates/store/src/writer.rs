//! The writing side: one thread, one connection, batches in the order in which they were queued, committed in groups.
//!
//! A group is what has queued up while the last commit was waiting for the disk. A commit costs the processors and the disk much
//! the same whatever is in it, so under load commits keep a distance, in which more queues up; the first ones after a quiet
//! moment wait for nothing. How a change becomes SQL is in `write`.

use crate::mark::Mark;
use crate::task_cache::TaskCache;
use crate::vacuum::{Interrupt, Vacuum};
use crate::write::{self, Numbers};
use crate::{Change, StoreError};
use rusqlite::{Connection, TransactionBehavior};
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::task::{Context, Poll};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Batches that may wait. At some thousand commits a second in groups this is well under a second of work.
const QUEUE: usize = 4_096;
/// A group is closed at this many batches, …
const GROUP_BATCHES: usize = 64;
/// … or when its first batch has waited so long.
const GROUP_TIME: Duration = Duration::from_millis(8);
/// Commits keep this distance on average, …
const BETWEEN_COMMITS: Duration = Duration::from_millis(5);
/// … and so many may come at once: a person's own doing never waits.
const COMMITS_AT_ONCE: u32 = 16;
/// The WAL is moved into the database when nobody has written for so long: it takes some flushes of the disk …
const QUIET: Duration = Duration::from_millis(100);
/// … and when at least so many commits are in it.
const WORTH_A_CHECKPOINT: u32 = 100;

/// What the writer has done since it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WriterStats {
    /// Batches that are on disk.
    pub batches: u64,
    /// Commits that it took.
    pub commits: u64,
}

/// Resolves when the batch is on disk, or refused. Dropping it does not take the batch back.
#[derive(Debug)]
#[must_use = "a batch is durable, or known to be refused, only when its commit is awaited"]
pub struct Commit(oneshot::Receiver<Result<(), StoreError>>);

impl Future for Commit {
    type Output = Result<(), StoreError>;
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(cx).map(|answer| answer.unwrap_or(Err(StoreError::Closed)))
    }
}

/// The queue's end that callers hold.
pub(crate) struct Writer {
    /// `None` only while it is dropped.
    queue: Option<SyncSender<WriterOrder>>,
    thread: Option<JoinHandle<()>>,
    counters: Arc<Counters>,
    interrupt: Arc<Interrupt>,
}

#[derive(Default)]
struct Counters {
    batches: AtomicU64,
    commits: AtomicU64,
}

enum WriterOrder {
    QueuedBatch(QueuedBatch),
    /// Brings everything into the main file.
    Settle(oneshot::Sender<Result<(), StoreError>>),
    /// Lets a test hold the writer up, or limit its disk.
    #[cfg(test)]
    Visit(Box<dyn FnOnce(&Connection) + Send>),
}

struct QueuedBatch {
    changes: Arc<[Change]>,
    done: oneshot::Sender<Result<(), StoreError>>,
}

impl Writer {
    pub(crate) fn spawn(
        connection: Connection,
        path: &Path,
        tasks: Arc<TaskCache>,
    ) -> Result<Self, StoreError> {
        let (queue, jobs) = sync_channel(QUEUE);
        let counters = Arc::new(Counters::default());
        let thread_counters = Arc::clone(&counters);
        let interrupt = Arc::new(Interrupt::new(&connection));
        let vacuum = Vacuum::new(&connection, path, Arc::clone(&interrupt));
        let mark = Mark::open(path);
        let thread = std::thread::Builder::new()
            .name("solti-store".to_owned())
            .spawn(move || {
                serve(
                    Target {
                        connection,
                        pace: Pace::new(),
                        numbers: Numbers::new(),
                        tasks,
                        vacuum,
                        mark,
                        is_full: false,
                    },
                    &jobs,
                    &thread_counters,
                )
            })
            .map_err(|source| StoreError::Open { path: path.to_owned(), source })?;
        Ok(Self { queue: Some(queue), thread: Some(thread), counters, interrupt })
    }

    pub(crate) fn enqueue(&self, changes: Arc<[Change]>) -> Result<Commit, StoreError> {
        let (done, commit) = oneshot::channel();
        self.send(WriterOrder::QueuedBatch(QueuedBatch { changes, done }))?;
        Ok(Commit(commit))
    }

    pub(crate) fn settle(&self) -> Result<Commit, StoreError> {
        let (done, commit) = oneshot::channel();
        self.send(WriterOrder::Settle(done))?;
        Ok(Commit(commit))
    }

    pub(crate) fn stats(&self) -> WriterStats {
        WriterStats {
            batches: self.counters.batches.load(Ordering::Relaxed),
            commits: self.counters.commits.load(Ordering::Relaxed),
        }
    }

    #[cfg(test)]
    pub(crate) fn visit(&self, visit: impl FnOnce(&Connection) + Send + 'static) {
        self.send(WriterOrder::Visit(Box::new(visit))).unwrap();
    }

    fn send(&self, job: WriterOrder) -> Result<(), StoreError> {
        let queue = self.queue.as_ref().ok_or(StoreError::Closed)?;
        queue.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => StoreError::Busy,
            TrySendError::Disconnected(_) => StoreError::Closed,
        })?;
        self.interrupt.interrupt();
        Ok(())
    }
}

impl Drop for Writer {
    /// Waits until what is queued is written: at most [`QUEUE`] small batches.
    fn drop(&mut self) {
        self.queue = None;
        self.interrupt.interrupt();
        if let Some(thread) = self.thread.take() {
            // A panic over there has been reported by the panic hook and to everyone who waited for a commit.
            thread.join().ok();
        }
    }
}

/// What is written to, and who must know of it.
struct Target {
    connection: Connection,
    pace: Pace,
    numbers: Numbers,
    tasks: Arc<TaskCache>,
    vacuum: Vacuum,
    mark: Option<Mark>,
    /// The disk had no room for a change, and the WAL has not been moved since.
    is_full: bool,
}

/// When the next commit may be.
struct Pace(Instant);

impl Pace {
    fn new() -> Self {
        Self(Instant::now())
    }

    /// How long the next commit has to wait for more.
    fn wait(&self, now: Instant) -> Duration {
        self.0.saturating_duration_since(now)
    }

    /// A commit begins. What was not used up of an earlier time counts, as far as [`COMMITS_AT_ONCE`] goes.
    fn commits(&mut self, now: Instant) {
        let saved = now.checked_sub(BETWEEN_COMMITS * (COMMITS_AT_ONCE - 1));
        self.0 = saved.map_or(self.0, |saved| self.0.max(saved)) + BETWEEN_COMMITS;
    }
}

fn serve(mut target: Target, jobs: &Receiver<WriterOrder>, counters: &Counters) {
    let mut next = None;
    let mut unmoved = 0;
    while let Some(job) = next.take().or_else(|| next_job(&mut target, jobs, &mut unmoved)) {
        match job {
            WriterOrder::QueuedBatch(first) => {
                unmoved += 1;
                target.vacuum.written();
                next = serve_group(&mut target, first, jobs, counters);
            }
            // The caller may have stopped waiting.
            WriterOrder::Settle(done) => drop(done.send(settle(&target.connection))),
            #[cfg(test)]
            WriterOrder::Visit(visit) => visit(&target.connection),
        }
    }
}

/// Waits for a job, and uses a quiet moment for what would otherwise make a commit wait, or need not be done at once. `unmoved`:
/// commits in the WAL.
fn next_job(target: &mut Target, jobs: &Receiver<WriterOrder>, unmoved: &mut u32) -> Option<WriterOrder> {
    loop {
        let is_worth_it = *unmoved >= WORTH_A_CHECKPOINT;
        let wait = if is_worth_it { Some(QUIET) } else { target.vacuum.wait(QUIET) };
        let Some(wait) = wait else { return jobs.recv().ok() };
        match jobs.recv_timeout(wait) {
            Ok(job) => return Some(job),
            Err(RecvTimeoutError::Disconnected) => return None,
            Err(RecvTimeoutError::Timeout) if is_worth_it => {
                *unmoved = 0;
                // What cannot be moved now stays in the WAL, where it is as safe.
                checkpoint(&target.connection).ok();
            }
            Err(RecvTimeoutError::Timeout) => target.vacuum.step(&target.connection),
        }
    }
}

/// Returns the job that ended the group, if one of another kind did.
fn serve_group(
    target: &mut Target,
    first: QueuedBatch,
    jobs: &Receiver<WriterOrder>,
    counters: &Counters,
) -> Option<WriterOrder> {
    let deadline = Instant::now() + GROUP_TIME;
    let mut group = vec![first];
    let mut next = None;
    while group.len() < GROUP_BATCHES && Instant::now() < deadline {
        match jobs.recv_timeout(target.pace.wait(Instant::now())) {
            Ok(WriterOrder::QueuedBatch(batch)) => group.push(batch),
            Ok(other) => {
                next = Some(other);
                break;
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
        }
    }
    target.pace.commits(Instant::now());
    if group.len() > 1 && commit(target, &group).is_ok() {
        counters.batches.fetch_add(group.len() as u64, Ordering::Relaxed);
        counters.commits.fetch_add(1, Ordering::Relaxed);
        for batch in group {
            // The caller may have stopped waiting.
            batch.done.send(Ok(())).ok();
        }
    } else {
        // One by one: only the batch that is at fault gets an error, and it gets its own.
        for batch in group {
            let result = commit(target, std::slice::from_ref(&batch));
            if result.is_ok() {
                counters.batches.fetch_add(1, Ordering::Relaxed);
                counters.commits.fetch_add(1, Ordering::Relaxed);
            }
            batch.done.send(result).ok();
        }
    }
    next
}

fn settle(connection: &Connection) -> Result<(), StoreError> {
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(())
}

/// Moves what nobody reads of the WAL into the database, and waits for nobody. Whether that was all, so that the next change is written
/// to the beginning of the WAL again and needs no room.
fn checkpoint(connection: &Connection) -> Result<bool, StoreError> {
    let counts = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    let (busy, pages, moved): (bool, i64, i64) =
        connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], counts)?;
    Ok(!busy && pages == moved)
}

/// All of `group`, or nothing. On a full disk the WAL is moved first: what there is of room goes to the database, which needs it once,
/// and not to a WAL that grows by every change.
fn commit(target: &mut Target, group: &[QueuedBatch]) -> Result<(), StoreError> {
    let tasks = Arc::clone(&target.tasks);
    let _changing = tasks.changing(group.iter().flat_map(|batch| batch.changes.iter()));
    if target.is_full {
        make_room(target);
    }
    let mut committed = try_commit(target, group);
    if matches!(committed, Err(StoreError::Full(_))) {
        target.is_full = true;
        if make_room(target) {
            committed = try_commit(target, group);
        }
    }
    committed
}

/// Whether the WAL has room again. A disk that is still too full for it keeps what could be moved, so each time less is missing.
fn make_room(target: &mut Target) -> bool {
    let moved = checkpoint(&target.connection).unwrap_or(false);
    target.is_full &= !moved;
    moved
}

fn try_commit(target: &mut Target, group: &[QueuedBatch]) -> Result<(), StoreError> {
    let mut changes = group.iter().flat_map(|batch| batch.changes.iter());
    let (connection, numbers) = (&mut target.connection, &mut target.numbers);
    let committed = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(StoreError::from)
        .and_then(|transaction| {
            changes.try_for_each(|change| write::apply(&transaction, numbers, change))?;
            Ok(transaction.commit()?)
        });
    match (&committed, &mut target.mark) {
        (Err(_), _) => numbers.forget_all(),
        (Ok(()), Some(mark)) => mark.note(connection),
        (Ok(()), None) => {}
    }
    committed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema;

    fn writer() -> (tempfile::TempDir, Writer) {
        let dir = tempfile::tempdir().unwrap();
        let path = schema::prepare_file(dir.path()).unwrap();
        let writer =
            Writer::spawn(schema::open_writer(&path).unwrap(), &path, Arc::new(TaskCache::new())).unwrap();
        (dir, writer)
    }

    fn setting(key: &str, value: String) -> Arc<[Change]> {
        Arc::new([Change::SetMeta { key: key.to_owned(), value }])
    }

    /// Holds the writer up until the returned sender is dropped.
    fn hold(writer: &Writer) -> SyncSender<()> {
        let (gate, held) = sync_channel(0);
        writer.visit(move |_| {
            held.recv().ok();
        });
        gate
    }

    #[tokio::test]
    async fn what_queues_up_is_committed_together() {
        let (_dir, writer) = writer();
        let gate = hold(&writer);
        let tickets: Vec<_> =
            (0..256).map(|n| writer.enqueue(setting("k", n.to_string())).unwrap()).collect();
        drop(gate);
        for ticket in tickets {
            ticket.await.unwrap();
        }
        let stats = writer.stats();
        assert_eq!(stats.batches, 256);
        // Four groups of 64 would do; a busy machine may close some by time.
        assert!(stats.commits <= 64, "{stats:?}");
    }

    #[test]
    fn the_first_commits_wait_for_nothing_and_many_keep_their_distance() {
        let mut pace = Pace::new();
        let mut now = Instant::now() + BETWEEN_COMMITS * 100;
        for _ in 0..2 {
            for _ in 0..COMMITS_AT_ONCE {
                assert_eq!(pace.wait(now), Duration::ZERO);
                pace.commits(now);
            }
            for _ in 0..5 {
                assert_eq!(pace.wait(now), BETWEEN_COMMITS);
                now += BETWEEN_COMMITS;
                pace.commits(now);
            }
            now += BETWEEN_COMMITS * COMMITS_AT_ONCE;
        }
    }

    #[tokio::test]
    async fn a_full_disk_fails_the_batch_that_needs_room_and_no_other() {
        let (_dir, writer) = writer();
        // SQLite reports its own limit just as it reports a disk without room.
        writer.visit(|db| {
            let pages: i64 = db.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
            db.query_row(&format!("PRAGMA max_page_count = {}", pages + 2), [], |_| Ok(())).unwrap();
        });
        writer.enqueue(setting("small", "1".to_owned())).unwrap().await.unwrap();
        let gate = hold(&writer);
        let before = writer.enqueue(setting("small", "2".to_owned())).unwrap();
        let large = writer.enqueue(setting("large", "x".repeat(100_000))).unwrap();
        let after = writer.enqueue(setting("small", "3".to_owned())).unwrap();
        drop(gate);
        before.await.unwrap();
        assert!(matches!(large.await, Err(StoreError::Full(_))));
        after.await.unwrap();

        writer.visit(|db| {
            let _: i64 = db.query_row("PRAGMA max_page_count = 1000000", [], |row| row.get(0)).unwrap();
        });
        writer.enqueue(setting("large", "x".repeat(100_000))).unwrap().await.unwrap();
    }

    fn size(dir: &Path, name: &str) -> u64 {
        dir.join(name).metadata().unwrap().len()
    }

    #[tokio::test]
    async fn the_wal_is_moved_while_somebody_writes_all_the_time() {
        let (dir, writer) = writer();
        for n in 0..150 {
            // No two follow each other so slowly that it would be a quiet moment.
            let next = writer.enqueue(setting(&format!("next {n}"), String::new())).unwrap();
            writer.enqueue(setting(&n.to_string(), "x".repeat(100_000))).unwrap().await.unwrap();
            next.await.unwrap();
        }
        let wal = size(dir.path(), "solti.db-wal");
        assert!(wal < 6_000_000, "{wal}");
        assert!(size(dir.path(), "solti.db") > 8_000_000);
    }

    #[tokio::test]
    async fn on_a_full_disk_what_is_freed_goes_to_the_database_and_not_to_its_wal() {
        let Some(disk) = solti_testing::SmallDisk::mount(8) else { return };
        let path = schema::prepare_file(disk.path()).unwrap();
        let writer =
            Writer::spawn(schema::open_writer(&path).unwrap(), &path, Arc::new(TaskCache::new())).unwrap();
        // The disk is full before the WAL is large enough to be moved.
        writer.visit(|db| db.pragma_update(None, "wal_autocheckpoint", 0).unwrap());
        // A text of its own each time: pages that stay as they are would not be written.
        let write = async |n: i32| {
            writer.enqueue(setting(&(n % 50).to_string(), format!("{n:010}").repeat(5_000))).unwrap().await
        };
        let ballast = disk.path().join("freed later");
        std::fs::write(&ballast, vec![1; 3_500_000]).unwrap();
        for n in 0..50 {
            write(n).await.unwrap();
        }
        disk.fill();
        let refused = write(50).await;
        assert!(matches!(refused, Err(StoreError::Full(_))), "{refused:?}");

        std::fs::remove_file(ballast).unwrap();
        for n in 100..300 {
            write(n).await.unwrap();
        }
    }

    #[tokio::test]
    async fn a_read_only_database_is_told_apart() {
        let (_dir, writer) = writer();
        writer.visit(|db| db.pragma_update(None, "query_only", true).unwrap());
        let refused = writer.enqueue(setting("k", "v".to_owned())).unwrap().await;
        assert!(matches!(refused, Err(StoreError::ReadOnly(_))), "{refused:?}");
        writer.visit(|db| db.pragma_update(None, "query_only", false).unwrap());
        writer.enqueue(setting("k", "v".to_owned())).unwrap().await.unwrap();
    }

    #[tokio::test]
    async fn a_full_queue_refuses_and_what_it_holds_is_written_before_the_end() {
        let (dir, writer) = writer();
        let gate = hold(&writer);
        let mut tickets = Vec::new();
        let refused = loop {
            match writer.enqueue(setting("last", tickets.len().to_string())) {
                Ok(ticket) => tickets.push(ticket),
                Err(error) => break error,
            }
        };
        assert!(matches!(refused, StoreError::Busy));
        let last = tickets.len() - 1;
        drop(tickets);
        drop(gate);
        drop(writer);
        let db = schema::open_reader(&dir.path().join(schema::FILE_NAME)).unwrap();
        let stored: String =
            db.query_row("SELECT value FROM meta WHERE key = 'last'", [], |row| row.get(0)).unwrap();
        assert_eq!(stored, last.to_string());
    }
}
