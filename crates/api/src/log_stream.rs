//! The log of a task as a stream of events: what is there, then what comes, over all attempts, with run marks.
//!
//! The files are the buffer. A reader thread follows one log with its cursor and hands blocks over a channel of a few
//! places; a slow reader makes it wait, and nothing is dropped or piled up.

use crate::log_rows::stored_run;
use crate::{ApiError, OutputEventStream};
use bytestring::ByteString;
use solti_logstore::{Batch, LogError, LogReader, Stream as LogStream};
use solti_model::{OutputEvent, OutputStreamKind, TaskId, TaskRun};
use solti_supervisor::{LiveTask, Supervisor, SupervisorError};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::{mpsc, watch};
use tokio_stream::Stream;

/// Blocks between the reader and the subscriber.
const BLOCKS: usize = 4;

enum Item {
    Mark(OutputEvent),
    Block { attempt: u32, batch: Batch },
}

pub async fn open(supervisor: &Supervisor, id: &TaskId) -> Result<OutputEventStream, ApiError> {
    // Subscribed before the store is read: what ends in between is seen in one of the two.
    let live = supervisor.follow(id).await?;
    if supervisor.store().task(id).await.map_err(SupervisorError::from)?.is_none() {
        return Err(ApiError::TaskNotFound { id: id.clone() });
    }
    let (items, queue) = mpsc::channel(BLOCKS);
    let follower = Follower { supervisor: supervisor.clone(), id: id.clone(), live, items };
    tokio::spawn(async move {
        if let Err(error) = follower.run().await {
            tracing::error!("a log stream ends early: {error}");
        }
    });
    Ok(Box::pin(Events { queue, current: None }))
}

