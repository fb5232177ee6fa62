//! Rows that cannot be read, or not by this version: none takes the others with it, and nothing that is not understood is lost.

mod support;

use rusqlite::Connection;
use serde_json::json;
use solti_model::{HistoryQuery, LaneRules, MAX_ANSWER_BYTES, RowNo, TaskPhase, TaskQuery};
use solti_store::{Change, Queueing, RowQuery, Store, StoredLane};
use std::path::Path;
use support::{id, row_ids, run, slot, task};

fn with_database<T>(dir: &Path, change: impl FnOnce(&Connection) -> T) -> T {
    change(&Connection::open(dir.join("solti.db")).unwrap())
}

fn execute(dir: &Path, sql: &str) {
    with_database(dir, |db| db.execute_batch(sql).unwrap());
}

/// A data folder with the database that a release has written.
fn of_release(version: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let name = format!("tests/data/solti-{version}.db");
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    std::fs::copy(fixture, dir.path().join("solti.db")).unwrap();
    dir
}

#[tokio::test]
async fn a_database_of_the_last_release_opens_with_everything_that_is_in_it() {
    let dir = of_release("0.2.0");
    let store = Store::open(dir.path()).unwrap();
    let page = store.list(&RowQuery::default()).await.unwrap();
    let reported: Vec<_> =
        page.rows.iter().map(|row| (row.task.spec.name.as_str(), row.task.status.phase)).collect();
    let [waits, of_job, good] = [1, 2, 5].map(|n| &page.rows[n].task.metadata.id);
    assert_eq!(
        reported,
        [
            ("tomorrow", TaskPhase::Pending),
            ("waits", TaskPhase::Pending),
            ("Nightly import", TaskPhase::Succeeded),
            ("retried", TaskPhase::Exhausted),
            ("bad", TaskPhase::Failed),
            ("good", TaskPhase::Succeeded),
        ]
    );
    let stored = async |id| store.task(id).await.unwrap().expect("stored");
    let tomorrow = stored(&page.rows[0].task.metadata.id).await;
    assert!(tomorrow.task.spec.not_before.is_some() && !tomorrow.queueing.held);
    let waiting = stored(waits).await;
    assert!(waiting.queueing.held && waiting.unreadable.is_none());
    assert_eq!(&waiting.task.spec.after[0].task, good);
    assert!(store.all_held().await.unwrap());
    let run = store.runs(good).await.unwrap().remove(0);
    assert_eq!(run.run.exit_code, Some(0));
    let environment = store.environment(run.environment.unwrap()).await.unwrap().unwrap();
    assert!(environment.iter().any(|variable| variable.name == "USER"), "{environment:?}");

    let job = store.jobs().await.unwrap().remove(0);
    let saved = job.job.unwrap();
    assert_eq!((saved.revision, saved.notes.as_deref()), (2, Some("Second.")));
    assert_eq!(
        saved.schedules.iter().map(|s| (s.jitter_ms, s.paused)).collect::<Vec<_>>(),
        [(60_000, false), (0, true)]
    );
    assert_eq!(job.settled.len(), 2);
    assert_eq!(store.job_revisions(&saved.name).await.unwrap().len(), 2);
    let history = store.job_history(&saved.name, None, None).await.unwrap();
    assert_eq!(history.rows.iter().map(|row| &row.task.metadata.id).collect::<Vec<_>>(), [of_job]);
    let night = StoredLane {
        slot: slot("night"),
        capacity: 2,
        paused: true,
        rules: LaneRules::default(),
        own_capacity: None,
    };
    assert_eq!(store.lanes().await.unwrap(), [night]);
    assert!(store.meta("hooks").await.unwrap().is_some_and(|hooks| hooks.contains("\"chat\"")));
    store.check().await.unwrap();
}

