//! Saved jobs that are run by themselves: by their schedules, after an absence, beside each other, and over the death of the app.

use crate::common::{Engine, bash, spec, within};
use crate::engine_process::{Core, check_often};
use serde_json::{Value, json};
use solti_api::operations::{
    DeleteJob, EditTask, GetJob, HoldAll, JobHistory, ListJobs, Operations as _, ReadDigest, RenameJob,
    RunJob, SaveHook, SaveJob, SkipNext, UncheckedSpec, Upcoming, WatchJobs,
};
use solti_api::{ApiError, ApiHandler as _};
use solti_model::{Firing, FiringOutcome, Job, JobDetail, JobName, JobQuery, TaskQuery};
use solti_testing::now_ms;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio_stream::StreamExt as _;

const HOUR: u64 = 3_600_000;

fn name(text: &str) -> JobName {
    JobName::new(text).unwrap()
}

fn job(called: &str, kind: Value, more: Value) -> Job {
    let mut json = json!({"name": called, "spec": {"slot": called, "kind": kind, "admission": "queue"}});
    json.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(json).unwrap()
}

fn save(job: Job) -> SaveJob {
    SaveJob { job, expected_revision: None }
}

async fn detail(engine: &Engine, called: &str) -> JobDetail {
    engine.api.ask(GetJob { name: name(called), revision: None }).await.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_time_is_that_at_which_it_is_run() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    // Ten minutes after a time of it, and a quarter of an hour before the next.
    let anchor = now_ms() - 10 * 60_000;
    let schedules = json!([{"everyMs": 25 * 60_000, "anchor": anchor, "jitterMs": 20 * 60_000}]);
    engine.api.ask(save(job("put-off", bash("true"), json!({"schedules": schedules})))).await.unwrap();
    let next = detail(&engine, "put-off").await.schedules[0].next_at.unwrap();
    let time = anchor + 25 * 60_000;
    assert!((time..=time + 20 * 60_000).contains(&next), "{next}, of {time}");
    let coming =
        engine.api.ask(Upcoming { name: None, from: now_ms(), to: now_ms() + 24 * HOUR }).await.unwrap();
    let all: Vec<_> = coming.times.iter().map(|coming| coming.at).collect();
    assert!(all[0] == next && all.is_sorted() && all.len() > 50, "{next}: {all:?}");
    // Also when it is asked of what is after that time of the schedule.
    let put_off = Upcoming { name: None, from: next, to: next };
    assert_eq!(engine.api.ask(put_off).await.unwrap().times[0].at, next);
    let listed = engine.api.ask(ListJobs { query: JobQuery::default() }).await.unwrap();
    assert_eq!(listed.jobs[0].next_at, Some(next));
}

