//! The doors for other programs: how they are, and the token that opens them.

use super::Answer;
use crate::{
    doors::{DoorFrame, Doors},
    events::{Streams, To},
};
use std::sync::Arc;
use tauri::{Runtime, State, WebviewWindow, command};

#[command]
pub async fn watch_doors<R: Runtime>(
    window: WebviewWindow<R>,
    doors: State<'_, Arc<Doors>>,
    streams: State<'_, Streams>,
    on_doors: To<DoorFrame>,
) -> Answer<String> {
    Ok(streams.open(window.label(), doors.states(), on_doors))
}

#[command]
pub async fn api_token(doors: State<'_, Arc<Doors>>) -> Answer<String> {
    doors.token()
}

#[command]
pub async fn rotate_api_token(doors: State<'_, Arc<Doors>>) -> Answer<String> {
    doors.rotate_token()
}
