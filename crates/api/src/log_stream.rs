//! The log of a task as a stream of events: what is there, then what comes, over all attempts, with run marks; from the
//! beginning or from a position on.
//!
//! The files are the buffer. A task follows one log with its cursor and hands blocks over a channel of one place; a slow
//! subscriber makes it wait, and nothing is dropped or piled up.

use crate::log_rows::stored_run;
use crate::{ApiError, Handed, LogEventStream, LogPosition};
use bytestring::ByteString;
use solti_logstore::{Batch, LogError, LogReader, Stream as LogStream};
use solti_model::{OutputEvent, OutputStreamKind, TaskId, TaskRun};
use solti_supervisor::{LiveTask, Supervisor, SupervisorError};
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::{mpsc, watch};
use tokio_stream::Stream;

/// Blocks between the reader and the subscriber, beside the one that the subscriber is at.
const BLOCKS: usize = 1;

enum Item {
    Mark(LogPosition, OutputEvent),
    Block { attempt: u32, batch: Batch },
}

pub async fn open(
    supervisor: &Supervisor,
    id: &TaskId,
    after: LogPosition,
) -> Result<LogEventStream, ApiError> {
    // Subscribed before the store is read: what ends in between is seen in one of the two.
    let live = supervisor.follow(id).await?;
    if supervisor.store().task(id).await.map_err(SupervisorError::from)?.is_none() {
        return Err(ApiError::TaskNotFound { id: id.clone() });
    }
    let (items, queue) = mpsc::channel(BLOCKS);
    let follower = Follower { supervisor: supervisor.clone(), id: id.clone(), after, live, items };
    tokio::spawn(async move {
        if let Err(error) = follower.run().await {
            tracing::error!("a log stream ends early: {error}");
        }
    });
    let catching_up = after.attempt > 0 && !after.ended;
    Ok(Box::pin(Events {
        queue,
        position: after,
        catching_up,
        skip: after,
        gap: 0,
        mark: None,
        current: None,
    }))
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
    after: LogPosition,
    live: Option<watch::Receiver<LiveTask>>,
    items: mpsc::Sender<Item>,
}

