//! The time before which a task does not start.

use super::attempt::{Active, Early, Stage};
use super::queueing::{By, QueueMessage, with_spec};
use super::waits::Woken;
use super::{Actor, Message};
use crate::clock::now_ms;
use solti_model::{Task, TaskId};

impl Actor {
    /// Begins to wait for the time before which the task does not start, if that is to come.
    pub(crate) fn wait_for_time(&mut self, id: &TaskId) {
        let effect = self.effect();
        let Some(active) = self.tasks.get_mut(id) else { return };
        active.stop_waiting_for_time();
        let Task { metadata, spec, .. } = &active.stored.task;
        let Some(not_before) = spec.not_before.filter(|time| *time > now_ms()) else { return };
        let mut wait = self.waits.begin(not_before, metadata.created_at);
        let id = id.clone();
        let timer = tokio::spawn(async move {
            loop {
                let woken = wait.next().await;
                let come = QueueMessage::TimeCome { id: id.clone(), not_before, woken };
                effect.tell(Message::Queue(come)).await;
                if woken == Woken::Due {
                    return;
                }
            }
        });
        active.early = Some(Early { until: not_before, timer: timer.abort_handle() });
    }

    pub(super) async fn time_come(&mut self, id: &TaskId, not_before: u64, woken: Woken) {
        // What waits for another time since, or for none, has a wait of its own.
        let waits = |active: &&mut Active| active.stored.task.spec.not_before == Some(not_before);
        let Some(active) = self.tasks.get_mut(id).filter(waits) else { return };
        match (&mut active.early, woken) {
            (None, _) => return,
            (Some(early), Woken::Moved { due_ms }) => {
                early.until = due_ms;
                return self.shared.feed.changed(id);
            }
            (early, Woken::Due) => *early = None,
        }
        if !matches!(active.stage, Stage::Waiting) {
            return;
        }
        let now = now_ms();
        // The clock was set back: it shows less than the time that has come, and must not have it wait again after a restart.
        let shows_less = not_before > now;
        if shows_less {
            active.stored.task.spec.not_before = Some(now);
        }
        let mut changes = self.ask_for_place(id).await;
        if shows_less {
            changes = changes.into_iter().map(with_spec).collect();
        }
        self.save_and_publish(id, changes).await;
        self.take_place(id, By::Itself).await;
    }
}
