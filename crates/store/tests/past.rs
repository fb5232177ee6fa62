//! The past of a task with very many attempts: bounded answers, pages without gaps or doubles, and what is removed of it.

mod support;

use solti_model::{AttemptsNotKept, HistoryQuery, MAX_ANSWER_BYTES, TaskPhase};
use solti_store::{Change, Store, StoredTask};
use solti_testing::until;
use support::{id, run, task};

const ATTEMPTS: u32 = 30_000;

fn after_attempts(mut stored: StoredTask, attempt: u32) -> StoredTask {
    stored.task.status.attempt = attempt;
    stored
}

fn changes_of(n: u64, attempt: u32) -> [Change; 3] {
    let event = |kind: &str| Change::Event {
        task_id: id(n),
        at: attempt.into(),
        attempt: Some(attempt),
        kind: kind.to_owned(),
        detail: Some(format!("of attempt {attempt}")),
    };
    [run(n, attempt, TaskPhase::Failed).into(), event("started"), event("exited")]
}

/// A task that has been restarted for months, and one that has not.
async fn store() -> (tempfile::TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let old = after_attempts(task(1, TaskPhase::Pending), ATTEMPTS);
    let young = after_attempts(task(2, TaskPhase::Failed), 15);
    let mut batch = vec![old.into(), young.into()];
    for attempt in 1..=ATTEMPTS {
        batch.extend(changes_of(1, attempt));
        if batch.len() > 30_000 {
            store.apply(std::mem::take(&mut batch)).await.unwrap();
        }
    }
    batch.extend((1..=15).flat_map(|attempt| changes_of(2, attempt)));
    store.apply(batch).await.unwrap();
    (dir, store)
}

async fn thin_out(store: &Store, keep: u32) {
    loop {
        let surplus = store.surplus(keep, 10).await.unwrap();
        if surplus.is_empty() {
            return;
        }
        store.apply(surplus.into_iter().map(Change::DropAttempts).collect()).await.unwrap();
    }
}

#[tokio::test]
async fn the_first_and_the_latest_attempts_are_kept_and_the_rest_is_counted() {
    let (_dir, store) = store().await;
    assert_eq!(store.not_kept(&id(1)).await.unwrap(), None);
    thin_out(&store, 1_000).await;
    let runs: Vec<u32> = store.runs(&id(1)).await.unwrap().iter().map(|run| run.run.attempt).collect();
    let kept: Vec<u32> = (1..=10).chain(ATTEMPTS - 999..=ATTEMPTS).collect();
    assert_eq!(runs, kept);
    let gap = AttemptsNotKept { after: 10, count: ATTEMPTS - 1_010 };
    assert_eq!(store.not_kept(&id(1)).await.unwrap(), Some(gap));
    let of: Vec<u32> = store.events(&id(1)).await.unwrap().iter().filter_map(|event| event.attempt).collect();
    assert_eq!(of, kept.iter().flat_map(|attempt| [*attempt, *attempt]).collect::<Vec<_>>());
    assert_eq!(store.next_attempt(&id(1), 10).await.unwrap(), Some(ATTEMPTS - 999));
    assert_eq!(store.next_attempt(&id(1), ATTEMPTS).await.unwrap(), None);
    assert_eq!(store.runs(&id(2)).await.unwrap().len(), 15);
    // Fewer later: the gap grows. More later bring nothing back.
    thin_out(&store, 10).await;
    thin_out(&store, 5_000).await;
    assert_eq!(store.runs(&id(1)).await.unwrap().len(), 20);
}

#[tokio::test]
async fn pages_hold_every_run_and_every_event_once_in_both_directions() {
    let (_dir, store) = store().await;
    thin_out(&store, 1_000).await;
    let mut backward = Vec::new();
    let mut query = HistoryQuery { limit: Some(300), ..HistoryQuery::default() };
    loop {
        let page = store.run_page(&id(1), query).await.unwrap();
        assert_eq!(page.not_kept.map(|gap| gap.count), Some(ATTEMPTS - 1_010));
        query.before = page.items.first().map(|run| run.run.attempt.into());
        backward.extend(page.items.into_iter().rev());
        if !page.more {
            break;
        }
    }
    backward.reverse();
    assert_eq!(backward, store.runs(&id(1)).await.unwrap());
    let mut forward = Vec::new();
    let mut query = HistoryQuery { after: Some(0), limit: Some(300), ..HistoryQuery::default() };
    loop {
        let page = store.event_page(&id(1), query).await.unwrap();
        query.after = page.items.last().map(|event| event.seq);
        forward.extend(page.items);
        if !page.more {
            break;
        }
    }
    assert_eq!(forward, store.events(&id(1)).await.unwrap());
    assert!(store.run_page(&id(9), HistoryQuery::default()).await.unwrap().items.is_empty());
}

