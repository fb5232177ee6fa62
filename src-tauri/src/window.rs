//! The windows: one main window, and a log window for each log that is looked at. Labels decide what a window may
//! call (capabilities/); what it shows is the page's business, told by its URL. Sizes and positions are kept by
//! tauri-plugin-window-state, one set for the main window and one for all log windows.

use crate::{closing, events::Streams};
use solti_model::TaskId;
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};
use tauri::{
    AppHandle, Manager, Runtime, Url, WebviewUrl, WebviewWindow, WebviewWindowBuilder, Window, WindowEvent,
};

pub const MAIN: &str = "main";
const LOG_PREFIX: &str = "log-";

/// Which log each log window shows, by label.
#[derive(Default)]
pub struct LogWindows(Mutex<Shown>);

#[derive(Default)]
struct Shown {
    next: u32,
    by_label: HashMap<String, (TaskId, u32)>,
}

impl LogWindows {
    fn shown(&self) -> MutexGuard<'_, Shown> {
        // Nothing panics while holding it; if something did, the table is still whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The label of the window for this log, and whether it has to be made.
    fn label(&self, id: &TaskId, attempt: u32) -> (String, bool) {
        let mut shown = self.shown();
        let found = shown.by_label.iter().find(|(_, (i, a))| i == id && *a == attempt);
        if let Some((label, _)) = found {
            return (label.clone(), false);
        }
        shown.next += 1;
        let label = format!("{LOG_PREFIX}{}", shown.next);
        shown.by_label.insert(label.clone(), (id.clone(), attempt));
        (label, true)
    }

    fn forget(&self, label: &str) {
        self.shown().by_label.remove(label);
    }
}

/// Shows the main window, making it when it was closed.
pub fn open_main<R: Runtime>(app: &AppHandle<R>) -> tauri::Result<()> {
    if let Some(window) = app.get_webview_window(MAIN) {
        return bring_forward(&window);
    }
    builder(app, MAIN, "index.html")
        .title("Solti")
        .inner_size(1180.0, 760.0)
        .min_inner_size(520.0, 360.0)
        .build()?;
    Ok(())
}

/// Shows the log of one attempt: the window that has it already, else a new one.
pub fn open_log<R: Runtime>(app: &AppHandle<R>, id: &TaskId, attempt: u32) -> tauri::Result<()> {
    let windows = app.state::<LogWindows>();
    let (label, new) = windows.label(id, attempt);
    if !new {
        // It may be on its way up in another call; that one shows it.
        return app.get_webview_window(&label).map_or(Ok(()), |window| bring_forward(&window));
    }
    // An id needs no escaping: its letters are all legal in a URL.
    let built = builder(app, &label, &format!("index.html?view=log&task={id}&attempt={attempt}"))
        .title(format!("Log · attempt {attempt}"))
        .inner_size(960.0, 640.0)
        .min_inner_size(420.0, 240.0)
        .build();
    if built.is_err() {
        windows.forget(&label);
    }
    built.map(drop)
}

/// The name under which a window's size and position are kept.
pub fn remembered_as(label: &str) -> &str {
    if label.starts_with(LOG_PREFIX) { "log" } else { label }
}

/// What comes before a window closes, and what it leaves behind when it is gone.
pub fn on_event<R: Runtime>(window: &Window<R>, event: &WindowEvent) {
    match event {
        WindowEvent::CloseRequested { api, .. } => closing::requested(window, api),
        WindowEvent::Destroyed => {
            window.state::<Streams>().close_window(window.label());
            window.state::<LogWindows>().forget(window.label());
        }
        _ => {}
    }
}

fn builder<'a, R: Runtime>(
    app: &'a AppHandle<R>,
    label: &str,
    page: &str,
) -> WebviewWindowBuilder<'a, R, AppHandle<R>> {
    WebviewWindowBuilder::new(app, label, WebviewUrl::App(page.into()))
        // The title is the page's: it knows the task's name and state.
        .on_document_title_changed(|window, title| {
            if let Err(error) = window.set_title(&title) {
                tracing::debug!("title not set: {error}");
            }
        })
        .on_navigation(is_own)
}

/// Whether a page may go there: to the app's own pages only, whatever a log or a task's name says.
fn is_own(url: &Url) -> bool {
    let dev = cfg!(dev) && url.host_str() == Some("localhost") && url.port() == Some(1420);
    dev || url.scheme() == "tauri" || (url.scheme() == "http" && url.host_str() == Some("tauri.localhost"))
}

fn bring_forward<R: Runtime>(window: &WebviewWindow<R>) -> tauri::Result<()> {
    window.unminimize()?;
    window.show()?;
    window.set_focus()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_has_one_window() {
        let windows = LogWindows::default();
        let id = TaskId::new("t").expect("legal");
        let (first, new) = windows.label(&id, 1);
        assert!(new);
        assert_eq!(windows.label(&id, 1), (first.clone(), false));
        assert_ne!(windows.label(&id, 2).0, first);
        windows.forget(&first);
        assert!(windows.label(&id, 1).1, "a closed window is still taken for open");
    }

    #[test]
    fn a_page_cannot_leave_the_app() {
        let own = |url: &str| is_own(&url.parse().expect("a URL"));
        assert!(own("tauri://localhost/index.html?view=log"));
        assert!(!own("https://example.com/"));
        assert!(!own("file:///etc/passwd"));
        assert!(!own("http://localhost:8080/"));
    }
}
