//! The streams that pages have open.

use super::{
    frame::{Frame, To},
    pump::pump,
};
use futures::stream::{Stream, StreamExt};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tauri::async_runtime::{JoinHandle, spawn};
use tokio::sync::watch;

struct Open {
    window: String,
    acked: watch::Sender<u64>,
    pump: JoinHandle<()>,
}

#[derive(Default)]
struct OpenStreams {
    next: u64,
    open: HashMap<String, Open>,
}

/// The streams that pages have open. Each belongs to the window that opened it and ends with it.
#[derive(Clone, Default)]
pub struct Streams(Arc<Mutex<OpenStreams>>);

impl Streams {
    /// Starts sending `source` to `channel` and returns the stream's id.
    pub fn open<F: Frame>(
        &self,
        window: &str,
        source: impl Stream<Item = F::Item> + Send + 'static,
        channel: To<F>,
    ) -> String {
        let id = {
            let mut table = self.table();
            table.next += 1;
            table.next.to_string()
        };
        self.open_as(id, window, source, channel)
    }

    /// As [`Self::open`], with an id that no other stream has: whatever the stream is of has the same one.
    pub fn open_as<F: Frame>(
        &self,
        id: String,
        window: &str,
        source: impl Stream<Item = F::Item> + Send + 'static,
        channel: To<F>,
    ) -> String {
        let source = source.boxed();
        let mut table = self.table();
        let (acked, acks) = watch::channel(0);
        let (streams, own_id) = (self.clone(), id.clone());
        // A source that ends at once waits at the table's lock until its entry is there to be removed.
        let pump = spawn(async move {
            pump(source, channel, acks).await;
            streams.table().open.remove(&own_id);
        });
        table.open.insert(id.clone(), Open { window: window.to_owned(), acked, pump });
        id
    }

    /// The page has taken frame `frame`. A stream that is gone, or another window's, is not an error: the page
    /// cannot know yet that it has ended.
    pub fn ack(&self, window: &str, id: &str, frame: u64) {
        if let Some(open) = self.table().open.get(id).filter(|open| open.window == window) {
            open.acked.send_if_modified(|acked| {
                let newer = frame > *acked;
                *acked = frame.max(*acked);
                newer
            });
        }
    }

    pub fn close(&self, window: &str, id: &str) {
        let mut table = self.table();
        if table.open.get(id).is_some_and(|open| open.window == window)
            && let Some(open) = table.open.remove(id)
        {
            open.pump.abort();
        }
    }

    /// Ends all streams of a window: it closed, or its page was loaded anew and has forgotten them.
    pub fn close_window(&self, window: &str) {
        self.table().open.retain(|_, open| {
            let keep = open.window != window;
            if !keep {
                open.pump.abort();
            }
            keep
        });
    }

    #[cfg(test)]
    fn count(&self) -> usize {
        self.table().open.len()
    }

    fn table(&self) -> MutexGuard<'_, OpenStreams> {
        // Nothing panics while holding it; if something did, the table is still whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::latest::Latest;
    use futures::stream::{self, BoxStream};
    use serde::Serialize;
    use tauri::ipc::{Channel, InvokeResponseBody};
    use tokio::sync::mpsc;

    #[derive(Serialize)]
    struct Numbers {
        numbers: Vec<u32>,
    }

    impl Frame for Numbers {
        type Item = u32;
        fn first(item: u32) -> Self {
            Self { numbers: vec![item] }
        }
        fn fold(&mut self, item: u32) {
            self.numbers.push(item);
        }
        fn is_full(&self) -> bool {
            self.numbers.len() == 4
        }
    }

    /// A page that hands every message to the test.
    fn page() -> (To<Numbers>, mpsc::Receiver<Vec<u32>>) {
        page_of()
    }

    /// The end comes as no numbers.
    fn page_of<F>() -> (To<F>, mpsc::Receiver<Vec<u32>>) {
        let (messages, taken) = mpsc::channel(16);
        let channel = Channel::new(move |body| {
            let InvokeResponseBody::Json(text) = body else { panic!("frames are JSON") };
            let value: serde_json::Value = serde_json::from_str(&text)?;
            let numbers = if value["ended"] == true {
                vec![]
            } else {
                serde_json::from_value(value["item"]["numbers"].clone())?
            };
            messages.try_send(numbers).expect("room");
            Ok(())
        });
        (channel, taken)
    }

