//! Changes of tasks that wait: each is stored before anything follows from it, and taken back when it cannot be stored.

use super::attempt::Stage;
use super::queueing::{By, QueueMessage};
use super::{Actor, Message, Reply, event};
use crate::clock::now_ms;
use solti_model::{TaskEventKind, TaskId};
use solti_store::{Change, StoredTask};

impl Actor {
    /// As [`Actor::amend`], of a change that may let its task start, and end these `victims` for it: neither happens before it is
    /// stored.
    pub(super) async fn amend_then_go(
        &mut self,
        before: StoredTask,
        victims: Vec<TaskId>,
        changes: Vec<Change>,
        told: (&TaskId, TaskEventKind, Option<String>),
        reply: Reply<()>,
    ) {
        let id = told.0;
        if let Some(active) = self.tasks.get_mut(id) {
            active.amending += 1;
            // One that its lane does not know as ready is let in when it goes on.
            if self.lanes.position(active.slot(), id).is_some() {
                self.place_again(id);
            }
        }
        self.amend(vec![before], changes, told, Some(victims), reply).await;
    }

    pub(super) async fn amended(&mut self, id: &TaskId, victims: Vec<TaskId>) {
        if let Some(active) = self.tasks.get_mut(id) {
            active.amending = active.amending.saturating_sub(1);
        }
        self.replace(victims).await;
        self.go_on(id).await;
    }

    /// Has a waiting task start if it may, now that it is known what it is.
    pub(super) async fn go_on(&mut self, id: &TaskId) {
        let Some(active) = self.tasks.get(id).filter(|active| active.amending == 0) else { return };
        let slot = active.slot().clone();
        self.take_place(id, By::Hand).await;
        self.begin_held(&slot).await;
    }

    /// Queues a change of waiting tasks to the store, and answers when it is there; takes it back when it cannot be stored. The
    /// changes are those of the tasks as they were `before`, in their order. `victims` as those of [`Actor::amend_then_go`].
    pub(super) async fn amend(
        &mut self,
        before: Vec<StoredTask>,
        mut changes: Vec<Change>,
        (id, kind, detail): (&TaskId, TaskEventKind, Option<String>),
        victims: Option<Vec<TaskId>>,
        reply: Reply<()>,
    ) {
        let at = |stored: StoredTask| {
            let now = self.tasks.get(&stored.task.metadata.id);
            let version = now.map_or(0, |active| active.stored.task.metadata.resource_version);
            (stored, version)
        };
        let before: Vec<(StoredTask, u64)> = before.into_iter().map(at).collect();
        changes.push(event(id, now_ms(), None, kind, detail));
        let commit = self.save(changes).await;
        let (effect, id) = (self.effect(), id.clone());
        tokio::spawn(async move {
            fail_point!("queue-change-decided");
            match commit.once().await {
                Ok(()) => {
                    fail_point!("queue-change-stored");
                    if let Some(victims) = victims {
                        effect.tell(Message::Queue(QueueMessage::Amended { id, victims })).await;
                    }
                    before.iter().for_each(|(task, _)| effect.shared.feed.changed(&task.task.metadata.id));
                    drop(reply.send(Ok(())));
                }
                Err(error) => {
                    let amended = victims.map(|_| id);
                    effect.tell(Message::Queue(QueueMessage::Refused { before, amended })).await;
                    drop(reply.send(Err(error.into())));
                }
            }
        });
    }

    /// Whoever asked for it is told that it could not be stored. What was started, or changed again, since goes on.
    pub(super) async fn change_refused(&mut self, before: Vec<(StoredTask, u64)>) {
        for (stored, version) in before {
            let id = stored.task.metadata.id.clone();
            let is_as_changed = self.tasks.get(&id).is_some_and(|active| {
                let waits = matches!(active.stage, Stage::Waiting | Stage::Backoff { .. });
                waits && active.stored.task.metadata.resource_version == version
            });
            if is_as_changed {
                self.put_back(stored).await;
                self.shared.feed.changed(&id);
            }
        }
    }

    /// Has a waiting task be as it was.
    pub(super) async fn put_back(&mut self, before: StoredTask) {
        let id = before.task.metadata.id.clone();
        let Some(active) = self.tasks.get_mut(&id) else { return };
        let now = std::mem::replace(&mut active.stored, before);
        active.stored.task.metadata.resource_version = now.task.metadata.resource_version;
        match active.stage {
            Stage::Waiting => {
                self.lanes.release(&now.task.spec.slot, &id);
                self.wait_anew(&id, &now);
                self.place_again(&id);
                self.start_ready(&now.task.spec.slot).await;
                self.take_place(&id, By::Hand).await;
            }
            // Its time may have come meanwhile.
            Stage::Backoff { .. } => self.begin_held(&now.task.spec.slot).await,
            _ => {}
        }
    }
}
