//! The log of a task as a stream of events: what is there, then what comes, over all attempts, with run marks; from the
//! beginning or from a position on.
//!
//! The files are the buffer. A task follows one log with its cursor and hands blocks over a channel of one place; a slow
//! subscriber makes it wait, and nothing is dropped or piled up. What events a block is lives in `log_events`.

use super::log_events::{Block, LogEvents, LogItem};
use super::logs::stored_run;
use crate::error::in_full;
use crate::{ApiError, LogPosition, LogReading, Pauses};
use solti_logstore::{LogError, LogReader};
use solti_model::{OutputEvent, TaskId, TaskRun};
use solti_supervisor::{LiveTask, Supervisor, SupervisorError};
use tokio::sync::mpsc::{self, OwnedPermit};
use tokio::sync::watch;

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
        let mut pauses = Pauses::FOLLOWING;
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
            self.rest(&mut pauses).await.ok()?;
        }
    }

    /// Waits before the next try.
    async fn rest(&self, pauses: &mut Pauses) -> Result<(), Gone> {
        tokio::select! {
            () = tokio::time::sleep(pauses.next()) => Ok(()),
            () = self.items.closed() => Err(Gone),
        }
    }

    /// As [`Follower::follow_run`]; of a log that cannot be read, why something is missing, and the end mark. How many
    /// lines are missing nobody knows: at least one.
    async fn tell_run(&mut self, run: TaskRun) -> Result<(), Gone> {
        let attempt = run.attempt;
        let error = match self.follow_run(&run).await {
            Ok(told) => return told,
            Err(error) => error,
        };
        let reason = in_full(&error);
        tracing::warn!("the log of task {}, attempt {attempt} is not told whole: {reason}", self.id);
        let missing = OutputEvent::Lagged { skipped: 1, reason: Some(reason) };
        if self.items.send(LogItem::Mark(LogPosition::started(attempt), missing)).await.is_err() {
            return Err(Gone);
        }
        let mut end = end_mark(&run);
        while end.is_none() {
            end = self.over(attempt, true).await?;
        }
        self.tell_end(attempt, end).await
    }

    /// Sends one attempt from its start mark to its end mark.
    async fn follow_run(&mut self, run: &TaskRun) -> Result<Result<(), Gone>, ReadError> {
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
        let mut pauses = Pauses::FOLLOWING;
        let mut end = end_mark(run);
        loop {
            // The doorbell is taken before the log is read: a line after the reading rings it again.
            let doorbell = self.live.as_ref().and_then(|live| live.borrow().run.clone());
            let mut doorbell = doorbell.filter(|run| run.attempt == attempt).map(|run| run.doorbell);
            let had_bell = doorbell.is_some();
            loop {
                loop {
                    // A place first, then a block for it: a slow subscriber costs two blocks and no thread.
                    let Ok(place) = self.items.clone().reserve_owned().await else { return Ok(Err(Gone)) };
                    let (is_final, folder) = (end.is_some(), folder.clone());
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
                        pauses.reset();
                    }
                    match caught_up {
                        Ok(true) => break,
                        Ok(false) => {}
                        // Nothing is lost by waiting: the reader goes on where it was.
                        Err(error) if error.is_passing() => {
                            tracing::warn!("a log stream waits: {}", in_full(&error));
                            if self.rest(&mut pauses).await.is_err() {
                                return Ok(Err(Gone));
                            }
                        }
                        Err(error) => return Err(error.into()),
                    }
                }
                if end.is_some() || !follow {
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
            if end.is_some() {
                return Ok(self.tell_end(attempt, end).await);
            }
            end = match self.over(attempt, had_bell).await {
                Ok(end) => end,
                Err(gone) => return Ok(Err(gone)),
            };
        }
    }

    /// Waits, where the log is followed, until the attempt is over, which its end mark tells, or has a process where it had none. One
    /// that is over without a stored end is told as such: nobody waits for what never comes.
    async fn over(&mut self, attempt: u32, had_process: bool) -> Result<Option<OutputEvent>, Gone> {
        let is_over = |live: &LiveTask| live.finished >= attempt || live.attempt > attempt || live.over;
        let has_process = |live: &LiveTask| live.run.as_ref().is_some_and(|run| run.attempt == attempt);
        let is_over = match &mut self.live {
            Some(live) if self.how.follow => {
                // The run is being started, or has ended and is about to be stored as such.
                let news = live.wait_for(|live| is_over(live) || (!had_process && has_process(live)));
                let news = tokio::select! {
                    state = news => state.ok().map(|live| is_over(&live)),
                    () = self.items.closed() => return Err(Gone),
                };
                if news.is_none() {
                    self.live = None;
                }
                news.unwrap_or_default()
            }
            Some(live) => is_over(&live.borrow()),
            None => {
                let stored = self.supervisor.store().task(&self.id).await;
                stored.is_ok_and(|task| task.is_some_and(|stored| stored.task.status.phase.is_terminal()))
            }
        };
        if !self.how.follow && !is_over {
            return Err(Gone);
        }
        // One that was deleted meanwhile has no end to tell of.
        let Some((Some(run), _)) = self.look_up(attempt).await else { return Err(Gone) };
        match end_mark(&run) {
            Some(end) => Ok(Some(end)),
            None if is_over => {
                let reason = format!("how attempt {attempt} ended was not stored");
                tracing::warn!("task {}: {reason}", self.id);
                Ok(Some(OutputEvent::Lagged { skipped: 0, reason: Some(reason) }))
            }
            None if self.live.is_some() => Ok(None),
            // The supervisor is gone.
            None => Err(Gone),
        }
    }

    async fn tell_end(&self, attempt: u32, end: Option<OutputEvent>) -> Result<(), Gone> {
        let Some(end) = end else { return Ok(()) };
        self.items.send(LogItem::Mark(LogPosition::ended(attempt), end)).await.map_err(|_| Gone)
    }
}

/// The last that is told of an attempt, once it is stored how it ended.
fn end_mark(run: &TaskRun) -> Option<OutputEvent> {
    let finished_at = run.finished_at?;
    Some(OutputEvent::RunFinished { attempt: run.attempt, exit_code: run.exit_code, finished_at })
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