    fn source() -> (mpsc::Sender<u32>, BoxStream<'static, u32>) {
        let (sender, receiver) = mpsc::channel(1);
        let stream = stream::unfold(receiver, |mut receiver| async {
            receiver.recv().await.map(|item| (item, receiver))
        });
        (sender, stream.boxed())
    }

    #[tokio::test]
    async fn a_frame_waits_for_the_one_before_and_loses_nothing() {
        let streams = Streams::default();
        let ((numbers, source), (channel, mut taken)) = (source(), page());
        let id = streams.open("main", source, channel);

        numbers.send(1).await.expect("open");
        assert_eq!(taken.recv().await, Some(vec![1]));
        for n in 2..=4 {
            numbers.send(n).await.expect("open");
        }
        assert!(taken.try_recv().is_err(), "sent although the page has not taken the last frame");
        streams.ack("main", &id, 1);
        assert_eq!(taken.recv().await, Some(vec![2, 3, 4]));
    }

    #[tokio::test]
    async fn a_page_that_never_answers_makes_the_source_wait() {
        let streams = Streams::default();
        let ((numbers, source), (channel, mut taken)) = (source(), page());
        let id = streams.open("main", source, channel);

        numbers.send(0).await.expect("open");
        assert_eq!(taken.recv().await, Some(vec![0]));
        for n in 1..=5 {
            numbers.send(n).await.expect("open");
        }
        // Four are in the frame, the fifth fills the source's own buffer of one.
        assert!(numbers.try_send(6).is_err());
        streams.ack("main", &id, 1);
        assert_eq!(taken.recv().await, Some(vec![1, 2, 3, 4]));
    }

    #[derive(Serialize)]
    struct Stand {
        numbers: [u32; 1],
    }

    impl Frame for Stand {
        type Item = u32;
        const STANDS: bool = true;
        fn first(item: u32) -> Self {
            Self { numbers: [item] }
        }
        fn fold(&mut self, _: u32) {
            panic!("asked while no frame could go");
        }
    }

    #[tokio::test]
    async fn where_something_stands_is_asked_when_the_page_has_taken_the_last_answer() {
        let streams = Streams::default();
        let (channel, mut taken) = page_of::<Stand>();
        // Always ready: whoever asks too often gets further.
        let id = streams.open("main", stream::iter(1..).boxed(), channel);
        for n in 1..=3 {
            assert_eq!(taken.recv().await, Some(vec![n]));
            streams.ack("main", &id, n.into());
        }
    }

    #[tokio::test]
    async fn a_closed_window_ends_its_streams_and_only_its() {
        let streams = Streams::default();
        let ((numbers, main_source), (channel, _taken)) = (source(), page());
        streams.open("main", main_source, channel);
        let ((log_numbers, log_source), (channel, _log_taken)) = (source(), page());
        let log = streams.open("log-1", log_source, channel);

        streams.close("main", &log);
        assert_eq!(streams.count(), 2, "a window closed the stream of another");
        streams.close_window("log-1");
        log_numbers.closed().await;
        assert_eq!(streams.count(), 1);
        assert!(!numbers.is_closed());
    }

    #[tokio::test]
    async fn a_page_is_told_of_the_end_and_nothing_is_left_behind() {
        let streams = Streams::default();
        let (channel, mut taken) = page();
        streams.open("main", stream::iter([7, 8]).boxed(), channel);
        assert_eq!(taken.recv().await, Some(vec![7, 8]));
        assert_eq!(taken.recv().await, Some(vec![]), "nobody said that the stream has ended");
        // The channel closes when the pump, its last owner, is gone.
        assert_eq!(taken.recv().await, None);
    }

    #[tokio::test]
    async fn of_what_stands_for_itself_a_slow_page_gets_the_latest_alone() {
        let streams = Streams::default();
        let (messages, mut taken) = mpsc::channel(16);
        let channel = To::<Latest<u32>>::new(move |body| {
            let InvokeResponseBody::Json(text) = body else { panic!("frames are JSON") };
            messages.try_send(text).expect("room");
            Ok(())
        });
        let (numbers, source) = source();
        let id = streams.open("main", source, channel);
        numbers.send(1).await.expect("open");
        assert_eq!(taken.recv().await.as_deref(), Some(r#"{"frame":1,"item":1}"#));
        for n in 2..=4 {
            numbers.send(n).await.expect("open");
        }
        streams.ack("main", &id, 1);
        // The last of them may still be on its way when the page is ready.
        let next = taken.recv().await.expect("a frame");
        assert!([r#"{"frame":2,"item":3}"#, r#"{"frame":2,"item":4}"#].contains(&next.as_str()), "{next}");
    }
}
