//! Windows, the streams they have open, and what the app says of itself.

use super::{Answer, Api, args::Arg};
use crate::{
    events::{Streams, To},
    machines::{Machine, Machines},
    reveal::{RevealError, reveal},
    spare_window::{AddressFrame, SpareWindow},
    window::{self, FormAsk, FormFrame, JumpFrame, LogWindows},
};
use serde::Serialize;
use solti_api::ApiError;
use solti_api::operations::{GetLogInfo, Operations as _};
use solti_engine::{Config, Recovery};
use solti_model::{RunId, TaskId};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};
use tauri::{Manager, Runtime, State, WebviewWindow, command};

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AppInfo {
    version: &'static str,
    data_dir: PathBuf,
    home_dir: PathBuf,
    platform: &'static str,
    /// The database was damaged when the app started, and another one is in its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    recovered: Option<Recovered>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Recovered {
    /// The damaged file.
    #[serde(skip_serializing_if = "Option::is_none")]
    set_aside: Option<PathBuf>,
    /// When the copy was taken that is in use now, in Unix milliseconds; without one the database began empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    backup_taken_at: Option<u64>,
}

impl AppInfo {
    #[must_use]
    pub fn new(data_dir: &Path) -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION"),
            data_dir: data_dir.to_owned(),
            home_dir: dirs::home_dir().unwrap_or_default(),
            platform: std::env::consts::OS,
            recovered: None,
        }
    }

    #[must_use]
    pub fn after(mut self, recovery: Option<&Recovery>) -> Self {
        self.recovered = recovery.map(|recovery| Recovered {
            set_aside: recovery.set_aside.clone(),
            backup_taken_at: recovery.backup_taken_at,
        });
        self
    }
}

#[command]
pub async fn app_info(info: State<'_, AppInfo>) -> Answer<AppInfo> {
    Ok(info.inner().clone())
}

#[command]
pub async fn ack_frame<R: Runtime>(
    window: WebviewWindow<R>,
    streams: State<'_, Streams>,
    stream_id: Arg<String>,
    frame: Arg<u64>,
) -> Answer<()> {
    streams.ack(window.label(), &stream_id.0, frame.0);
    Ok(())
}

#[command]
pub async fn close_stream<R: Runtime>(
    window: WebviewWindow<R>,
    streams: State<'_, Streams>,
    stream_id: Arg<String>,
) -> Answer<()> {
    streams.close(window.label(), &stream_id.0);
    Ok(())
}

#[command]
pub async fn open_log_window<R: Runtime>(
    window: WebviewWindow<R>,
    machines: State<'_, Arc<Machines>>,
    api: Api,
    id: Arg<TaskId>,
    attempt: Arg<Option<u32>>,
    row: Arg<Option<u64>>,
) -> Answer<()> {
    // Without an attempt, the latest: resolved here, so that asking twice finds the same window.
    let run = RunId::new(id.0, attempt.0.unwrap_or(0));
    let attempt = api.ask(GetLogInfo { run: run.clone() }).await?.attempt;
    let log = RunId { attempt, ..run };
    window::open_log(window.app_handle(), machines.of(window.label()), log, row.0)
        .map_err(|error| ApiError::internal(&error))
}

#[command]
pub async fn open_merged_window<R: Runtime>(
    window: WebviewWindow<R>,
    machines: State<'_, Arc<Machines>>,
    _there: Api,
    sources: Arg<Vec<RunId>>,
) -> Answer<()> {
    let machine = machines.of(window.label());
    window::open_merged(window.app_handle(), machine, sources.0).map_err(|error| ApiError::internal(&error))
}

/// Shows the file of a log in the system's file manager. The page never names a path.
#[command]
pub async fn reveal_log<R: Runtime>(
    window: WebviewWindow<R>,
    machines: State<'_, Arc<Machines>>,
    config: State<'_, Config>,
    id: Arg<TaskId>,
    attempt: Arg<u32>,
) -> Answer<()> {
    if machines.of(window.label()) != Machine::Here {
        return Err(ApiError::Conflict { reason: "the file is on another machine".into() });
    }
    reveal(config.log_file(&id.0, attempt.0)).await.map_err(|error| match error {
        RevealError::NoFile => ApiError::invalid("attempt", "this attempt has no log file"),
        RevealError::NoFileManager(_) => ApiError::Unavailable { reason: error.to_string() },
    })
}

/// The rows that this window is asked to show after it was opened.
#[command]
pub async fn watch_jumps<R: Runtime>(
    window: WebviewWindow<R>,
    windows: State<'_, LogWindows>,
    streams: State<'_, Streams>,
    on_jump: To<JumpFrame>,
) -> Answer<String> {
    Ok(streams.open(window.label(), windows.jumps(window.label()), on_jump))
}

/// What this window shows, once it is known: for one that was made before.
#[command]
pub async fn watch_address<R: Runtime>(
    window: WebviewWindow<R>,
    spare: State<'_, SpareWindow>,
    streams: State<'_, Streams>,
    on_address: To<AddressFrame>,
) -> Answer<String> {
    let url = window.url().map_err(|error| ApiError::internal(&error))?;
    Ok(streams.open(window.label(), spare.addresses(window.label(), url), on_address))
}

/// When the form for a new task is asked for from outside the page.
#[command]
pub async fn watch_form_asks<R: Runtime>(
    window: WebviewWindow<R>,
    form: State<'_, FormAsk>,
    streams: State<'_, Streams>,
    on_ask: To<FormFrame>,
) -> Answer<String> {
    Ok(streams.open(window.label(), form.asks(), on_ask))
}