#[tokio::test]
async fn an_old_database_with_very_many_attempts_gives_answers_of_bounded_size() {
    let (_dir, store) = store().await;
    let runs = store.runs(&id(1)).await.unwrap();
    assert_eq!((runs.first().unwrap().run.attempt, runs.last().unwrap().run.attempt), (1, ATTEMPTS));
    let json = runs.iter().map(|run| serde_json::to_string(&run.run).unwrap().len() + 1).sum::<usize>();
    assert!(json <= MAX_ANSWER_BYTES && runs.len() > 5_000, "{json} bytes, {} runs", runs.len());
    let events = store.events(&id(1)).await.unwrap();
    let texts = events.iter().map(|event| event.detail.as_ref().map_or(0, String::len) + 100).sum::<usize>();
    assert!(texts <= MAX_ANSWER_BYTES && events.len() > 10_000, "{texts} bytes, {} events", events.len());
    assert_eq!(events.last().unwrap().attempt, Some(ATTEMPTS));
}

#[tokio::test]
async fn what_was_deleted_is_given_back_to_the_disk_when_nobody_writes() {
    let (dir, store) = store().await;
    store.settle().await.unwrap();
    let size = || std::fs::metadata(dir.path().join("solti.db")).unwrap().len();
    let before = size();
    thin_out(&store, 10).await;
    // Only looked at: each call to the writer would end the quiet.
    let db = rusqlite::Connection::open(dir.path().join("solti.db")).unwrap();
    let free = || db.pragma_query_value(None, "freelist_count", |row| row.get::<_, i64>(0)).unwrap();
    const PAGE: i64 = 4096;
    until("what is left is not worth it", || free() * PAGE < 1024 * 1024).await;
    // The end of the file is cut off in the log of writes first; settling brings that into the file.
    store.settle().await.unwrap();
    assert!(size() < before / 2, "{} of {before} bytes are left", size());
}

#[tokio::test]
async fn a_digest_counts_all_ends_however_many_and_names_the_latest_failures() {
    const MANY: u64 = 10_001;
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let ended = |n: u64, phase| StoredTask { finished_at: Some(n), ..task(n, phase) };
    // These ended before.
    let mut batch: Vec<Change> = (1..=5).map(|n| ended(n, TaskPhase::Failed).into()).collect();
    // It was never started.
    batch.push(task(10, TaskPhase::Canceled).into());
    let failures = [(11, TaskPhase::Failed), (12, TaskPhase::Timeout), (13, TaskPhase::Exhausted)];
    batch.extend(failures.map(|(n, phase)| ended(n, phase).into()));
    batch.push(task(14, TaskPhase::Pending).into());
    store.apply(batch).await.unwrap();
    // Many more, after all of those.
    let db = rusqlite::Connection::open(dir.path().join("solti.db")).unwrap();
    let rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
        INSERT INTO tasks (id, slot, phase, resource_version, created_at, updated_at, attempt, consecutive_failures,
            queue_order, stop_requested, finished_at)
        SELECT 'of-many-' || i, 'a', 'succeeded', 1, 1, 1, 1, 0, i, 0, 100 + i FROM n";
    db.execute(rows, [i64::try_from(MANY).unwrap()]).unwrap();
    let past = store.past_since(10, 2).await.unwrap();
    let counts = [
        (TaskPhase::Succeeded, MANY),
        (TaskPhase::Failed, 1),
        (TaskPhase::Timeout, 1),
        (TaskPhase::Canceled, 1),
        (TaskPhase::Exhausted, 1),
    ];
    assert_eq!(past.ended, counts.into());
    assert_eq!(past.failed, [id(13), id(12)]);
    let none = store.past_since(101 + MANY, 2).await.unwrap();
    assert_eq!((none.ended.len(), none.failed.len()), (0, 0));
}
