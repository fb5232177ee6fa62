//! Letting tasks in: validation, the lane's decision, the store's word, the reply. What a lane decides is in `lanes`.

use super::attempt::{Active, Stage};
use super::dependencies::Judged;
use super::queueing::By;
use super::stopping::Why;
use super::{Actor, Message, Reply, event};
use crate::SupervisorError;
use crate::clock::now_ms;
use crate::lanes::{Admission, Busy, LaneChange, Waiter};
use solti_model::{
    AdmissionStrategy, BackoffState, FieldError, JobOrder, Lane, ObjectMeta, Slot, StopMode, Task,
    TaskEventKind, TaskId, TaskPhase, TaskSpec, TaskStatus,
};
use solti_store::{Change, Queueing, StoredLane, StoredTask};
use std::collections::BTreeSet;

/// A task's place in its lane, before it is stored.
pub(crate) struct PlaceInLane {
    pub(crate) id: TaskId,
    /// These have to end for it.
    replaces: Vec<TaskId>,
    order: u64,
    /// Conditions of its `after`, by their places.
    fulfilled: BTreeSet<u32>,
}

impl Actor {
    pub(crate) fn check(&self, spec: &TaskSpec) -> Result<(), FieldError> {
        spec.validate()?;
        self.any_runner(spec)
    }

    /// Checks the task and asks its lane, which then waits for [`Actor::enter`].
    pub(crate) async fn admit(&mut self, spec: &TaskSpec) -> Result<PlaceInLane, SupervisorError> {
        self.check(spec)?;
        // One that can never start is taken on all the same, and says why it ends: so it does not matter when the other ended.
        let Judged { fulfilled, .. } = self.judge_asked(spec).await?;
        let now = now_ms();
        let (id, order) = (self.ids.next(now), self.fresh_order());
        let waiter = Waiter {
            id: id.clone(),
            replaces: spec.admission == AdmissionStrategy::Replace,
            priority: spec.priority,
            order,
            ready: fulfilled.len() == spec.after.len() && spec.not_before.is_none_or(|time| time <= now),
            amending: false,
        };
        match self.lanes.admit(&spec.slot, waiter, spec.admission) {
            Ok(Admission::Replaces(replaces)) => Ok(PlaceInLane { id, replaces, order, fulfilled }),
            Ok(Admission::Waits) => Ok(PlaceInLane { id, replaces: vec![], order, fulfilled }),
            Err(Busy { with, reason }) => {
                Err(SupervisorError::SlotBusy { slot: spec.slot.clone(), running: with, reason })
            }
        }
    }

    /// Stores the task with what else there is to store of it, all or nothing; `told` hears of that before it starts.
    pub(crate) async fn enter(
        &mut self,
        JobOrder { spec, secrets }: JobOrder,
        PlaceInLane { id, replaces, order, fulfilled }: PlaceInLane,
        with: Vec<Change>,
        reported: impl FnOnce(Result<TaskId, SupervisorError>) + Send + 'static,
    ) {
        let (now, slot) = (now_ms(), spec.slot.clone());
        let mut stored = new_task(id.clone(), spec, now, order);
        stored.queueing.fulfilled = fulfilled;
        let mut active = Active::new(stored, Stage::Admitting { turn: false, replaces });
        active.secrets = secrets;
        self.dependents.add(&id, active.open_after());
        self.tasks.insert(id.clone(), active);
        self.wait_for_time(&id);
        // Its turn may come at once; then its first attempt is part of the same transaction.
        let mut changes = vec![];
        for next in self.lanes.take_startable(&slot) {
            if next == id {
                changes = self.intend_attempt(&id).await;
            } else {
                self.begin(&next).await;
            }
        }
        let starts = !changes.is_empty();
        if !starts {
            changes = vec![self.put_task(&id).await];
        }
        changes.insert(1, event(&id, now, None, TaskEventKind::Queued, None));
        changes.extend(with);
        let commit = self.save(changes).await;
        let effect = self.effect();
        let order = if starts { self.start_order(&id) } else { None };
        tokio::spawn(async move {
            match commit.once().await {
                Ok(()) => {
                    effect.shared.feed.changed(&id);
                    if order.is_none() {
                        effect.tell(Message::Admitted { id: id.clone() }).await;
                    }
                    reported(Ok(id.clone()));
                    if let Some(order) = order {
                        effect.start(order).await;
                    }
                }
                Err(error) => {
                    effect.tell(Message::Refused { id }).await;
                    reported(Err(error.into()));
                }
            }
        });
    }

    /// These have to make room for a task that is stored.
    pub(crate) async fn replace(&mut self, victims: Vec<TaskId>) {
        for victim in victims {
            self.request_stop(&victim, StopMode::Graceful, Why::Replaced).await;
        }
    }

