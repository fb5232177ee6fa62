//! The log of a task as a stream of events: what is there, then what comes, over all attempts, with run marks; from the
//! beginning or from a position on.
//!
//! The files are the buffer. A task follows one log with its cursor and hands blocks over a channel of one place; a slow
//! subscriber makes it wait, and nothing is dropped or piled up. What events a block is lives in `log_events`.

use super::log_events::{Block, LogEvents, LogItem};
use super::logs::stored_run;
use crate::error::in_full;
use crate::{ApiError, LogPosition, LogReading};
use solti_logstore::{LogError, LogReader};
use solti_model::{OutputEvent, TaskId, TaskRun};
use solti_supervisor::{LiveTask, Supervisor, SupervisorError};
use std::time::Duration;
use tokio::sync::mpsc::{self, OwnedPermit};
use tokio::sync::watch;

/// Before the store is asked again, and at most between two tries.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));
/// Blocks between the reader and the subscriber, beside the one that the subscriber is at.
const BLOCKS: usize = 1;

pub(super) async fn open(
    supervisor: &Supervisor,
    id: &TaskId,
    how: LogReading,
) -> Result<LogEvents, ApiError> {
    // Subscribed before the store is read: what ends in between is seen in one of the two.
    let live = supervisor.follow(id).await?;
    if supervisor.store().task(id).await.map_err(SupervisorError::from)?.is_none() {
        return Err(ApiError::TaskNotFound { id: id.clone() });
    }
    let (items, queue) = mpsc::channel(BLOCKS);
    let after = how.after;
    let follower = Follower { supervisor: supervisor.clone(), id: id.clone(), how, live, items };
    tokio::spawn(follower.run());
    Ok(LogEvents::new(queue, after))
}

