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
use tauri::{Manager, Runtime, State, Url, WebviewWindow, async_runtime::spawn_blocking, command};

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
    let run = RunId::new(id.0, attempt.0.unwrap_or(0));
    // Without an attempt, the latest: the page opens it at once, and need not ask which that is.
    let latest = api.ask(GetLogInfo { run: run.clone() }).await?.attempt;
    let log = RunId { attempt: latest, ..run };
    let (app, machine) = (window.app_handle(), machines.of(window.label()));
    match attempt.0 {
        Some(_) => window::open_log(app, machine, log, row.0),
        None => window::follow_log(app, machine, log),
    }
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
        RevealError::NoFile => ApiError::InvalidRequest {
            field: "attempt".into(),
            message: "this attempt has no log file".into(),
        },
        RevealError::NoFileManager(_) => ApiError::Unavailable { reason: error.to_string() },
    })
}

/// Opens an address that stands in a log in the browser. Whatever a program prints, nothing but a browser is started by it.
#[command]
pub async fn open_link(address: Arg<String>) -> Answer<()> {
    let url = Url::parse(&address.0).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let Some(url) = url else {
        return Err(ApiError::Conflict { reason: "only addresses of the web can be opened".into() });
    };
    let opened = spawn_blocking(move || tauri_plugin_opener::open_url(url.as_str(), None::<&str>)).await;
    match opened {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => {
            Err(ApiError::Unavailable { reason: format!("no browser can be started: {error}") })
        }
        Err(error) => Err(ApiError::internal(&error)),
    }
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
