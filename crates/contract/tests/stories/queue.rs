//! The stories of commands on the queue.

use crate::engine::{command, spec};
use crate::subjects::Subject;
use serde_json::json;
use solti_api::ApiError;
use solti_api::operations::{
    EditTask, Forecast, GetSummary, GetTaskRow, HoldAll, HoldTask, JobDays, MoveTask, Operations as _,
    ReleaseTask, ResumeTask, RetryNow, RunNow, SetPriority, SuspendTask, TaskOrder, TasksBetween,
    UncheckedSpec,
};
use solti_model::{AfterWhen, NotForeseen, Slot, TaskId, TaskPhase, TaskRow, Waiting};

async fn row(subject: &Subject, id: &TaskId) -> TaskRow {
    subject.desktop().ask(GetTaskRow { id: id.clone() }).await.unwrap().unwrap()
}

pub async fn what_waits_is_held_moved_changed_and_started(subject: &Subject) {
    let api = subject.desktop();
    let queue = || json!({"admission": "queue"});
    let submit = |kind, more| api.submit_task(spec("lane", kind, more));
    let running = submit(command("sleep", &["600"]), queue()).await.unwrap();
    subject.engine.running(&running).await;
    let a = submit(command("true", &[]), queue()).await.unwrap();
    let b = submit(command("true", &[]), queue()).await.unwrap();
    let after = json!({"admission": "queue", "priority": -1, "afterReboot": "end",
        "after": [{"task": b, "when": "succeeded"}]});
    let c = submit(command("true", &[]), after).await.unwrap();
    let waits = Waiting::Dependency { on: b.clone(), when: AfterWhen::Succeeded, name: "true".into() };
    assert_eq!(row(subject, &c).await.waiting, Some(waits));

    api.ask(HoldTask { id: a.clone() }).await.unwrap();
    assert_eq!(row(subject, &a).await.waiting, Some(Waiting::Held));
    api.ask(ReleaseTask { id: a.clone() }).await.unwrap();
    let first = MoveTask { id: b.clone(), before: None, after: None, first: true, last: false };
    api.ask(first).await.unwrap();
    assert!(matches!(row(subject, &b).await.waiting, Some(Waiting::Lane { position: 1, .. })));
    api.ask(SetPriority { id: a.clone(), priority: 9 }).await.unwrap();
    assert_eq!(row(subject, &a).await.task.spec.priority, 9);
    let error = api.ask(SetPriority { id: a.clone(), priority: 101 }).await.unwrap_err();
    assert!(matches!(&error, ApiError::InvalidRequest { field, .. } if field == "priority"), "{error:?}");

    let task = api.get_task_status(&a).await.unwrap().unwrap();
    let mut changed = task.spec.clone();
    changed.labels.insert("name".into(), "changed".into());
    let edit =
        |resource_version| EditTask { id: a.clone(), spec: UncheckedSpec::from(&changed), resource_version };
    let error = api.ask(edit(task.metadata.resource_version + 1)).await.unwrap_err();
    assert!(matches!(error, ApiError::Conflict { .. }), "{error:?}");
    api.ask(edit(task.metadata.resource_version)).await.unwrap();
    assert_eq!(row(subject, &a).await.task.spec.name, "changed");

    api.ask(HoldAll { held: true }).await.unwrap();
    assert!(api.ask(GetSummary {}).await.unwrap().held);
    api.ask(HoldAll { held: false }).await.unwrap();
    assert!(!api.ask(GetSummary {}).await.unwrap().held);
    let error = api.ask(RetryNow { id: a.clone() }).await.unwrap_err();
    assert!(matches!(error, ApiError::Conflict { .. }), "{error:?}");
    api.ask(RunNow { id: b.clone() }).await.unwrap();
    assert_eq!(subject.engine.finished(&b).await.status.phase, TaskPhase::Succeeded);
    // It waits for the lane alone now.
    assert!(matches!(row(subject, &c).await.waiting, Some(Waiting::Lane { position: 2, .. })));

    api.ask(SuspendTask { id: running.clone() }).await.unwrap();
    let still = row(subject, &running).await;
    assert!(still.suspended && still.suspension.is_some_and(|still| still.since.is_some()), "{still:?}");
    api.ask(ResumeTask { id: running.clone() }).await.unwrap();
    let goes_on = row(subject, &running).await;
    assert_eq!((goes_on.suspended, goes_on.suspension.map(|still| still.since)), (false, Some(None)));
    api.delete_task(&running).await.unwrap();
    for id in [&a, &c] {
        assert_eq!(subject.engine.finished(id).await.status.phase, TaskPhase::Succeeded);
    }
}

