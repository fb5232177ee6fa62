//! The file itself: who may read it, which SQLite writes it, and what happens with one that is strange.

mod support;

use solti_model::{JobName, Kin, RunUsage, SortBy, Suspension, TaskPhase};
use solti_store::{AttemptRange, Change, Durations, RowQuery, Store, StoreError, StoredTask, sqlite_version};
use std::collections::BTreeMap;
use support::{id, ran, run, scripted, task};

#[test]
fn sqlite_has_the_wal_reset_fix() {
    let version: Vec<u32> = sqlite_version().split('.').map(|part| part.parse().unwrap()).collect();
    assert!(version >= vec![3, 51, 3], "SQLite {version:?} may corrupt a WAL that is reset under a reader");
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_can_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let outer = tempfile::tempdir().unwrap();
    let dir = outer.path().join("data/solti");
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;

    let store = Store::open(&dir).unwrap();
    store.apply(vec![task(1, TaskPhase::Pending).into()]).await.unwrap();
    assert_eq!(mode(&dir), 0o700);
    for name in ["solti.db", "solti.db-wal", "solti.db-shm"] {
        assert_eq!(mode(&dir.join(name)), 0o600, "{name}");
    }
    drop(store);

    let file = dir.join("solti.db");
    // In the second case it would be opened for reading, by everybody but the superuser.
    for before in [0o644, 0o400] {
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(before)).unwrap();
        let _store = Store::open(&dir).unwrap();
        assert_eq!(mode(&file), 0o600);
    }
}

#[tokio::test]
async fn opening_again_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    for n in 0..3 {
        let store = Store::open(dir.path()).unwrap();
        store.apply(vec![task(n, TaskPhase::Pending).into()]).await.unwrap();
        let page = store.list(&RowQuery::default()).await.unwrap();
        assert_eq!(page.total, n + 1);
        store.check().await.unwrap();
    }
}

#[tokio::test]
async fn a_file_of_the_first_version_is_brought_to_this_one_with_its_runs() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let mut old = run(1, 1, TaskPhase::Succeeded);
    (old.run.runner, old.run.node) = (None, None);
    store.apply(vec![task(1, TaskPhase::Running).into(), old.clone().into()]).await.unwrap();
    drop(store);
    let db = rusqlite::Connection::open(dir.path().join("solti.db")).unwrap();
    for column in ["cpu_ms", "peak_memory_bytes", "read_bytes", "written_bytes"] {
        db.execute_batch(&format!("ALTER TABLE runs DROP COLUMN {column}")).unwrap();
    }
    db.execute_batch("ALTER TABLE lanes DROP COLUMN rules; ALTER TABLE lanes DROP COLUMN own_capacity; INSERT INTO lanes VALUES ('old', 3, 1)").unwrap();
    db.execute_batch("ALTER TABLE runs DROP COLUMN environment; DROP TABLE environments; ALTER TABLE runs DROP COLUMN remark; ALTER TABLE runs DROP COLUMN runner; ALTER TABLE runs DROP COLUMN node").unwrap();
    db.execute_batch(
        "DROP TABLE bookmarks; DROP TABLE deleted_tasks; DROP INDEX tasks_restarted; DROP TABLE task_heads",
    )
    .unwrap();
    db.pragma_update(None, "user_version", 1).unwrap();
    drop(db);
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(store.run(&id(1), 1).await.unwrap(), Some(old));
    let mut new = run(1, 2, TaskPhase::Failed);
    new.run.usage = Some(RunUsage { cpu_ms: 5, written_bytes: Some(7), ..RunUsage::default() });
    store.apply(vec![new.clone().into()]).await.unwrap();
    assert_eq!(store.latest_run(&id(1)).await.unwrap(), Some(new));
    assert_eq!(store.run(&id(1), 3).await.unwrap(), None);
}

#[tokio::test]
async fn what_an_earlier_version_said_of_a_task_is_said_by_the_rule_of_this_one() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let long = format!("./nightly\n{}", "# and so on\n".repeat(2_000));
    let tasks = vec![
        scripted(task(1, TaskPhase::Failed), "make all").into(),
        scripted(task(2, TaskPhase::Failed), &long).into(),
    ];
    store.apply(tasks).await.unwrap();
    drop(store);
    let db = rusqlite::Connection::open(dir.path().join("solti.db")).unwrap();
    db.execute_batch(
        r#"UPDATE task_text SET folded = 'bash script';
           UPDATE task_heads SET head = '{"slot":"a","name":"bash script","command":"bash script"}'"#,
    )
    .unwrap();
    db.pragma_update(None, "user_version", 8).unwrap();
    drop(db);

    let store = Store::open(dir.path()).unwrap();
    for (text, name) in [("make", "make all"), ("NIGHT", "./nightly …")] {
        let query = RowQuery { text: Some(text.to_owned()), ..RowQuery::default() };
        let page = store.list(&query).await.unwrap();
        let names: Vec<&str> = page.rows.iter().map(|row| row.task.spec.name.as_str()).collect();
        assert_eq!(names, [name]);
    }
    let old = RowQuery { text: Some("script".to_owned()), ..RowQuery::default() };
    assert_eq!(store.list(&old).await.unwrap().total, 0);
}

