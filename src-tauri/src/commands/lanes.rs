//! The lanes and their settings.

use super::{Answer, Api, args::Arg};
use solti_model::{Lane, Slot};
use tauri::command;

#[command]
pub async fn list_lanes(api: Api) -> Answer<Vec<Lane>> {
    api.list_lanes().await
}

#[command]
pub async fn set_lane(
    api: Api,
    slot: Arg<Slot>,
    capacity: Arg<Option<u32>>,
    paused: Arg<Option<bool>>,
) -> Answer<Lane> {
    api.set_lane(&slot.0, capacity.0, paused.0).await
}
