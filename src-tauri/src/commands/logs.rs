//! The log of a task, the stream of the contract.

use super::{Answer, Api, args::Arg};
use crate::{
    events::{Streams, To},
    tail::OutputFrame,
};
use solti_model::TaskId;
use tauri::{Runtime, State, WebviewWindow, command};

#[command]
pub async fn stream_task_logs<R: Runtime>(
    window: WebviewWindow<R>,
    api: Api,
    streams: State<'_, Streams>,
    id: Arg<TaskId>,
    on_events: To<OutputFrame>,
) -> Answer<String> {
    let output = api.stream_task_logs(&id.0).await?;
    Ok(streams.open(window.label(), output, on_events))
}
