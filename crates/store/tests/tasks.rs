//! What is put comes back, batches are all or nothing, and a finished task stays as it finished.

mod support;

use solti_model::{
    BackoffState, Bookmark, InheritedVariable, LaneRules, ORIGIN_KEPT_MS, ORIGIN_LABEL, RowNo, TaskPhase,
    TaskQuery, VariableOrigin,
};
use solti_store::{Change, LabelCount, RowQuery, Store, StoreError, StoredLane};
use support::{id, in_slot, labelled, row_ids, run, scripted, slot, task};

fn store() -> (tempfile::TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    (dir, store)
}

fn event(n: u64, kind: &str) -> Change {
    Change::Event { task_id: id(n), at: 5, attempt: Some(1), kind: kind.to_owned(), detail: None }
}

#[tokio::test]
async fn every_field_of_a_task_survives_a_restart() {
    let (dir, store) = store();
    let mut stored = labelled(task(1, TaskPhase::Pending), &[("name", "nightly"), ("team", "x")]);
    store.apply(vec![stored.clone().into()]).await.unwrap();

    stored.task.metadata.resource_version = 9;
    stored.task.metadata.updated_at = 99;
    stored.task.status.attempt = 3;
    stored.task.status.exit_code = Some(-1);
    stored.task.status.error = Some("killed by signal 9".to_owned());
    stored.backoff = BackoffState { consecutive_failures: 2, previous_ms: Some(1_500) };
    stored.next_attempt_at = Some(123_456);
    stored.queue_order = 77;
    stored.stop_requested = true;
    stored.started_at = Some(50);
    stored.finished_at = Some(60);
    store.apply(vec![stored.clone().into()]).await.unwrap();
    drop(store);

    let store = Store::open(dir.path()).unwrap();
    assert_eq!(store.task(&id(1)).await.unwrap(), Some(stored.clone()));
    assert_eq!(store.active().await.unwrap(), vec![stored]);
    assert_eq!(store.task(&id(2)).await.unwrap(), None);
}

#[tokio::test]
async fn an_update_leaves_the_spec_alone() {
    let (_dir, store) = store();
    let original = task(1, TaskPhase::Pending);
    store.apply(vec![original.clone().into()]).await.unwrap();
    let mut other = in_slot(task(1, TaskPhase::Running), "elsewhere");
    other.task.spec.timeout = Some(1);
    store.apply(vec![other.into()]).await.unwrap();

    let found = store.task(&id(1)).await.unwrap().unwrap();
    assert_eq!(found.task.spec, original.task.spec);
    assert_eq!(found.task.status.phase, TaskPhase::Running);
}

#[tokio::test]
async fn a_batch_is_all_or_nothing_and_does_not_harm_its_neighbours() {
    let (_dir, store) = store();
    let before = store.enqueue(vec![task(1, TaskPhase::Pending).into()]).unwrap();
    let broken =
        store.enqueue(vec![task(2, TaskPhase::Pending).into(), run(9, 1, TaskPhase::Running).into()]);
    let after = store.enqueue(vec![task(3, TaskPhase::Pending).into()]).unwrap();

    before.await.unwrap();
    assert!(matches!(broken.unwrap().await, Err(StoreError::UnknownTask(unknown)) if unknown == id(9)));
    after.await.unwrap();
    assert_eq!(support::ids(&store.active().await.unwrap()), [id(1), id(3)]);
    assert_eq!(store.counts().await.unwrap()[&TaskPhase::Pending], 2);
}

