//! Ending tasks before their time: stop, replace, delete.

use super::attempt::{Active, DeleteReply, Stage};
use super::commit::Commit;
use super::{Actor, Message, event, runner_mode};
use crate::clock::now_ms;
use crate::shared::SharedState;
use crate::{RunFolders, SupervisorError};
use solti_model::{RunId, StopMode, TaskEventKind, TaskId, TaskPhase};
use solti_store::Change;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::sync::oneshot;

/// Why a task is ended before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    Asked,
    Replaced,
    Deleted,
}

impl Why {
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Asked => "asked for",
            Self::Replaced => "replaced by a newer task",
            Self::Deleted => "to be deleted",
        }
    }
}

impl Actor {
    pub(crate) async fn stop(
        &mut self,
        id: &TaskId,
        mode: StopMode,
        reply: oneshot::Sender<Option<Result<(), SupervisorError>>>,
    ) {
        match self.tasks.get(id).map(|active| &active.stage) {
            None | Some(Stage::Ending { .. }) => drop(reply.send(None)),
            Some(_) => {
                let live = self.tasks.get(id).map(|active| active.live.subscribe());
                let commit = self.request_stop(id, mode, Why::Asked).await;
                let shared = Arc::clone(&self.shared);
                tokio::spawn(async move {
                    let result = match (commit, live) {
                        (Some(commit), _) => commit.tried().await.map_err(Into::into),
                        // Without a process the task ends here and now: it is over when that is stored.
                        (None, Some(mut live)) => tokio::select! {
                            over = live.wait_for(|live| live.over) => {
                                over.map(drop).map_err(|_| SupervisorError::ShuttingDown)
                            }
                            () = shared.long_refused() => Err(SupervisorError::NotStored { what: "the end of this task" }),
                        },
                        (None, None) => Ok(()),
                    };
                    drop(reply.send(Some(result)));
                });
            }
        }
    }

    /// Stores the request and then carries it out. `None` when there is nothing to wait for.
    pub(crate) async fn request_stop(&mut self, id: &TaskId, mode: StopMode, why: Why) -> Option<Commit> {
        let now = now_ms();
        let active = self.tasks.get_mut(id)?;
        active.replaced |= why == Why::Replaced && !active.stored.stop_requested;
        active.stored.stop_requested = true;
        match &mut active.stage {
            // `admitted` sees the request.
            Stage::Admitting { .. } | Stage::Ending { .. } => None,
            Stage::Waiting | Stage::Backoff { .. } => {
                self.finish_waiting(id, why).await;
                None
            }
            Stage::PutOff { .. } => {
                self.stop_put_off(id).await;
                None
            }
            Stage::OutOfSight { stop, requests } => {
                *stop = Some(mode);
                let requests = requests.clone();
                let changes = self.stop_changes(id, now, mode, why).await;
                // Whoever looks for the run carries it out; it may have found it meanwhile, and then that is told.
                let tell = async move {
                    requests.send(mode).await.ok();
                };
                Some(self.store_then(id, changes, tell).await)
            }
            Stage::Starting { stop } => {
                *stop = Some(mode);
                active.called_off.store(true, Ordering::Release);
                let changes = self.stop_changes(id, now, mode, why).await;
                Some(self.save(changes).await)
            }
            Stage::Queued { controller, .. } | Stage::Running { controller } => {
                let controller = controller.clone();
                let changes = self.stop_changes(id, now, mode, why).await;
                Some(
                    self.store_then(id, changes, async move { controller.stop(runner_mode(mode)).await })
                        .await,
                )
            }
        }
    }

    /// Stores a stop and carries it out, also one that cannot be stored: the person wants the process gone.
    async fn store_then(
        &mut self,
        id: &TaskId,
        changes: Vec<Change>,
        carry_out: impl Future<Output = ()> + Send + 'static,
    ) -> Commit {
        let commit = self.save(changes).await;
        let (effect, id) = (self.effect(), id.clone());
        let (done, reported) = oneshot::channel();
        tokio::spawn(async move {
            let result = commit.tried().await;
            carry_out.await;
            effect.shared.feed.changed(&id);
            drop(done.send(result));
        });
        Commit::Relayed(reported)
    }

    pub(crate) async fn stop_changes(
        &mut self,
        id: &TaskId,
        now: u64,
        mode: StopMode,
        why: Why,
    ) -> Vec<Change> {
        let attempt = self.tasks.get(id).map(Active::attempt);
        let word = match mode {
            StopMode::Graceful => "TERM",
            StopMode::Kill => "KILL",
        };
        let put = self.put_task(id).await;
        vec![
            put,
            event(id, now, attempt, TaskEventKind::StopRequested, Some(format!("{word}, {}", why.words()))),
        ]
    }