#[tokio::test]
async fn a_database_of_the_first_release_opens_with_everything_that_is_in_it() {
    let dir = of_release("0.1.0");
    let store = Store::open(dir.path()).unwrap();
    let page = store.list(&RowQuery::default()).await.unwrap();
    let reported: Vec<_> =
        page.rows.iter().map(|row| (row.task.spec.name.as_str(), row.task.status.phase)).collect();
    let phases = [("retried", TaskPhase::Failed), ("bad", TaskPhase::Failed), ("good", TaskPhase::Succeeded)];
    assert_eq!(reported, phases);
    // This one has fields that no version knows.
    let bad = &page.rows[1].task.metadata.id;
    let stored = store.task(bad).await.unwrap().unwrap();
    assert_eq!(
        (stored.task.spec.kind.command_text().as_str(), stored.unreadable),
        ("sh -c 'echo no >&2; exit 3'", None)
    );
    let good = &page.rows[2].task.metadata.id;
    assert_eq!(store.bookmarks(good).await.unwrap()[0].note, "here");
    let runs = store.runs(good).await.unwrap();
    assert_eq!(runs[0].run.exit_code, Some(0));
    assert!(store.environment(runs[0].environment.unwrap()).await.unwrap().is_some());
    assert_eq!(store.events(good).await.unwrap().len(), 5);
    let lanes = store.lanes().await.unwrap();
    assert_eq!(
        lanes.iter().map(|lane| (lane.slot.as_str(), lane.paused)).collect::<Vec<_>>(),
        [("build", false), ("night", true)]
    );
    assert_eq!(store.meta("settings").await.unwrap().as_deref(), Some(r#"{"theme": "dark"}"#));
    // What is new has its place.
    assert_eq!(store.jobs().await.unwrap(), []);
    let mut of_job = task(50, TaskPhase::Pending);
    of_job.task.spec.job = Some(solti_model::JobName::new("new").unwrap());
    store.apply(vec![of_job.into()]).await.unwrap();
    let new = solti_model::JobName::new("new").unwrap();
    assert_eq!(store.job_history(&new, None, None).await.unwrap().total, 1);
    let mut waiting = task(51, TaskPhase::Pending);
    waiting.queueing = Queueing { held: true, suspended: false, fulfilled: [0, 7].into() };
    store.apply(vec![waiting.clone().into()]).await.unwrap();
    assert_eq!(store.task(&id(51)).await.unwrap(), Some(waiting));
    drop(store);
    // What this version does not know stays where it is.
    let spec = with_database(dir.path(), |db| {
        db.query_row("SELECT spec FROM task_specs WHERE num = 2", [], |row| row.get::<_, String>(0)).unwrap()
    });
    let spec: serde_json::Value = serde_json::from_str(&spec).unwrap();
    assert_eq!(spec["deadline"], json!({"at": 1}));
    assert_eq!(spec["kind"]["subprocess"]["afterEverything"], "dance");
}

#[tokio::test]
async fn a_task_that_cannot_be_read_says_so_and_can_be_deleted() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let batch = (1..=5).map(|n| task(n, TaskPhase::Running).into()).collect();
    store.apply(batch).await.unwrap();
    drop(store);
    execute(
        dir.path(),
        r#"UPDATE task_specs SET spec = '{"slot":"a","kind":{"virtualMachine":{}}}' WHERE num = 2;
           UPDATE task_specs SET spec = '{"slot' WHERE num = 3;
           DELETE FROM task_specs WHERE num = 4;
           UPDATE tasks SET error = CAST(x'ff' AS TEXT) WHERE num = 5;"#,
    );
    let store = Store::open(dir.path()).unwrap();
    let active = store.active().await.unwrap();
    assert_eq!(support::ids(&active), [id(1), id(2), id(3), id(4), id(5)]);
    let page = store.list(&RowQuery::default()).await.unwrap();
    assert_eq!(row_ids(&page.rows), [id(5), id(4), id(3), id(2), id(1)]);
    for stored in &active[1..] {
        assert_eq!(stored.task.spec.display_name(), "unreadable task");
        assert_eq!(stored.task.status.phase, TaskPhase::Running);
        assert_eq!(stored.task.spec.slot, slot("a"));
        let why = stored.unreadable.as_ref().unwrap();
        assert!(why.starts_with("the record of this task cannot be read: "), "{why}");
        assert_eq!(stored.task.status.error.as_ref(), Some(why));
        assert!(stored.task.spec.validate().is_err(), "it could be run again");
    }
    assert_eq!(page.rows[3].task.spec.name, "unreadable task");
    assert_eq!(store.query(&TaskQuery::default()).await.unwrap().items.len(), 5);
    store.apply(vec![Change::DeleteTask(id(3)), Change::DeleteTask(id(4))]).await.unwrap();
    assert_eq!(store.active().await.unwrap().len(), 3);
    assert_eq!(store.counts().await.unwrap()[&TaskPhase::Running], 3);
}

#[tokio::test]
async fn a_run_an_event_a_lane_or_a_bookmark_that_cannot_be_read_leaves_the_others() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let event = |kind: &str| Change::Event {
        task_id: id(1),
        at: 5,
        attempt: Some(1),
        kind: kind.to_owned(),
        detail: None,
    };
    let lane = |name: &str| {
        Change::PutLane(StoredLane {
            slot: slot(name),
            capacity: 2,
            paused: false,
            rules: LaneRules::default(),
            own_capacity: None,
        })
    };
    let bookmark = |row: u64| Change::PutBookmark {
        task_id: id(1),
        bookmark: solti_model::Bookmark { attempt: 1, row: RowNo::new(row), note: String::new(), at: 1 },
    };
    store
        .apply(vec![
            task(1, TaskPhase::Failed).into(),
            run(1, 1, TaskPhase::Failed).into(),
            run(1, 2, TaskPhase::Failed).into(),
            event("started"),
            event("exited"),
            lane("a"),
            lane("b"),
            bookmark(1),
            bookmark(2),
        ])
        .await
        .unwrap();
    drop(store);
    execute(
        dir.path(),
        "UPDATE runs SET error = CAST(x'ff' AS TEXT) WHERE attempt = 1;
         UPDATE events SET kind = CAST(x'ff' AS TEXT) WHERE seq = 1;
         UPDATE lanes SET slot = 'no lane!' WHERE slot = 'a';
         UPDATE bookmarks SET note = CAST(x'ff' AS TEXT) WHERE row = 1;",
    );
    let store = Store::open(dir.path()).unwrap();
    let runs = store.runs(&id(1)).await.unwrap();
    assert_eq!(runs.len(), 2);
    let why = runs[0].run.error.as_ref().unwrap();
    assert!(why.starts_with("the record of this attempt cannot be read: "), "{why}");
    assert_eq!(runs[1].run.error, None);
    assert!(store.run(&id(1), 1).await.unwrap().is_some());
    assert_eq!(store.run_page(&id(1), HistoryQuery::default()).await.unwrap().items.len(), 2);
    assert_eq!(store.events(&id(1)).await.unwrap().len(), 1);
    assert_eq!(store.lanes().await.unwrap().len(), 1);
    assert_eq!(store.bookmarks(&id(1)).await.unwrap().len(), 1);
}

