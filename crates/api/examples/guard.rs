//! A guard of one's own: no new tasks at night. Run it with `cargo run -p solti-api --example guard`.

use solti_api::guard::{Call, Guard, Guarded};
use solti_api::operations::OperationName;
use solti_api::{ApiError, ApiHandler};
use solti_model::{Task, TaskId, TaskPage, TaskQuery, TaskRun, TaskSpec, parse_spec};
use std::sync::Arc;
use std::time::SystemTime;

struct QuietHours;

impl Guard for QuietHours {
    fn before(&self, call: &Call) -> Result<(), ApiError> {
        if call.operation == OperationName::SubmitTask && is_night() {
            return Err(ApiError::PermissionDenied { reason: "no new tasks at night".into() });
        }
        Ok(())
    }
}

/// From midnight to six, universal time.
fn is_night() -> bool {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    (now.as_secs() / 3_600 % 24) < 6
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let api = Guarded::new(Arc::new(TakesAll), vec![Arc::new(QuietHours)]);
    let command = serde_json::json!({"subprocess": {"mode": {"command": {"command": "make"}}}});
    let spec = parse_spec(serde_json::json!({"slot": "build", "kind": command}))?;
    match api.submit_task(spec).await {
        Ok(id) => println!("taken on as {id}"),
        Err(refusal) => println!("{}: {refusal}", refusal.code()),
    }
    Ok(())
}

/// Stands for the real handler, which is `SupervisorApiAdapter`.
struct TakesAll;

#[async_trait::async_trait]
impl ApiHandler for TakesAll {
    async fn submit_task(&self, _: TaskSpec) -> Result<TaskId, ApiError> {
        Ok(TaskId::generate(0, 0))
    }
    async fn get_task_status(&self, _: &TaskId) -> Result<Option<Task>, ApiError> {
        Ok(None)
    }
    async fn query_tasks(&self, _: TaskQuery) -> Result<TaskPage<Task>, ApiError> {
        Ok(TaskPage { items: vec![], total: 0 })
    }
    async fn list_task_runs(&self, _: &TaskId) -> Result<Vec<TaskRun>, ApiError> {
        Ok(vec![])
    }
    async fn delete_task(&self, _: &TaskId) -> Result<(), ApiError> {
        Ok(())
    }
}