#[tokio::test]
async fn a_terminal_phase_is_final() {
    let (_dir, store) = store();
    for (n, phase) in (1..).zip(TaskPhase::ALL.into_iter().filter(|phase| phase.is_terminal())) {
        store.apply(vec![task(n, phase).into(), run(n, 1, phase).into()]).await.unwrap();
        for other in TaskPhase::ALL.into_iter().filter(|other| *other != phase) {
            let meta = Change::SetMeta { key: "touched".to_owned(), value: "yes".to_owned() };
            let refused = store.apply(vec![meta, task(n, other).into()]).await;
            assert!(
                matches!(refused, Err(StoreError::TerminalPhase(_))),
                "{phase:?} to {other:?}: {refused:?}"
            );
            let refused = store.apply(vec![run(n, 1, other).into()]).await;
            assert!(
                matches!(refused, Err(StoreError::TerminalPhase(_))),
                "{phase:?} to {other:?}: {refused:?}"
            );
        }
        // What is not the phase may still be completed.
        let mut finished = task(n, phase);
        finished.finished_at = Some(88);
        store.apply(vec![finished.clone().into()]).await.unwrap();
        assert_eq!(store.task(&id(n)).await.unwrap(), Some(finished));
    }
    assert_eq!(store.meta("touched").await.unwrap(), None);
}

#[tokio::test]
async fn a_deleted_task_leaves_nothing_behind() {
    let (dir, store) = store();
    let doomed = labelled(task(1, TaskPhase::Failed), &[("team", "x")]);
    store.apply(vec![doomed.into(), run(1, 1, TaskPhase::Failed).into(), event(1, "queued")]).await.unwrap();
    store.apply(vec![Change::DeleteTask(id(1)), Change::DeleteTask(id(2))]).await.unwrap();

    assert_eq!(store.deleted().await.unwrap(), [id(1)], "its files may still be there");
    assert!(store.is_deleted(&id(1)).await.unwrap() && !store.is_deleted(&id(2)).await.unwrap());
    store.apply(vec![Change::ForgetDeleted(id(1))]).await.unwrap();
    assert_eq!(store.deleted().await.unwrap(), []);

    assert_eq!(store.task(&id(1)).await.unwrap(), None);
    assert_eq!(store.runs(&id(1)).await.unwrap(), []);
    assert_eq!(store.events(&id(1)).await.unwrap(), []);
    assert_eq!(store.labels().await.unwrap(), []);
    assert!(store.counts().await.unwrap().values().all(|count| *count == 0));
    assert!(matches!(store.apply(vec![event(1, "late")]).await, Err(StoreError::UnknownTask(_))));
    drop(store);
    let db = rusqlite::Connection::open(dir.path().join("solti.db")).unwrap();
    for table in ["tasks", "task_specs", "task_text", "task_labels", "runs", "events", "slot_counts"] {
        let left: i64 = db.query_row(&format!("SELECT COUNT(*) FROM {table}"), [], |row| row.get(0)).unwrap();
        assert_eq!(left, 0, "{table}");
    }
}

#[tokio::test]
async fn runs_and_events_come_oldest_first() {
    let (_dir, store) = store();
    store.apply(vec![task(1, TaskPhase::Pending).into(), task(2, TaskPhase::Pending).into()]).await.unwrap();
    for attempt in 1..=12 {
        let mut ended = run(1, attempt, TaskPhase::Failed);
        ended.run.exit_code = Some(3);
        ended.run.finished_at = Some(20);
        ended.run.error = Some("exit code 3".to_owned());
        store
            .apply(vec![run(1, attempt, TaskPhase::Running).into(), event(1, "started"), ended.into()])
            .await
            .unwrap();
    }
    let runs = store.runs(&id(1)).await.unwrap();
    assert_eq!(runs.iter().map(|run| run.run.attempt).collect::<Vec<_>>(), (1..=12).collect::<Vec<_>>());
    assert_eq!((runs[11].run.exit_code, runs[11].pid), (Some(3), Some(4_000_000_000)));

    let recent = store.recent_runs(&[id(1), id(2), id(3)], 5).await.unwrap();
    assert_eq!(recent.len(), 1);
    assert_eq!(recent[&id(1)], runs[7..]);

    let events = store.events(&id(1)).await.unwrap();
    assert_eq!(events.len(), 12);
    assert!(events.is_sorted_by(|a, b| a.seq < b.seq));
}

