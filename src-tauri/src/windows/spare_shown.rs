//! The spare window shows what was asked for: its page is told, and loaded anew where it does not hear.

use super::spare::{Taken, WAITING};
use std::time::Duration;
use tauri::{Manager, Runtime, WebviewWindow, async_runtime::spawn};
use tokio::time::sleep;

/// A page takes its address within milliseconds; one that has not by then is dead, and is loaded anew.
const PATIENCE: Duration = Duration::from_secs(2);

/// `address` is a query, from the `?` on.
pub fn show<R: Runtime>(taken: Taken, window: &WebviewWindow<R>, address: String) {
    let url = taken.tell(address.clone());
    let window = window.clone();
    spawn(async move {
        sleep(PATIENCE).await;
        if window.get_webview_window(window.label()).is_none() {
            return; // Closed.
        }
        // A page that has died is nowhere.
        let took_it = window.url().is_ok_and(|now| now.query() != Some(WAITING));
        let Some(mut url) = url.filter(|_| !took_it) else { return };
        tracing::warn!("the page of {} does not answer; it is loaded anew", window.label());
        url.set_query(address.strip_prefix('?'));
        if let Err(error) = window.navigate(url) {
            tracing::warn!("window {} stays empty: {error}", window.label());
        }
    });
}
