//! What a person does to a task beside submitting and deleting it.

use super::{
    Answer, Api,
    args::{Arg, Spec},
};
use solti_model::{StopMode, TaskId};
use tauri::command;

#[command]
pub async fn validate_spec(api: Api, spec: Spec) -> Answer<()> {
    api.validate_spec(&spec.0).await
}

#[command]
pub async fn stop_task(api: Api, id: Arg<TaskId>, mode: Arg<StopMode>) -> Answer<()> {
    api.stop_task(&id.0, mode.0).await
}

#[command]
pub async fn rerun_task(api: Api, id: Arg<TaskId>) -> Answer<TaskId> {
    api.rerun_task(&id.0).await
}