#[tokio::test]
async fn active_tasks_come_by_lane_and_place() {
    let (_dir, store) = store();
    let mut first = in_slot(task(4, TaskPhase::Pending), "b");
    first.queue_order = 1;
    let tasks = [
        in_slot(task(1, TaskPhase::Pending), "b"),
        in_slot(task(2, TaskPhase::Running), "a"),
        in_slot(task(3, TaskPhase::Succeeded), "a"),
        first,
        in_slot(task(5, TaskPhase::Pending), "a"),
    ];
    store.apply(tasks.map(Change::from).into()).await.unwrap();
    let active = store.active().await.unwrap();
    assert_eq!(support::ids(&active), [id(2), id(5), id(1), id(4)]);
}

#[tokio::test]
async fn lanes_settings_and_labels_are_kept() {
    let (_dir, store) = store();
    let rules = LaneRules { on_mains: true, load_below: Some(1.5), ..LaneRules::default() };
    let lane = |name: &str, capacity, paused| {
        let rules = if name == "a" { rules.clone() } else { LaneRules::default() };
        StoredLane { slot: slot(name), capacity, paused, rules, own_capacity: (name == "a").then_some(7) }
    };
    store
        .apply(vec![Change::PutLane(lane("b", 1, true)), Change::PutLane(lane("a", 2, false))])
        .await
        .unwrap();
    store.apply(vec![Change::PutLane(lane("b", 4, false))]).await.unwrap();
    assert_eq!(store.lanes().await.unwrap(), [lane("a", 2, false), lane("b", 4, false)]);

    store.set_meta("boot_id", "one").await.unwrap();
    store.set_meta("boot_id", "two").await.unwrap();
    assert_eq!(store.meta("boot_id").await.unwrap().as_deref(), Some("two"));
    assert_eq!(store.meta("resource_version").await.unwrap(), None);
    for (key, value) in [("place/2", "b"), ("place/1", "a"), ("placed", "c"), ("plac", "d"), ("pzz", "e")] {
        store.set_meta(key, value).await.unwrap();
    }
    assert_eq!(store.metas("place/").await.unwrap(), ["a", "b"]);

    let tasks: Vec<_> = (0..60)
        .map(|n| {
            labelled(task(n, TaskPhase::Pending), &[("team", "x"), ("nr", &n.to_string()), ("name", "n")])
        })
        .map(Change::from)
        .collect();
    store.apply(tasks).await.unwrap();
    let labels = store.labels().await.unwrap();
    assert_eq!(labels.len(), 50);
    assert_eq!(labels[0], LabelCount { key: "team".to_owned(), value: "x".to_owned(), count: 60 });
    assert!(labels.iter().all(|label| label.key != "name"));
}

#[tokio::test]
async fn a_dropped_future_does_not_take_the_batch_back() {
    let (_dir, store) = store();
    drop(store.apply(vec![task(1, TaskPhase::Pending).into()]));
    store.apply(vec![]).await.unwrap();
    assert!(store.task(&id(1)).await.unwrap().is_some());
}

