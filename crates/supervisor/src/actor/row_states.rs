//! What a row says of a task that is not over, beside what is stored.

use super::Actor;
use super::attempt::{Active, Stage};
use crate::{QueueHeads, RowState};
use solti_model::{TaskId, TaskPhase, Waiting};
use std::collections::HashMap;

impl Actor {
    /// Of those of `ids` that are not over, and of what waits in the lanes of `beside`.
    pub(super) fn row_states(&self, ids: Vec<TaskId>, beside: &QueueHeads) -> HashMap<TaskId, RowState> {
        let heads = beside.slots.iter().flat_map(|slot| self.lanes.waiting(slot).take(beside.of_each));
        let ids = ids.into_iter().chain(heads.cloned());
        let known = ids.filter_map(|id| {
            let state = self.row_state(&id, self.tasks.get(&id)?);
            Some((id, state))
        });
        known.collect()
    }

    fn row_state(&self, id: &TaskId, active: &Active) -> RowState {
        let stopping = active.stored.stop_requested && !matches!(active.stage, Stage::Ending { .. });
        RowState {
            waiting: self.why_waiting(id, active),
            stopping,
            suspended: active.stored.queueing.suspended && !stopping,
            on_cluster: self.on_cluster(active),
            main_ended: active.main_ended.clone(),
            silent_since: active.silent_since.filter(|_| !stopping),
            trouble: active.trouble.clone(),
            unstored: active.unstored_status(),
        }
    }

    /// Why it does not start.
    fn why_waiting(&self, id: &TaskId, active: &Active) -> Option<Waiting> {
        let open = active.open_after().next();
        let held_by_all = self.lanes.all_held();
        match &active.stage {
            Stage::Admitting { .. } | Stage::Waiting | Stage::Backoff { .. }
                if active.stored.queueing.held =>
            {
                Some(Waiting::Held)
            }
            Stage::Admitting { .. } | Stage::Waiting if let Some(after) = open => {
                let on = self.tasks.get(&after.task);
                Some(Waiting::Dependency {
                    on: after.task.clone(),
                    when: after.when,
                    name: on.map(|on| on.stored.task.spec.display_name()).unwrap_or_default(),
                })
            }
            Stage::Admitting { .. } | Stage::Waiting if let Some(early) = &active.early => {
                Some(Waiting::NotBefore { until: early.until })
            }
            Stage::Admitting { .. } | Stage::Waiting | Stage::Backoff { held: true, .. } if held_by_all => {
                Some(Waiting::Held)
            }
            Stage::Admitting { .. } | Stage::Waiting if self.lanes.is_paused(active.slot()) => {
                Some(Waiting::LanePaused)
            }
            Stage::Admitting { .. } | Stage::Waiting
                if let Some(what) = self.lanes.waits_for(active.slot()) =>
            {
                Some(Waiting::Condition { what })
            }
            Stage::Admitting { .. } | Stage::Waiting => {
                self.lanes.position(active.slot(), id).map(|(position, before)| {
                    let before = before.and_then(|id| self.tasks.get(&id));
                    let behind = before.map(|task| task.stored.task.spec.display_name()).unwrap_or_default();
                    Waiting::Lane { position, behind }
                })
            }
            Stage::Backoff { held: true, .. } if !self.lanes.is_paused(active.slot()) => {
                let rules = self.lanes.rules(active.slot());
                let what = self.lanes.waits_for(active.slot()).or_else(|| rules.words());
                what.map(|what| Waiting::Condition { what })
            }
            Stage::Backoff { held: true, .. } => Some(Waiting::LanePaused),
            Stage::Backoff { looping, .. } => active.stored.next_attempt_at.map(|until| {
                if *looping { Waiting::CrashLoop { until } } else { Waiting::Backoff { until } }
            }),
            Stage::Queued { wait, .. } => Some(Waiting::Cluster { why: wait.why.clone(), about: wait.about }),
            Stage::Starting { .. } | Stage::PutOff { .. } => Some(Waiting::Starting),
            Stage::OutOfSight { .. } if active.stored.task.status.phase == TaskPhase::Pending => {
                Some(Waiting::Starting)
            }
            Stage::OutOfSight { .. } => None,
            Stage::Running { .. } | Stage::Ending { .. } => None,
        }
    }
}
