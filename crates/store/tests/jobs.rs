//! Saved jobs, and that a time of a schedule is dealt with once.

mod support;

use serde_json::json;
use solti_model::{Firing, FiringOutcome, Job, JobName, Kin, ScheduleId, TaskPhase, stored_job};
use solti_store::{Change, JobSaving, Settled, SettledUntil, Store, StoreError, StoredFiring, StoredTask};
use support::{id, ran, task};

fn name() -> JobName {
    JobName::new("nightly").unwrap()
}

fn schedule(text: &str) -> ScheduleId {
    ScheduleId::new(text).unwrap()
}

fn job(revision: u32) -> Job {
    let job = json!({
        "name": "nightly", "revision": revision, "updatedAt": revision,
        "spec": {"slot": "s", "kind": {"wasm": {"module": "/m"}}},
        "schedules": [{"id": "a", "cron": "@daily"}, {"id": "b", "cron": "@hourly"}],
    });
    stored_job(&job.to_string()).unwrap()
}

fn saved(revision: u32, settled: &[(&str, u64)], anew: bool) -> Change {
    let settled = settled
        .iter()
        .map(|(id, until)| Settled { schedule: schedule(id), until: *until, at: 1, anew })
        .collect();
    Change::PutJob(Box::new(JobSaving { job: job(revision), changed: vec!["title".into()], settled }))
}

fn fired(due: u64, task: Option<u64>) -> Change {
    let firing = Firing {
        schedule: schedule("a"),
        due,
        at: due + 5,
        outcome: if task.is_some() { FiringOutcome::Started } else { FiringOutcome::Skipped },
        task: task.map(id),
        reason: None,
        left_out: 0,
    };
    Change::Fire(Box::new(StoredFiring { job: name(), settled_at: firing.at, firing }))
}

fn of_job(n: u64, phase: TaskPhase) -> StoredTask {
    let mut stored = task(n, phase);
    stored.task.spec.job = Some(name());
    stored
}

async fn settled(store: &Store, which: &str) -> Option<u64> {
    store.jobs().await.unwrap().first().and_then(|job| Some(job.settled.get(which)?.until))
}

#[tokio::test]
async fn a_time_is_dealt_with_once_and_with_it_what_else_is_in_the_batch() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store.apply(vec![saved(1, &[("a", 100), ("b", 100)], true)]).await.unwrap();
    store.apply(vec![of_job(1, TaskPhase::Pending).into(), fired(200, Some(1))]).await.unwrap();
    for due in [200, 150, 100] {
        let again = store.apply(vec![of_job(2, TaskPhase::Pending).into(), fired(due, Some(2))]).await;
        assert!(matches!(again, Err(StoreError::DealtWith)), "{due}: {again:?}");
    }
    assert_eq!(store.task(&id(2)).await.unwrap(), None);
    assert_eq!(settled(&store, "a").await, Some(200));
    // Also after a clock that was wrong is set right: the time itself is remembered.
    let settle = Settled { schedule: schedule("a"), until: 50, at: 2, anew: true };
    let taken_back = Change::Settle { job: name(), settled: settle };
    let again = store.apply(vec![taken_back.clone(), fired(200, None)]).await;
    assert!(matches!(again, Err(StoreError::DealtWith)), "{again:?}");
    assert_eq!(settled(&store, "a").await, Some(200), "all or nothing");
    store.apply(vec![taken_back, fired(60, None)]).await.unwrap();
    let reported: Vec<_> = store.firings(&name(), 10).await.unwrap();
    assert_eq!(reported.iter().map(|firing| firing.due).collect::<Vec<_>>(), [200, 60]);
    assert_eq!(reported[0].task, Some(id(1)));
}

#[tokio::test]
async fn a_schedule_that_is_gone_fires_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store.apply(vec![saved(1, &[("a", 100), ("b", 100)], true)]).await.unwrap();
    store.apply(vec![fired(200, None)]).await.unwrap();
    store.apply(vec![saved(2, &[("b", 100)], false)]).await.unwrap();
    let refused = store.apply(vec![of_job(1, TaskPhase::Pending).into(), fired(300, Some(1))]).await;
    assert!(matches!(refused, Err(StoreError::DealtWith)), "{refused:?}");
    assert_eq!(store.firings(&name(), 10).await.unwrap(), []);
    store.apply(vec![Change::DeleteJob(name())]).await.unwrap();
    assert_eq!(store.jobs().await.unwrap(), []);
    assert_eq!(store.job_revisions(&name()).await.unwrap(), []);
}

