//! One log window that is there before it is asked for: hidden, its page loaded, waiting to hear what it shows. A process of
//! WebKit and the load of a page are most of what opening a log takes, whatever the log.
//!
//! Until it is taken it is no open window: closing, the tray and the window memory look at open windows alone
//! ([`window::open_windows`]), and with the last of them it goes. What it is to show it is told as the address that a window
//! of its own would have been opened with; the page makes it its own, so that loading it anew shows the same.

use crate::{
    events::Frame,
    web_process,
    window::{self, LogWindows},
};
use futures::stream::{BoxStream, StreamExt};
use serde::Serialize;
use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tauri::{AppHandle, Manager, Runtime, Url, WebviewWindow, async_runtime::spawn};
use tokio::{sync::watch, time::sleep};

/// The query of a page that waits.
const WAITING: &str = "view=spare";
/// After the last window has come: what it shows comes first.
const REST: Duration = Duration::from_secs(2);
/// A page takes its address within milliseconds; one that has not by then is dead, and is loaded anew.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Clone, Default)]
pub struct SpareWindow(Arc<Shared>);

#[derive(Default)]
struct Shared {
    spare: Mutex<Option<Spare>>,
    /// Counts the windows that have come.
    arrivals: AtomicU64,
}

struct Spare {
    label: String,
    /// Where its page is, once it waits.
    url: Option<Url>,
    address: watch::Sender<Option<String>>,
}

impl Spare {
    /// Whether a page waits for its address.
    fn is_heard(&self) -> bool {
        self.address.receiver_count() > 0
    }
}

/// The spare window, as the one who asked first gets it.
pub struct Taken(Spare);

impl SpareWindow {
    fn spare(&self) -> MutexGuard<'_, Option<Spare>> {
        // Nothing panics while holding it; if something did, it is still whole.
        self.0.spare.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether this window is the spare one.
    pub fn is(&self, label: &str) -> bool {
        self.spare().as_ref().is_some_and(|spare| spare.label == label)
    }

    /// Whether this window is the spare one, and its page is loaded.
    pub fn waits(&self, label: &str) -> bool {
        self.spare().as_ref().is_some_and(|spare| spare.label == label && spare.is_heard())
    }

    /// The address that the page of this window, which is at `url`, is to show, once there is one.
    pub fn addresses(&self, label: &str, url: Url) -> BoxStream<'static, String> {
        let mut spare = self.spare();
        let Some(spare) = spare.as_mut().filter(|spare| spare.label == label) else {
            return futures::stream::empty().boxed();
        };
        spare.url = Some(url);
        let mut address = spare.address.subscribe();
        futures::stream::once(async move { address.wait_for(Option::is_some).await.ok()?.clone() })
            .filter_map(std::future::ready)
            .boxed()
    }

    /// The spare window if its page listens. It is an open one from here on.
    pub fn take(&self) -> Option<Taken> {
        self.spare().take_if(|spare| spare.is_heard()).map(Taken)
    }

    fn put(&self, label: &str) -> bool {
        let mut spare = self.spare();
        let free = spare.is_none();
        if free {
            *spare = Some(Spare { label: label.to_owned(), url: None, address: watch::Sender::new(None) });
        }
        free
    }

    /// The window is gone.
    pub fn forget(&self, label: &str) {
        self.spare().take_if(|spare| spare.label == label);
    }

    /// A window has come: makes a spare one, unless there is one, when no further window comes for a while.
    pub fn follows<R: Runtime>(&self, app: &AppHandle<R>) {
        let arrival = self.0.arrivals.fetch_add(1, Ordering::Relaxed) + 1;
        let (shared, app) = (self.clone(), app.clone());
        spawn(async move {
            sleep(REST).await;
            if shared.0.arrivals.load(Ordering::Relaxed) == arrival {
                shared.make(&app);
            }
        });
    }

    fn make<R: Runtime>(&self, app: &AppHandle<R>) {
        let label = app.state::<LogWindows>().new_label();
        if !window::is_any_open(app) || !self.put(&label) {
            return;
        }
        let made = label.clone();
        let built = web_process::build(app, move |app| {
            window::log_builder(app, &made, &format!("?{WAITING}")).visible(false)
        });
        match built {
            // The last open window may have gone meanwhile, even before this one could be found.
            Ok(window) if !self.is(&label) && !app.state::<LogWindows>().has(&label) => destroy(window),
            Ok(_) if !window::is_any_open(app) => self.drop_with_the_last(app),
            Ok(_) => {}
            Err(error) => {
                tracing::warn!("log windows open slower: {error}");
                self.forget(&label);
            }
        }
    }

    /// No window is open any more.
    pub fn drop_with_the_last<R: Runtime>(&self, app: &AppHandle<R>) {
        let Some(Spare { label, .. }) = self.spare().take() else { return };
        if let Some(window) = app.get_webview_window(&label) {
            destroy(window);
        }
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

impl Taken {
    pub fn label(&self) -> &str {
        &self.0.label
    }

    /// Tells the page what it shows. `address` is a query, from the `?` on.
    pub fn show<R: Runtime>(self, window: &WebviewWindow<R>, address: String) {
        self.0.address.send_replace(Some(address.clone()));
        let (window, url) = (window.clone(), self.0.url);
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
}

/// The one message to a window that waits: what it shows.
#[derive(Debug, Serialize)]
pub struct AddressFrame {
    frame: u64,
    address: String,
}

impl Frame for AddressFrame {
    type Item = String;

    fn first(address: String) -> Self {
        Self { frame: 0, address }
    }

    fn fold(&mut self, address: String) {
        self.address = address;
    }

    fn seal(&mut self, frame: u64) {
        self.frame = frame;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_is_taken_once_and_only_while_its_page_listens() {
        let spare = SpareWindow::default();
        assert!(spare.take().is_none());
        assert!(spare.put("log-1") && spare.is("log-1"));
        assert!(!spare.put("log-2"), "there are two");
        assert!(spare.take().is_none(), "its page is not there yet");
        let url = || Url::parse("tauri://localhost/index.html?view=spare").expect("a URL");
        let mut other = spare.addresses("log-2", url());
        assert_eq!(other.next().await, None);

        let mut addresses = spare.addresses("log-1", url());
        let taken = spare.take().expect("it listens");
        assert_eq!(taken.label(), "log-1");
        assert!(!spare.is("log-1") && spare.take().is_none());
        taken.0.address.send_replace(Some("?view=log".into()));
        drop(taken);
        assert_eq!(addresses.next().await.as_deref(), Some("?view=log"));
        assert_eq!(addresses.next().await, None);
    }

    #[test]
    fn one_that_is_gone_makes_room_for_another() {
        let spare = SpareWindow::default();
        assert!(spare.put("log-1"));
        spare.forget("log-2");
        assert!(!spare.put("log-3"));
        spare.forget("log-1");
        assert!(spare.put("log-3"));
    }
}
