//! The log of a task, the stream of the contract.

use super::Server;
use crate::server::answer::{Answer, no_content};
use crate::server::request::{Id, Query, invalid};
use crate::server::route::{Content, Route};
use crate::server::sse;
use axum::extract::State;
use http::{HeaderMap, Method};
use solti_api::{ApiError, LogPosition, LogReading};
use solti_model::{OutputEvent, TaskId};

/// Where a reader of events goes on, as the HTML standard has it.
const LAST_EVENT_ID: &str = "last-event-id";

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::new(Method::GET, "/api/v1/tasks/{id}/logs", "streamTaskLogs", stream)
            .about(
                "Everything the log holds, then what is added, until the task is over. Goes on behind Last-Event-ID; \
                 204 when nothing follows it, which tells a browser not to ask again. A chunk is a line; one of more than \
                 1 MiB comes in several. Of what is not UTF-8 `raw` has the bytes.",
            )
            .in_path::<TaskId>("id", "The task")
            .in_query::<bool>(
                "unfinished",
                "Whether what there is of a line is told before its end is there, in chunks that say so; false when absent",
            )
            .in_query::<bool>(
                "follow",
                "Whether what is added is told too; true when absent. Without, the stream ends with what there is now",
            )
            .in_header::<String>("Last-Event-ID", "The id of the last event that was received")
            .answers_events::<OutputEvent>(&["run-started", "chunk", "run-finished", "lagged"])
            .answers_with(204, Content::Nothing)
            .fails(&[404]),
    ]
}

async fn stream(State(server): State<Server>, Id(id): Id, mut query: Query, headers: HeaderMap) -> Answer {
    let unfinished = query.flag("unfinished")?.unwrap_or(false);
    let follow = query.flag("follow")?.unwrap_or(true);
    query.done()?;
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
    Ok(sse::answer(server.api.read_log(&id, LogReading { after, unfinished, follow }).await?, place))
}