#[tokio::test]
async fn saving_takes_nothing_back_unless_the_times_are_others() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store.apply(vec![saved(1, &[("a", 100), ("b", 100)], true)]).await.unwrap();
    store.apply(vec![fired(200, None)]).await.unwrap();
    // What was read before the time was dealt with.
    store.apply(vec![saved(2, &[("a", 100), ("b", 100)], false)]).await.unwrap();
    assert_eq!(settled(&store, "a").await, Some(200));
    store.apply(vec![saved(3, &[("a", 150), ("b", 100)], true)]).await.unwrap();
    assert_eq!(settled(&store, "a").await, Some(150));
}

#[tokio::test]
async fn what_is_kept_of_a_job_has_a_bound() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    for revision in 1..=103 {
        store.apply(vec![saved(revision, &[("a", 0), ("b", 0)], false)]).await.unwrap();
    }
    let revisions = store.job_revisions(&name()).await.unwrap();
    assert_eq!((revisions.len(), revisions[0].revision, revisions[99].revision), (100, 103, 4));
    assert_eq!(revisions[0].changed, ["title"]);
    assert_eq!(store.job_revision(&name(), 50).await.unwrap(), Some(job(50)));
    assert_eq!(store.job_revision(&name(), 3).await.unwrap(), None);
    for due in 1..=104 {
        store.apply(vec![fired(due, None)]).await.unwrap();
    }
    let kept = store.firings(&name(), 1_000).await.unwrap();
    assert_eq!((kept.len(), kept[0].due, kept[99].due), (100, 104, 5));
}

#[tokio::test]
async fn the_tasks_of_a_job_are_a_history_by_the_page() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let phases = [TaskPhase::Succeeded, TaskPhase::Failed, TaskPhase::Running];
    let batch =
        (1..=9).map(|n| of_job(n, phases[n as usize % 3]).into()).chain([task(10, TaskPhase::Failed).into()]);
    store.apply(batch.collect()).await.unwrap();
    let ids = |rows: &[solti_store::StoredRow]| support::row_ids(rows);
    let first = store.job_history(&name(), None, Some(4)).await.unwrap();
    assert_eq!((ids(&first.rows), first.total), ([9, 8, 7, 6].map(id).to_vec(), 9));
    let second = store.job_history(&name(), first.next, Some(5)).await.unwrap();
    assert_eq!((ids(&second.rows), second.next), ([5, 4, 3, 2, 1].map(id).to_vec(), None));
    let ends = store.job_ends(name(), 3).await.unwrap();
    let over: Vec<_> = ends.into_iter().map(|end| (end.run.task, end.run.phase)).collect();
    assert_eq!(over, [(id(9), phases[0]), (id(7), phases[1]), (id(6), phases[0])]);
    store.apply(vec![Change::DeleteTask(id(9)), Change::DeleteJob(name())]).await.unwrap();
    assert_eq!(
        store.job_history(&name(), None, None).await.unwrap().total,
        8,
        "they stay with their job gone"
    );
}

#[tokio::test]
async fn what_came_to_its_own_end_is_the_same_for_the_statistics_and_the_forecast() {
    let cases: Vec<serde_json::Value> =
        serde_json::from_str(include_str!("../../../tests/corpus/own-ends.json")).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let mut kin = None;
    let mut expected = Vec::new();
    for (n, case) in (1_u64..).zip(&cases) {
        let phase = TaskPhase::from_word(case["phase"].as_str().unwrap()).unwrap();
        let mut stored = of_job(n, phase);
        stored.task.status.exit_code = case["exitCode"].as_i64().map(|code| i32::try_from(code).unwrap());
        kin = Some(Kin::of(&stored.task.spec));
        store.apply(ran(stored, (100, 100 + n), Some(100 + n))).await.unwrap();
        if case["byItself"] == true {
            expected.insert(0, n);
        }
    }
    let ends = store.job_ends(name(), 100).await.unwrap();
    let by_itself = ends.iter().filter(|end| end.by_itself).map(|end| end.run.duration_ms.unwrap());
    assert_eq!((ends.len(), by_itself.collect::<Vec<_>>()), (cases.len(), expected.clone()));
    let kin = kin.unwrap();
    assert_eq!(store.durations(vec![kin], 100).await.unwrap()[&kin].last, expected);
}

