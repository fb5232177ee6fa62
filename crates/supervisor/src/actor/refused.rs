//! What follows a batch that the database refuses for good: not for want of space or of a lock, which is waited for in `commit`,
//! but because something in it cannot be stored. Every kind of batch comes here; nothing else decides it.
//!
//! The task ends in a state that can be stored, with as much of the batch as the database takes, and its lane is free. Until a
//! terminal phase is on the disk the task is not forgotten: it says in its row what is wrong, and is tried again.

use super::attempt::Stage;
use super::effect::Effect;
use super::{Actor, Message, event};
use crate::clock::now_ms;
use solti_model::{TaskEventKind, TaskId, TaskPhase};
use solti_store::{StoreError, StoredRun};
use std::time::Duration;

/// How long until a state is offered again of which the database took nothing.
const AGAIN: Duration = Duration::from_secs(2);

/// The batches that are about one task, by what has just happened to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Batch {
    /// Its next attempt is meant to start. Nothing runs yet.
    Begin,
    /// Its process is there.
    Started,
    /// An attempt is over and another one is due.
    Retry,
    /// It is over.
    Finish,
}

impl Batch {
    fn words(self) -> &'static str {
        match self {
            Self::Begin | Self::Retry => "its next attempt could not be stored",
            Self::Started => "its start could not be stored",
            Self::Finish => "its end could not be stored",
        }
    }
}

impl Actor {
    pub(crate) async fn refused_batch(
        &mut self,
        id: &TaskId,
        attempt: u32,
        batch: Batch,
        error: &StoreError,
    ) {
        let now = now_ms();
        let Some(active) = self.tasks.get_mut(id).filter(|active| active.attempt() == attempt) else {
            return;
        };
        let why = format!("{}: {}", batch.words(), chain(error));
        match batch {
            // It runs all the same. What the row is missing comes with its end.
            Batch::Started => {
                let put = self.put_task(id).await;
                let commit = self.save(vec![put]).await;
                let (effect, id) = (self.effect(), id.clone());
                tokio::spawn(async move {
                    // Refused again it has been said in the log; the end of the run decides then.
                    drop(commit.until_done().await);
                    effect.shared.feed.changed(&id);
                });
            }
            Batch::Begin | Batch::Retry => {
                let phase =
                    if active.stored.stop_requested { TaskPhase::Canceled } else { TaskPhase::Failed };
                active.set_phase(phase, now);
                active.stored.task.status.error = Some(why.clone());
                if let (Batch::Begin, Some(run)) = (batch, &mut active.run) {
                    run.run.phase = phase;
                    run.run.finished_at = Some(now);
                    run.run.error = Some(why.clone());
                }
                let slot = active.slot().clone();
                self.came_far.push(id.clone());
                active.stage = Stage::Ending { unstored: Some(why) };
                self.offer_end(id).await;
                self.leave_lane(&slot, id).await;
            }
            Batch::Finish => {
                active.stage = Stage::Ending { unstored: Some(why) };
                self.offer_end(id).await;
            }
        }
    }

    /// Offers the database the end of a task, whole, then less and less of it. `unstored` in its stage says why.
    pub(crate) async fn offer_end(&mut self, id: &TaskId) {
        let Some(active) = self.tasks.get_mut(id) else { return };
        if !active.purge.is_empty() {
            let replies = std::mem::take(&mut active.purge);
            return self.erase(id.clone(), replies, true).await;
        }
        let put = self.put_task(id).await;
        let Some(active) = self.tasks.get(id) else { return };
        let Stage::Ending { unstored: Some(why) } = &active.stage else { return };
        let (attempt, live) = (active.attempt(), active.live.clone());
        let word = active.stored.task.status.phase.word();
        let finished = event(id, now_ms(), None, TaskEventKind::Finished, Some(format!("{word}; {why}")));
        let mut offers = vec![vec![put.clone()]];
        if let Some(run) = &active.run {
            offers.insert(0, vec![put.clone(), bare(run).into()]);
            offers.insert(0, vec![put, run.clone().into(), finished]);
        } else {
            offers.insert(0, vec![put, finished]);
        }
        let (effect, id) = (self.effect(), id.clone());
        tokio::spawn(async move {
            for changes in offers {
                match effect.save(changes).await.until_done().await {
                    Ok(stored) => {
                        effect.run_is_stored(&id, attempt, &live).await;
                        drop(stored);
                        return effect.tell(Message::Closed { id }).await;
                    }
                    Err(StoreError::Closed) => return,
                    Err(_) => {}
                }
            }
            // It may be that the database has it as over already, and refuses to hear it twice.
            let over = effect.is_over(&id).await;
            effect.shared.feed.changed(&id);
            effect.offered(&id, over).await;
        });
    }
}

impl Effect {
    /// The end of a task was offered to the database: it is over there, or has to be offered again.
    pub(crate) async fn offered(&self, id: &TaskId, over: bool) {
        if over {
            self.tell(Message::Closed { id: id.clone() }).await;
        } else {
            tokio::time::sleep(AGAIN).await;
            self.tell(Message::OfferEnd { id: id.clone() }).await;
        }
    }
}

/// Of a run only that it is over.
fn bare(run: &StoredRun) -> StoredRun {
    let mut bare = run.clone();
    (bare.run.usage, bare.run.error, bare.pid, bare.environment) = (None, None, None, None);
    bare
}

/// The error with what caused it.
fn chain(error: &StoreError) -> String {
    let mut words = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        words = format!("{words}: {cause}");
        source = cause.source();
    }
    words
}