#[tokio::test]
async fn what_an_earlier_version_showed_of_secrets_is_not_shown_and_not_found() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let long = format!("curl -H 'X-Auth-Token: hush' https://h\n{}", "# and so on\n".repeat(2_000));
    store.apply(vec![scripted(task(1, TaskPhase::Failed), &long).into()]).await.unwrap();
    drop(store);
    let db = rusqlite::Connection::open(dir.path().join("solti.db")).unwrap();
    db.execute_batch(
        r#"UPDATE task_text SET folded = 'curl hush';
           UPDATE task_heads SET head = '{"slot":"a","name":"curl hush","command":"curl hush"}';
           PRAGMA user_version = 23"#,
    )
    .unwrap();
    drop(db);

    let store = Store::open(dir.path()).unwrap();
    let row = store.rows_of(vec![id(1)]).await.unwrap().remove(0);
    assert_eq!(row.task.spec.command, "curl -H 'X-Auth-Token: ••••••' https://h …");
    let query = RowQuery { text: Some("hush".to_owned()), ..RowQuery::default() };
    assert_eq!(store.list(&query).await.unwrap().total, 0);
}

#[tokio::test]
async fn what_an_earlier_version_stored_tells_how_long_tasks_take() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let made = |n: u64, phase| {
        let mut made = scripted(task(n, phase), "make all");
        // It failed by itself.
        made.task.status.exit_code = (phase == TaskPhase::Failed).then_some(1);
        made
    };
    let took = |stored: StoredTask, ms: u64| {
        let began = 1_000 * stored.task.metadata.created_at;
        ran(stored, (began, began + ms), Some(began + ms + 5))
    };
    let mut of_job = made(5, TaskPhase::Failed);
    of_job.task.spec.job = Some(JobName::new("nightly").unwrap());
    let tasks = [
        took(made(1, TaskPhase::Succeeded), 10),
        took(made(2, TaskPhase::Failed), 20),
        // Neither of these tells anything.
        took(made(3, TaskPhase::Canceled), 30),
        vec![made(4, TaskPhase::Pending).into()],
        took(of_job.clone(), 50),
    ];
    store.apply(tasks.concat()).await.unwrap();
    let command = Kin::of(&made(1, TaskPhase::Succeeded).task.spec);
    let job = Kin::of(&of_job.task.spec);
    let known = async |store: &Store| store.durations(vec![command, job], 20).await.unwrap();
    let once = |took: Vec<u64>| Durations { last: took.clone(), all: took };
    let expected: BTreeMap<Kin, Durations> = [(command, once(vec![20, 10])), (job, once(vec![50]))].into();
    assert_eq!(known(&store).await, expected);
    drop(store);
    let db = rusqlite::Connection::open(dir.path().join("solti.db")).unwrap();
    db.execute_batch("DROP INDEX tasks_kin; ALTER TABLE tasks DROP COLUMN kin; DROP TABLE renamed_jobs")
        .unwrap();
    db.pragma_update(None, "user_version", 14).unwrap();
    drop(db);
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(known(&store).await, expected);
    // One that is changed while it waits is of another kin.
    let mut changed = scripted(task(4, TaskPhase::Pending), "make none");
    store.apply(vec![Change::EditTask(Box::new(changed.clone()))]).await.unwrap();
    changed.task.status.phase = TaskPhase::Succeeded;
    let other = Kin::of(&changed.task.spec);
    store.apply(ran(changed, (1, 8), Some(9))).await.unwrap();
    assert_eq!(store.durations(vec![other], 20).await.unwrap(), [(other, once(vec![7]))].into());
    assert_eq!(store.durations(vec![command], 1).await.unwrap(), [(command, once(vec![20]))].into());
}