#[tokio::test]
async fn a_job_that_cannot_be_read_takes_no_other_with_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store.apply(vec![saved(1, &[("a", 7), ("b", 7)], true)]).await.unwrap();
    drop(store);
    let db = rusqlite::Connection::open(dir.path().join("solti.db")).unwrap();
    db.execute_batch(r#"INSERT INTO jobs VALUES ('broken', '{"name'), ('no name!', '{}')"#).unwrap();
    drop(db);
    let store = Store::open(dir.path()).unwrap();
    let jobs = store.jobs().await.unwrap();
    assert_eq!(jobs.len(), 2);
    assert!(jobs[0].name.as_str() == "broken" && jobs[0].job.is_err(), "{jobs:?}");
    assert_eq!((jobs[1].job.as_ref(), jobs[1].settled["b"].until), (Ok(&job(1)), 7));
}

#[tokio::test]
async fn a_renamed_job_keeps_its_revisions_its_tasks_and_what_has_come_of_its_schedules() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store
        .apply(vec![saved(1, &[("a", 100), ("b", 100)], true), saved(2, &[("a", 100), ("b", 100)], false)])
        .await
        .unwrap();
    let mut done = ran(of_job(1, TaskPhase::Succeeded), (10, 15), Some(15));
    done.push(fired(200, Some(1)));
    store.apply(done).await.unwrap();
    assert_eq!(
        store.task(&id(1)).await.unwrap().unwrap().task.spec.job,
        Some(name()),
        "it is kept in memory"
    );
    let to = JobName::new("renamed").unwrap();
    // A revision that cannot be read is no reason to keep the name.
    let db = rusqlite::Connection::open(dir.path().join("solti.db")).unwrap();
    db.execute("UPDATE job_revisions SET job = 'torn' WHERE revision = 2", []).unwrap();
    drop(db);
    store.apply(vec![Change::RenameJob { from: name(), to: to.clone() }]).await.unwrap();
    let jobs = store.jobs().await.unwrap();
    let [job] = &jobs[..] else { panic!("{jobs:?}") };
    assert_eq!((&job.name, &job.job.as_ref().unwrap().name, job.settled["a"].until), (&to, &to, 200));
    assert_eq!(store.job_revisions(&to).await.unwrap().len(), 2);
    assert_eq!(store.job_revision(&to, 1).await.unwrap().unwrap().name, to);
    assert_eq!(store.firings(&to, 10).await.unwrap().len(), 1);
    let task = store.task(&id(1)).await.unwrap().unwrap().task;
    assert_eq!(task.spec.job.as_ref(), Some(&to));
    assert_eq!(store.job_history(&to, None, None).await.unwrap().total, 1);
    assert_eq!(store.job_history(&name(), None, None).await.unwrap().total, 0);
    let kin = Kin::of(&task.spec);
    assert_eq!(store.durations(vec![kin], 20).await.unwrap()[&kin].last, [5]);
    assert_eq!(store.renamed_jobs().await.unwrap(), [(name(), to.clone())].into());
    // A job is saved under the old name: that is its own from then on.
    store.apply(vec![saved(1, &[("a", 100), ("b", 100)], true)]).await.unwrap();
    assert_eq!(store.renamed_jobs().await.unwrap(), [].into());
    assert_eq!(store.jobs().await.unwrap().len(), 2);
    // A name that leads to a job leads nowhere once that is gone.
    let last = JobName::new("last").unwrap();
    store.apply(vec![Change::RenameJob { from: to, to: last.clone() }]).await.unwrap();
    store.apply(vec![Change::DeleteJob(last)]).await.unwrap();
    assert_eq!(store.renamed_jobs().await.unwrap(), [].into());
}

#[tokio::test]
async fn when_something_was_noted_is_told_apart_from_what_is_reckoned_from() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store.apply(vec![saved(1, &[("a", 100)], true)]).await.unwrap();
    let until = async || store.jobs().await.unwrap()[0].settled["a"];
    assert_eq!(until().await, SettledUntil { until: 100, at: 1, noted: 1 });
    let Change::Fire(skipped) = fired(200, None) else { panic!("a firing") };
    store.apply(vec![Change::Fire(Box::new(StoredFiring { settled_at: 290, ..*skipped }))]).await.unwrap();
    assert_eq!(until().await, SettledUntil { until: 200, at: 290, noted: 205 });
}
