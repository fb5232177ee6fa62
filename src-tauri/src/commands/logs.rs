//! Logs: the stream of the contract, and for log windows rows and where a log stands.

use super::{Answer, Api, args::Arg};
use crate::{
    events::{Frame, Streams, To},
    tail::{LogInfoFrame, OutputFrame},
};
use solti_model::{LogRows, TaskId};
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

#[command]
pub async fn log_info(api: Api, id: Arg<TaskId>, attempt: Arg<u32>) -> Answer<LogInfoFrame> {
    api.log_info(&id.0, attempt.0).await.map(LogInfoFrame::first)
}

#[command]
pub async fn read_log(
    api: Api,
    id: Arg<TaskId>,
    attempt: Arg<u32>,
    from: Arg<u64>,
    count: Arg<u32>,
) -> Answer<LogRows> {
    api.read_log(&id.0, attempt.0, from.0, count.0).await
}

#[command]
pub async fn watch_log<R: Runtime>(
    window: WebviewWindow<R>,
    api: Api,
    streams: State<'_, Streams>,
    id: Arg<TaskId>,
    attempt: Arg<u32>,
    on_info: To<LogInfoFrame>,
) -> Answer<String> {
    let extents = api.watch_log(&id.0, attempt.0).await?;
    Ok(streams.open(window.label(), extents, on_info))
}
