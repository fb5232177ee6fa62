//! The log of a task, the stream of the contract.

use super::{
    answer::Answer,
    args::{Api, Arg},
};
use crate::{
    events::{Streams, To},
    frames::output::OutputFrame,
};
use solti_model::TaskId;
use tauri::{Runtime, State, WebviewWindow, command};

#[command]
pub async fn stream_task_logs<R: Runtime>(
    window: WebviewWindow<R>,
    api: Api,
    streams: State<'_, Streams>,
    id: Arg<TaskId>,
    channel: To<OutputFrame>,
) -> Answer<String> {
    let output = api.stream_task_logs(&id.0).await?;
    Ok(streams.open(window.label(), output, channel))
}
