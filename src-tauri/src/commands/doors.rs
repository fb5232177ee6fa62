//! The doors for other programs: how they are, and the token that opens them.

use super::answer::Answer;
use crate::events::{Latest, Streams, To};
use solti_doors::Doors;
use solti_model::DoorStates;
use std::sync::Arc;
use tauri::{Runtime, State, WebviewWindow, command};

#[command]
pub async fn watch_doors<R: Runtime>(
    window: WebviewWindow<R>,
    doors: State<'_, Arc<Doors>>,
    streams: State<'_, Streams>,
    channel: To<Latest<DoorStates>>,
) -> Answer<String> {
    Ok(streams.open(window.label(), doors.states(), channel))
}

#[command]
pub async fn api_token(doors: State<'_, Arc<Doors>>) -> Answer<String> {
    doors.token()
}

#[command]
pub async fn rotate_api_token(doors: State<'_, Arc<Doors>>) -> Answer<String> {
    doors.rotate_token().await
}