    /// Ends a task that has no process: it waits for its lane or its next attempt.
    pub(crate) async fn finish_waiting(&mut self, id: &TaskId, why: Why) {
        let Some(active) = self.tasks.get_mut(id) else { return };
        if let Stage::Backoff { timer: Some(timer), .. } = &active.stage {
            timer.abort();
        }
        let mut changes = vec![];
        if why == Why::Replaced {
            // Nobody asked for its end: it has to say why it never ran.
            active.stored.task.status.error = Some(why.words().to_owned());
            let detail = Some(why.words().to_owned());
            changes.push(event(id, now_ms(), None, TaskEventKind::StopRequested, detail));
        }
        self.finish(id, TaskPhase::Canceled, changes).await;
    }

    /// Ends a waiting task that can never start, in these words.
    pub(crate) async fn finish_never(&mut self, id: &TaskId, words: String) {
        let Some(active) = self.tasks.get_mut(id) else { return };
        active.stored.task.status.error = Some(words.clone());
        let said = event(id, now_ms(), None, TaskEventKind::StopRequested, Some(words));
        self.finish(id, TaskPhase::Canceled, vec![said]).await;
    }

    pub(crate) async fn delete(&mut self, id: TaskId, reply: DeleteReply) {
        match self.tasks.get_mut(&id) {
            Some(active) => {
                let reply = self.shared.or_refused(reply);
                active.purge.push(reply);
                self.request_stop(&id, StopMode::Graceful, Why::Deleted).await;
                self.make_room_for_end(&id);
            }
            None => {
                if let Some((slot, attempt)) = self.unreadable.remove(&id) {
                    // Nobody follows its run, which may be alive; by which runner is not to be read.
                    if let Err(error) = self.runners.of(None).sweep(&RunId::new(id.clone(), attempt)).await {
                        tracing::warn!("processes of task {id}, which is deleted, may be left: {error}");
                    }
                    self.leave_lane(&slot, &id).await;
                    self.doom_dependents(&id).await;
                }
                self.erase(id, vec![reply], false).await;
            }
        }
    }

    /// Where the disk is full, the logs of a task that has ended and is to be deleted go before its end is stored: they may be what
    /// fills it.
    pub(crate) fn make_room_for_end(&self, id: &TaskId) {
        let Some(active) = self.tasks.get(id) else { return };
        if matches!(active.stage, Stage::Ending { .. })
            && !active.purge.is_empty()
            && self.shared.refuses_writes()
        {
            let (effect, folders, id) = (self.effect(), self.folders.clone(), id.clone());
            tokio::spawn(async move {
                effect.tidying.all_done().await;
                purge(folders, id).await;
            });
        }
    }

    /// Removes a task that is over, first from the store: files of a noted deletion are swept at the next start.
    /// `unstored`: the database does not know yet that it is over, and it is kept in mind until it is gone.
    pub(crate) async fn erase(&mut self, id: TaskId, replies: Vec<DeleteReply>, unstored: bool) {
        let mut changes = vec![Change::DeleteTask(id.clone())];
        changes.extend(self.purged.drain(..).map(Change::ForgetDeleted));
        let commit = self.save(changes).await;
        let (effect, folders) = (self.effect(), self.folders.clone());
        tokio::spawn(async move {
            // On a full disk its logs go first: they may be what fills it.
            let make_room = async {
                effect.tidying.all_done().await;
                purge(folders.clone(), id.clone()).await;
            };
            let stored = commit.once_with_room(make_room).await.map_err(SupervisorError::from);
            if stored.is_ok() {
                // Its folder must not be on its way to another run while it is removed.
                effect.tidying.all_done().await;
                if purge(folders, id.clone()).await {
                    effect.tell(Message::Purged { id: id.clone() }).await;
                }
                effect.shared.feed.deleted(&id);
            }
            let failed = stored.is_err();
            let mut replies = replies.into_iter();
            if let Some(first) = replies.next() {
                drop(first.send(stored));
            }
            for other in replies {
                let result = if failed {
                    Err(SupervisorError::Conflict { reason: format!("task {id} could not be deleted") })
                } else {
                    Ok(())
                };
                drop(other.send(result));
            }
            if unstored {
                effect.offered(&id, !failed).await;
            }
        });
    }
}

/// Removes the folder of a task, and says whether it is gone.
async fn purge(folders: RunFolders, id: TaskId) -> bool {
    let folder = folders.task(&id);
    match tokio::task::spawn_blocking(move || folders.purge(&id)).await {
        Ok(Ok(())) => true,
        Ok(Err(error)) => {
            tracing::warn!("cannot remove {}: {error}", folder.display());
            false
        }
        // The runtime is ending; the next start removes it.
        Err(_) => false,
    }
}

impl SharedState {
    /// Answers a deletion that goes on for as long as the database refuses writes: it goes on all the same.
    fn or_refused(self: &Arc<Self>, reply: DeleteReply) -> DeleteReply {
        let (done, reported) = oneshot::channel();
        let shared = Arc::clone(self);
        tokio::spawn(async move {
            let answer = tokio::select! {
                answer = reported => answer.unwrap_or(Err(SupervisorError::ShuttingDown)),
                () = shared.long_refused() => Err(SupervisorError::NotStored { what: "the end of this task" }),
            };
            drop(reply.send(answer));
        });
        done
    }
}
