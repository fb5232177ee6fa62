//! Where windows were, kept by tauri-plugin-window-state: one place for the main window and one for all log windows.

use super::{
    label::{LOG_PLACE, remembered_as},
    spare::SpareWindow,
};
use std::path::Path;
use tauri::{Manager, Runtime, WebviewWindow, plugin::TauriPlugin};
use tauri_plugin_window_state::{Builder, StateFlags, WindowExt};

/// What is kept of a window.
const KEPT: StateFlags = StateFlags::SIZE.union(StateFlags::POSITION).union(StateFlags::MAXIMIZED);

/// Managed where the plugin is: the mock runtime of the tests has none to ask.
pub struct WindowMemory;

/// The plugin that keeps them, in the data folder.
pub fn remember_places<R: Runtime>(data_dir: &Path, spare: SpareWindow) -> TauriPlugin<R> {
    Builder::new()
        // Absolute, and so kept with the rest of the data instead of in the config folder.
        .with_filename(data_dir.join("windows.json").to_string_lossy())
        .with_state_flags(KEPT)
        // When it is shown, which may be long after it was made.
        .skip_initial_state(LOG_PLACE)
        .map_label(move |label| {
            // When the app ends, one of the log windows is asked for its place. A page that listens is one that was made: at that
            // moment the window is to be looked at by the name that it keeps.
            if spare.waits(label) { label } else { remembered_as(label) }
        })
        .build()
}

/// Puts a window where the last one of its kind was.
pub fn put_back<R: Runtime>(window: &WebviewWindow<R>) -> tauri::Result<()> {
    match window.try_state::<WindowMemory>() {
        Some(_) => window.restore_state(KEPT),
        None => Ok(()),
    }
}