    pub(crate) async fn admitted(&mut self, id: &TaskId) {
        let Some(active) = self.tasks.get_mut(id) else { return };
        if !matches!(active.stage, Stage::Admitting { .. }) {
            return;
        }
        if let Stage::Admitting { turn, replaces } = std::mem::replace(&mut active.stage, Stage::Waiting) {
            if !active.purge.is_empty() || active.stored.stop_requested {
                self.finish_waiting(id, Why::Asked).await;
                return;
            }
            // Not before it is stored: a task must not end for one that is refused.
            self.replace(replaces).await;
            if turn {
                return self.begin(id).await;
            }
            // What it waited for may have come while it was stored.
            let waited = |active: &Active| {
                let spec = &active.stored.task.spec;
                spec.not_before.is_some() || !spec.after.is_empty()
            };
            if self.tasks.get(id).is_some_and(waited) {
                self.review(id).await;
                if self.tasks.get(id).is_some_and(Active::is_ready) {
                    self.take_place(id, By::Itself).await;
                }
            }
        }
    }

    /// The admission could not be stored: as if it had never been asked for.
    pub(crate) async fn refused(&mut self, id: &TaskId) {
        self.requests.forget(id);
        if let Some(mut active) = self.tasks.remove(id) {
            active.stop_waiting_for_time();
            self.dependents.remove(id, active.open_after());
            active.live.send_modify(|live| live.over = true);
            for waiting in active.purge {
                drop(waiting.send(Ok(())));
            }
            self.leave_lane(&active.stored.task.spec.slot, id).await;
        }
    }

    /// Frees the task's place and starts whoever is next.
    pub(crate) async fn leave_lane(&mut self, slot: &Slot, id: &TaskId) {
        self.lanes.release(slot, id);
        if self.lanes.spans_machines(slot) {
            // What it waited for may have been this place.
            self.looking.ask_anew(slot);
        }
        self.start_ready(slot).await;
    }

    pub(crate) async fn start_ready(&mut self, slot: &Slot) {
        for next in self.lanes.take_startable(slot) {
            self.begin(&next).await;
        }
    }

    pub(crate) async fn set_lane(&mut self, slot: Slot, change: &LaneChange, reply: Reply<Lane>) {
        let capacity = change.capacity.map_or(Ok(()), solti_model::check_lane_capacity);
        let rules = change.rules.as_ref().map_or(Ok(()), |rules| rules.validate());
        if let Err(error) = capacity.and(rules.map_err(|error| error.within("rules"))) {
            return drop(reply.send(Err(error.into())));
        }
        let before = self.lanes.stored(&slot);
        let lane = self.lanes.set(&slot, change);
        if change.rules.is_some() {
            // A machine may be meant that has refused some of its tasks.
            for id in self.lanes.holders(&slot) {
                if let Some(active) = self.tasks.get_mut(id) {
                    active.refused_by.clear();
                }
            }
        }
        let stored = self.lanes.stored(&slot);
        self.looking.ask_anew(&slot);
        let commit = self.save(vec![Change::PutLane(stored.clone())]).await;
        if !lane.paused {
            self.begin_held(&slot).await;
        }
        self.start_ready(&slot).await;
        let (effect, lane) = (self.effect(), self.lanes.set(&slot, &LaneChange::default()));
        if change.rules.is_some() {
            // What is shown of those that wait may be another reason now.
            self.lanes.waiting(&slot).for_each(|id| effect.shared.feed.changed(id));
        }
        tokio::spawn(async move {
            let result = commit.once().await.map(|()| lane).map_err(Into::into);
            if result.is_err() {
                effect.tell(Message::LaneRefused { refused: stored, before }).await;
            }
            effect.shared.feed.touched();
            drop(reply.send(result));
        });
    }

    /// Whoever asked for it is told that it could not be stored: as if it had never been asked for. What was started
    /// meanwhile goes on.
    pub(crate) async fn lane_refused(&mut self, refused: &StoredLane, before: &StoredLane) {
        // Unless it was set again since.
        if self.lanes.stored(&refused.slot) == *refused {
            self.lanes.restore(before);
            self.looking.ask_anew(&before.slot);
            self.begin_held(&before.slot).await;
            self.start_ready(&before.slot).await;
            self.shared.feed.touched();
        }
    }
}

fn new_task(id: TaskId, spec: TaskSpec, now: u64, order: u64) -> StoredTask {
    let metadata = ObjectMeta { id, resource_version: 0, created_at: now, updated_at: now };
    let status = TaskStatus { phase: TaskPhase::Pending, attempt: 0, exit_code: None, error: None };
    StoredTask {
        task: Task { metadata, spec, status },
        backoff: BackoffState::default(),
        next_attempt_at: None,
        queue_order: order,
        stop_requested: false,
        queueing: Queueing::default(),
        started_at: None,
        finished_at: None,
        unreadable: None,
    }
}