/// Why an attempt's log is told only in part.
#[derive(Debug, thiserror::Error)]
enum ReadError {
    #[error(transparent)]
    Log(#[from] LogError),
    #[error("what reads it has failed")]
    Reader(#[from] tokio::task::JoinError),
}

/// The subscriber has gone, or has got what it asked for.
struct Gone;

struct Follower {
    supervisor: Supervisor,
    id: TaskId,
    how: LogReading,
    live: Option<watch::Receiver<LiveTask>>,
    items: mpsc::Sender<LogItem>,
}

impl Follower {
    async fn run(mut self) {
        let mut attempt = match self.how.after {
            LogPosition { ended: true, attempt, .. } => attempt.saturating_add(1),
            LogPosition { attempt, .. } => attempt.max(1),
        };
        loop {
            let Some((run, next)) = self.look_up(attempt).await else { return };
            match run {
                Some(run) => {
                    if self.tell_run(run).await.is_err() {
                        return;
                    }
                    attempt = attempt.saturating_add(1);
                }
                // These attempts are not kept. How many lines they had nobody knows: at least one each.
                None if next.is_some_and(|next| next > attempt) => {
                    let next = next.unwrap_or(attempt);
                    let gap = OutputEvent::Lagged { skipped: u64::from(next - attempt), reason: None };
                    let mark = LogItem::Mark(LogPosition::ended(next - 1), gap);
                    if self.items.send(mark).await.is_err() {
                        return;
                    }
                    attempt = next;
                }
                None if !self.how.follow => return,
                // An attempt that is not stored yet: wait for it, or for the end of the task.
                None => match &mut self.live {
                    Some(live) => {
                        let next = live.wait_for(|live| live.attempt >= attempt || live.over);
                        let over = tokio::select! {
                            state = next => state.map_or(true, |state| state.attempt < attempt),
                            () = self.items.closed() => return,
                        };
                        if over {
                            self.live = None;
                        }
                    }
                    None => return,
                },
            }
        }
    }

    /// The attempt, or the first one after it that is kept. What the store cannot read now is tried again; `None` when
    /// nobody waits for it any more.
    async fn look_up(&self, attempt: u32) -> Option<(Option<TaskRun>, Option<u32>)> {
        let mut pause = PAUSES.0;
        loop {
            let looked_up = async {
                let run = stored_run(&self.supervisor, &self.id, attempt).await?;
                let next = match &run {
                    Some(_) => None,
                    None => self
                        .supervisor
                        .store()
                        .next_attempt(&self.id, attempt)
                        .await
                        .map_err(SupervisorError::from)?,
                };
                Ok::<_, ApiError>((run, next))
            };
            match looked_up.await {
                Ok(found) => return Some(found),
                Err(_) if self.supervisor.is_shut_down() => return None,
                Err(error) => tracing::warn!("a log stream waits for the store: {error}"),
            }
            self.rest(&mut pause).await.ok()?;
        }
    }

    /// Waits before the next try, and longer before the one behind it.
    async fn rest(&self, pause: &mut Duration) -> Result<(), Gone> {
        tokio::select! {
            () = tokio::time::sleep(*pause) => {}
            () = self.items.closed() => return Err(Gone),
        }
        *pause = (*pause * 2).min(PAUSES.1);
        Ok(())
    }

    /// As [`Follower::follow_run`]; of a log that cannot be read, why something is missing, and the end mark. How many
    /// lines are missing nobody knows: at least one.
    async fn tell_run(&mut self, run: TaskRun) -> Result<(), Gone> {
        let (attempt, known) = (run.attempt, run.clone());
        let error = match self.follow_run(run).await {
            Ok(told) => return told,
            Err(error) => error,
        };
        let reason = in_full(&error);
        tracing::warn!("the log of task {}, attempt {attempt} is not told whole: {reason}", self.id);
        let missing = OutputEvent::Lagged { skipped: 1, reason: Some(reason) };
        if self.items.send(LogItem::Mark(LogPosition::started(attempt), missing)).await.is_err() {
            return Err(Gone);
        }
        let mut end = known;
        while end.finished_at.is_none() {
            let Some(live) = self.live.as_mut().filter(|_| self.how.follow) else { return Err(Gone) };
            let over = live.wait_for(|live| live.finished >= attempt || live.over);
            let gone = tokio::select! {
                state = over => state.is_err(),
                () = self.items.closed() => return Err(Gone),
            };
            match self.look_up(attempt).await {
                Some((Some(run), _)) if run.finished_at.is_some() => end = run,
                Some((Some(_), _)) if !gone => tokio::time::sleep(PAUSES.0).await,
                _ => return Err(Gone),
            }
        }
        let finished_at = end.finished_at.unwrap_or_default();
        let mark = OutputEvent::RunFinished { attempt, exit_code: end.exit_code, finished_at };
        self.items.send(LogItem::Mark(LogPosition::ended(attempt), mark)).await.map_err(|_| Gone)
    }

    /// Sends one attempt from its start mark to its end mark.
    async fn follow_run(&mut self, run: TaskRun) -> Result<Result<(), Gone>, ReadError> {
        let attempt = run.attempt;
        let LogReading { after, unfinished, follow } = self.how;
        let resumed = after.attempt == attempt && !after.ended;
        let handed = if resumed { [after.stdout.lines, after.stderr.lines] } else { [0, 0] };
        if !resumed {
            let started = OutputEvent::RunStarted { attempt, started_at: run.started_at };
            if self.items.send(LogItem::Mark(LogPosition::started(attempt), started)).await.is_err() {
                return Ok(Err(Gone));
            }
        }
        let folder = self.supervisor.folders().run(&self.id, attempt);
        let mut reader: Option<LogReader> = None;
        let mut pause = PAUSES.0;
        let mut finished = run.finished_at.is_some().then_some(run);
        loop {
            // The doorbell is taken before the log is read: a line after the reading rings it again.
            let doorbell = self.live.as_ref().and_then(|live| live.borrow().run.clone());
            let mut doorbell = doorbell.filter(|run| run.attempt == attempt).map(|run| run.doorbell);
            let had_bell = doorbell.is_some();
            loop {
                loop {
                    // A place first, then a block for it: a slow subscriber costs two blocks and no thread.
                    let Ok(place) = self.items.clone().reserve_owned().await else { return Ok(Err(Gone)) };
                    let (is_final, folder) = (finished.is_some(), folder.clone());
                    let read = tokio::task::spawn_blocking(move || {
                        let mut reader =
                            match reader.map_or_else(|| LogReader::open_after(&folder, handed), Ok) {
                                Ok(reader) => reader,
                                Err(error) => return (None, Err(error)),
                            };
                        reader.set_final(is_final);
                        reader.set_unfinished(unfinished);
                        let caught_up = hand_on(&mut reader, attempt, place);
                        (Some(reader), caught_up)
                    });
                    let caught_up;
                    (reader, caught_up) = read.await?;
                    if caught_up.is_ok() {
                        pause = PAUSES.0;
                    }
                    match caught_up {
                        Ok(true) => break,
                        Ok(false) => {}
                        // Nothing is lost by waiting: the reader goes on where it was.
                        Err(error) if error.is_passing() => {
                            tracing::warn!("a log stream waits: {}", in_full(&error));
                            if self.rest(&mut pause).await.is_err() {
                                return Ok(Err(Gone));
                            }
                        }
                        Err(error) => return Err(error.into()),
                    }
                }
                if finished.is_some() {
                    break;
                }
                if !follow {
                    return Ok(Err(Gone));
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
                let mark = LogItem::Mark(LogPosition::ended(attempt), mark);
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
            let Some((stored, _)) = self.look_up(attempt).await else { return Ok(Err(Gone)) };
            match stored {
                Some(run) if run.finished_at.is_some() => finished = Some(run),
                Some(_) if self.live.is_some() => {}
                // Deleted meanwhile, or the supervisor is gone: there is no end to tell of.
                Some(_) | None => return Ok(Err(Gone)),
            }
        }
    }
}

/// Reads blocks for as long as the subscriber takes them at once; whether there are no more for now.
fn hand_on(reader: &mut LogReader, attempt: u32, mut place: OwnedPermit<LogItem>) -> Result<bool, LogError> {
    loop {
        let Some(batch) = reader.next_batch()? else { return Ok(true) };
        let items = place.send(LogItem::Block(Block::new(attempt, batch)));
        let Ok(next) = items.try_reserve_owned() else { return Ok(false) };
        place = next;
    }
}
