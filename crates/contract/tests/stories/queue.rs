//! The stories of hands on the queue.

use crate::engine::{command, spec};
use crate::subjects::Subject;
use serde_json::json;
use solti_api::ApiError;
use solti_api::operations::{
    EditTask, GetSummary, GetTaskRow, HoldAll, HoldTask, MoveTask, Operations as _, ReleaseTask, ResumeTask,
    RetryNow, RunNow, SetPriority, SuspendTask, UncheckedSpec,
};
use solti_model::{AfterWhen, TaskId, TaskPhase, TaskRow, Waiting};

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
    assert!(row(subject, &running).await.suspended);
    api.ask(ResumeTask { id: running.clone() }).await.unwrap();
    api.delete_task(&running).await.unwrap();
    for id in [&a, &c] {
        assert_eq!(subject.engine.finished(id).await.status.phase, TaskPhase::Succeeded);
    }
}