#[derive(Debug, thiserror::Error)]
enum FollowError {
    #[error(transparent)]
    Api(#[from] ApiError),
    #[error("the log cannot be read")]
    Log(#[from] LogError),
    #[error("the reader was ended by the runtime")]
    Runtime(#[from] tokio::task::JoinError),
}

/// The subscriber has gone.
struct Gone;

struct Follower {
    supervisor: Supervisor,
    id: TaskId,
    live: Option<watch::Receiver<LiveTask>>,
    items: mpsc::Sender<Item>,
}

impl Follower {
    async fn run(mut self) -> Result<(), FollowError> {
        let mut attempt = 1;
        loop {
            match stored_run(&self.supervisor, &self.id, attempt).await? {
                Some(run) => {
                    if self.follow_run(run).await?.is_err() {
                        return Ok(());
                    }
                    attempt += 1;
                }
                // An attempt that is not stored yet: wait for it, or for the end of the task.
                None => match &mut self.live {
                    Some(live) => {
                        let next = live.wait_for(|live| live.attempt >= attempt || live.over);
                        let over = tokio::select! {
                            state = next => state.map_or(true, |state| state.attempt < attempt),
                            () = self.items.closed() => return Ok(()),
                        };
                        if over {
                            self.live = None;
                        }
                    }
                    None => return Ok(()),
                },
            }
        }
    }

    /// Sends one attempt from its start mark to its end mark.
    async fn follow_run(&mut self, run: TaskRun) -> Result<Result<(), Gone>, FollowError> {
        let attempt = run.attempt;
        let started = OutputEvent::RunStarted { attempt, started_at: run.started_at };
        if self.items.send(Item::Mark(started)).await.is_err() {
            return Ok(Err(Gone));
        }
        let folder = self.supervisor.folders().run(&self.id, attempt);
        let mut reader: Option<LogReader> = None;
        let mut finished = run.finished_at.is_some().then_some(run);
        loop {
            // The doorbell is taken before the log is read: a line after the reading rings it again.
            let doorbell = self.live.as_ref().and_then(|live| live.borrow().run.clone());
            let mut doorbell = doorbell.filter(|run| run.attempt == attempt).map(|run| run.doorbell);
            let had_bell = doorbell.is_some();
            loop {
                let (is_final, folder, items) = (finished.is_some(), folder.clone(), self.items.clone());
                let drained = tokio::task::spawn_blocking(move || -> Result<_, LogError> {
                    let mut reader = match reader {
                        Some(reader) => reader,
                        None => LogReader::open(&folder)?,
                    };
                    reader.set_final(is_final);
                    while let Some(batch) = reader.next_batch()? {
                        if items.blocking_send(Item::Block { attempt, batch }).is_err() {
                            return Ok(None);
                        }
                    }
                    Ok(Some(reader))
                });
                match drained.await?? {
                    Some(drained) => reader = Some(drained),
                    None => return Ok(Err(Gone)),
                }
                if finished.is_some() {
                    break;
                }
                let Some(bell) = &mut doorbell else { break };
                let rung = tokio::select! {
                    rung = bell.rung() => rung,
                    () = self.items.closed() => return Ok(Err(Gone)),
                };
                if rung.is_none() {
                    doorbell = None;
                }
            }
            if let Some(run) = finished {
                let finished_at = run.finished_at.unwrap_or_default();
                let mark = OutputEvent::RunFinished { attempt, exit_code: run.exit_code, finished_at };
                return Ok(self.items.send(Item::Mark(mark)).await.map_err(|_| Gone));
            }
            // The run is being started, or has ended and is about to be stored as such.
            if let Some(live) = &mut self.live {
                let news = live.wait_for(|live| {
                    live.finished >= attempt
                        || live.over
                        || (!had_bell && live.run.as_ref().is_some_and(|run| run.attempt == attempt))
                });
                let gone = tokio::select! {
                    state = news => state.is_err(),
                    () = self.items.closed() => return Ok(Err(Gone)),
                };
                if gone {
                    self.live = None;
                }
            }
            let stored = stored_run(&self.supervisor, &self.id, attempt).await?;
            match stored {
                Some(run) if run.finished_at.is_some() => finished = Some(run),
                Some(_) if self.live.is_some() => {}
                // Deleted meanwhile, or the supervisor is gone: there is no end to tell of.
                Some(_) | None => return Ok(Err(Gone)),
            }
        }
    }
}

/// Turns blocks into events one at a time; a line is a slice of its block.
struct Events {
    queue: mpsc::Receiver<Item>,
    current: Option<Block>,
}

struct Block {
    attempt: u32,
    batch: Batch,
    /// The block as text, when all of it is UTF-8.
    text: Option<ByteString>,
    line: usize,
    gap: usize,
}

impl Block {
    fn next(&mut self) -> Option<OutputEvent> {
        if let Some(gap) = self.batch.gaps.get(self.gap).filter(|gap| gap.before_line <= self.line) {
            self.gap += 1;
            return Some(OutputEvent::Lagged { skipped: gap.lines.max(1) });
        }
        let span = *self.batch.lines.get(self.line)?;
        self.line += 1;
        let bytes = || self.batch.bytes.slice(span.start as usize..span.end as usize);
        let line = match &self.text {
            // Cut at line ends only, which are character boundaries of valid text.
            Some(text) => text
                .get(span.start as usize..span.end as usize)
                .map(|line| text.slice_ref(line))
                .unwrap_or_else(|| lossy(&bytes())),
            None => ByteString::try_from(bytes()).unwrap_or_else(|_| lossy(&bytes())),
        };
        let stream = match span.stream {
            LogStream::Stdout => OutputStreamKind::Stdout,
            LogStream::Stderr => OutputStreamKind::Stderr,
        };
        Some(OutputEvent::Chunk { attempt: self.attempt, stream, seq: span.seq, ts: span.ts_ms, line })
    }
}

fn lossy(bytes: &[u8]) -> ByteString {
    ByteString::from(String::from_utf8_lossy(bytes).into_owned())
}

impl Stream for Events {
    type Item = OutputEvent;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<OutputEvent>> {
        loop {
            if let Some(block) = &mut self.current {
                if let Some(event) = block.next() {
                    return Poll::Ready(Some(event));
                }
                self.current = None;
            }
            match std::task::ready!(self.queue.poll_recv(cx)) {
                None => return Poll::Ready(None),
                Some(Item::Mark(mark)) => return Poll::Ready(Some(mark)),
                Some(Item::Block { attempt, batch }) => {
                    let text = ByteString::try_from(batch.bytes.clone()).ok();
                    self.current = Some(Block { attempt, batch, text, line: 0, gap: 0 });
                }
            }
        }
    }
}
