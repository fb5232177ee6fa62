//! Ends every task of this machine.

use futures::stream::StreamExt;
use solti_api::operations::{ListTasks, Operations as _, StopTask, WatchTasks};
use solti_api::{ApiError, DesktopApi};
use solti_model::{ListQuery, StopMode, TaskPhase};
use std::time::Duration;
use tokio::time::timeout;

/// Stops under way at a time.
const STOPS: usize = 32;
/// Longer than tasks have from TERM to KILL; what is left after it is ended by its shim all the same.
const ENDING: Duration = Duration::from_secs(8);

/// Stops everything that is not over, and waits until nothing runs any more.
pub async fn stop_all(api: &dyn DesktopApi) -> Result<(), ApiError> {
    let mut cursor = None;
    loop {
        let phases = vec![TaskPhase::Pending, TaskPhase::Running];
        let page = api.ask(ListTasks { query: ListQuery { phases, cursor, ..ListQuery::default() } }).await?;
        let mut stops = futures::stream::iter(page.rows)
            .map(|row| async move {
                api.ask(StopTask { id: row.task.metadata.id.clone(), mode: StopMode::Graceful }).await
            })
            .buffer_unordered(STOPS);
        while let Some(stopped) = stops.next().await {
            match stopped {
                // Over in the meantime.
                Ok(()) | Err(ApiError::Conflict { .. } | ApiError::TaskNotFound { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    let mut changes = api.open(WatchTasks::all()).await?;
    let ended = async {
        while let Some(change) = changes.next().await {
            if change.summary.by_phase.get(&TaskPhase::Running).copied().unwrap_or(0) == 0 {
                break;
            }
        }
    };
    if timeout(ENDING, ended).await.is_err() {
        tracing::warn!("some tasks are still ending; their shims see to it");
    }
    Ok(())
}
