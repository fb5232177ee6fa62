//! What the machine says of the task.

use super::link::{Link, Unasked};
use solti_api::operations::{Operations as _, TaskEvents};
use solti_api::{ApiError, ApiHandler as _};
use solti_model::{Task, TaskEventKind, TaskId};
use solti_relay::End;

pub(super) async fn found(link: &Link, id: &TaskId) -> Result<Task, Unasked> {
    let there = link.ask(async |client| {
        let task = client.get_task_status(id).await?;
        task.ok_or_else(|| ApiError::TaskNotFound { id: id.clone() })
    });
    there.await
}

/// How it ended. The task is over.
pub(super) async fn end_there(link: &Link, id: &TaskId) -> Result<End, Unasked> {
    let status = found(link, id).await?.status;
    let events = link.ask(async |client| client.ask(TaskEvents { id: id.clone() }).await).await?;
    let runs = link.ask(async |client| client.list_task_runs(id).await).await?;
    let run = runs.into_iter().next_back();
    let started = events.iter().any(|event| event.kind == TaskEventKind::Started);
    Ok(End::Over {
        phase: status.phase,
        started,
        exit_code: status.exit_code,
        error: status.error,
        usage: run.and_then(|run| run.usage),
    })
}