#[tokio::test]
async fn pages_of_tasks_with_long_scripts_are_bounded_in_bytes_and_rows_do_not_carry_them() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    for n in 1..=60 {
        let mut long = task(n, TaskPhase::Pending);
        long.task.spec.labels.insert("text".to_owned(), "x".repeat(400_000));
        store.apply(vec![long.into()]).await.unwrap();
    }
    let page = store.list(&RowQuery::default()).await.unwrap();
    assert_eq!((page.rows.len(), page.total), (60, 60));
    assert!(page.rows.iter().all(|row| row.task.spec.cut));
    let bytes: usize = page.rows.iter().map(|row| serde_json::to_string(&row.task).unwrap().len()).sum();
    assert!(bytes < 60 * 1_000, "{bytes}");

    let mut offset = 0;
    let mut seen = Vec::new();
    while offset < 60 {
        let page = store.query(&TaskQuery { offset, ..TaskQuery::default() }).await.unwrap();
        assert_eq!(page.total, 60);
        assert!(!page.items.is_empty());
        let bytes: usize = page.items.iter().map(|task| serde_json::to_string(task).unwrap().len()).sum();
        assert!(bytes <= MAX_ANSWER_BYTES, "{bytes}");
        offset += u32::try_from(page.items.len()).unwrap();
        seen.extend(page.items.into_iter().map(|task| task.metadata.id));
    }
    seen.dedup();
    assert_eq!(seen.len(), 60);
    store.apply((1..=60).map(|n| Change::DeleteTask(id(n))).collect()).await.unwrap();
    assert_eq!(store.list(&RowQuery::default()).await.unwrap().total, 0);
}
