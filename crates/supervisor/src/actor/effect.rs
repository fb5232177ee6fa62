//! What runs beside the actor and reports back to it: starting a run and seeing it to its end.

use super::Message;
use super::commit::{self, Commit};
use super::cycle::{StartOrder, is_settled};
use super::lookout::{Found, NEVER_RAN, end_now};
use super::refused::Batch;
use super::tidying::Tidying;
use super::waits::{Wait, Waits, Woken};
use crate::machine::Keyring;
use crate::shared::SharedState;
use crate::{LiveTask, RunFolders};
use solti_model::{MainEnded, RunId, TaskId};
use solti_runner::{Place, RunEnd, Runners, Standing, StartError, StartFailure};
use solti_store::{Change, Store, StoreError};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::sync::{Semaphore, mpsc, watch};

/// What runs beside the actor and reports back to it.
pub(crate) struct Effect {
    pub(crate) runners: Runners,
    pub(crate) shared: Arc<SharedState>,
    pub(crate) folders: RunFolders,
    pub(crate) tidying: Tidying,
    pub(crate) starts: Arc<Semaphore>,
    pub(crate) far_starts: Arc<Semaphore>,
    pub(crate) store: Store,
    pub(crate) commits: Arc<Semaphore>,
    pub(crate) waits: Waits,
    /// Runs that are being looked for.
    pub(crate) looks: Arc<Semaphore>,
    pub(crate) mailbox: mpsc::WeakSender<Message>,
    pub(crate) keyring: Arc<dyn Keyring>,
    /// Closed once the actor has ended.
    pub(crate) alive: watch::Receiver<()>,
}

impl Effect {
    pub(crate) async fn tell(&self, message: Message) {
        if let Some(mailbox) = self.mailbox.upgrade() {
            // A closed mailbox is a shutdown: the next start finds out from the store and the run folder.
            mailbox.send(message).await.ok();
        }
    }

    /// A batch of this attempt was refused for good. With the store closed the app ends, and the next start finds out.
    pub(crate) async fn refused(&self, id: &TaskId, attempt: u32, batch: Batch, error: StoreError) {
        if !matches!(error, StoreError::Closed) {
            self.tell(Message::RefusedBatch { id: id.clone(), attempt, batch, error }).await;
        }
    }

    /// Whether the store holds it as over, or not at all.
    pub(crate) async fn is_over(&self, id: &TaskId) -> bool {
        let stored = self.store.task(id).await;
        stored.is_ok_and(|stored| stored.is_none_or(|stored| stored.task.status.phase.is_terminal()))
    }

    pub(crate) async fn save(&self, changes: Vec<Change>) -> Commit {
        commit::queue(&self.store, &self.shared, &self.commits, changes).await
    }

    /// Starts an attempt whose intent is stored, and sees it to its end.
    pub(crate) async fn start(self, order: StartOrder) {
        let StartOrder { mut request, runner, refused, secrets, settled, called_off } = order;
        let RunId { task: id, attempt } = request.run.clone();
        fail_point!("intent-stored");
        if let Some(settled) = settled {
            // One that cannot be stored was told already.
            is_settled(settled).await;
        }
        let ready = match refused {
            Some(why) => Err(why),
            None => self.put_secrets(&mut request.kind, secrets).await,
        };
        if let Err(missing) = ready {
            let outcome = Box::new(end_now(RunEnd::StartFailed(StartFailure::refused(missing))));
            return self.tell(Message::Ended { id, attempt, outcome }).await;
        }
        if let Some(why) = self.folders.out_of_reach() {
            return self.tell(Message::PutOff { id, attempt, why }).await;
        }
        let runner = self.runners.of(runner.as_deref());
        let elsewhere = runner.runs_root();
        let is_far = elsewhere.is_some();
        if let Some(place) = elsewhere
            && let Err(why) = self.folders.provide_elsewhere(&id, place).await
        {
            return self.tell(Message::PutOff { id, attempt, why }).await;
        }
        // One that is far away may take long: those of this machine do not wait for it. The semaphores are never closed.
        let starts = if is_far { &self.far_starts } else { &self.starts };
        let place = Arc::clone(starts).acquire_owned().await.ok();
        if called_off.load(Ordering::Acquire) {
            let outcome = Box::new(end_now(NEVER_RAN));
            return self.tell(Message::Ended { id, attempt, outcome }).await;
        }
        if !is_far {
            self.folders.provide(&id, attempt);
        }
        match runner.start(request).await {
            Ok(handle) => {
                drop(place);
                fail_point!("run-started");
                self.watch(id, attempt, handle).await;
            }
            Err(error) => {
                drop(place);
                self.tell(match error {
                    StartError::Failed(failure) => match failure.shortage() {
                        Some(why) => Message::PutOff { id, attempt, why },
                        None => {
                            let outcome = Box::new(end_now(RunEnd::StartFailed(failure)));
                            Message::Ended { id, attempt, outcome }
                        }
                    },
                    StartError::Unknown(error) => {
                        Message::Found { id, attempt, found: Found::OutOfSight(error.to_string()) }
                    }
                })
                .await;
            }
        }
    }

