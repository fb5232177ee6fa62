//! Submitting, reading and deleting tasks, and the list of them.

use super::{
    Answer, Api,
    args::{Arg, Spec},
};
use crate::{
    changes::ChangeFrame,
    events::{Streams, To},
    usage::UsageFrame,
};
use solti_model::{
    EventPage, HistoryQuery, ListQuery, RunEnvironment, RunPage, Summary, Task, TaskEvent, TaskId, TaskList,
    TaskPage, TaskQuery, TaskRow, TaskRun,
};
use tauri::{Runtime, State, WebviewWindow, command};

#[command]
pub async fn submit_task(api: Api, spec: Spec) -> Answer<TaskId> {
    api.submit_task(spec.0).await
}

#[command]
pub async fn get_task_status(api: Api, id: Arg<TaskId>) -> Answer<Option<Task>> {
    api.get_task_status(&id.0).await
}

#[command]
pub async fn query_tasks(api: Api, query: Arg<TaskQuery>) -> Answer<TaskPage<Task>> {
    api.query_tasks(query.0).await
}

#[command]
pub async fn list_task_runs(api: Api, id: Arg<TaskId>) -> Answer<Vec<TaskRun>> {
    api.list_task_runs(&id.0).await
}

#[command]
pub async fn delete_task(api: Api, id: Arg<TaskId>) -> Answer<()> {
    api.delete_task(&id.0).await
}

#[command]
pub async fn list_tasks(api: Api, query: Arg<ListQuery>) -> Answer<TaskList> {
    api.list_tasks(query.0).await
}

#[command]
pub async fn get_task_row(api: Api, id: Arg<TaskId>) -> Answer<Option<TaskRow>> {
    api.get_task_row(&id.0).await
}

#[command]
pub async fn summary(api: Api) -> Answer<Summary> {
    api.summary().await
}

#[command]
pub async fn task_events(api: Api, id: Arg<TaskId>) -> Answer<Vec<TaskEvent>> {
    api.task_events(&id.0).await
}

#[command]
pub async fn page_runs(api: Api, id: Arg<TaskId>, query: Arg<HistoryQuery>) -> Answer<RunPage> {
    api.page_runs(&id.0, query.0).await
}

#[command]
pub async fn page_events(api: Api, id: Arg<TaskId>, query: Arg<HistoryQuery>) -> Answer<EventPage> {
    api.page_events(&id.0, query.0).await
}

#[command]
pub async fn run_environment(api: Api, id: Arg<TaskId>, attempt: Arg<u32>) -> Answer<Option<RunEnvironment>> {
    api.run_environment(&id.0, attempt.0).await
}

#[command]
pub async fn watch_tasks<R: Runtime>(
    window: WebviewWindow<R>,
    api: Api,
    streams: State<'_, Streams>,
    on_change: To<ChangeFrame>,
) -> Answer<String> {
    let changes = api.watch_tasks().await?;
    Ok(streams.open(window.label(), changes, on_change))
}

#[command]
pub async fn watch_usage<R: Runtime>(
    window: WebviewWindow<R>,
    api: Api,
    streams: State<'_, Streams>,
    id: Arg<TaskId>,
    on_usage: To<UsageFrame>,
) -> Answer<String> {
    let samples = api.watch_usage(&id.0).await?;
    Ok(streams.open(window.label(), samples, on_usage))
}
