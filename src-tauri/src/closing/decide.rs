//! What becomes of the app and of the tasks.

use super::{
    gate::{CloseAnswer, CloseGate, CloseQuestion, Leads},
    stop_all::stop_all,
};
use crate::{
    there::There,
    tray_presence::TrayPresence,
    windows::{MAIN, MainLeaving, open_main, open_windows},
};
use serde_json::json;
use solti_api::operations::{GetSummary, Operations as _};
use solti_api::{ApiError, SettingsAccess};
use solti_machines::Machines;
use solti_model::{Closing, TaskPhase};
use std::sync::Arc;
use tauri::{AppHandle, CloseRequestApi, Manager, Runtime, Window, async_runtime::spawn};

/// Why the app may have to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Occasion {
    LastWindow,
    /// Said in the tray's menu.
    Quit,
}

/// A window is about to close. The last one waits until it is known what becomes of the tasks.
pub fn requested<R: Runtime>(window: &Window<R>, request: &CloseRequestApi) {
    let app = window.app_handle();
    if open_windows(app).nth(1).is_some() {
        if window.label() == MAIN {
            app.state::<MainLeaving>().begin();
        }
        return;
    }
    request.prevent_close();
    let app = app.clone();
    spawn(async move { decide(&app, Occasion::LastWindow).await });
}

/// The person wants the app to end, also when it would go on in the tray.
pub async fn quit<R: Runtime>(app: &AppHandle<R>) {
    decide(app, Occasion::Quit).await;
}

async fn decide<R: Runtime>(app: &AppHandle<R>, occasion: Occasion) {
    let gate = app.state::<CloseGate>();
    gate.set_resident(false);
    // An engine that does not answer must not keep the window open.
    let Ok(summary) = app.state::<Arc<Machines>>().here().ask(GetSummary {}).await else {
        return app.exit(0);
    };
    let count = |phase| summary.by_phase.get(&phase).copied().unwrap_or(0);
    let leads = match occasion {
        Occasion::LastWindow if app.state::<TrayPresence>().is_shown() => Leads::ToTray,
        Occasion::LastWindow | Occasion::Quit => Leads::ToEnd,
    };
    let question =
        CloseQuestion { running: count(TaskPhase::Running), waiting: count(TaskPhase::Pending), leads };
    let closing = app.state::<Arc<dyn SettingsAccess>>().settings().closing;
    // Nothing of the tasks ends or waits because a client leaves.
    let elsewhere = app.state::<There>().engine().await.is_ok_and(|engine| engine.is_some());
    match closing {
        _ if !question.matters() => app.exit(0),
        Closing::Background => keep(app, leads),
        Closing::StopAll if question.running == 0 => app.exit(0),
        Closing::StopAll => stop_and_leave(app).await,
        Closing::Ask if elsewhere => keep(app, leads),
        Closing::Ask => {
            let can_ask = match occasion {
                // The log window that was left cannot ask, nor can a page that is not there.
                Occasion::LastWindow => app.get_webview_window(MAIN).is_some() && gate.is_heard(),
                Occasion::Quit => open_main(app).is_ok(),
            };
            // Closed again without an answer: tasks go on.
            if !(can_ask && gate.ask(question)) {
                keep(app, leads);
            }
        }
    }
}

/// Lets the tasks go on: with the app in the tray, or with their shims alone.
fn keep<R: Runtime>(app: &AppHandle<R>, leads: Leads) {
    let gate = app.state::<CloseGate>();
    gate.withdraw();
    if leads == Leads::ToEnd {
        return app.exit(0);
    }
    gate.set_resident(true);
    let leaving = app.state::<MainLeaving>();
    for (label, window) in app.webview_windows() {
        if label == MAIN {
            leaving.begin();
        }
        // Closed for good, not hidden: what its page held is given back.
        if let Err(error) = window.destroy() {
            if label == MAIN {
                leaving.end();
            }
            tracing::warn!("window {label} could not be closed: {error}");
        }
    }
}

/// The person has answered; `remember` makes the answer the setting.
///
/// # Errors
/// When it cannot be remembered, or a task cannot be stopped: the window then stays.
pub async fn answered<R: Runtime>(
    app: &AppHandle<R>,
    answer: CloseAnswer,
    remember: bool,
) -> Result<(), ApiError> {
    // Without a question it is the second answer to one.
    let Some(asked) = app.state::<CloseGate>().open() else { return Ok(()) };
    let kept = match answer {
        CloseAnswer::Cancel => None,
        CloseAnswer::Background => Some("background"),
        CloseAnswer::StopAll => Some("stopAll"),
    };
    if let Some(kept) = kept.filter(|_| remember) {
        app.state::<Arc<dyn SettingsAccess>>().set_settings(json!({ "closing": kept })).await?;
    }
    match answer {
        CloseAnswer::Cancel => app.state::<CloseGate>().withdraw(),
        // As it was promised, also when the tray has gone since.
        CloseAnswer::Background => keep(app, asked.leads),
        CloseAnswer::StopAll => {
            stop_all(&**app.state::<Arc<Machines>>().here()).await?;
            app.exit(0);
        }
    }
    Ok(())
}

async fn stop_and_leave<R: Runtime>(app: &AppHandle<R>) {
    if let Err(error) = stop_all(&**app.state::<Arc<Machines>>().here()).await {
        tracing::warn!("not every task was stopped before the app ended: {error}");
    }
    app.exit(0);
}
