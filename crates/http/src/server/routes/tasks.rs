//! The six methods of the contract but for the log.

use super::Server;
use crate::server::answer::{Answer, Refusal, json, no_content, ok};
use crate::server::request::{Id, Query, Spec, invalid};
use crate::server::route::{Content, Route};
use crate::wire::{Made, RunsBody, Submit, TaskBody};
use axum::extract::State;
use http::{Method, StatusCode};
use solti_api::ApiError;
use solti_api::operations::{Operations as _, PageRuns};
use solti_model::{HistoryQuery, RunPage, Slot, Task, TaskId, TaskPage, TaskPhase, TaskQuery};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::new(Method::POST, "/api/v1/tasks", "submitTask", submit)
            .about(
                "Take a task on. It is stored when this answers. Sent again with the same header `Idempotency-Key`, it answers \
                 with the task that there is.",
            )
            .takes::<Submit>()
            .answers::<Made>(201)
            .fails(&[409, 413]),
        Route::new(Method::GET, "/api/v1/tasks", "listTasks", list)
            .about(
                "A page of tasks, newest first. Statuses are OR-ed, the slot is AND-ed. With long scripts a page is shorter \
                 than its limit, 4 MiB at most; the rest begins at offset plus the number of tasks.",
            )
            .in_query::<Slot>("slot", "The lane")
            .in_query_repeated::<TaskPhase>("status", "Phases, any of them")
            .in_query::<u64>("limit", "100 by default, 1,000 at most")
            .in_query::<u64>("offset", "How many to leave out")
            .answers::<TaskPage<Task>>(200),
        Route::new(Method::GET, "/api/v1/tasks/{id}", "getTaskStatus", show)
            .about("The task as it is now.")
            .in_path::<TaskId>("id", "The task")
            .answers::<TaskBody>(200)
            .fails(&[404]),
        Route::new(Method::GET, "/api/v1/tasks/{id}/runs", "listTaskRuns", runs)
            .about(
                "The attempts of a task, oldest first: all that are kept. With a cursor or a limit a page of them: after an \
                 attempt the next ones, else the latest ones.",
            )
            .in_path::<TaskId>("id", "The task")
            .in_query::<u64>("after", "Later than this attempt")
            .in_query::<u64>("before", "Earlier than this attempt")
            .in_query::<u64>("limit", "Of a page; 100 by default, 1,000 at most")
            .answers::<RunsBody>(200)
            .fails(&[404]),
        Route::new(Method::DELETE, "/api/v1/tasks/{id}", "deleteTask", delete)
            .about("Stop the task and remove its runs and logs. Also fine for an id that is not there.")
            .in_path::<TaskId>("id", "The task")
            .answers_with(204, Content::Nothing),
    ]
}

async fn submit(State(server): State<Server>, Spec(spec): Spec) -> Answer {
    let task_id = server.api.submit_task(spec).await?;
    Ok(json(StatusCode::CREATED, &Made { task_id }))
}

async fn list(State(server): State<Server>, mut query: Query) -> Answer {
    let slot = query.one("slot")?.map(Slot::new).transpose().map_err(ApiError::from)?;
    let words = query.all("status");
    let phase = |word: &String| {
        TaskPhase::from_word(word).ok_or_else(|| invalid("status", format!("is not a phase: {word}")))
    };
    let status = words.iter().map(phase).collect::<Result<_, _>>()?;
    let limit = query.clamped("limit")?;
    let offset = query.clamped("offset")?.unwrap_or_default();
    query.done()?;
    ok(&server.api.query_tasks(TaskQuery { slot, status, limit, offset }).await?)
}

async fn show(State(server): State<Server>, Id(id): Id) -> Answer {
    match server.api.get_task_status(&id).await? {
        Some(task) => ok(&TaskBody { task }),
        None => Err(ApiError::TaskNotFound { id }.into()),
    }
}

async fn runs(State(server): State<Server>, Id(id): Id, mut query: Query) -> Answer {
    let page = history(&mut query)?;
    query.done()?;
    if page == HistoryQuery::default() {
        return ok(&RunsBody::from(server.api.list_task_runs(&id).await?));
    }
    let RunPage { runs, more, not_kept } = server.api.ask(PageRuns { id, query: page }).await?;
    ok(&RunsBody { runs, more: Some(more), not_kept })
}

/// The part of the past that is asked for.
fn history(query: &mut Query) -> Result<HistoryQuery, Refusal> {
    Ok(HistoryQuery {
        after: query.number("after")?,
        before: query.number("before")?,
        limit: query.clamped("limit")?,
    })
}

async fn delete(State(server): State<Server>, Id(id): Id) -> Answer {
    server.api.delete_task(&id).await?;
    Ok(no_content())
}