/// Waits until what came of the job's schedules fits.
async fn firings(engine: &Engine, called: &str, fits: impl Fn(&[Firing]) -> bool) -> Vec<Firing> {
    let mut changes = engine.supervisor.job_changes();
    within("what comes of the schedules", async {
        loop {
            let found = detail(engine, called).await.firings;
            if fits(&found) {
                return found;
            }
            changes.changed().await.unwrap();
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_runs_its_job_when_its_time_comes() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let at = now_ms() + 700;
    let parameters = json!([{"name": "greeting", "type": "text", "default": "nobody"}]);
    let schedules = json!([{"id": "soon", "at": at, "parameters": {"greeting": "you"}}, {"id": "later", "cron": "@yearly"}]);
    let more = json!({"title": "Hello", "parameters": parameters, "schedules": schedules});
    let saved =
        engine.api.ask(save(job("hello", bash("echo hello $SOLTI_PARAM_GREETING"), more))).await.unwrap();
    assert_eq!(saved.revision, 1);
    let fired = firings(&engine, "hello", |found| !found.is_empty()).await;
    assert_eq!((fired[0].due, fired[0].outcome, fired[0].left_out), (at, FiringOutcome::Started, 0));
    assert!(fired[0].at >= at);
    let id = fired[0].task.clone().unwrap();
    let task = engine.finished(&id).await;
    assert_eq!((task.spec.job, task.spec.job_revision), (Some(name("hello")), Some(1)));
    assert_eq!(engine.lines(&id).await, ["hello you"]);
    let later = detail(&engine, "hello").await;
    let next: Vec<_> = later.schedules.iter().map(|schedule| schedule.next_at.is_some()).collect();
    assert_eq!(next, [false, true], "once is once");
    assert_eq!((later.stats.runs, later.stats.last_good), (1, Some(id)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_of_a_job_that_was_renamed_since_makes_no_second_job() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let more = json!({"schedules": [{"everyMs": 3_600_000}]});
    let mut shown = engine.api.ask(save(job("ed", bash("true"), more))).await.unwrap();
    engine.api.ask(RenameJob { name: name("ed"), to: name("ed2") }).await.unwrap();
    shown.title = Some("edited".into());
    for expected_revision in [None, Some(1)] {
        let refused = engine.api.ask(SaveJob { job: shown.clone(), expected_revision }).await.unwrap_err();
        assert!(
            matches!(&refused, ApiError::Conflict { reason } if reason == "job ed is called ed2 now"),
            "{refused}"
        );
    }
    // The name is free for a job that was never saved, and for the one that is called so now under its new name.
    engine
        .api
        .ask(SaveJob { job: Job { name: name("ed2"), ..shown }, expected_revision: None })
        .await
        .unwrap();
    engine.api.ask(save(job("ed", bash("true"), json!({})))).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_says_which_hooks_and_tasks_of_its_spec_are_not_there() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let there = engine.api.submit_task(spec("s", bash("true"), json!({}))).await.unwrap();
    let mut wanted = job("j", bash("true"), json!({}));
    let asked = json!([{"task": there}, {"task": "nobody"}]);
    wanted.spec.after = serde_json::from_value(asked).unwrap();
    wanted.spec.notify = Some(serde_json::from_value(json!({"hooks": ["chat"]})).unwrap());
    engine.api.ask(save(wanted)).await.unwrap();
    let fields = async || {
        let warnings = detail(&engine, "j").await.warnings;
        warnings.into_iter().map(|warning| warning.field).collect::<Vec<_>>()
    };
    assert_eq!(fields().await, ["spec.after[1].task", "spec.notify.hooks[0]"]);
    let chat = json!({"name": "chat", "on": ["failure"], "call": {"command": {"command": "true"}}});
    engine.api.ask(SaveHook { hook: serde_json::from_value(chat).unwrap() }).await.unwrap();
    assert_eq!(fields().await, ["spec.after[1].task"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renamed_job_is_run_at_its_times_under_its_new_name_also_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let mut engine = Engine::open(dir.path()).await;
    let at = now_ms() + 1_500;
    let more = json!({"schedules": [{"id": "soon", "at": at}]});
    engine.api.ask(save(job("old", bash("echo done"), more))).await.unwrap();
    let run = |called: &str| RunJob { name: name(called), parameters: BTreeMap::new() };
    engine.api.ask(HoldAll { held: true }).await.unwrap();
    // It waits, and belongs to the job of whatever name.
    let waiting = engine.api.ask(run("old")).await.unwrap();
    let task = engine.api.get_task_status(&waiting).await.unwrap().unwrap();
    let read_before = EditTask {
        id: waiting.clone(),
        spec: UncheckedSpec::from(&task.spec),
        resource_version: task.metadata.resource_version,
    };
    engine.api.ask(RenameJob { name: name("old"), to: name("new") }).await.unwrap();
    let of = async |engine: &Engine| engine.api.get_task_status(&waiting).await.unwrap().unwrap().spec.job;
    assert_eq!(of(&engine).await, Some(name("new")));
    // Whoever had read it before, and changes it now, does not take it out of its job.
    let EditTask { spec, .. } = &read_before;
    assert!(serde_json::to_string(spec).unwrap().contains(r#""job":"old""#));
    engine.api.ask(read_before).await.unwrap();
    assert_eq!(of(&engine).await, Some(name("new")));
    engine.supervisor.shut_down().await;
    engine = Engine::open(dir.path()).await;
    assert_eq!(of(&engine).await, Some(name("new")));
    let error = engine.api.ask(run("old")).await.unwrap_err();
    assert!(error.to_string().contains("is called new now"), "{error}");
    engine.api.ask(HoldAll { held: false }).await.unwrap();
    engine.finished(&waiting).await;
    let fired = firings(&engine, "new", |found| !found.is_empty()).await;
    assert_eq!((fired[0].due, fired[0].outcome), (at, FiringOutcome::Started));
    let task = engine.finished(fired[0].task.as_ref().unwrap()).await;
    assert_eq!(task.spec.job, Some(name("new")));
    let past = JobHistory { name: name("new"), cursor: None, limit: None };
    assert_eq!(engine.api.ask(past).await.unwrap().total, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn times_at_which_nobody_was_there_are_dealt_with_by_the_schedules_rule() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    // Seven, five, three and an hour ago, and again in an hour.
    let anchor = now_ms() - 9 * HOUR;
    for missed in ["skip", "latest", "all"] {
        let schedules = json!([{"id": "s", "everyMs": 2 * HOUR, "anchor": anchor, "missed": missed}]);
        engine.api.ask(save(job(missed, bash("true"), json!({"schedules": schedules})))).await.unwrap();
    }
    let paused = json!({"schedules": [{"id": "s", "everyMs": 2 * HOUR, "anchor": anchor, "paused": true}]});
    engine.api.ask(save(job("paused", bash("true"), paused))).await.unwrap();
    engine.supervisor.shut_down().await;
    drop(engine);
    let db = rusqlite::Connection::open(dir.path().join("solti.db")).unwrap();
    db.execute("UPDATE job_schedules SET settled = ?1", [(anchor + HOUR) as i64]).unwrap();
    drop(db);

    let engine = Engine::open(dir.path()).await;
    let all = firings(&engine, "all", |found| found.len() == 4).await;
    let dues: Vec<_> = all.iter().rev().map(|firing| (firing.due, firing.outcome)).collect();
    assert_eq!(dues, [2, 4, 6, 8].map(|hours| (anchor + hours * HOUR, FiringOutcome::Started)));
    let latest = firings(&engine, "latest", |found| !found.is_empty()).await;
    assert_eq!(latest.len(), 1);
    assert_eq!((latest[0].due, latest[0].left_out), (anchor + 8 * HOUR, 3));
    let skip = firings(&engine, "skip", |found| !found.is_empty()).await;
    assert_eq!(skip.len(), 1);
    assert_eq!(
        (skip[0].outcome, skip[0].due, skip[0].left_out),
        (FiringOutcome::Missed, anchor + 8 * HOUR, 3)
    );
    assert_eq!(detail(&engine, "paused").await.firings, []);
    // What happened meanwhile counts them too, those before a time that was run as well.
    let digest = engine.api.ask(ReadDigest { since: anchor + 8 * HOUR }).await.unwrap();
    assert_eq!(digest.missed_count, 3 + 4);
    let mut missed: Vec<_> =
        digest.missed.iter().map(|missed| (missed.job.as_str(), missed.reason.as_deref())).collect();
    missed.sort_unstable();
    assert_eq!(missed[0], ("latest", Some("run, but not the 3 times before it")));
    assert_eq!(missed[1], ("skip", Some("Solti was not running, and 3 times before it")));
    assert_eq!(missed.len(), 2);
    let next =
        engine.api.ask(Upcoming { name: None, from: now_ms(), to: now_ms() + 2 * HOUR }).await.unwrap();
    let next: Vec<_> = next.times.iter().map(|time| (time.job.as_str(), time.at)).collect();
    assert_eq!(next, ["all", "latest", "skip"].map(|job| (job, anchor + 10 * HOUR)));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interval_that_was_saved_by_a_clock_that_was_ahead_does_not_wait_for_that_time() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    // Of the other a person has said when it begins.
    let begins = now_ms() + 2 * HOUR;
    for (called, anchor) in [("noted", None), ("said", Some(begins))] {
        let schedules = json!([{"id": "s", "everyMs": 2_000, "anchor": anchor}]);
        engine.api.ask(save(job(called, bash("true"), json!({"schedules": schedules})))).await.unwrap();
    }
    engine.supervisor.shut_down().await;
    drop(engine);
    let db = rusqlite::Connection::open(dir.path().join("solti.db")).unwrap();
    let ahead = (now_ms() + 2 * 365 * 24 * HOUR) as i64;
    let saved = "UPDATE jobs SET job = json_set(job, '$.updatedAt', ?1, '$.schedules[0].anchor', ?1)
                 WHERE name = 'noted'";
    db.execute(saved, [ahead]).unwrap();
    db.execute("UPDATE job_schedules SET settled = ?1, at = ?1 WHERE job = 'noted'", [ahead]).unwrap();
    drop(db);

    // Also once times were dealt with, and when it is saved again.
    for restart in 0..2 {
        let engine = Engine::open(dir.path()).await;
        firings(&engine, "noted", |found| found.len() > restart).await;
        assert_eq!(detail(&engine, "said").await.schedules[0].next_at, Some(begins));
        if restart == 1 {
            let read = detail(&engine, "noted").await.job;
            let saved = engine.api.ask(save(Job { title: Some("t".into()), ..read })).await.unwrap();
            assert!(saved.schedules[0].anchor <= Some(now_ms()), "{:?}", saved.schedules);
            let next = detail(&engine, "noted").await.schedules[0].next_at.unwrap();
            assert!(next <= now_ms() + 2_000, "{next}");
        }
        engine.supervisor.shut_down().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_still_runs_is_dealt_with_as_its_lane_says() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let schedules = json!([{"id": "s", "everyMs": 1_000}]);
    let mut job = job("slow", bash("sleep 600"), json!({"schedules": schedules}));
    job.spec.admission = solti_model::AdmissionStrategy::DropIfRunning;
    engine.api.ask(save(job)).await.unwrap();
    let found = firings(&engine, "slow", |found| found.len() >= 2).await;
    let (first, second) = (&found[found.len() - 1], &found[found.len() - 2]);
    let running = first.task.clone().unwrap();
    assert_eq!((first.outcome, second.outcome), (FiringOutcome::Started, FiringOutcome::Refused));
    assert_eq!(second.reason.as_deref(), Some(&*format!("lane slow is busy with task {running}")));
    assert!(second.due > first.due);
    engine.api.ask(DeleteJob { name: name("slow") }).await.unwrap();
    engine.api.delete_task(&running).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_is_skipped_by_hand_and_stays_so_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let schedules = json!([{"id": "s", "cron": "0 3 * * *", "zone": "Asia/Tokyo"}]);
    engine.api.ask(save(job("nightly", bash("true"), json!({"schedules": schedules})))).await.unwrap();
    let next = detail(&engine, "nightly").await.schedules[0].next_at.unwrap();
    let skipped = engine.api.ask(SkipNext { name: name("nightly"), schedule: None }).await.unwrap();
    assert_eq!(skipped.at, next);
    firings(&engine, "nightly", |found| !found.is_empty()).await;
    engine.supervisor.shut_down().await;
    drop(engine);
    let engine = Engine::open(dir.path()).await;
    let after = detail(&engine, "nightly").await;
    assert_eq!(after.firings[0].outcome, FiringOutcome::Skipped);
    assert!(after.schedules[0].next_at.unwrap() >= next + 23 * HOUR);
    // Without a schedule there is nothing to skip.
    engine.api.ask(save(job("nightly", bash("true"), json!({})))).await.unwrap();
    let error = engine.api.ask(SkipNext { name: name("nightly"), schedule: None }).await.unwrap_err();
    assert!(matches!(error, ApiError::Conflict { .. }), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_due_at_the_start_runs_once_at_each() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let schedules = json!([{"id": "start", "onStart": true}]);
    engine.api.ask(save(job("greet", bash("true"), json!({"schedules": schedules})))).await.unwrap();
    assert_eq!(detail(&engine, "greet").await.firings, [], "it is running already");
    for starts in 1..=2 {
        engine.supervisor.shut_down().await;
        let engine = Engine::open(dir.path()).await;
        let found = firings(&engine, "greet", |found| found.len() == starts).await;
        engine.finished(found[0].task.as_ref().unwrap()).await;
        assert_eq!(detail(&engine, "greet").await.firings.len(), starts);
        engine.supervisor.shut_down().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_database_was_lost_no_time_of_before_is_run() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let anchor = now_ms() - 9 * HOUR;
    let schedules = json!([{"id": "s", "everyMs": 2 * HOUR, "anchor": anchor, "missed": "all"}]);
    engine.api.ask(save(job("j", bash("true"), json!({"schedules": schedules})))).await.unwrap();
    engine.supervisor.shut_down().await;
    drop(engine);
    let db = rusqlite::Connection::open(dir.path().join("solti.db")).unwrap();
    db.execute("UPDATE job_schedules SET settled = ?1", [(anchor + HOUR) as i64]).unwrap();
    drop(db);
    let config = solti_supervisor::SupervisorConfig::new(dir.path());
    let engine = Engine::open_with(solti_supervisor::SupervisorConfig { restored: true, ..config }).await;
    let shown = detail(&engine, "j").await;
    assert_eq!((shown.firings, shown.schedules[0].next_at), (vec![], Some(anchor + 10 * HOUR)));
    let tasks = engine.api.query_tasks(TaskQuery::default()).await.unwrap();
    assert_eq!(tasks.total, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_saved_anew_is_run_as_it_is_then_and_says_what_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let mut changes = engine.api.open(WatchJobs {}).await.unwrap();
    let mut kind = bash("echo $API_TOKEN");
    kind["subprocess"]["env"] = json!([{"key": "API_TOKEN", "value": "hush"}]);
    let first =
        engine.api.ask(save(job("j", kind, json!({"schedules": [{"cron": "@daily"}]})))).await.unwrap();
    assert!(!serde_json::to_string(&first).unwrap().contains("hush"), "what is secret is masked");
    // As it was answered: with its mask and with the id that its schedule was given.
    let mut second = first.clone();
    second.title = Some("Two".into());
    let second = engine.api.ask(SaveJob { job: second, expected_revision: Some(1) }).await.unwrap();
    assert_eq!((second.revision, &second.schedules), (2, &first.schedules));
    assert_eq!(engine.api.ask(save(second.clone())).await.unwrap().revision, 2, "nothing new is no revision");
    let stale = engine.api.ask(SaveJob { job: first.clone(), expected_revision: Some(1) }).await.unwrap_err();
    assert!(matches!(stale, ApiError::Conflict { .. }), "{stale:?}");
    // The way back.
    let old = engine.api.ask(GetJob { name: name("j"), revision: Some(1) }).await.unwrap().unwrap().job;
    assert_eq!(engine.api.ask(save(old)).await.unwrap().revision, 3);
    let id = engine.api.ask(RunJob { name: name("j"), parameters: BTreeMap::new() }).await.unwrap();
    engine.finished(&id).await;
    assert_eq!(engine.lines(&id).await, ["hush"], "the secret is where it was");
    let mut reported = Vec::new();
    while reported.last() < Some(&3) {
        reported.push(within("word of the changes", changes.next()).await.unwrap().version);
    }
    assert!(reported.is_sorted_by(|one, next| one < next), "{reported:?}");
    engine.supervisor.shut_down().await;
    drop(engine);
    let engine = Engine::open(dir.path()).await;
    let listed = engine.api.ask(ListJobs { query: JobQuery::default() }).await.unwrap();
    assert_eq!((listed.total, listed.jobs[0].revision, listed.jobs[0].recent.len()), (1, 3, 1));
    engine.api.ask(DeleteJob { name: name("j") }).await.unwrap();
    let kept = engine.api.ask(JobHistory { name: name("j"), cursor: None, limit: None }).await.unwrap();
    assert_eq!(kept.rows[0].task.metadata.id, id, "a task keeps its job");
}

/// `make torture` asks for more.
fn rounds() -> usize {
    std::env::var("SOLTI_TORTURE_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(12)
}

/// Deaths in one data folder: it keeps a hundred times of each schedule.
const DEATHS: usize = 12;

#[tokio::test(flavor = "multi_thread")]
async fn over_the_death_of_the_app_no_time_is_run_twice_or_never() {
    let mut left = rounds();
    while left > 0 {
        let dir = tempfile::tempdir().unwrap();
        for _ in 0..left.min(DEATHS) {
            let mut core = Core::start_with(dir.path(), 0, &[("SOLTI_TEST_SCHEDULES", "10")]);
            core.wait_for("READY");
            // Not a wait for anything: the moment of the death is the fault that is tested.
            std::thread::sleep(Duration::from_millis(rand::random_range(0..1_300)));
            core.kill();
        }
        left = left.saturating_sub(DEATHS);
        check_often(dir.path()).await;
    }
}
