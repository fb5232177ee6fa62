//! Logs: the stream of the contract, and ranges of rows.

use super::Server;
use crate::server::answer::{Answer, no_content, ok};
use crate::server::request::{Attempt, Id, Query, invalid};
use crate::server::route::{Content, Route};
use crate::server::sse;
use axum::extract::State;
use http::{HeaderMap, Method};
use solti_api::{ApiError, LogPosition};
use solti_model::{LogInfo, LogRows, OutputEvent, TaskId};

/// Where a reader of events goes on, as the HTML standard has it.
const LAST_EVENT_ID: &str = "last-event-id";
/// Rows in one answer without a count.
const ROWS: u32 = 100;

pub fn routes() -> Vec<Route> {
    vec![
        Route::new(Method::GET, "/api/v1/tasks/{id}/logs", "streamTaskLogs", stream)
            .about(
                "Everything the log holds, then what is added, until the task is over. Goes on behind Last-Event-ID; \
                 204 when nothing follows it, which tells a browser not to ask again.",
            )
            .in_path::<TaskId>("id", "The task")
            .in_header::<String>("Last-Event-ID", "The id of the last event that was received")
            .answers_events::<OutputEvent>(&["run-started", "chunk", "run-finished", "lagged"])
            .answers_with(204, Content::Nothing)
            .fails(&[404]),
        Route::new(Method::GET, "/api/v1/desktop/tasks/{id}/logs/{attempt}", "logInfo", info)
            .about("Where the log of an attempt stands.")
            .in_path::<TaskId>("id", "The task")
            .in_path::<u32>("attempt", "From 1; 0 for the latest")
            .answers::<LogInfo>(200)
            .fails(&[404]),
        Route::new(Method::GET, "/api/v1/desktop/tasks/{id}/logs/{attempt}/rows", "readLog", rows)
            .about("A range of rows.")
            .in_path::<TaskId>("id", "The task")
            .in_path::<u32>("attempt", "From 1; 0 for the latest")
            .in_query::<u64>("from", "The first row, from 0")
            .in_query::<u64>("count", "100 by default, 1,000 at most")
            .answers::<LogRows>(200)
            .fails(&[404]),
        Route::new(Method::GET, "/api/v1/desktop/tasks/{id}/logs/{attempt}/watch", "watchLog", watch)
            .about("Where the log stands, now and each time that it has grown.")
            .in_path::<TaskId>("id", "The task")
            .in_path::<u32>("attempt", "From 1; 0 for the latest")
            .answers_events::<LogInfo>(&["log-info"])
            .fails(&[404]),
    ]
}

async fn stream(State(server): State<Server>, Id(id): Id, headers: HeaderMap) -> Answer {
    let after = match headers.get(LAST_EVENT_ID) {
        None => LogPosition::default(),
        Some(value) => {
            let position = value.to_str().ok().and_then(|text| text.parse().ok());
            position.ok_or_else(|| invalid("Last-Event-ID", "is not the id of an event of a log"))?
        }
    };
    if after.ended {
        let Some(task) = server.api.get_task_status(&id).await? else {
            return Err(ApiError::TaskNotFound { id }.into());
        };
        if task.status.phase.is_terminal() && task.status.attempt <= after.attempt {
            return Ok(no_content());
        }
    }
    let place = server.place()?;
    Ok(sse::answer(server.api.stream_log_after(&id, after).await?, place))
}

async fn info(State(server): State<Server>, Attempt(id, attempt): Attempt) -> Answer {
    ok(&server.api.log_info(&id, attempt).await?)
}

async fn rows(State(server): State<Server>, Attempt(id, attempt): Attempt, mut query: Query) -> Answer {
    let from = query.number("from")?.unwrap_or_default();
    let count = query.clamped("count")?.unwrap_or(ROWS);
    query.done()?;
    ok(&server.api.read_log(&id, attempt, from, count).await?)
}

async fn watch(State(server): State<Server>, Attempt(id, attempt): Attempt) -> Answer {
    let place = server.place()?;
    Ok(sse::answer(server.api.watch_log(&id, attempt).await?, place))
}
