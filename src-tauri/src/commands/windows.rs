//! Windows, the streams they have open, and what the app says of itself.

use super::{
    answer::Answer,
    args::{Api, Arg},
};
use crate::{
    app_info::AppInfo,
    events::{Latest, Streams, To},
    renderer::Renderer,
    reveal::{RevealError, reveal},
    there::There,
    windows::{self, FormAsk, LogWindows, SpareWindow},
};
use solti_api::ApiError;
use solti_api::operations::{GetLogInfo, Operations as _};
use solti_engine::Config;
use solti_machines::{Machine, Machines};
use solti_model::{RunId, TaskId};
use std::{path::PathBuf, sync::Arc};
use tauri::{Manager, Runtime, State, Url, WebviewWindow, async_runtime::spawn_blocking, command};
use tauri_plugin_dialog::DialogExt as _;
use tokio::sync::oneshot;

#[command]
pub async fn app_info(info: State<'_, AppInfo>, there: State<'_, There>) -> Answer<AppInfo> {
    // Between two engines it is nobody's.
    Ok(info.inner().clone().with(there.engine().await.ok().flatten()))
}

/// From the next start on, where a blank window has led to the safe renderer.
#[command]
pub async fn use_usual_renderer(renderer: State<'_, Arc<Renderer>>) -> Answer<()> {
    renderer.forget().map_err(|error| ApiError::Unavailable { reason: error.to_string() })
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
    api: Api,
    id: Arg<TaskId>,
    attempt: Arg<Option<u32>>,
    row: Arg<Option<u64>>,
) -> Answer<()> {
    let run = RunId::new(id.0, attempt.0.unwrap_or(0));
    // Without an attempt, the latest: the page opens it at once, and need not ask which that is.
    let latest = api.ask(GetLogInfo { run: run.clone() }).await?.attempt;
    let log = RunId { attempt: latest, ..run };
    let (app, machine) = (window.app_handle(), api.machine);
    match attempt.0 {
        Some(_) => windows::open_log(app, machine, log, row.0),
        None => windows::follow_log(app, machine, log),
    }
    .map_err(|error| ApiError::internal(&error))
}

#[command]
pub async fn open_merged_window<R: Runtime>(
    window: WebviewWindow<R>,
    api: Api,
    sources: Arg<Vec<RunId>>,
    row: Arg<Option<u64>>,
) -> Answer<()> {
    windows::open_merged(window.app_handle(), api.machine, sources.0, row.0)
        .map_err(|error| ApiError::internal(&error))
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

/// Asks for a directory of this machine in the system's dialog, which begins with `from` where that is one; nothing when the person
/// thought better of it.
#[command]
pub async fn pick_directory<R: Runtime>(
    window: WebviewWindow<R>,
    machines: State<'_, Arc<Machines>>,
    from: Arg<String>,
) -> Answer<Option<String>> {
    if machines.of(window.label()) != Machine::Here {
        return Err(ApiError::Conflict { reason: "the directories are on another machine".into() });
    }
    let mut dialog = window.dialog().file().set_parent(&window).set_title("Choose a directory");
    let from = PathBuf::from(from.0);
    if from.is_absolute() {
        dialog = dialog.set_directory(from);
    }
    let (picked, answer) = oneshot::channel();
    dialog.pick_folder(move |path| {
        // The command may have ended with its window.
        let _ = picked.send(path);
    });
    let Ok(Some(path)) = answer.await else { return Ok(None) };
    let path = path.into_path().map_err(|error| ApiError::internal(&error))?;
    path.into_os_string().into_string().map(Some).map_err(|_| ApiError::Conflict {
        reason: "the name of this directory is not UTF-8, so no task can name it".into(),
    })
}

/// The rows that this window is asked to show after it was opened.
#[command]
pub async fn watch_jumps<R: Runtime>(
    window: WebviewWindow<R>,
    windows: State<'_, LogWindows>,
    streams: State<'_, Streams>,
    channel: To<Latest<u64>>,
) -> Answer<String> {
    Ok(streams.open(window.label(), windows.jumps(window.label()), channel))
}

/// What this window shows, once it is known: for one that was made before.
#[command]
pub async fn watch_address<R: Runtime>(
    window: WebviewWindow<R>,
    spare: State<'_, SpareWindow>,
    streams: State<'_, Streams>,
    channel: To<Latest<String>>,
) -> Answer<String> {
    let url = window.url().map_err(|error| ApiError::internal(&error))?;
    Ok(streams.open(window.label(), spare.addresses(window.label(), url), channel))
}

/// When the form for a new task is asked for from outside the page.
#[command]
pub async fn watch_form_asks<R: Runtime>(
    window: WebviewWindow<R>,
    form: State<'_, FormAsk>,
    streams: State<'_, Streams>,
    channel: To<Latest<()>>,
) -> Answer<String> {
    Ok(streams.open(window.label(), form.asks(), channel))
}
