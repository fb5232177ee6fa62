//! Whether the app may close while tasks run.

use super::{answer::Answer, args::Arg};
use crate::{
    closing::{self, CloseAnswer, CloseGate, CloseQuestion},
    events::{Latest, Streams, To},
};
use tauri::{AppHandle, Runtime, State, WebviewWindow, command};

#[command]
pub async fn watch_closing<R: Runtime>(
    window: WebviewWindow<R>,
    gate: State<'_, CloseGate>,
    streams: State<'_, Streams>,
    channel: To<Latest<Option<CloseQuestion>>>,
) -> Answer<String> {
    Ok(streams.open(window.label(), gate.questions(), channel))
}

#[command]
pub async fn answer_closing<R: Runtime>(
    app: AppHandle<R>,
    answer: Arg<CloseAnswer>,
    remember: Arg<bool>,
) -> Answer<()> {
    closing::answered(&app, answer.0, remember.0).await
}
