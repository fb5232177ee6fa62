//! What a window needs beside the contract: rows, changes, control, lanes. With these another machine works alike.

use super::Server;
use crate::server::answer::{Answer, json, no_content, ok};
use crate::server::request::{Attempt, Id, Json, Lane as LaneName, Query, Spec};
use crate::server::route::{Content, Route};
use crate::server::sse;
use crate::wire::{History, LanePatch, Lanes, Made, RowBody, Started, Stop, Submit};
use axum::extract::State;
use http::{Method, StatusCode};
use solti_api::ApiError;
use solti_model::{
    EventPage, HistoryQuery, Lane, ListQuery, Slot, Summary, TaskChange, TaskId, TaskList, UsageSample,
};

pub fn routes() -> Vec<Route> {
    vec![
        Route::new(Method::POST, "/api/v1/desktop/rows", "listRows", rows)
            .about("A page of rows, newest first.")
            .takes::<ListQuery>()
            .answers::<TaskList>(200)
            .fails(&[413]),
        Route::new(Method::GET, "/api/v1/desktop/summary", "summary", summary)
            .about("Counts by phase, lanes and labels.")
            .answers::<Summary>(200),
        Route::new(Method::GET, "/api/v1/desktop/watch", "watchTasks", watch)
            .about("Every change from now on. The first event comes at once and holds the summary only.")
            .answers_events::<TaskChange>(&["change"]),
        Route::new(Method::POST, "/api/v1/desktop/validate", "validateSpec", validate)
            .about("Check a spec without taking it on.")
            .takes::<Submit>()
            .answers_with(204, Content::Nothing)
            .fails(&[413]),
        Route::new(Method::GET, "/api/v1/desktop/tasks/{id}", "getRow", row)
            .about("A task as a list shows it.")
            .in_path::<TaskId>("id", "The task")
            .answers::<RowBody>(200)
            .fails(&[404]),
        Route::new(Method::GET, "/api/v1/desktop/tasks/{id}/events", "taskEvents", events)
            .about(
                "The history of a task, oldest first. With a cursor or a limit a page of it: after an event the next ones, \
                 else the latest ones.",
            )
            .in_path::<TaskId>("id", "The task")
            .in_query::<u64>("after", "Later than the event of this number")
            .in_query::<u64>("before", "Earlier than the event of this number")
            .in_query::<u64>("limit", "Of a page; 100 by default, 1,000 at most")
            .answers::<History>(200)
            .fails(&[404]),
        Route::new(
            Method::GET,
            "/api/v1/desktop/tasks/{id}/runs/{attempt}/environment",
            "runEnvironment",
            environment,
        )
        .about(
            "Every variable that a run was started with, and where it came from; secret values are left out.",
        )
        .in_path::<TaskId>("id", "The task")
        .in_path::<u32>("attempt", "From 1; 0 is the latest")
        .answers::<Started>(200)
        .fails(&[404]),
        Route::new(Method::GET, "/api/v1/desktop/tasks/{id}/usage", "watchUsage", usage)
            .about("What the task's processes use, once a second, until the task is over.")
            .in_path::<TaskId>("id", "The task")
            .answers_events::<UsageSample>(&["usage"])
            .fails(&[404]),
        Route::new(Method::POST, "/api/v1/desktop/tasks/{id}/stop", "stopTask", stop)
            .about("Ask for the end of a task. Its runs and logs stay.")
            .in_path::<TaskId>("id", "The task")
            .takes::<Stop>()
            .answers_with(204, Content::Nothing)
            .fails(&[404, 409, 413]),
        Route::new(Method::POST, "/api/v1/desktop/tasks/{id}/rerun", "rerunTask", rerun)
            .about("Submit the task's spec again, as a new task.")
            .in_path::<TaskId>("id", "The task")
            .answers::<Made>(201)
            .fails(&[404, 409]),
        Route::new(Method::GET, "/api/v1/desktop/lanes", "listLanes", lanes)
            .about("Every lane that runs or queues a task, or that was set up.")
            .answers::<Lanes>(200),
        Route::new(Method::PATCH, "/api/v1/desktop/lanes/{slot}", "setLane", set_lane)
            .about("Change what is given and answer the lane as it is then.")
            .in_path::<Slot>("slot", "The lane")
            .takes::<LanePatch>()
            .answers::<Lane>(200)
            .fails(&[413]),
    ]
}

async fn rows(State(server): State<Server>, Json(query): Json<ListQuery>) -> Answer {
    ok(&server.api.list_tasks(query).await?)
}

async fn summary(State(server): State<Server>) -> Answer {
    ok(&server.api.summary().await?)
}

async fn watch(State(server): State<Server>) -> Answer {
    let place = server.place()?;
    Ok(sse::answer(server.api.watch_tasks().await?, place))
}

async fn validate(State(server): State<Server>, Spec(spec): Spec) -> Answer {
    server.api.validate_spec(&spec).await?;
    Ok(no_content())
}

async fn row(State(server): State<Server>, Id(id): Id) -> Answer {
    match server.api.get_task_row(&id).await? {
        Some(row) => ok(&RowBody { row }),
        None => Err(ApiError::TaskNotFound { id }.into()),
    }
}

async fn events(State(server): State<Server>, Id(id): Id, mut query: Query) -> Answer {
    let page = super::tasks::history(&mut query)?;
    query.done()?;
    if page == HistoryQuery::default() {
        return ok(&History { events: server.api.task_events(&id).await?, more: None, not_kept: None });
    }
    let EventPage { events, more, not_kept } = server.api.page_events(&id, page).await?;
    ok(&History { events, more: Some(more), not_kept })
}

async fn environment(State(server): State<Server>, Attempt(id, attempt): Attempt) -> Answer {
    ok(&Started { environment: server.api.run_environment(&id, attempt).await? })
}

async fn usage(State(server): State<Server>, Id(id): Id) -> Answer {
    let place = server.place()?;
    Ok(sse::answer(server.api.watch_usage(&id).await?, place))
}

async fn stop(State(server): State<Server>, Id(id): Id, Json(Stop { mode }): Json<Stop>) -> Answer {
    server.api.stop_task(&id, mode).await?;
    Ok(no_content())
}

async fn rerun(State(server): State<Server>, Id(id): Id) -> Answer {
    let task_id = server.api.rerun_task(&id).await?;
    Ok(json(StatusCode::CREATED, &Made { task_id }))
}

async fn lanes(State(server): State<Server>) -> Answer {
    ok(&Lanes { lanes: server.api.list_lanes().await? })
}

async fn set_lane(
    State(server): State<Server>,
    LaneName(slot): LaneName,
    Json(patch): Json<LanePatch>,
) -> Answer {
    ok(&server.api.set_lane(&slot, patch.capacity, patch.paused).await?)
}