impl Follower {
    async fn run(mut self) -> Result<(), FollowError> {
        let mut attempt = match self.after {
            LogPosition { ended: true, attempt, .. } => attempt.saturating_add(1),
            LogPosition { attempt, .. } => attempt.max(1),
        };
        loop {
            match stored_run(&self.supervisor, &self.id, attempt).await? {
                Some(run) => {
                    if self.follow_run(run).await?.is_err() {
                        return Ok(());
                    }
                    attempt = attempt.saturating_add(1);
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
        let resumed = self.after.attempt == attempt && !self.after.ended;
        let handed = if resumed { [self.after.stdout.lines, self.after.stderr.lines] } else { [0, 0] };
        if !resumed {
            let started = OutputEvent::RunStarted { attempt, started_at: run.started_at };
            if self.items.send(Item::Mark(LogPosition::started(attempt), started)).await.is_err() {
                return Ok(Err(Gone));
            }
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
                loop {
                    // A place first, then a block for it: a slow subscriber costs two blocks and no thread.
                    let Ok(place) = self.items.reserve().await else { return Ok(Err(Gone)) };
                    let (is_final, folder) = (finished.is_some(), folder.clone());
                    let read = tokio::task::spawn_blocking(move || -> Result<_, LogError> {
                        let mut reader = match reader {
                            Some(reader) => reader,
                            None => LogReader::open_after(&folder, handed)?,
                        };
                        reader.set_final(is_final);
                        let batch = reader.next_batch()?;
                        Ok((reader, batch))
                    });
                    let (back, batch) = read.await??;
                    reader = Some(back);
                    match batch {
                        Some(batch) => place.send(Item::Block { attempt, batch }),
                        None => break,
                    }
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
                let mark = Item::Mark(LogPosition::ended(attempt), mark);
                return Ok(self.items.send(mark).await.map_err(|_| Gone));
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
    position: LogPosition,
    /// Nothing behind the position was seen yet: what comes may lie before it.
    catching_up: bool,
    /// What is left to skip of the lines that were handed out in part.
    skip: LogPosition,
    /// Lines of gaps that were seen while catching up; told as soon as something shows that they lie behind the position.
    gap: u64,
    /// Comes next.
    mark: Option<(LogPosition, OutputEvent)>,
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
    fn new(attempt: u32, batch: Batch) -> Self {
        let text = ByteString::try_from(batch.bytes.clone()).ok();
        Self { attempt, batch, text, line: 0, gap: 0 }
    }

    fn text(&self, range: Range<usize>) -> ByteString {
        // Lines are cut at line ends, which are character boundaries of valid text; a rest of one may begin anywhere.
        if let Some(text) = &self.text
            && let Some(line) = text.get(range.clone())
        {
            return text.slice_ref(line);
        }
        let bytes = self.batch.bytes.slice(range);
        let lossy = || ByteString::from(String::from_utf8_lossy(&bytes).into_owned());
        ByteString::try_from(bytes.clone()).unwrap_or_else(|_| lossy())
    }
}

impl Events {
    /// The next event of a block; `None` when there is nothing more in it.
    fn next_of(&mut self, block: &mut Block) -> Option<(LogPosition, OutputEvent)> {
        loop {
            if let Some(gap) = block.batch.gaps.get(block.gap).filter(|gap| gap.before_line <= block.line) {
                block.gap += 1;
                self.gap += gap.lines.max(1);
                if self.catching_up {
                    continue;
                }
            } else if let Some(span) = block.batch.lines.get(block.line).copied() {
                let stream = match span.stream {
                    LogStream::Stdout => OutputStreamKind::Stdout,
                    LogStream::Stderr => OutputStreamKind::Stderr,
                };
                let handed = self.position.stream_mut(stream);
                let skip = self.skip.stream_mut(stream);
                let len = u64::from(span.end - span.start);
                let known = if span.seq == handed.lines { skip.bytes.min(len) } else { 0 };
                if span.seq < handed.lines || (known == len && known > 0 && span.cut) {
                    skip.bytes -= known;
                    block.line += 1;
                    self.gap = 0;
                    continue;
                }
                if self.gap == 0 {
                    skip.bytes = 0;
                    block.line += 1;
                    self.catching_up = false;
                    *handed = match span.cut {
                        true if span.seq == handed.lines => {
                            Handed { lines: span.seq, bytes: handed.bytes + len - known }
                        }
                        true => Handed { lines: span.seq, bytes: len },
                        false => Handed { lines: span.seq + 1, bytes: 0 },
                    };
                    let line = block.text((u64::from(span.start) + known) as usize..span.end as usize);
                    let (attempt, seq, ts) = (block.attempt, span.seq, span.ts_ms);
                    return Some((self.position, OutputEvent::Chunk { attempt, stream, seq, ts, line }));
                }
            } else {
                return None;
            }
            return self.take_gap();
        }
    }

    fn take_gap(&mut self) -> Option<(LogPosition, OutputEvent)> {
        match std::mem::take(&mut self.gap) {
            0 => None,
            skipped => Some((self.position, OutputEvent::Lagged { skipped })),
        }
    }
}

impl Stream for Events {
    type Item = (LogPosition, OutputEvent);

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(mut block) = self.current.take()
                && let Some(event) = self.next_of(&mut block)
            {
                self.current = Some(block);
                return Poll::Ready(Some(event));
            }
            if let Some((position, mark)) = self.mark.take() {
                (self.position, self.skip, self.catching_up) = (position, position, false);
                return Poll::Ready(Some((position, mark)));
            }
            match std::task::ready!(self.queue.poll_recv(cx)) {
                None => return Poll::Ready(None),
                Some(Item::Mark(position, mark)) => {
                    self.mark = Some((position, mark));
                    if let Some(gap) = self.take_gap() {
                        return Poll::Ready(Some(gap));
                    }
                }
                Some(Item::Block { attempt, batch }) => self.current = Some(Block::new(attempt, batch)),
            }
        }
    }
}