pub async fn what_waits_is_told_when_it_will_start(subject: &Subject) {
    let api = subject.desktop();
    let submit = |slot, kind, more| api.submit_task(spec(slot, kind, more));
    let queue = || json!({"admission": "queue"});
    // One run of the command is over: the next ones will take as long.
    let past = submit("elsewhere", command("sleep", &["0.2"]), queue()).await.unwrap();
    subject.engine.finished(&past).await;
    let held = submit(
        "lane",
        command("true", &[]),
        json!({"admission": "queue", "notBefore": 4_102_444_800_000_u64}),
    );
    let held = held.await.unwrap();
    api.ask(HoldTask { id: held.clone() }).await.unwrap();
    let a = json!({"admission": "queue", "after": [{"task": held, "when": "started"}]});
    let a = submit("lane", command("sleep", &["0.2"]), a).await.unwrap();
    let slot = || Some(Slot::new("lane").unwrap());
    let foreseen = api.ask(Forecast { slot: slot(), tasks: vec![a.clone()], moves: vec![] }).await.unwrap();
    let name = "true".to_owned();
    assert_eq!(foreseen.tasks[0].unknown, Some(NotForeseen::Held { task: held.clone(), name }));
    assert_eq!((foreseen.tasks[0].runs, foreseen.lanes[0].waiting, foreseen.lanes[0].end), (1, 2, None));

    let running = submit("line", command("sleep", &["600"]), queue()).await.unwrap();
    subject.engine.running(&running).await;
    let b = submit("line", command("sleep", &["0.2"]), queue()).await.unwrap();
    let line = |moves| Forecast { slot: Some(Slot::new("line").unwrap()), tasks: vec![], moves };
    let foreseen = api.ask(line(vec![])).await.unwrap();
    let order: Vec<&TaskId> = foreseen.tasks.iter().map(|task| &task.task).collect();
    assert_eq!((order, foreseen.more), (vec![&running, &b], false));
    let unknown = NotForeseen::NoHistory { task: running.clone(), name: "sleep 600".into() };
    assert_eq!(foreseen.tasks[1].unknown, Some(unknown));

    // What a move would do is told, and not done.
    let c = submit("line", command("sleep", &["0.2"]), queue()).await.unwrap();
    let first =
        |id: &TaskId| MoveTask { id: id.clone(), before: None, after: None, first: true, last: false };
    let moved = api.ask(line(vec![first(&c)])).await.unwrap();
    let order: Vec<&TaskId> = moved.tasks.iter().map(|task| &task.task).collect();
    assert_eq!(order, [&running, &c, &b]);
    assert!(matches!(row(subject, &b).await.waiting, Some(Waiting::Lane { position: 1, .. })));
    let error = api.ask(line(vec![first(&running)])).await.unwrap_err();
    assert!(matches!(error, ApiError::Conflict { .. }), "{error:?}");
    let nowhere = MoveTask { first: false, ..first(&c) };
    let error = api.ask(line(vec![first(&c), nowhere])).await.unwrap_err();
    assert!(
        matches!(&error, ApiError::InvalidRequest { field, .. } if field == "moves[1].before"),
        "{error:?}"
    );

    api.delete_task(&running).await.unwrap();
    subject.engine.finished(&b).await;
    subject.engine.finished(&c).await;
    // Three have run now; the range is one, and of the future.
    api.ask(HoldAll { held: false }).await.unwrap();
    let d = json!({"admission": "queue", "notBefore": 4_102_444_800_000_u64});
    let d = submit("line", command("sleep", &["0.2"]), d).await.unwrap();
    let foreseen = api.ask(line(vec![])).await.unwrap();
    let task = &foreseen.tasks[0];
    let (start, end) = (task.start.unwrap(), task.end.unwrap());
    assert_eq!((&task.task, task.runs), (&d, 3));
    assert_eq!((start.from, start.to), (4_102_444_800_000, 4_102_444_800_000));
    assert!(end.from >= start.from + 100 && end.from <= end.to, "{end:?}");
    assert_eq!(foreseen.lanes[0].end, Some(end));
    for id in [&a, &held, &d] {
        api.delete_task(id).await.unwrap();
    }
}

