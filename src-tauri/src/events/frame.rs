//! What is sent to a page: one envelope for every stream, and what gathers in it.

use serde::Serialize;
use tauri::ipc::Channel;
use ts_rs::TS;

/// What is gathered for a page while the frame before it is still out. Serializes as what the page is handed.
pub trait Frame: Serialize + Send + 'static {
    type Item: Send + 'static;
    /// Whether the source tells where something stands, found out anew each time: then it is asked when a frame can
    /// go, and not before, because what it told meanwhile would be thrown away.
    const STANDS: bool = false;

    fn first(item: Self::Item) -> Self;
    fn fold(&mut self, item: Self::Item);
    /// Whether the source must wait from here on.
    fn is_full(&self) -> bool {
        false
    }
    /// The last step before it is sent.
    fn seal(&mut self) {}
    /// What to send when the source has ended, given what was still gathered.
    fn last(gathered: Option<Self>) -> Option<Self>
    where
        Self: Sized,
    {
        gathered
    }
}

/// One message to a page. That its source has ended a page must know, however it ended: nothing would come any more, and
/// nobody would say so.
#[derive(Debug, Serialize, TS)]
#[serde(untagged)]
pub enum Message<T> {
    Frame {
        /// What the page acknowledges, from 1.
        #[ts(type = "number")]
        frame: u64,
        item: T,
    },
    /// Nothing follows; it need not be acknowledged.
    End {
        #[ts(type = "number")]
        frame: u64,
        #[ts(type = "true")]
        ended: bool,
    },
}

/// Where the frames of a stream are sent.
pub type To<F> = Channel<Message<F>>;