    /// Reports a run as started and, later, as ended.
    pub(crate) async fn watch(self, id: TaskId, attempt: u32, mut handle: solti_runner::RunHandle) {
        let mut standing = handle.standing();
        let (mut begun, mut alive) = (false, self.alive.clone());
        if standing.is_none() {
            begun = true;
            self.begun(&id, attempt, &handle, None).await;
        }
        let (mut main_ended, mut trouble) = (handle.main_ended(), handle.trouble());
        if let Some(standing) = &mut standing {
            standing.mark_changed();
        }
        let outcome = loop {
            tokio::select! {
                // A run that has begun and ended meanwhile is told of in that order.
                biased;
                Some(standing) = next_standing(&mut standing), if !begun => match standing {
                    Standing::Waits(wait) => {
                        let controller = handle.controller();
                        self.tell(Message::Queued { id: id.clone(), attempt, wait, controller }).await;
                    }
                    Standing::Runs(place) => {
                        begun = true;
                        self.begun(&id, attempt, &handle, Some(place)).await;
                    }
                },
                outcome = handle.wait() => break outcome,
                // Where the process goes on without its engine, the run is that of whoever takes the folder over.
                Err(_) = alive.changed() => return,
                Ok(()) = main_ended.changed() => {
                    let word = main_ended.borrow_and_update().as_ref().map(main_ended_words);
                    if let Some(main_ended) = word {
                        self.tell(Message::MainEnded { id: id.clone(), attempt, main_ended }).await;
                    }
                }
                Ok(()) = trouble.changed() => {
                    let why = trouble.borrow_and_update().clone();
                    self.tell(Message::Trouble { id: id.clone(), attempt, why }).await;
                }
            }
        };
        self.tell(Message::Ended { id, attempt, outcome: Box::new(outcome) }).await;
    }

    async fn begun(&self, id: &TaskId, attempt: u32, handle: &solti_runner::RunHandle, place: Option<Place>) {
        let started_at = place.as_ref().map_or(handle.started_at_ms, |place| place.started_at_ms);
        self.tell(Message::Started {
            id: id.clone(),
            attempt,
            started_at,
            pid: handle.pid,
            unenforced: handle.unenforced,
            place,
            controller: handle.controller(),
            doorbell: handle.doorbell(),
        })
        .await;
    }

    /// Sees a task to the time of its next attempt.
    pub(crate) async fn wait(&self, mut wait: Wait, id: TaskId, attempt: u32) {
        while let Woken::Moved { due_ms } = wait.next().await {
            self.tell(Message::Moved { id: id.clone(), attempt, due_ms }).await;
        }
        self.tell(Message::Due { id, attempt }).await;
    }

    /// After the end of an attempt is stored: readers may rely on it, and its folder holds more than needed.
    pub(crate) async fn run_is_stored(&self, id: &TaskId, attempt: u32, live: &watch::Sender<LiveTask>) {
        fail_point!("end-stored");
        live.send_modify(|live| {
            (live.attempt, live.finished, live.run) = (live.attempt.max(attempt), attempt, None);
        });
        self.shared.feed.changed(id);
        self.tidying.tidy(id, attempt).await;
    }
}

fn main_ended_words(ended: &solti_runner::MainEnded) -> MainEnded {
    MainEnded { exit_code: ended.exit_code, writers: ended.writers, text: ended.to_string() }
}

/// The next word of how far a run is that a cluster has; `None` when there is none to come.
async fn next_standing(standing: &mut Option<watch::Receiver<Standing>>) -> Option<Standing> {
    let standing = standing.as_mut()?;
    standing.changed().await.ok()?;
    Some(standing.borrow_and_update().clone())
}
