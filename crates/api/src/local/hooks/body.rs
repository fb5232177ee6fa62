//! What a call says: the same for a command and for an address. Secrets are masked in it, as they are in the row that it is made of.

use serde_json::{Map, Value, json};
use solti_model::{HookDelivery, HookEvent, TaskPhase};
use solti_store::StoredRow;

/// The last lines of a task, so many.
pub(super) const LINES: usize = 8;

pub(super) fn of_test(hook: &str, at: u64) -> String {
    json!({"event": HookEvent::Test, "at": at, "text": format!("This is a test of the hook {hook}.")})
        .to_string()
}

/// Of a task that has ended or fallen silent; `lines` are its last.
pub(super) fn of_task(
    event: HookEvent,
    at: u64,
    row: &StoredRow,
    said: Option<&str>,
    lines: &[String],
) -> String {
    let task = &row.task;
    json!({
        "event": event,
        "at": at,
        "text": text(event, row, said),
        "task": {
            "id": task.metadata.id,
            "name": task.spec.name,
            "command": task.spec.command,
            "lane": task.spec.slot,
            "job": task.spec.job,
            "labels": task.spec.labels,
            "phase": task.status.phase,
            "attempt": task.status.attempt,
            "exitCode": task.status.exit_code,
            "error": task.status.error,
            "createdAt": task.metadata.created_at,
            "startedAt": row.started_at,
            "finishedAt": row.finished_at,
        },
        "lastLines": lines,
    })
    .to_string()
}

/// One sentence for a person; chats show it as it is.
fn text(event: HookEvent, row: &StoredRow, said: Option<&str>) -> String {
    let (name, status) = (&row.task.spec.name, &row.task.status);
    match event {
        HookEvent::Success => format!("{name} succeeded"),
        HookEvent::Silence => format!("{name} is silent: {}", said.unwrap_or("it has printed nothing")),
        HookEvent::Failure | HookEvent::Test => {
            let how = match status.phase {
                TaskPhase::Timeout => "timed out",
                TaskPhase::Exhausted => "failed and has no retries left",
                _ => "failed",
            };
            let code = || status.exit_code.map(|code| format!("exit {code}"));
            match status.error.clone().or_else(code) {
                Some(why) => format!("{name} {how}: {why}"),
                None => format!("{name} {how}"),
            }
        }
    }
}

/// As it is sent with this try.
pub(super) fn of_try(body: &str, call: &HookDelivery) -> String {
    let mut body: Map<String, Value> = serde_json::from_str(body).unwrap_or_default();
    body.insert("delivery".into(), call.id.into());
    body.insert("try".into(), call.tries.into());
    body.insert("hook".into(), call.hook.clone().into());
    Value::Object(body).to_string()
}