#[tokio::test]
async fn what_finished_first_expires_first() {
    let (_dir, store) = store();
    let finished = |n: u64, at: u64| {
        let mut stored = task(n, TaskPhase::Succeeded);
        stored.finished_at = Some(at);
        Change::from(stored)
    };
    let active = [task(9, TaskPhase::Running).into(), task(8, TaskPhase::Pending).into()];
    let batch = [finished(1, 40), finished(2, 30), finished(3, 20), finished(4, 10)];
    store.apply(batch.into_iter().chain(active).collect()).await.unwrap();

    assert_eq!(store.expired(None, None, None, 9).await.unwrap(), []);
    assert_eq!(store.expired(None, Some(4), None, 9).await.unwrap(), []);
    assert_eq!(store.expired(None, Some(2), None, 9).await.unwrap(), [id(4), id(3)]);
    assert_eq!(store.expired(Some(30), None, None, 9).await.unwrap(), [id(4), id(3)]);
    assert_eq!(store.expired(Some(31), Some(3), None, 9).await.unwrap(), [id(4), id(3), id(2)]);
    assert_eq!(store.expired(Some(u64::MAX / 2), None, None, 1).await.unwrap(), [id(4)]);

    let bookmark = Bookmark { attempt: 1, row: RowNo::new(7), note: "here".to_owned(), at: 50 };
    store.apply(vec![Change::PutBookmark { task_id: id(4), bookmark }]).await.unwrap();
    assert_eq!(store.expired(Some(31), Some(3), None, 9).await.unwrap(), [id(3), id(2)]);
    // The marked one takes no other's place: of the three that may go two stay.
    assert_eq!(store.expired(None, Some(2), None, 9).await.unwrap(), [id(3)]);
    assert_eq!(store.expired(None, Some(3), None, 9).await.unwrap(), []);

    // Another machine may not know yet how its task ended: it stays for a while, and takes no other's place.
    let mut handed_over = labelled(task(5, TaskPhase::Succeeded), &[(ORIGIN_LABEL, "lab-1/2/1")]);
    handed_over.finished_at = Some(20);
    store.apply(vec![Change::DeleteTask(id(3)), handed_over.into()]).await.unwrap();
    assert_eq!(store.expired(None, Some(0), Some(50), 9).await.unwrap(), [id(2), id(1)]);
    assert_eq!(store.expired(Some(31), Some(1), Some(50), 9).await.unwrap(), [id(2)]);
    assert_eq!(store.expired(None, Some(0), None, 9).await.unwrap(), [id(2), id(1)]);
    let later = Some(21 + ORIGIN_KEPT_MS);
    assert_eq!(store.expired(None, Some(2), later, 9).await.unwrap(), [id(5)]);
}

#[tokio::test]
async fn a_number_that_sqlite_does_not_hold_is_stored_as_its_greatest() {
    let (_dir, store) = store();
    let mut stored = task(1, TaskPhase::Pending);
    stored.next_attempt_at = Some(u64::MAX);
    stored.backoff.previous_ms = Some(1 << 63);
    store.apply(vec![stored.into()]).await.unwrap();
    // The first one is kept in memory; read it from the file.
    let read = store.active().await.unwrap().pop().unwrap();
    assert_eq!(read.next_attempt_at, Some(i64::MAX as u64));
    assert_eq!(read.backoff.previous_ms, Some(i64::MAX as u64));
}