pub async fn tasks_of_a_span_of_time_are_told(subject: &Subject) {
    let api = subject.desktop();
    let of_job = json!({"admission": "queue", "job": "nightly"});
    let first = api.submit_task(spec("first", command("true", &[]), of_job)).await.unwrap();
    let over = subject.engine.finished(&first).await;
    let later = json!({"admission": "queue", "notBefore": 4_102_444_800_000_u64});
    let waiting = api.submit_task(spec("second", command("true", &[]), later)).await.unwrap();
    let made = over.metadata.created_at;
    let asked = |from, to, of_jobs| TasksBetween { from, to, of_jobs, limit: None };
    let found = api.ask(asked(made, u64::MAX >> 12, false)).await.unwrap();
    let ids: Vec<&TaskId> = found.spans.iter().map(|span| &span.task).collect();
    assert_eq!((ids, found.more), (vec![&waiting, &first], false));
    let [second, one] = &found.spans[..] else { panic!() };
    assert!(second.started_at.is_none() && second.finished_at.is_none());
    assert!(made <= one.started_at.unwrap() && one.started_at <= one.finished_at);
    assert_eq!(
        (one.phase, one.job.as_ref().map(|job| job.as_str())),
        (TaskPhase::Succeeded, Some("nightly"))
    );
    // What waits still is there, also long afterwards; what was over before is not.
    let found = api.ask(asked(4_000_000_000_000, 4_000_000_000_001, false)).await.unwrap();
    assert_eq!(found.spans.iter().map(|span| &span.task).collect::<Vec<_>>(), [&waiting]);
    let found = api.ask(asked(made, u64::MAX >> 12, true)).await.unwrap();
    assert_eq!(found.spans.iter().map(|span| &span.task).collect::<Vec<_>>(), [&first]);
    let started = one.started_at.unwrap();
    let calendar = api.ask(JobDays { bounds: vec![made - 1, started, started + 60_000] }).await.unwrap();
    let told: Vec<_> =
        calendar.days.iter().map(|day| day.jobs.iter().flat_map(|of| &of.runs).collect::<Vec<_>>()).collect();
    assert!(told[0].is_empty(), "{told:?}");
    let [run] = told[1][..] else { panic!("{told:?}") };
    assert_eq!(
        (run.task.as_ref(), run.phase, run.took_ms),
        (Some(&first), Some(TaskPhase::Succeeded), one.took_ms)
    );
    assert!(one.took_ms.is_some());
    let one = TasksBetween { limit: Some(1), ..asked(made, u64::MAX >> 12, false) };
    assert!(api.ask(one).await.unwrap().more);
    let error = api.ask(asked(5, 4, false)).await.unwrap_err();
    assert!(matches!(&error, ApiError::InvalidRequest { field, .. } if field == "to"), "{error:?}");
    for id in [&first, &waiting] {
        api.delete_task(id).await.unwrap();
    }
}

pub async fn who_waits_for_whom_is_told_both_ways(subject: &Subject) {
    let api = subject.desktop();
    let submit = |slot, kind, more| api.submit_task(spec(slot, kind, more));
    let first = submit("a", command("true", &[]), json!({"admission": "queue", "labels": {"name": "first"}}));
    let first = first.await.unwrap();
    subject.engine.finished(&first).await;
    let holder = submit("b", command("sleep", &["600"]), json!({"admission": "queue"})).await.unwrap();
    let after =
        |on: &TaskId, when: &str| json!({"admission": "queue", "after": [{"task": on, "when": when}]});
    let second = json!({"admission": "queue", "after": [
        {"task": first, "when": "succeeded"}, {"task": holder, "when": "ended"}]});
    let second = submit("c", command("true", &[]), second).await.unwrap();
    let third = submit("d", command("true", &[]), after(&second, "succeeded")).await.unwrap();
    let elsewhere = submit("b", command("true", &[]), json!({"admission": "queue"})).await.unwrap();
    for id in [&second, &third] {
        let found = api.ask(TaskOrder { id: id.clone() }).await.unwrap();
        let ids: Vec<&TaskId> = found.tasks.iter().map(|task| &task.task).collect();
        assert_eq!((ids, found.more), (vec![&first, &holder, &second, &third], false));
        assert_eq!(
            (found.tasks[0].name.as_str(), found.tasks[0].phase),
            ("first", Some(TaskPhase::Succeeded))
        );
        let links: Vec<_> = found.links.iter().map(|link| (&link.on, &link.task, link.fulfilled)).collect();
        assert_eq!(links, [(&first, &second, true), (&holder, &second, false), (&second, &third, false)]);
    }
    // From above as well: who waits for it is found, and not what else those wait for.
    let found = api.ask(TaskOrder { id: holder.clone() }).await.unwrap();
    let ids: Vec<&TaskId> = found.tasks.iter().map(|task| &task.task).collect();
    assert_eq!(ids, [&holder, &second, &third]);
    api.delete_task(&first).await.unwrap();
    let found = api.ask(TaskOrder { id: second.clone() }).await.unwrap();
    assert_eq!((found.tasks[0].phase, found.tasks[0].name.as_str()), (None, ""));
    let error = api.ask(TaskOrder { id: first.clone() }).await.unwrap_err();
    assert!(matches!(error, ApiError::TaskNotFound { .. }), "{error:?}");
    for id in [&third, &second, &elsewhere, &holder] {
        api.delete_task(id).await.unwrap();
    }
}
