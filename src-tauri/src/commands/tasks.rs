//! The methods of the contract but for the log.

use super::{
    answer::Answer,
    args::{Api, Arg, Spec},
};
use solti_model::{Task, TaskId, TaskPage, TaskQuery, TaskRun};
use tauri::command;

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
