//! The app that dies in the middle of commands on the queue: what it had answered for is so, and what it had not is as before or after, whole.

use super::{Core, side_dir};
use crate::common::{Engine, bash, command, spec};
use serde_json::json;
use solti_api::operations::{
    EditTask, GetTaskRow, HoldTask, MoveTask, Operations as _, ReleaseTask, ResumeTask, SetPriority,
    StopTask, SuspendTask, UncheckedSpec,
};
use solti_api::{ApiHandler as _, SupervisorApiAdapter};
use solti_model::{StopMode, Task, TaskId, TaskPhase, TaskQuery, TaskRow, Waiting};
use std::path::Path;

/// Says when an operation is answered.
fn did(what: &str) {
    println!("DID {what}");
}

fn noting(dir: &Path, name: &str) -> serde_json::Value {
    bash(&format!("echo ran >> {}/{name}", side_dir(dir).display()))
}

/// A lane that is held, and tasks that wait in it and for one another; then one hand on them after the other.
pub async fn lend_hands(api: &SupervisorApiAdapter, dir: &Path) {
    let queue = |more: serde_json::Value| {
        let mut all = json!({"admission": "queue"});
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all
    };
    let named = |name: &str, more: serde_json::Value| {
        let mut all = queue(more);
        all["labels"] = json!({"n": name});
        all
    };
    let holder = spec("q", command("sleep", &["600"]), named("holder", json!({})));
    let holder = api.submit_task(holder).await.unwrap();
    while row(api, &holder).await.task.status.phase != TaskPhase::Running {
        tokio::task::yield_now().await;
    }
    api.submit_task(spec("q", noting(dir, "other"), named("other", json!({})))).await.unwrap();
    let a = api.submit_task(spec("q", noting(dir, "a"), named("a", json!({})))).await.unwrap();
    for (name, when) in [("b", "succeeded"), ("c", "failed")] {
        let after = json!({"after": [{"task": a, "when": when}]});
        api.submit_task(spec("r", noting(dir, name), named(name, after))).await.unwrap();
    }
    did("submit");
    api.ask(HoldTask { id: a.clone() }).await.unwrap();
    did("hold");
    let first = MoveTask { id: a.clone(), before: None, after: None, first: true, last: false };
    api.ask(first).await.unwrap();
    api.ask(SetPriority { id: a.clone(), priority: 5 }).await.unwrap();
    did("priority");
    let task = api.get_task_status(&a).await.unwrap().unwrap();
    let mut changed = task.spec;
    changed.labels.insert("name".into(), "changed".into());
    let resource_version = task.metadata.resource_version;
    let spec = UncheckedSpec::from(&changed);
    api.ask(EditTask { id: a.clone(), spec, resource_version }).await.unwrap();
    did("edit");
    api.ask(SuspendTask { id: holder.clone() }).await.unwrap();
    did("suspend");
    api.ask(ResumeTask { id: holder.clone() }).await.unwrap();
    did("resume");
    api.ask(ReleaseTask { id: a.clone() }).await.unwrap();
    did("release");
    api.ask(StopTask { id: holder, mode: StopMode::Kill }).await.unwrap();
}

async fn row(api: &SupervisorApiAdapter, id: &TaskId) -> TaskRow {
    api.ask(GetTaskRow { id: id.clone() }).await.unwrap().unwrap()
}

impl Core {
    /// Waits until it has died by itself; what it had answered for.
    pub fn died_after(mut self) -> Vec<String> {
        let mut done = Vec::new();
        while let Some(Ok(line)) = self.lines.next() {
            done.extend(line.split_once("DID ").map(|(_, what)| what.to_owned()));
        }
        assert!(!self.process.wait().unwrap().success());
        done
    }
}

/// Opens the data folder of a dead core that had lent its hands, checks that what it had answered for is so, and brings all to its
/// end.
pub async fn check_hands(dir: &Path, done: &[String]) {
    let engine = Engine::open(dir).await;
    let query = TaskQuery { limit: Some(1_000), ..TaskQuery::default() };
    let tasks = engine.api.query_tasks(query).await.unwrap().items;
    let named = |name: &str| tasks.iter().find(|task| task.spec.labels["n"] == name);
    let did = |what: &str| done.iter().any(|did| did == what);
    let Some(a) = named("a") else {
        assert!(!did("submit"), "{done:?}");
        return engine.supervisor.shut_down().await;
    };
    let id = &a.metadata.id;
    let now = row(&engine.api, id).await;
    let is_held = now.waiting == Some(Waiting::Held);
    if did("hold") && !did("resume") {
        assert!(is_held, "{done:?}: {now:?}");
    }
    assert!(!(is_held && did("release")), "{done:?}: {now:?}");
    assert!([0, 5].contains(&a.spec.priority));
    assert!(!did("priority") || a.spec.priority == 5, "{done:?}: {a:?}");
    let changed = a.spec.labels.get("name").is_some_and(|name| name == "changed");
    assert!(!did("edit") || changed, "{done:?}: {a:?}");
    let holder = named("holder").map(|task| task.metadata.id.clone());
    if let Some(holder) = holder.filter(|_| !did("release")) {
        engine.running(&holder).await;
        let stood_still = row(&engine.api, &holder).await.suspension;
        assert!(!did("suspend") || stood_still.is_some(), "{done:?}");
        engine.api.ask(ResumeTask { id: holder.clone() }).await.unwrap();
        engine.api.ask(StopTask { id: holder, mode: StopMode::Kill }).await.unwrap();
    }
    engine.api.ask(ReleaseTask { id: id.clone() }).await.ok();
    let ended = async |task: &Task| engine.finished(&task.metadata.id).await.status.phase;
    assert_eq!(ended(a).await, TaskPhase::Succeeded);
    for (name, phase) in
        [("other", TaskPhase::Succeeded), ("b", TaskPhase::Succeeded), ("c", TaskPhase::Canceled)]
    {
        let Some(task) = named(name) else { continue };
        assert_eq!(ended(task).await, phase, "{name}: {done:?}");
        let mark = std::fs::read_to_string(side_dir(dir).join(name)).unwrap_or_default();
        assert_eq!(mark, if name == "c" { "" } else { "ran\n" }, "{name}: {done:?}");
    }
    assert_eq!(std::fs::read_to_string(side_dir(dir).join("a")).unwrap(), "ran\n", "{done:?}");
    engine.supervisor.shut_down().await;
}
