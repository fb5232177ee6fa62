//! How the app ends when it is told to from outside; what closing its last window does is in closing/. Tasks do not end with it: their shims go on, and the next start finds them. What is waited
//! for, for a moment, is that the engine has stored what it knows.

use tauri::{AppHandle, Runtime, async_runtime::spawn};
use tokio::signal::unix::{SignalKind, signal};

/// Ends the app like its menu would, when a session manager or a terminal asks it to.
pub fn on_signals<R: Runtime>(app: &AppHandle<R>) {
    for kind in [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup()] {
        let app = app.clone();
        spawn(async move {
            match signal(kind) {
                Ok(mut signals) => {
                    if signals.recv().await.is_some() {
                        app.exit(0);
                    }
                }
                Err(error) => tracing::warn!("signal {kind:?} ends the app at once: {error}"),
            }
        });
    }
}
