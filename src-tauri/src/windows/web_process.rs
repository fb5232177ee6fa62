//! The process of WebKit that draws the pages. There is one for all windows: each one of its own costs as much memory as the app
//! itself, and takes longer to start than a page takes to load. When it dies, all pages are loaded anew.

use crate::renderer::Renderer;
use std::{
    cell::Cell,
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};
use tauri::{AppHandle, Manager, Runtime, WebviewWindow, WebviewWindowBuilder};
use webkit2gtk::WebViewExt;

/// A page whose process dies again within this time is left alone: what it shows kills it.
const TOO_SOON: Duration = Duration::from_secs(10);

/// Makes the window that `plan` says, its page in the process that draws the others.
pub fn build<R, F>(app: &AppHandle<R>, plan: F) -> tauri::Result<WebviewWindow<R>>
where
    R: Runtime,
    F: for<'a> Fn(&'a AppHandle<R>) -> WebviewWindowBuilder<'a, R, AppHandle<R>> + Clone + Send + 'static,
{
    let beside =
        app.webview_windows().into_values().next().and_then(|there| beside(app, &there, plan.clone()));
    let window = beside.unwrap_or_else(|| plan(app).build())?;
    load_anew_when_it_dies(&window);
    Ok(window)
}

/// `None` when `there` is gone.
fn beside<R: Runtime>(
    app: &AppHandle<R>,
    there: &WebviewWindow<R>,
    plan: impl for<'a> Fn(&'a AppHandle<R>) -> WebviewWindowBuilder<'a, R, AppHandle<R>> + Send + 'static,
) -> Option<tauri::Result<WebviewWindow<R>>> {
    let (reported, built) = mpsc::sync_channel(1);
    let app = app.clone();
    // In the event loop, which a view never leaves.
    let asked = there.with_webview(move |view| {
        // Nobody has stopped waiting.
        reported.send(plan(&app).with_related_view(view.inner()).build()).ok();
    });
    asked.ok().and_then(|()| built.recv().ok())
}

fn load_anew_when_it_dies<R: Runtime>(window: &WebviewWindow<R>) {
    let label = window.label().to_owned();
    let app = window.app_handle().clone();
    let renderer = app.try_state::<Arc<Renderer>>().map(|renderer| Arc::clone(&renderer));
    let watched = window.with_webview(move |view| {
        let died = Cell::new(None::<Instant>);
        view.inner().connect_web_process_terminated(move |view, reason| {
            let again = died.replace(Some(Instant::now())).is_some_and(|before| before.elapsed() < TOO_SOON);
            if again && renderer.as_ref().is_some_and(|renderer| renderer.give_up()) {
                tracing::warn!(
                    "the pages cannot be drawn ({reason:?}); beginning anew with the safe renderer"
                );
                app.exit(0);
            } else if again {
                tracing::error!("the page of window {label} died again ({reason:?}); it stays empty");
            } else {
                tracing::warn!("the page of window {label} died ({reason:?}); it is loaded anew");
                view.reload();
            }
        });
    });
    if let Err(error) = watched {
        tracing::debug!("window {} went as it came: {error}", window.label());
    }
}
