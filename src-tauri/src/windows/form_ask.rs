//! The form for a new task, asked for from outside the page.

use futures::stream::{Stream, StreamExt};
use std::future::ready;
use tokio::sync::watch;
use tokio_stream::wrappers::WatchStream;

/// Whether the form was asked for, and not opened yet.
#[derive(Default)]
pub struct FormAsk(watch::Sender<bool>);

impl FormAsk {
    /// The page has to open the form, now or when it is there.
    pub fn ask(&self) {
        self.0.send_replace(true);
    }

    /// An item each time the page has to open the form.
    pub fn asks(&self) -> impl Stream<Item = ()> + Send + use<> {
        let sender = self.0.clone();
        WatchStream::new(self.0.subscribe()).filter(|asked| ready(*asked)).map(move |_| {
            sender.send_replace(false);
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_form_is_asked_for_once_also_before_the_page_listens() {
        let form = FormAsk::default();
        form.ask();
        let mut asks = Box::pin(form.asks());
        assert_eq!(asks.next().await, Some(()));
        let mut reloaded = Box::pin(form.asks());
        assert!(futures::poll!(reloaded.next()).is_pending(), "a page that is loaded anew opens it again");
        form.ask();
        assert_eq!(asks.next().await, Some(()));
    }
}
