//! The windows that a person has open.

use super::spare::SpareWindow;
use tauri::{AppHandle, Manager, Runtime, WebviewWindow};

pub fn open_windows<R: Runtime>(app: &AppHandle<R>) -> impl Iterator<Item = WebviewWindow<R>> {
    let spare = app.state::<SpareWindow>().inner().clone();
    app.webview_windows().into_values().filter(move |window| !spare.is(window.label()))
}

pub fn is_any_open<R: Runtime>(app: &AppHandle<R>) -> bool {
    open_windows(app).next().is_some()
}
