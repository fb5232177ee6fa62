//! When the spare window is made, and when it goes.

use super::{
    builder::log_window,
    log_windows::LogWindows,
    open_windows::is_any_open,
    spare::{SpareWindow, WAITING},
    web_process,
};
use std::time::Duration;
use tauri::{AppHandle, Manager, Runtime, WebviewWindow, async_runtime::spawn};
use tokio::time::sleep;

/// After the last window has come: what it shows comes first.
const REST: Duration = Duration::from_secs(2);

/// A window has come: makes a spare one, unless there is one, when no further window comes for a while.
pub fn follow_with_a_spare<R: Runtime>(app: &AppHandle<R>) {
    let (spare, app) = (app.state::<SpareWindow>().inner().clone(), app.clone());
    let arrival = spare.arrived();
    spawn(async move {
        sleep(REST).await;
        if spare.was_last(arrival) {
            make(&spare, &app);
        }
    });
}

fn make<R: Runtime>(spare: &SpareWindow, app: &AppHandle<R>) {
    let label = app.state::<LogWindows>().new_label();
    if !is_any_open(app) || !spare.put(&label) {
        return;
    }
    let made = label.clone();
    let built =
        web_process::build(app, move |app| log_window(app, &made, &format!("?{WAITING}")).visible(false));
    match built {
        // The last open window may have gone meanwhile, even before this one could be found.
        Ok(window) if !spare.is(&label) && !app.state::<LogWindows>().has(&label) => destroy(window),
        Ok(_) if !is_any_open(app) => drop_with_the_last(spare, app),
        Ok(_) => {}
        Err(error) => {
            tracing::warn!("log windows open slower: {error}");
            spare.forget(&label);
        }
    }
}

/// No window is open any more.
pub fn drop_with_the_last<R: Runtime>(spare: &SpareWindow, app: &AppHandle<R>) {
    if let Some(window) = spare.drop_it().and_then(|label| app.get_webview_window(&label)) {
        destroy(window);
    }
}

/// Not from within an event of another window.
fn destroy<R: Runtime>(window: WebviewWindow<R>) {
    spawn(async move {
        if let Err(error) = window.destroy() {
            tracing::warn!("window {} could not be closed: {error}", window.label());
        }
    });
}
