//! How a window is made: its page, its ground, where it may go.

use super::label::MAIN;
use solti_api::SettingsAccess;
use solti_model::Theme;
use std::sync::Arc;
use tauri::{AppHandle, Manager, Runtime, Url, WebviewUrl, WebviewWindowBuilder, window::Color};

/// The main window's, and every page's until it is drawn (ui/index.html).
const TITLE: &str = "Solti";
const PAGE: &str = "index.html";

pub fn main_window<R: Runtime>(app: &AppHandle<R>) -> WebviewWindowBuilder<'_, R, AppHandle<R>> {
    builder(app, MAIN, PAGE).title(TITLE).inner_size(1180.0, 760.0).min_inner_size(520.0, 360.0)
}

/// A log window with this address, which is a query.
pub fn log_window<'a, R: Runtime>(
    app: &'a AppHandle<R>,
    label: &str,
    address: &str,
) -> WebviewWindowBuilder<'a, R, AppHandle<R>> {
    builder(app, label, &format!("{PAGE}{address}")).inner_size(960.0, 640.0).min_inner_size(420.0, 240.0)
}

fn builder<'a, R: Runtime>(
    app: &'a AppHandle<R>,
    label: &str,
    page: &str,
) -> WebviewWindowBuilder<'a, R, AppHandle<R>> {
    let window = WebviewWindowBuilder::new(app, label, WebviewUrl::App(page.into()))
        // The title is the page's: it knows the task's name and state.
        .on_document_title_changed(|window, title| {
            if title == TITLE && window.label() != MAIN {
                return; // Of a page whose view is not there yet.
            }
            if let Err(error) = window.set_title(&title) {
                tracing::debug!("title not set: {error}");
            }
        })
        .on_navigation(is_own);
    match ground(app) {
        Some(color) => window.background_color(color),
        None => window,
    }
}

/// What fills a window until its page has drawn: `--bg` of ui/src/lib/design/tokens.css, where the theme is not the desktop's.
pub fn ground<R: Runtime>(app: &AppHandle<R>) -> Option<Color> {
    match app.state::<Arc<dyn SettingsAccess>>().settings().theme {
        Theme::System => None,
        Theme::Light => Some(Color(0xff, 0xff, 0xff, 0xff)),
        Theme::Dark => Some(Color(0x15, 0x17, 0x1c, 0xff)),
    }
}

/// Whether a page may go there: to the app's own pages only, whatever a log or a task's name says.
fn is_own(url: &Url) -> bool {
    let dev = cfg!(dev) && url.host_str() == Some("localhost") && url.port() == Some(1420);
    dev || url.scheme() == "tauri" || (url.scheme() == "http" && url.host_str() == Some("tauri.localhost"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_cannot_leave_the_app() {
        let own = |url: &str| is_own(&url.parse().expect("a URL"));
        assert!(own("tauri://localhost/index.html?view=log"));
        assert!(!own("https://example.com/"));
        assert!(!own("file:///etc/passwd"));
        assert!(!own("http://localhost:8080/"));
    }
}