#[tokio::test]
async fn bookmarks_are_kept_in_order_and_go_with_their_task() {
    let (dir, store) = store();
    let put = |row, note: &str, at| Change::PutBookmark {
        task_id: id(1),
        bookmark: Bookmark { attempt: 1, row, note: note.to_owned(), at },
    };
    let refused = store.apply(vec![put(RowNo::new(1), "no task", 1)]).await;
    assert!(matches!(refused, Err(StoreError::UnknownTask(_))), "{refused:?}");
    store
        .apply(vec![
            task(1, TaskPhase::Running).into(),
            put(RowNo::new(70), "b", 1),
            put(RowNo::new(5), "a", 2),
        ])
        .await
        .unwrap();
    store.apply(vec![put(RowNo::new(70), "better", 3)]).await.unwrap();
    drop(store);

    let store = Store::open(dir.path()).unwrap();
    let found = store.bookmarks(&id(1)).await.unwrap();
    let short: Vec<_> = found.iter().map(|mark| (mark.row.get(), mark.note.as_str(), mark.at)).collect();
    assert_eq!(short, [(5, "a", 2), (70, "better", 3)]);
    store
        .apply(vec![Change::DeleteBookmark { task_id: id(1), attempt: 1, row: RowNo::new(5) }])
        .await
        .unwrap();
    assert_eq!(store.bookmarks(&id(1)).await.unwrap().len(), 1);
    store.apply(vec![Change::DeleteTask(id(1))]).await.unwrap();
    assert!(store.bookmarks(&id(1)).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_file_of_the_first_format_is_brought_to_the_current_one() {
    let dir = tempfile::tempdir().unwrap();
    let db = rusqlite::Connection::open(dir.path().join("solti.db")).unwrap();
    db.execute_batch(include_str!("../src/schema.sql")).unwrap();
    db.pragma_update(None, "user_version", 1).unwrap();
    drop(db);
    let store = Store::open(dir.path()).unwrap();
    store.apply(vec![task(1, TaskPhase::Running).into()]).await.unwrap();
    assert!(store.bookmarks(&id(1)).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_shown_a_task_older_than_one_that_was_seen() {
    const COMMITS: u64 = 500;
    let (_dir, store) = store();
    store.apply(vec![task(1, TaskPhase::Running).into()]).await.unwrap();
    let mut readers = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let store = store.clone();
        readers.spawn(async move {
            let (mut seen, mut by_list) = (0, false);
            while seen < COMMITS {
                // A list is always read from the database.
                let task = if by_list {
                    store.query(&TaskQuery::default()).await.unwrap().items.remove(0)
                } else {
                    store.task(&id(1)).await.unwrap().unwrap().task
                };
                by_list = !by_list;
                assert!(task.metadata.resource_version >= seen);
                seen = task.metadata.resource_version;
            }
        });
    }
    for version in 1..=COMMITS {
        let mut stored = task(1, TaskPhase::Running);
        stored.task.metadata.resource_version = version;
        store.apply(vec![stored.into()]).await.unwrap();
        let now = store.task(&id(1)).await.unwrap().unwrap();
        assert_eq!(now.task.metadata.resource_version, version);
    }
    readers.join_all().await;
}

#[tokio::test]
async fn what_runs_inherit_is_stored_once_and_goes_with_the_last_run_that_had_it() {
    let (dir, store) = store();
    let lang = |value: &str| {
        vec![InheritedVariable::masked("LANG".as_ref(), value.as_ref(), VariableOrigin::LoginShell)]
    };
    let first = store.keep_environment(lang("C")).await.unwrap();
    assert!(first.is_some());
    assert_eq!(store.keep_environment(lang("C")).await.unwrap(), first, "the same again is the same");
    let second = store.keep_environment(lang("de")).await.unwrap();
    assert_ne!(first, second);

    let mut with = run(1, 1, TaskPhase::Running);
    with.environment = first;
    store.apply(vec![task(1, TaskPhase::Running).into(), with.clone().into()]).await.unwrap();
    store.drop_unused_environments(second).await.unwrap();
    drop(store);
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(store.latest_run(&id(1)).await.unwrap().unwrap().environment, first);
    assert_eq!(store.environment(first.unwrap()).await.unwrap(), Some(lang("C")));
    assert_eq!(store.environment(second.unwrap()).await.unwrap(), Some(lang("de")), "new runs get it");

    store.apply(vec![Change::DeleteTask(id(1))]).await.unwrap();
    store.drop_unused_environments(second).await.unwrap();
    assert_eq!(store.environment(first.unwrap()).await.unwrap(), None);
    let again = store.keep_environment(lang("C")).await.unwrap();
    assert!(again > second, "a number stands for one environment for ever");
}

#[tokio::test]
async fn a_task_that_waits_can_be_changed_whole_and_is_found_by_what_it_is_now() {
    let (_dir, store) = store();
    let before = labelled(task(1, TaskPhase::Pending), &[("team", "red"), ("name", "before")]);
    store.apply(vec![before.clone().into(), task(2, TaskPhase::Pending).into()]).await.unwrap();
    let mut after = scripted(
        in_slot(labelled(task(1, TaskPhase::Pending), &[("team", "blue")]), "b"),
        &"echo long\n".repeat(4_000),
    );
    after.task.spec.priority = 7;
    after.task.spec.job = Some(solti_model::JobName::new("nightly").unwrap());
    after.task.metadata.resource_version = 9;
    store.apply(vec![Change::EditTask(Box::new(after.clone()))]).await.unwrap();
    assert_eq!(store.task(&id(1)).await.unwrap(), Some(after));
    let found = async |query: RowQuery| {
        let page = store.list(&query).await.unwrap();
        (row_ids(&page.rows), page.total)
    };
    let in_lane = |name: &str| RowQuery { slot: Some(slot(name)), ..RowQuery::default() };
    assert_eq!(found(in_lane("a")).await, (vec![id(2)], 1));
    assert_eq!(found(in_lane("b")).await, (vec![id(1)], 1));
    let team = |team: &str| RowQuery { labels: [("team".into(), team.into())].into(), ..RowQuery::default() };
    assert_eq!((found(team("red")).await.1, found(team("blue")).await.1), (0, 1));
    let text = |text: &str| RowQuery { text: Some(text.into()), ..RowQuery::default() };
    assert_eq!((found(text("before")).await.1, found(text("echo long")).await.1), (0, 1));
    let head = store.rows_of(vec![id(1)]).await.unwrap().pop().unwrap().task.spec;
    assert_eq!((head.priority, head.slot), (7, slot("b")));
    let job = solti_model::JobName::new("nightly").unwrap();
    assert_eq!(store.job_history(&job, None, None).await.unwrap().total, 1);
    // One that is not there is not made so.
    let error = store.apply(vec![Change::EditTask(Box::new(task(3, TaskPhase::Pending)))]).await.unwrap_err();
    assert!(matches!(error, StoreError::UnknownTask(_)), "{error:?}");
}

#[tokio::test]
async fn what_did_not_come_to_its_own_end_tells_nothing_of_how_long_it_takes() {
    let (_dir, store) = store();
    let ended = [
        (1, TaskPhase::Succeeded, None),
        (2, TaskPhase::Failed, Some(3)),
        (3, TaskPhase::Timeout, None),
        // Killed by a signal, or not started.
        (4, TaskPhase::Failed, None),
        (5, TaskPhase::Exhausted, Some(1)),
        (6, TaskPhase::Canceled, Some(0)),
    ];
    let same = |n, phase| scripted(task(n, phase), "the same");
    for (n, phase, exit_code) in ended {
        let mut over = same(n, phase);
        over.task.status.exit_code = exit_code;
        (over.started_at, over.finished_at) = (Some(10), Some(10 + n));
        let mut attempt = run(n, 1, phase);
        attempt.run.finished_at = Some(attempt.run.started_at + 100 * n);
        store.apply(vec![over.into(), attempt.into()]).await.unwrap();
    }
    let kin = solti_model::Kin::of(&same(1, TaskPhase::Pending).task.spec);
    assert_eq!(store.durations(vec![kin], 20).await.unwrap()[&kin].last, [500, 200, 100]);
}

#[tokio::test]
async fn an_earlier_state_does_not_overwrite_a_later_one() {
    let (_dir, store) = store();
    let version = |version, text: &str| {
        let mut stored = scripted(task(1, TaskPhase::Pending), text);
        stored.task.metadata.resource_version = version;
        stored.queueing.held = version == 3;
        stored
    };
    store.apply(vec![version(2, "two").into()]).await.unwrap();
    store.apply(vec![Change::EditTask(Box::new(version(4, "four")))]).await.unwrap();
    // What else is in the batch is stored.
    store.apply(vec![version(3, "three").into(), event(1, "held")]).await.unwrap();
    store.apply(vec![Change::EditTask(Box::new(version(3, "three")))]).await.unwrap();
    assert_eq!(store.task(&id(1)).await.unwrap(), Some(version(4, "four")));
    assert_eq!(store.events(&id(1)).await.unwrap().len(), 1);
    // The same version again is what a batch is whose answer was lost.
    store.apply(vec![version(4, "four").into()]).await.unwrap();
}

#[tokio::test]
async fn a_state_that_comes_after_the_deletion_does_not_bring_the_task_back() {
    let (_dir, store) = store();
    store.apply(vec![task(1, TaskPhase::Pending).into()]).await.unwrap();
    store.apply(vec![Change::DeleteTask(id(1))]).await.unwrap();
    store.apply(vec![task(1, TaskPhase::Pending).into()]).await.unwrap();
    assert_eq!(store.task(&id(1)).await.unwrap(), None);
}
