//! Tells the desktop of tasks of this machine that failed, or finished after a while, when nobody looks at the app, and does what
//! somebody wants done about it. Which tasks, in which words, and the desktop's service are `solti-notices`'.

use crate::windows::{open_log, open_main};
use futures::StreamExt;
use solti_api::{
    DesktopApi, SettingsAccess,
    operations::{Operations as _, RerunTask, StopTask},
};
use solti_machines::{Machine, Machines};
use solti_model::{RunId, StopMode};
use solti_notices::{About, Act, Choice, Desktop, What, last_error, notices};
use std::sync::Arc;
use tauri::{AppHandle, Manager, Runtime, async_runtime::spawn};
use tokio::select;

/// Follows the tasks until the engine ends.
pub fn start<R: Runtime>(app: &AppHandle<R>) {
    let app = app.clone();
    spawn(async move {
        let here = Arc::clone(app.state::<Arc<Machines>>().here());
        let settings = app.state::<Arc<dyn SettingsAccess>>().watch_settings();
        let mut notices = std::pin::pin!(notices(&*here, settings));
        let mut desktop = Desktop::default();
        loop {
            select! {
                told = notices.next() => {
                    let Some(told) = told else { return };
                    if is_looked_at(&app) {
                        continue;
                    }
                    for notice in told {
                        if let Err(error) = desktop.show(notice).await {
                            tracing::debug!("no notification service: {error}");
                        }
                    }
                }
                choice = desktop.chosen() => {
                    let (app, here) = (app.clone(), Arc::clone(&here));
                    spawn(async move { act(&app, &*here, choice).await });
                }
            }
        }
    });
}

fn is_looked_at<R: Runtime>(app: &AppHandle<R>) -> bool {
    app.webview_windows().values().any(|window| window.is_focused().unwrap_or(false))
}

/// Does what somebody has chosen. What cannot be done, such as a rerun of a task that is gone, the window shows better than words.
async fn act<R: Runtime>(app: &AppHandle<R>, here: &(impl DesktopApi + ?Sized), choice: Choice) {
    let about = choice.about;
    let done = match (choice.act, about) {
        (Act::OpenLog, Some(About { run, what })) => show_log(app, here, run, what).await,
        (Act::Rerun, Some(About { run, .. })) => {
            here.ask(RerunTask { id: run.task }).await.is_ok() || open_main(app).is_ok()
        }
        (Act::Stop, Some(About { run, .. })) => {
            here.ask(StopTask { id: run.task, mode: StopMode::Graceful }).await.is_ok()
                || open_main(app).is_ok()
        }
        (Act::OpenMain, _) | (_, None) => open_main(app).is_ok(),
    };
    if !done {
        tracing::warn!("what was chosen about a notification could not be done");
    }
}

/// Of a task that went wrong where its log says so.
async fn show_log<R: Runtime>(
    app: &AppHandle<R>,
    here: &(impl DesktopApi + ?Sized),
    run: RunId,
    what: What,
) -> bool {
    let row = match what {
        What::Failed => last_error(here, &run).await,
        What::Finished | What::Silent => None,
    };
    let row = row.map(|row| row.get());
    open_log(app, Machine::Here, run, row).is_ok()
}
