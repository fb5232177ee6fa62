//! What waits beside its lane, and commands on it, with the whole engine: times, other tasks, order, changes, and processes that stand
//! still. The rules under any order of events are in the supervisor's own tests.

use crate::common::{Engine, bash, command, spec, until, within};
use futures::StreamExt as _;
use serde_json::json;
use solti_api::operations::{
    EditTask, Forecast, GetTaskRow, HoldAll, HoldTask, MoveTask, Operations as _, ReleaseTask, RerunTask,
    ResumeTask, RetryNow, RunNow, SetLane, SetPriority, StopTask, SuspendTask, TaskEvents, TaskOrder,
    UncheckedSpec, WatchTasks,
};
use solti_api::{ApiError, ApiHandler};
use solti_model::{
    AfterWhen, NotForeseen, Slot, StopMode, TaskEventKind, TaskId, TaskPhase, TaskRow, TaskSpec, Waiting,
};
use solti_testing::now_ms;
use std::collections::BTreeMap;
use std::path::Path;

async fn row(engine: &Engine, id: &TaskId) -> TaskRow {
    engine.api.ask(GetTaskRow { id: id.clone() }).await.unwrap().expect("it is there")
}

async fn submit(engine: &Engine, slot: &str, kind: serde_json::Value, more: serde_json::Value) -> TaskId {
    let mut all = json!({"admission": "queue"});
    all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    engine.api.submit_task(spec(slot, kind, all)).await.unwrap()
}

/// A task that holds the lane until it is stopped.
async fn holder(engine: &Engine, slot: &str) -> TaskId {
    let id = submit(engine, slot, command("sleep", &["600"]), json!({})).await;
    engine.running(&id).await;
    id
}

async fn stop(engine: &Engine, id: &TaskId) {
    engine.api.ask(StopTask { id: id.clone(), mode: StopMode::Kill }).await.unwrap();
}

/// A task that notes its name.
fn note(file: &Path, name: &str) -> serde_json::Value {
    bash(&format!("echo {name} >> {}", file.display()))
}

fn noted(file: &Path) -> Vec<String> {
    std::fs::read_to_string(file).unwrap_or_default().lines().map(str::to_owned).collect()
}

