//! One log window that is there before it is asked for: hidden, its page loaded, waiting to hear what it shows. A process of
//! WebKit and the load of a page are most of what opening a log takes, whatever the log.
//!
//! Until it is taken it is no open window: closing, the tray and the window memory look at open windows alone
//! (open_windows.rs), and with the last of them it goes. What it is to show it is told as the address that a window
//! of its own would have been opened with; the page makes it its own, so that loading it anew shows the same.

use futures::stream::{Stream, StreamExt, empty};
use std::{
    future::ready,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};
use tauri::Url;
use tokio::sync::watch;
use tokio_stream::wrappers::WatchStream;

/// The query of a page that waits.
pub const WAITING: &str = "view=spare";

#[derive(Clone, Default)]
pub struct SpareWindow(Arc<SpareState>);

#[derive(Default)]
struct SpareState {
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
    pub fn addresses(&self, label: &str, url: Url) -> impl Stream<Item = String> + Send + Unpin + use<> {
        let mut spare = self.spare();
        let Some(spare) = spare.as_mut().filter(|spare| spare.label == label) else {
            return empty().boxed();
        };
        spare.url = Some(url);
        WatchStream::new(spare.address.subscribe()).filter_map(ready).take(1).boxed()
    }

    /// The spare window if its page listens. It is an open one from here on.
    pub fn take(&self) -> Option<Taken> {
        self.spare().take_if(|spare| spare.is_heard()).map(Taken)
    }

    /// The window of this label is the spare one from here on; false when there is one.
    pub fn put(&self, label: &str) -> bool {
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

    /// It is dropped with the last open window; its label, if there is one.
    pub fn drop_it(&self) -> Option<String> {
        self.spare().take().map(|spare| spare.label)
    }

    /// A window has come; counts them.
    pub fn arrived(&self) -> u64 {
        self.0.arrivals.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Whether no window has come after this one.
    pub fn was_last(&self, arrival: u64) -> bool {
        self.0.arrivals.load(Ordering::Relaxed) == arrival
    }
}

impl Taken {
    pub fn label(&self) -> &str {
        &self.0.label
    }

    /// Tells its page what to show; answers where the page was while it waited.
    pub fn tell(self, address: String) -> Option<Url> {
        self.0.address.send_replace(Some(address));
        self.0.url
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
        assert_eq!(taken.tell("?view=log".into()), Some(url()));
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
