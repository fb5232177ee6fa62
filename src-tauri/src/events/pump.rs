//! How a stream becomes frames, and their pace.

use super::frame::{Frame, Message, To};
use futures::stream::{BoxStream, StreamExt};
use std::{pin::pin, time::Duration};
use tokio::{
    select,
    sync::watch,
    time::{Instant, sleep_until},
};

/// A display's frame: nobody sees more often than this.
const MIN_GAP: Duration = Duration::from_millis(16);
/// A source that is always ready must not keep a frame open for ever.
const MAX_FOLDED: usize = 10_000;

/// Sends `source` to `channel` until it ends, or nobody can acknowledge any more.
pub async fn pump<F: Frame>(
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
            frame.seal();
            not_before = Instant::now() + MIN_GAP;
            if channel.send(Message::Frame { frame: sent, item: frame }).is_err() {
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