fn conflicts<T: std::fmt::Debug>(result: Result<T, ApiError>) -> String {
    match result {
        Err(ApiError::Conflict { reason }) => reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_go_by_priority_and_then_as_they_were_moved_also_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("order");
    let mut engine = Engine::open(dir.path()).await;
    let first = holder(&engine, "s").await;
    let mut ids = Vec::new();
    for (name, priority) in [("a", 0), ("b", 0), ("c", 0), ("d", 5), ("e", -5)] {
        ids.push(submit(&engine, "s", note(&file, name), json!({"priority": priority})).await);
    }
    let [a, b, c, d, e] = &ids[..] else { panic!() };
    let move_to = |id: &TaskId, before: Option<&TaskId>, first: bool| MoveTask {
        id: id.clone(),
        before: before.cloned(),
        after: None,
        first,
        last: false,
    };
    engine.api.ask(move_to(c, None, true)).await.unwrap();
    engine.api.ask(move_to(b, Some(a), false)).await.unwrap();
    engine.api.ask(SetPriority { id: e.clone(), priority: 7 }).await.unwrap();
    assert!(conflicts(engine.api.ask(move_to(a, Some(d), false)).await).contains("priorities"));
    let itself = conflicts(engine.api.ask(move_to(a, Some(a), false)).await);
    assert_eq!(itself, format!("task {a} cannot be moved before itself"));
    assert!(conflicts(engine.api.ask(move_to(&first, None, true)).await).contains("is running already"));
    let none = MoveTask { id: a.clone(), before: None, after: None, first: false, last: false };
    assert!(matches!(engine.api.ask(none).await, Err(ApiError::InvalidRequest { .. })));
    let places = async |engine: &Engine| {
        let mut places = Vec::new();
        for id in [e, d, c, b, a] {
            let Some(Waiting::Lane { position, .. }) = row(engine, id).await.waiting else { panic!() };
            places.push(position);
        }
        places
    };
    assert_eq!(places(&engine).await, [1, 2, 3, 4, 5]);
    engine.supervisor.shut_down().await;
    engine = Engine::open(dir.path()).await;
    assert_eq!(places(&engine).await, [1, 2, 3, 4, 5]);
    assert_eq!(row(&engine, e).await.task.spec.priority, 7);
    stop(&engine, &first).await;
    engine.finished(a).await;
    assert_eq!(noted(&file), ["e", "d", "c", "b", "a"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_task_keeps_its_place_and_all_can_be_held() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("order");
    let mut engine = Engine::open(dir.path()).await;
    let first = holder(&engine, "s").await;
    let held = submit(&engine, "s", note(&file, "held"), json!({})).await;
    let other = submit(&engine, "s", note(&file, "other"), json!({})).await;
    let last = submit(&engine, "s", command("sleep", &["600"]), json!({})).await;
    for _ in 0..2 {
        engine.api.ask(HoldTask { id: held.clone() }).await.unwrap();
    }
    assert_eq!(row(&engine, &held).await.waiting, Some(Waiting::Held));
    stop(&engine, &first).await;
    engine.finished(&other).await;
    engine.running(&last).await;
    engine.supervisor.shut_down().await;
    engine = Engine::open(dir.path()).await;
    assert_eq!(row(&engine, &held).await.waiting, Some(Waiting::Held));
    engine.api.ask(HoldAll { held: true }).await.unwrap();
    engine.api.ask(ReleaseTask { id: held.clone() }).await.unwrap();
    assert_eq!(row(&engine, &held).await.waiting, Some(Waiting::Held), "all are");
    let new = submit(&engine, "t", command("true", &[]), json!({})).await;
    engine.supervisor.shut_down().await;
    engine = Engine::open(dir.path()).await;
    assert_eq!(row(&engine, &new).await.waiting, Some(Waiting::Held), "also after a restart");
    engine.api.ask(HoldAll { held: false }).await.unwrap();
    engine.finished(&new).await;
    assert!(conflicts(engine.api.ask(HoldTask { id: last.clone() }).await).contains("is running already"));
    assert!(conflicts(engine.api.ask(HoldTask { id: new.clone() }).await).contains("over already"));
    let nobody = engine.api.ask(ReleaseTask { id: TaskId::new("nobody").unwrap() }).await;
    assert!(matches!(nobody, Err(ApiError::TaskNotFound { .. })), "{nobody:?}");
    stop(&engine, &last).await;
    engine.finished(&held).await;
    assert_eq!(noted(&file), ["other", "held"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_waits_for_no_longer_than_it_was_told_when_the_clock_was_set_back_since() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let ahead = now_ms() + 9 * 3_600_000;
    let id = submit(&engine, "s", command("true", &[]), json!({"notBefore": ahead})).await;
    engine.supervisor.shut_down().await;
    drop(engine);
    // It was submitted by a clock that was nine hours ahead.
    let db = rusqlite::Connection::open(dir.path().join("solti.db")).unwrap();
    db.execute("UPDATE tasks SET created_at = ?1", [(ahead - 500) as i64]).unwrap();
    drop(db);
    let engine = Engine::open(dir.path()).await;
    let over = engine.finished(&id).await;
    assert_eq!(over.status.phase, TaskPhase::Succeeded);
    assert!(over.spec.not_before <= Some(now_ms()), "it does not wait again after a restart");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_starts_at_its_time_and_asks_for_nothing_before() {
    let dir = tempfile::tempdir().unwrap();
    let mut engine = Engine::open(dir.path()).await;
    let at = now_ms() + 900;
    let later = submit(&engine, "s", command("true", &[]), json!({"notBefore": at})).await;
    let much_later = submit(&engine, "s", command("true", &[]), json!({"notBefore": at + 3_600_000})).await;
    let now = submit(&engine, "s", command("true", &[]), json!({"notBefore": 1})).await;
    assert_eq!(row(&engine, &later).await.waiting, Some(Waiting::NotBefore { until: at }));
    // Its lane is free for others all the while.
    engine.finished(&now).await;
    engine.supervisor.shut_down().await;
    engine = Engine::open(dir.path()).await;
    engine.finished(&later).await;
    let started = engine.api.list_task_runs(&later).await.unwrap()[0].started_at;
    assert!(started >= at, "{} ms early", at - started);
    // Now, by hand.
    engine.api.ask(RunNow { id: much_later.clone() }).await.unwrap();
    assert_eq!(engine.finished(&much_later).await.status.phase, TaskPhase::Succeeded);
    let again = engine.api.ask(RerunTask { id: much_later }).await.unwrap();
    assert_eq!(engine.finished(&again).await.spec.not_before, None, "a rerun is for now");
    // One that must not wait, and whose lane is busy then.
    let holder = holder(&engine, "s").await;
    let refused = json!({"admission": "dropIfRunning", "notBefore": now_ms() + 300});
    let refused = submit(&engine, "s", command("true", &[]), refused).await;
    let task = engine.finished(&refused).await;
    assert_eq!(task.status.phase, TaskPhase::Canceled);
    assert!(task.status.error.unwrap().contains(&format!("busy with task {holder}")));
    let replaces = json!({"admission": "replace", "notBefore": now_ms() + 300});
    let replaces = submit(&engine, "s", command("true", &[]), replaces).await;
    assert_eq!(engine.finished(&holder).await.status.phase, TaskPhase::Canceled);
    assert_eq!(engine.finished(&replaces).await.status.phase, TaskPhase::Succeeded);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_runs_now_past_what_its_lane_holds_and_a_retry_comes_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let first = holder(&engine, "s").await;
    engine
        .api
        .ask(SetLane { slot: Slot::new("s").unwrap(), capacity: None, paused: Some(true) })
        .await
        .unwrap();
    let now = submit(&engine, "s", command("true", &[]), json!({})).await;
    let waits = submit(&engine, "s", command("true", &[]), json!({})).await;
    engine.api.ask(RunNow { id: now.clone() }).await.unwrap();
    assert_eq!(engine.finished(&now).await.status.phase, TaskPhase::Succeeded);
    let reported = engine.api.ask(TaskEvents { id: now.clone() }).await.unwrap();
    assert!(reported.iter().any(|event| event.kind == TaskEventKind::Released), "{reported:?}");
    assert_eq!(row(&engine, &waits).await.task.status.phase, TaskPhase::Pending);
    assert!(conflicts(engine.api.ask(RetryNow { id: waits }).await).contains("another attempt"));
    stop(&engine, &first).await;
    let retried = json!({"restart": {"type": "onFailure"}, "maxRetries": 1,
        "backoff": {"jitter": "none", "firstMs": 3_600_000, "maxMs": 3_600_000, "factor": 1.0}});
    let retried = submit(&engine, "t", command("false", &[]), retried).await;
    // It has ended, and waits for the next attempt.
    let waits = |task: &solti_model::Task| {
        task.status.phase == TaskPhase::Pending && task.status.exit_code == Some(1)
    };
    engine.wait_for(&retried, waits).await;
    // Its next attempt is foreseen for then, but for what keeps its lane from beginning it.
    let foreseen = async || {
        let asked = Forecast { slot: None, tasks: vec![retried.clone()], moves: vec![] };
        engine.api.ask(asked).await.unwrap().tasks.remove(0)
    };
    let pause = |paused| SetLane { slot: Slot::new("t").unwrap(), capacity: None, paused: Some(paused) };
    let unknown = foreseen().await.unknown;
    assert!(matches!(&unknown, Some(NotForeseen::NoHistory { task, .. }) if *task == retried), "{unknown:?}");
    engine.api.ask(pause(true)).await.unwrap();
    assert_eq!(foreseen().await.unknown, Some(NotForeseen::LanePaused { slot: Slot::new("t").unwrap() }));
    engine.api.ask(pause(false)).await.unwrap();
    engine.api.ask(RetryNow { id: retried.clone() }).await.unwrap();
    let task = engine.finished(&retried).await;
    assert_eq!((task.status.phase, task.status.attempt), (TaskPhase::Exhausted, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_task_is_changed_and_whoever_was_faster_is_not_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    let mut engine = Engine::open(dir.path()).await;
    let first = holder(&engine, "s").await;
    let env = json!({"subprocess": {"mode": {"command": {"command": "printenv", "args": ["A_TOKEN"]}},
        "env": [{"key": "A_TOKEN", "value": "hush-hush"}]}});
    let id = submit(&engine, "s", env, json!({"labels": {"name": "before"}})).await;
    let task = engine.api.get_task_status(&id).await.unwrap().unwrap();
    let edit = |spec: &TaskSpec, resource_version| EditTask {
        id: id.clone(),
        spec: UncheckedSpec::from(spec),
        resource_version,
    };
    let version = task.metadata.resource_version;
    // With the mask in the place of the secret, as an answer shows it.
    let mut changed = TaskSpec { slot: Slot::new("t").unwrap(), ..task.spec.clone() };
    changed.labels.insert("name".into(), "after".into());
    changed.after = serde_json::from_value(json!([{"task": first, "when": "ended"}])).unwrap();
    let wrong = TaskSpec { max_retries: Some(0), ..changed.clone() };
    assert!(matches!(engine.api.ask(edit(&wrong, version)).await, Err(ApiError::InvalidRequest { .. })));
    engine.api.ask(edit(&changed, version)).await.unwrap();
    assert!(conflicts(engine.api.ask(edit(&changed, version)).await).contains("has changed"));
    engine.supervisor.shut_down().await;
    engine = Engine::open(dir.path()).await;
    let now = row(&engine, &id).await;
    assert_eq!((now.task.spec.name.as_str(), now.task.spec.slot.as_str()), ("after", "t"));
    let waits = Waiting::Dependency { on: first.clone(), when: AfterWhen::Ended, name: "sleep 600".into() };
    assert_eq!(now.waiting, Some(waits));
    stop(&engine, &first).await;
    assert_eq!(engine.finished(&id).await.status.phase, TaskPhase::Succeeded);
    assert_eq!(engine.lines(&id).await, ["hush-hush"], "the secret is that of before");
    let over = edit(&changed, now.task.metadata.resource_version);
    assert!(conflicts(engine.api.ask(over).await).contains("over already"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_waits_for_others_and_never_for_ever() {
    let dir = tempfile::tempdir().unwrap();
    let mut engine = Engine::open(dir.path()).await;
    let after = |task: &TaskId, when: &str| json!({"after": [{"task": task, "when": when}]});
    let first = holder(&engine, "s").await;
    let wait = async |engine: &Engine, task: &TaskId, when: &str| {
        submit(engine, "t", command("true", &[]), after(task, when)).await
    };
    let started = wait(&engine, &first, "started").await;
    assert_eq!(engine.finished(&started).await.status.phase, TaskPhase::Succeeded);
    let succeeded = wait(&engine, &first, "succeeded").await;
    let chained = wait(&engine, &succeeded, "succeeded").await;
    let at_its_end = wait(&engine, &succeeded, "ended").await;
    let failed = wait(&engine, &first, "failed").await;
    let ended = wait(&engine, &first, "ended").await;
    let waits =
        Waiting::Dependency { on: first.clone(), when: AfterWhen::Succeeded, name: "sleep 600".into() };
    assert_eq!(row(&engine, &succeeded).await.waiting, Some(waits.clone()));
    // Unknown ones and circles are refused.
    let unknown = spec("t", command("true", &[]), after(&TaskId::new("nobody").unwrap(), "ended"));
    let error = engine.api.submit_task(unknown).await.unwrap_err();
    assert!(matches!(&error, ApiError::InvalidRequest { field, .. } if field == "after"), "{error:?}");
    let task = engine.api.get_task_status(&succeeded).await.unwrap().unwrap();
    let mut circle = task.spec.clone();
    circle.after = serde_json::from_value(json!([{"task": chained}])).unwrap();
    let spec = UncheckedSpec::from(&circle);
    let version = task.metadata.resource_version;
    let error = engine.api.ask(EditTask { id: succeeded.clone(), spec, resource_version: version }).await;
    assert!(matches!(&error, Err(ApiError::InvalidRequest { field, .. }) if field == "after"), "{error:?}");
    engine.supervisor.shut_down().await;
    engine = Engine::open(dir.path()).await;
    assert_eq!(row(&engine, &succeeded).await.waiting, Some(waits));

    // Stopped, it has neither succeeded nor failed.
    stop(&engine, &first).await;
    for id in [&succeeded, &failed, &chained] {
        let status = engine.finished(id).await.status;
        assert_eq!(status.phase, TaskPhase::Canceled);
        let error = status.error.unwrap();
        assert!(error.contains("waited for task") && error.contains("which was canceled"), "{error}");
    }
    for id in [&ended, &at_its_end] {
        assert_eq!(engine.finished(id).await.status.phase, TaskPhase::Succeeded);
    }
    // One that is over already, whichever way.
    let late = wait(&engine, &first, "succeeded").await;
    assert_eq!(engine.finished(&late).await.status.phase, TaskPhase::Canceled);
    let late = wait(&engine, &ended, "succeeded").await;
    assert_eq!(engine.finished(&late).await.status.phase, TaskPhase::Succeeded);

    // A deletion of the other needs no force, and ends those that wait for it.
    let first = holder(&engine, "s").await;
    let left = wait(&engine, &first, "ended").await;
    let further = wait(&engine, &left, "succeeded").await;
    within("the deletion", engine.api.delete_task(&first)).await.unwrap();
    for id in [&left, &further] {
        let status = engine.finished(id).await.status;
        assert_eq!(status.phase, TaskPhase::Canceled);
        assert!(status.error.unwrap().contains("it waited for task"));
    }
    // One that is gone after it has fulfilled a condition is not missed.
    let (done, first) = (ended, holder(&engine, "s").await);
    let both = json!({"after": [{"task": done}, {"task": first, "when": "ended"}]});
    let both = submit(&engine, "t", command("true", &[]), both).await;
    engine.api.delete_task(&done).await.unwrap();
    engine.supervisor.shut_down().await;
    engine = Engine::open(dir.path()).await;
    stop(&engine, &first).await;
    assert_eq!(engine.finished(&both).await.status.phase, TaskPhase::Succeeded);
}

fn states(id: &TaskId) -> Vec<char> {
    let mark = format!("SOLTI_RUN_ID={id}/1");
    let marked = |entry: &std::fs::DirEntry| {
        let environment = std::fs::read(entry.path().join("environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes())
    };
    let state = |entry: std::fs::DirEntry| {
        let stat = std::fs::read_to_string(entry.path().join("stat")).ok()?;
        stat[stat.rfind(')')? + 2..].chars().next()
    };
    std::fs::read_dir("/proc").unwrap().flatten().filter(marked).filter_map(state).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_tree_stands_still_and_goes_on_also_over_a_restart_of_the_app() {
    let dir = tempfile::tempdir().unwrap();
    let mut engine = Engine::open(dir.path()).await;
    let id = submit(&engine, "s", bash("sleep 600 & sleep 600 & wait"), json!({"timeout": 3_600_000})).await;
    engine.running(&id).await;
    // All three are there before anything is asked of them.
    until("the tree", || states(&id).len() == 3).await;
    engine.api.ask(SuspendTask { id: id.clone() }).await.unwrap();
    assert!(row(&engine, &id).await.suspended);
    // Where the system freezes groups, it is not the processes that say so: that is tested with the shim.
    let frozen = states(&id).iter().all(|state| *state != 'T');
    let still = |id: &TaskId| frozen || states(id).iter().all(|state| *state == 'T');
    until("all stand still", || still(&id)).await;
    let since = row(&engine, &id).await.suspension;
    let began = since.and_then(|still| still.since).expect("it stands still since then");
    for _ in 0..3 {
        engine.supervisor.shut_down().await;
        engine = Engine::open(dir.path()).await;
        engine.running(&id).await;
        let remembered = row(&engine, &id).await;
        assert!(remembered.suspended && remembered.suspension == since, "{remembered:?}");
        // What the app does first with a run that it finds again is done when another one has been through all of it.
        let other = submit(&engine, "t", command("true", &[]), json!({})).await;
        engine.finished(&other).await;
        assert!(still(&id), "{:?}", states(&id));
    }
    engine.api.ask(ResumeTask { id: id.clone() }).await.unwrap();
    let goes_on = row(&engine, &id).await;
    let stood_still = goes_on.suspension.expect("it stood still").total_ms;
    assert!(!goes_on.suspended && (1..=now_ms() - began).contains(&stood_still), "{goes_on:?}");
    until("all go on", || !states(&id).contains(&'T')).await;
    // One that stands still can be stopped as any other.
    engine.api.ask(SuspendTask { id: id.clone() }).await.unwrap();
    engine.api.ask(StopTask { id: id.clone(), mode: StopMode::Graceful }).await.unwrap();
    assert_eq!(engine.finished(&id).await.status.phase, TaskPhase::Canceled);
    let over = row(&engine, &id).await;
    let still = over.suspension.expect("it stood still").total_ms;
    let whole = over.finished_at.unwrap() - over.started_at.unwrap();
    assert!(still >= stood_still && over.took_ms().unwrap() + stood_still <= whole, "{over:?}");
    assert!(conflicts(engine.api.ask(SuspendTask { id }).await).contains("over already"));
    let waits = submit(&engine, "s", command("true", &[]), json!({"notBefore": now_ms() + 3_600_000})).await;
    assert!(conflicts(engine.api.ask(SuspendTask { id: waits }).await).contains("is not running"));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_very_many_that_wait_for_a_task_it_is_said_that_there_are_more() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let first = holder(&engine, "s").await;
    let after = || json!({"after": [{"task": first, "when": "ended"}]});
    for _ in 0..50 {
        submit(&engine, "t", command("true", &[]), after()).await;
    }
    let order = async || engine.api.ask(TaskOrder { id: first.clone() }).await.unwrap();
    let found = order().await;
    assert_eq!((found.tasks.len(), found.links.len(), found.more), (51, 50, false));
    submit(&engine, "t", command("true", &[]), after()).await;
    let found = order().await;
    assert_eq!((found.tasks.len(), found.links.len(), found.more), (51, 50, true));
    stop(&engine, &first).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_watches_is_told_of_every_place_in_the_queue_that_changes() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let holder = holder(&engine, "s").await;
    let mut waiting = Vec::new();
    for name in ["a", "b", "c"] {
        waiting.push(submit(&engine, "s", command("true", &[]), json!({"labels": {"name": name}})).await);
    }
    let [a, b, c] = &waiting[..] else { unreachable!() };
    let mut changes = engine.api.open(WatchTasks::all()).await.unwrap();
    let mut places: BTreeMap<TaskId, (u32, String)> = BTreeMap::new();
    let mut told = async |expected: &[(&TaskId, u32, &str)]| {
        let expected = expected.iter().map(|(id, n, behind)| ((*id).clone(), (*n, (*behind).to_owned())));
        let expected: BTreeMap<_, _> = expected.collect();
        while expected.iter().any(|(id, place)| places.get(id) != Some(place)) {
            let change = within("a change", changes.next()).await.unwrap();
            for row in change.changed {
                if let Some(Waiting::Lane { position, behind }) = row.waiting {
                    places.insert(row.task.metadata.id, (position, behind));
                }
            }
        }
    };
    engine.api.ask(SetPriority { id: c.clone(), priority: 5 }).await.unwrap();
    told(&[(c, 1, "sleep 600"), (a, 2, "c"), (b, 3, "a")]).await;
    stop(&engine, a).await;
    told(&[(c, 1, "sleep 600"), (b, 2, "c")]).await;
    engine.api.ask(HoldTask { id: c.clone() }).await.unwrap();
    told(&[(b, 1, "sleep 600")]).await;
    for id in [c, b, &holder] {
        engine.api.delete_task(id).await.unwrap();
    }
}
