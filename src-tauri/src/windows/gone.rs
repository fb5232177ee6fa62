//! What a window leaves behind.

use super::{log_windows::LogWindows, open_windows::open_windows, spare::SpareWindow, spare_maker};
use solti_machines::Machines;
use std::sync::Arc;
use tauri::{Manager, Runtime, Window};

/// The window is gone: forgets it, and with the last one drops the spare one.
pub fn gone<R: Runtime>(window: &Window<R>) {
    let (app, label) = (window.app_handle(), window.label());
    app.state::<LogWindows>().forget(label);
    app.state::<Arc<Machines>>().leave(label);
    let spare = app.state::<SpareWindow>();
    spare.forget(label);
    if open_windows(app).all(|open| open.label() == label) {
        spare_maker::drop_with_the_last(&spare, app);
    }
}
