//! The one place that sends to a page. A stream of things that happened becomes frames over a channel, one in
//! flight: the next is sent when the page has acknowledged the last, and what happens meanwhile is folded into it.
//! A slow page so gets larger frames, then makes the source wait; it never makes this process grow.
//!
//! What a frame holds and how two things fold into one is with each kind of frame (tail.rs, changes.rs, search.rs).

use futures::stream::{BoxStream, StreamExt};
use serde::Serialize;
use std::{
    collections::HashMap,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tauri::{
    async_runtime::{JoinHandle, spawn},
    ipc::Channel,
};
use tokio::{
    select,
    sync::watch,
    time::{Instant, sleep_until},
};

/// A display's frame: nobody sees more often than this.
const MIN_GAP: Duration = Duration::from_millis(16);
/// A source that is always ready must not keep a frame open for ever.
const MAX_FOLDED: usize = 10_000;

/// One message to a page, gathered while the one before it is still out.
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
    /// The last step before it is sent. `frame` is the number that the page acknowledges, from 1.
    fn seal(&mut self, frame: u64);
    /// What to send when the source has ended, given what was still gathered.
    fn last(gathered: Option<Self>) -> Option<Self>
    where
        Self: Sized,
    {
        gathered
    }
}

/// What goes to a page. That its source has ended a page must know, however it ended: nothing would come any more, and
/// nobody would say so.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Message<F> {
    Frame(F),
    /// Nothing follows; it need not be acknowledged.
    End {
        frame: u64,
        ended: bool,
    },
}

/// Where the frames of a stream are sent.
pub type To<F> = Channel<Message<F>>;

struct Open {
    window: String,
    acked: watch::Sender<u64>,
    pump: JoinHandle<()>,
}

#[derive(Default)]
struct Table {
    next: u64,
    open: HashMap<String, Open>,
}

/// The streams that pages have open. Each belongs to the window that opened it and ends with it.
#[derive(Clone, Default)]
pub struct Streams(Arc<Mutex<Table>>);

impl Streams {
    /// Starts sending `source` to `channel` and returns the stream's id.
    pub fn open<F: Frame>(
        &self,
        window: &str,
        source: BoxStream<'static, F::Item>,
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
        source: BoxStream<'static, F::Item>,
        channel: To<F>,
    ) -> String {
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

    fn table(&self) -> MutexGuard<'_, Table> {
        // Nothing panics while holding it; if something did, the table is still whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn pump<F: Frame>(
    mut source: BoxStream<'static, F::Item>,
    channel: To<F>,
    mut acked: watch::Receiver<u64>,
) {
    let mut sent = 0;
    let mut not_before = Instant::now();
    let mut ended = false;
    while !ended {
        if F::STANDS && !may_go(&mut acked, sent, not_before).await {
            return;
        }
        let mut frame = source.next().await.map(F::first);
        ended = frame.is_none();
        let mut folded = 1;
        {
            let mut ready = pin!(may_go(&mut acked, sent, not_before));
            let alive = loop {
                let room = folded < MAX_FOLDED && frame.as_ref().is_none_or(|frame| !frame.is_full());
                let more = !F::STANDS && !ended && room;
                select! {
                    biased;
                    item = source.next(), if more => match (item, &mut frame) {
                        (Some(item), Some(frame)) => { frame.fold(item); folded += 1; }
                        (Some(item), None) => frame = Some(F::first(item)),
                        (None, _) => ended = true,
                    },
                    alive = &mut ready => break alive,
                }
            };
            if !alive {
                return;
            }
        }
        let frame = if ended { F::last(frame) } else { frame };
        if let Some(mut frame) = frame {
            sent += 1;
            frame.seal(sent);
            not_before = Instant::now() + MIN_GAP;
            if channel.send(Message::Frame(frame)).is_err() {
                return;
            }
        }
    }
    // A page that is gone needs no word of it.
    channel.send(Message::End { frame: sent + 1, ended: true }).ok();
}

/// Waits until the page has taken all that was sent, and until it could draw it; false when the stream is closed.
async fn may_go(acked: &mut watch::Receiver<u64>, sent: u64, not_before: Instant) -> bool {
    let alive = acked.wait_for(|acked| *acked >= sent).await.is_ok();
    sleep_until(not_before).await;
    alive
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::stream;
    use tauri::ipc::InvokeResponseBody;
    use tokio::sync::mpsc;

    #[derive(Serialize)]
    struct Numbers {
        frame: u64,
        numbers: Vec<u32>,
    }

    impl Frame for Numbers {
        type Item = u32;
        fn first(item: u32) -> Self {
            Self { frame: 0, numbers: vec![item] }
        }
        fn fold(&mut self, item: u32) {
            self.numbers.push(item);
        }
        fn is_full(&self) -> bool {
            self.numbers.len() == 4
        }
        fn seal(&mut self, frame: u64) {
            self.frame = frame;
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
                serde_json::from_value(value["numbers"].clone())?
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
    struct Standing {
        frame: u64,
        numbers: [u32; 1],
    }

    impl Frame for Standing {
        type Item = u32;
        const STANDS: bool = true;
        fn first(item: u32) -> Self {
            Self { frame: 0, numbers: [item] }
        }
        fn fold(&mut self, _: u32) {
            panic!("asked while no frame could go");
        }
        fn seal(&mut self, frame: u64) {
            self.frame = frame;
        }
    }

    #[tokio::test]
    async fn where_something_stands_is_asked_when_the_page_has_taken_the_last_answer() {
        let streams = Streams::default();
        let (channel, mut taken) = page_of::<Standing>();
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
}