#[tokio::test]
async fn of_several_attempts_the_waits_between_them_count_and_no_time_in_which_they_stood_still() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let mut retried = scripted(task(1, TaskPhase::Exhausted), "make all");
    (retried.task.status.attempt, retried.task.status.exit_code) = (2, Some(1));
    (retried.started_at, retried.finished_at) = (Some(11_000), Some(17_005));
    let attempt = |n: u32, from: u64, to: Option<u64>, total_ms: u64| {
        let mut attempt = run(1, n, TaskPhase::Failed);
        (attempt.run.started_at, attempt.run.finished_at) = (from, to);
        attempt.run.suspension = Some(Suspension { total_ms, since: None });
        attempt
    };
    store
        .apply(vec![
            retried.clone().into(),
            attempt(1, 1_000, Some(7_000), 500).into(),
            attempt(2, 11_000, Some(17_000), 2_000).into(),
        ])
        .await
        .unwrap();
    let kin = Kin::of(&retried.task.spec);
    let expected = Durations { last: vec![4_000], all: vec![13_500] };
    assert_eq!(store.durations(vec![kin], 20).await.unwrap()[&kin], expected);
    assert_eq!(store.begun(vec![id(1), id(2)]).await.unwrap(), [(id(1), 3_500)].into());
    let mut stands = attempt(3, 20_000, None, 70);
    stands.run.suspension = stands.run.suspension.map(|still| still.begun(20_090));
    store.apply(vec![stands.clone().into()]).await.unwrap();
    assert_eq!(store.run(&id(1), 3).await.unwrap(), Some(stands));
    store.apply(vec![Change::DropAttempts(AttemptRange { task_id: id(1), from: 3, to: 3 })]).await.unwrap();
    drop(store);
    // An earlier version knew of neither.
    let db = rusqlite::Connection::open(dir.path().join("solti.db")).unwrap();
    db.execute_batch(
        "DROP INDEX tasks_kin;
         ALTER TABLE runs DROP COLUMN suspended_ms; ALTER TABLE runs DROP COLUMN suspended_since;
         ALTER TABLE tasks DROP COLUMN all_took_ms;
         PRAGMA user_version = 24",
    )
    .unwrap();
    drop(db);
    let store = Store::open(dir.path()).unwrap();
    let expected = Durations { last: vec![4_000], all: vec![16_000] };
    assert_eq!(store.durations(vec![kin], 20).await.unwrap()[&kin], expected);
}

/// Of the database of 0.1.0: from the start of the last attempt to its end, whenever the task was over.
#[tokio::test]
async fn tasks_of_an_earlier_version_took_what_their_last_attempt_did() {
    let fixture = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/solti-0.1.0.db");
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("solti.db");
    std::fs::copy(fixture, &file).unwrap();
    let took = async |store: &Store| {
        let query = RowQuery { sort: Some(SortBy::Took), ..RowQuery::default() };
        let rows = store.list(&query).await.unwrap().rows;
        rows.iter().map(|row| row.took_ms).collect::<Vec<_>>()
    };
    let store = Store::open(dir.path()).unwrap();
    let expected = [Some(12), Some(10), Some(3)];
    assert_eq!(took(&store).await, expected);
    drop(store);
    // So do those that are too many to be written anew at the first start.
    let db = rusqlite::Connection::open(&file).unwrap();
    assert_eq!(db.execute("UPDATE tasks SET took_ms = NULL WHERE took_ms IS NOT NULL", []).unwrap(), 3);
    drop(db);
    assert_eq!(took(&Store::open(dir.path()).unwrap()).await, expected);
}

#[test]
fn a_file_of_a_later_version_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("solti.db");
    drop(Store::open(dir.path()).unwrap());
    let db = rusqlite::Connection::open(&path).unwrap();
    db.pragma_update(None, "user_version", 1_000).unwrap();
    drop(db);
    let refused = Store::open(dir.path()).err();
    assert!(matches!(refused, Some(StoreError::TooNew { found: 1_000, .. })), "{refused:?}");
}

#[test]
fn a_file_that_is_no_database_is_said_to_be_damaged() {
    let dir = tempfile::tempdir().unwrap();
    let text = "This is not a database, and long enough to be taken for one. ".repeat(100);
    std::fs::write(dir.path().join("solti.db"), &text).unwrap();
    let refused = Store::open(dir.path()).err();
    assert!(matches!(refused, Some(StoreError::Corrupt(_))), "{refused:?}");
    assert_eq!(std::fs::read_to_string(dir.path().join("solti.db")).unwrap(), text);
}

#[tokio::test]
async fn damage_inside_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let tasks = (0..500).map(|n| task(n, TaskPhase::Pending).into()).collect();
    store.apply(tasks).await.unwrap();
    assert!(store.task(&id(1)).await.unwrap().is_some());
    drop(store);

    let path = dir.path().join("solti.db");
    let mut bytes = std::fs::read(&path).unwrap();
    // The first pages hold the format, which opening reads; the later half is lost.
    let half = bytes.len() / 2;
    bytes[half..].fill(0xa5);
    std::fs::write(&path, bytes).unwrap();
    let store = Store::open(dir.path()).unwrap();
    let verdict = store.check().await;
    assert!(matches!(verdict, Err(StoreError::Corrupt(_))), "{verdict:?}");
}
