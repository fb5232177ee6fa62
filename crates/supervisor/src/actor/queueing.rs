//! Commands on the queue: hold and release, priority, order, a change of what waits, a start or another attempt now, all tasks held,
//! and the time before which a task does not start. Each is stored before it is acted on: a task that may start by it does so when that
//! is known. A change that cannot be stored is taken back, as if it had never been asked for.

use super::attempt::{Active, Stage};
use super::waits::Woken;
use super::{Actor, Message, Reply, event};
use crate::SupervisorError;
use crate::clock::now_ms;
use crate::forecast::Situation;
use crate::lanes::{Admission, Busy, CannotMove, MoveTo, Moved, ORDER_STEP};
use solti_model::{AdmissionStrategy, FieldError, Slot, TaskEventKind, TaskId, TaskSpec, check_priority};
use solti_store::{Change, StoredTask};
use std::collections::{BTreeSet, HashMap, HashSet};
use tokio::sync::oneshot;

pub(crate) enum QueueMessage {
    Hold {
        id: TaskId,
        reply: Reply<()>,
    },
    Release {
        id: TaskId,
        reply: Reply<()>,
    },
    SetPriority {
        id: TaskId,
        priority: i32,
        reply: Reply<()>,
    },
    Move {
        id: TaskId,
        to: MoveTo,
        reply: Reply<()>,
    },
    RunNow {
        id: TaskId,
        reply: Reply<()>,
    },
    RetryNow {
        id: TaskId,
        reply: Reply<()>,
    },
    Edit {
        id: TaskId,
        spec: Box<TaskSpec>,
        version: u64,
        reply: Reply<()>,
    },
    Suspend {
        id: TaskId,
        suspended: bool,
        reply: Reply<()>,
    },
    HoldAll {
        held: bool,
        reply: Reply<()>,
    },
    /// How the lanes stand, as if these had been moved.
    Situation {
        moves: Vec<(TaskId, MoveTo)>,
        reply: Reply<Situation>,
    },
    /// Those that wait for this one, by way of others too.
    Waiters {
        id: TaskId,
        most: usize,
        reply: oneshot::Sender<Vec<TaskId>>,
    },
    /// What these are called, as far as they are not over.
    Names {
        ids: HashSet<TaskId>,
        reply: oneshot::Sender<HashMap<TaskId, String>>,
    },
    /// The time before which it does not start has come, or comes when the clock shows another one.
    TimeCome {
        id: TaskId,
        /// As its spec has it.
        not_before: u64,
        woken: Woken,
    },
    /// A change of the task is stored that lets it start, for which these have to end.
    Amended {
        id: TaskId,
        victims: Vec<TaskId>,
    },
    /// A change of these tasks could not be stored; so they were before, and at these versions they have it.
    Refused {
        before: Vec<(StoredTask, u64)>,
        /// The one of them that the change would have let start.
        amended: Option<TaskId>,
    },
    HoldRefused {
        held: bool,
    },
}

/// Who lets a waiting task go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    Hand,
    Itself,
}

impl Actor {
    pub(crate) async fn about_queue(&mut self, message: QueueMessage) {
        match message {
            QueueMessage::Hold { id, reply } => self.hold(&id, reply).await,
            QueueMessage::Release { id, reply } => self.release_held(&id, reply).await,
            QueueMessage::SetPriority { id, priority, reply } => {
                self.set_priority(&id, priority, reply).await
            }
            QueueMessage::Move { id, to, reply } => self.move_task(&id, &to, reply).await,
            QueueMessage::RunNow { id, reply } => self.run_now(&id, reply).await,
            QueueMessage::RetryNow { id, reply } => self.retry_now(&id, reply).await,
            QueueMessage::Edit { id, spec, version, reply } => self.edit(&id, *spec, version, reply).await,
            QueueMessage::Suspend { id, suspended, reply } => self.suspend(&id, suspended, reply).await,
            QueueMessage::HoldAll { held, reply } => self.hold_all(held, reply).await,
            QueueMessage::Situation { moves, reply } => drop(reply.send(self.situation(&moves))),
            QueueMessage::Waiters { id, most, reply } => drop(reply.send(self.dependents.below(&id, most))),
            QueueMessage::Names { ids, reply } => drop(reply.send(self.names(ids))),
            QueueMessage::TimeCome { id, not_before, woken } => {
                self.time_come(&id, not_before, woken).await;
            }
            QueueMessage::Amended { id, victims } => self.amended(&id, victims).await,
            QueueMessage::Refused { before, amended } => {
                if let Some(active) = amended.as_ref().and_then(|id| self.tasks.get_mut(id)) {
                    active.amending = active.amending.saturating_sub(1);
                }
                self.change_refused(before).await;
                if let Some(id) = amended {
                    self.go_on(&id).await;
                }
            }
            QueueMessage::HoldRefused { held } => {
                if self.lanes.all_held() == held {
                    self.set_all_held(!held);
                    self.start_everywhere().await;
                    self.shared.feed.touched();
                }
            }
        }
    }

    pub(crate) fn fresh_order(&mut self) -> u64 {
        self.next_order = self.next_order.saturating_add(ORDER_STEP);
        self.next_order
    }

    /// The task, if it waits for its lane or for what comes before that.
    pub(crate) fn waiting(&self, id: &TaskId) -> Result<&Active, SupervisorError> {
        let active = self.tasks.get(id).ok_or_else(|| SupervisorError::NotFound { id: id.clone() })?;
        match &active.stage {
            Stage::Waiting => Ok(active),
            stage => Err(conflict(id, stage)),
        }
    }

    async fn hold(&mut self, id: &TaskId, reply: Reply<()>) {
        let active = match self.tasks.get_mut(id) {
            Some(active) => active,
            None => return drop(reply.send(Err(SupervisorError::NotFound { id: id.clone() }))),
        };
        if !matches!(active.stage, Stage::Waiting | Stage::Backoff { .. }) {
            let refused = conflict(id, &active.stage);
            return drop(reply.send(Err(refused)));
        }
        if active.stored.queueing.held {
            return drop(reply.send(Ok(())));
        }
        let before = active.stored.clone();
        active.stored.queueing.held = true;
        self.place_again(id);
        let change = self.put_task(id).await;
        self.amend(vec![before], vec![change], (id, TaskEventKind::Held, None), None, reply).await;
    }

    async fn release_held(&mut self, id: &TaskId, reply: Reply<()>) {
        let active = match self.tasks.get_mut(id) {
            Some(active) => active,
            None => return drop(reply.send(Err(SupervisorError::NotFound { id: id.clone() }))),
        };
        if !active.stored.queueing.held {
            return drop(reply.send(Ok(())));
        }
        let before = active.stored.clone();
        active.stored.queueing.held = false;
        let changes = self.ask_for_place(id).await;
        self.amend_then_go(before, vec![], changes, (id, TaskEventKind::Released, None), reply).await;
    }

    async fn set_priority(&mut self, id: &TaskId, priority: i32, reply: Reply<()>) {
        let checked = check_priority(priority).map_err(SupervisorError::from);
        if let Err(error) = checked.and_then(|()| self.waiting(id).map(drop)) {
            return drop(reply.send(Err(error)));
        }
        let Some(active) = self.tasks.get_mut(id) else { return };
        let before = active.stored.clone();
        active.stored.task.spec.priority = priority;
        self.place_again(id);
        let change = self.edit_change(id).await;
        let detail = Some(format!("priority {priority}"));
        self.amend(vec![before], vec![change], (id, TaskEventKind::Edited, detail), None, reply).await;
    }

    async fn move_task(&mut self, id: &TaskId, to: &MoveTo, reply: Reply<()>) {
        let slot = match self.waiting(id) {
            Ok(active) => active.slot().clone(),
            Err(error) => return drop(reply.send(Err(error))),
        };
        let last = self.fresh_order();
        let planned = match self.lanes.plan_move(&slot, id, to, last) {
            Some(planned) => planned,
            None => Err(CannotMove::NotThere),
        };
        let moved: Vec<(TaskId, u64)> = match planned {
            Err(why) => return drop(reply.send(Err(cannot_move(id, to, &slot, why)))),
            Ok(Moved::Nothing) => return drop(reply.send(Ok(()))),
            Ok(Moved::To(order)) => vec![(id.clone(), order)],
            Ok(Moved::Anew(ids)) => ids.into_iter().map(|id| (id, self.fresh_order())).collect(),
        };
        let (mut before, mut changes) = (Vec::new(), Vec::new());
        for (id, order) in moved {
            let Some(active) = self.tasks.get_mut(&id) else { continue };
            before.push(active.stored.clone());
            active.stored.queue_order = order;
            self.place_again(&id);
            changes.push(self.put_task(&id).await);
        }
        let reported = (id, TaskEventKind::Edited, Some("moved in its lane".to_owned()));
        self.amend(before, changes, reported, None, reply).await;
    }

    async fn run_now(&mut self, id: &TaskId, reply: Reply<()>) {
        if let Some(Stage::Backoff { .. }) = self.tasks.get(id).map(|active| &active.stage) {
            return self.retry_now(id, reply).await;
        }
        let (slot, full) = match self.waiting(id) {
            Ok(active) => (active.slot().clone(), active.stored.task.spec.after.len()),
            Err(error) => return drop(reply.send(Err(error))),
        };
        self.lanes.take_now(&slot, id);
        let Some(active) = self.tasks.get_mut(id) else { return };
        active.stop_waiting_for_time();
        active.stored.queueing.held = false;
        active.stored.queueing.fulfilled = (0..).take(full).collect();
        let after = active.stored.task.spec.after.clone();
        self.forget_waiting_for(id, &after);
        self.begin_asked(id, "run now, whatever its lane runs", reply).await;
    }

    async fn retry_now(&mut self, id: &TaskId, reply: Reply<()>) {
        let error = match self.tasks.get_mut(id) {
            None => SupervisorError::NotFound { id: id.clone() },
            Some(active) => match &active.stage {
                Stage::Backoff { timer, .. } => {
                    if let Some(timer) = timer {
                        timer.abort();
                    }
                    active.stored.queueing.held = false;
                    return self.begin_asked(id, "the next attempt now", reply).await;
                }
                _ => SupervisorError::Conflict {
                    reason: format!("task {id} is not waiting for another attempt"),
                },
            },
        };
        drop(reply.send(Err(error)));
    }

    async fn edit(&mut self, id: &TaskId, mut spec: TaskSpec, version: u64, reply: Reply<()>) {
        self.jobs.follow_renaming(&mut spec);
        match self.edited(id, spec, version).await {
            Err(error) => drop(reply.send(Err(error))),
            Ok((before, victims)) => {
                let change = self.edit_change(id).await;
                let reported = (id, TaskEventKind::Edited, None);
                let slot = before.task.spec.slot.clone();
                self.amend_then_go(before, victims, vec![change], reported, reply).await;
                self.start_ready(&slot).await;
            }
        }
    }

    /// Changes it in memory; what it was, and which tasks have to end for it.
    async fn edited(
        &mut self,
        id: &TaskId,
        spec: TaskSpec,
        version: u64,
    ) -> Result<(StoredTask, Vec<TaskId>), SupervisorError> {
        let now = self.waiting(id)?.stored.task.metadata.resource_version;
        if now != version {
            let reason = format!(
                "task {id} has changed since it was read: it was at version {version} then, and is at {now}"
            );
            return Err(SupervisorError::Conflict { reason });
        }
        self.check(&spec)?;
        if self.waits_for_itself(id, &spec.after) {
            return Err(FieldError::new("after", "would make the task wait for itself").into());
        }
        let judged = self.judge_asked(&spec).await?;
        if let Some(words) = judged.doomed {
            return Err(FieldError::new("after", format!("can never be fulfilled: {words}")).into());
        }
        let Some(active) = self.tasks.get_mut(id) else {
            return Err(SupervisorError::NotFound { id: id.clone() });
        };
        let before = active.stored.clone();
        active.stored.task.spec = spec;
        active.stored.task.metadata.updated_at = now_ms();
        active.stored.queueing.fulfilled = judged.fulfilled;
        self.wait_anew(id, &before);
        let Some(active) = self.tasks.get(id) else { return Ok((before, vec![])) };
        let (was, is) = (&before.task.spec, active.stored.task.spec.clone());
        let stays = was.slot == is.slot
            && (is.admission != AdmissionStrategy::Replace || was.admission == is.admission);
        if stays {
            return Ok((before, vec![]));
        }
        self.lanes.release(&was.slot, id);
        let order = self.fresh_order();
        let Some(active) = self.tasks.get_mut(id) else { return Ok((before, vec![])) };
        active.stored.queue_order = order;
        match self.lanes.admit(&is.slot, active.waiter(), is.admission) {
            Ok(Admission::Waits) => Ok((before, vec![])),
            Ok(Admission::Replaces(victims)) => Ok((before, victims)),
            Err(Busy { with, reason }) => {
                self.put_back(before).await;
                Err(SupervisorError::SlotBusy { slot: is.slot, running: with, reason })
            }
        }
    }

    async fn suspend(&mut self, id: &TaskId, suspended: bool, reply: Reply<()>) {
        let on_cluster = self.tasks.get(id).is_some_and(|active| self.on_cluster(active).is_some());
        let Some(active) = self.tasks.get_mut(id) else {
            return drop(reply.send(Err(SupervisorError::NotFound { id: id.clone() })));
        };
        let Stage::Running { controller } = &active.stage else {
            let refused = match &active.stage {
                Stage::Ending { .. } => SupervisorError::over(id),
                Stage::OutOfSight { .. } => {
                    SupervisorError::Conflict { reason: format!("task {id} cannot be reached right now") }
                }
                _ => SupervisorError::Conflict {
                    reason: format!("task {id} is not running; hold it to keep it from starting"),
                },
            };
            return drop(reply.send(Err(refused)));
        };
        if active.stored.queueing.suspended == suspended {
            return drop(reply.send(Ok(())));
        }
        if suspended && on_cluster {
            let reason = format!(
                "task {id} runs on a cluster, where only an operator may suspend a job; it can be stopped"
            );
            return drop(reply.send(Err(SupervisorError::Conflict { reason })));
        }
        let asked = controller.ask_suspended(suspended);
        active.stored.queueing.suspended = suspended;
        let (attempt, now) = (active.attempt(), now_ms());
        if let Some(run) = &mut active.run {
            let still = run.run.suspension.unwrap_or_default();
            run.run.suspension = Some(if suspended { still.begun(now) } else { still.over(now) });
        }
        let run = active.run.clone();
        let kind = if suspended { TaskEventKind::Suspended } else { TaskEventKind::Resumed };
        let mut changes = vec![self.put_task(id).await];
        changes.extend(run.map(Change::from));
        changes.push(event(id, now, Some(attempt), kind, None));
        let commit = self.save(changes).await;
        let (effect, id) = (self.effect(), id.clone());
        tokio::spawn(async move {
            fail_point!("queue-change-decided");
            // Carried out also where it cannot be stored yet: what fills the disk can be stopped from going on.
            let stored = commit.tried().await;
            fail_point!("queue-change-stored");
            asked.carry_out();
            effect.shared.feed.changed(&id);
            drop(reply.send(stored.map_err(Into::into)));
        });
    }

    async fn hold_all(&mut self, held: bool, reply: Reply<()>) {
        if self.lanes.all_held() == held {
            return drop(reply.send(Ok(())));
        }
        self.set_all_held(held);
        let commit = self.save(vec![Change::hold_all(held)]).await;
        self.start_everywhere().await;
        let waiting: Vec<TaskId> =
            self.tasks.iter().filter(|(_, active)| active.may_wait()).map(|(id, _)| id.clone()).collect();
        let effect = self.effect();
        tokio::spawn(async move {
            let result = commit.once().await.map_err(SupervisorError::from);
            if result.is_err() {
                effect.tell(Message::Queue(QueueMessage::HoldRefused { held })).await;
            }
            // What is shown of those that wait is another reason now.
            waiting.iter().for_each(|id| effect.shared.feed.changed(id));
            effect.shared.feed.touched();
            drop(reply.send(result));
        });
    }

    pub(crate) async fn load_all_held(&mut self) -> Result<(), SupervisorError> {
        let held = self.store.all_held().await?;
        self.set_all_held(held);
        Ok(())
    }

    pub(crate) fn set_all_held(&mut self, held: bool) {
        self.lanes.hold_all(held);
        self.shared.all_held.store(held, std::sync::atomic::Ordering::Release);
    }

    /// Starts whatever may start, in all lanes.
    async fn start_everywhere(&mut self) {
        let between = |active: &&Active| matches!(active.stage, Stage::Backoff { held: true, .. });
        let mut slots: BTreeSet<Slot> =
            self.tasks.values().filter(between).map(|active| active.slot().clone()).collect();
        slots.extend(self.lanes.with_waiters());
        for slot in slots {
            self.begin_held(&slot).await;
            self.start_ready(&slot).await;
        }
    }

    /// What it waits for beside its lane is what its spec says now; `before` is what it was.
    pub(super) fn wait_anew(&mut self, id: &TaskId, before: &StoredTask) {
        self.dependents.remove(id, before.task.spec.after.iter());
        if let Some(active) = self.tasks.get(id) {
            self.dependents.add(id, active.open_after());
        }
        let concerns = |active: &Active| {
            active.early.is_none() || active.stored.task.spec.not_before != before.task.spec.not_before
        };
        if self.tasks.get(id).is_some_and(concerns) {
            self.wait_for_time(id);
        }
    }

    /// Its place in its lane is that of what it is now.
    pub(crate) fn place_again(&mut self, id: &TaskId) {
        if let Some(active) = self.tasks.get(id).filter(|active| matches!(active.stage, Stage::Waiting)) {
            self.lanes.put_back(active.slot(), active.waiter());
        }
    }

    /// A waiting task may wait for nothing but a place from now on; what has to be stored of it. One that replaces what runs is
    /// the newest that does. [`Actor::take_place`] does the rest.
    pub(crate) async fn ask_for_place(&mut self, id: &TaskId) -> Vec<Change> {
        let replaces = |active: &Active| {
            matches!(active.stage, Stage::Waiting)
                && active.is_ready()
                && active.stored.task.spec.admission == AdmissionStrategy::Replace
        };
        if self.tasks.get(id).is_some_and(replaces) {
            let order = self.fresh_order();
            if let Some(active) = self.tasks.get_mut(id) {
                active.stored.queue_order = order;
            }
        }
        vec![self.put_task(id).await]
    }

    /// Lets a waiting task that is ready into its lane, as one that is new there, and starts whoever may start.
    pub(crate) async fn take_place(&mut self, id: &TaskId, by: By) {
        let Some(active) = self.tasks.get(id).filter(|active| matches!(active.stage, Stage::Waiting)) else {
            return;
        };
        let (slot, waiter) = (active.slot().clone(), active.waiter());
        let strategy = match (by, active.stored.task.spec.admission) {
            // Who lets it go means that it is to run.
            (By::Hand, AdmissionStrategy::DropIfRunning) => AdmissionStrategy::Queue,
            (_, strategy) => strategy,
        };
        if !waiter.ready {
            return self.place_again(id);
        }
        if self.lanes.position(&slot, id).is_some() {
            // It is in already.
            self.place_again(id);
            return self.start_ready(&slot).await;
        }
        self.lanes.release(&slot, id);
        match self.lanes.admit(&slot, waiter, strategy) {
            Ok(Admission::Waits) => {}
            Ok(Admission::Replaces(victims)) => self.replace(victims).await,
            Err(busy) => {
                let words = format!("lane {slot} was busy with task {} when this was due", busy.with);
                return self.finish_never(id, words).await;
            }
        }
        self.start_ready(&slot).await;
    }

    /// The change that stores the task with its spec.
    async fn edit_change(&mut self, id: &TaskId) -> Change {
        with_spec(self.put_task(id).await)
    }
}

/// The same change, with the spec.
pub(super) fn with_spec(change: Change) -> Change {
    match change {
        Change::PutTask(stored) => Change::EditTask(stored),
        other => other,
    }
}

fn conflict(id: &TaskId, stage: &Stage) -> SupervisorError {
    let reason = match stage {
        Stage::Running { .. } | Stage::OutOfSight { .. } => format!("task {id} is running already"),
        Stage::Queued { .. } => {
            format!("task {id} was handed over already, and is started where it was handed to")
        }
        Stage::Starting { .. } | Stage::PutOff { .. } => format!("task {id} is being started"),
        Stage::Backoff { .. } => {
            format!("task {id} has been started before and is waiting for its next attempt")
        }
        Stage::Admitting { .. } => format!("task {id} is not stored yet"),
        Stage::Waiting | Stage::Ending { .. } => return SupervisorError::over(id),
    };
    SupervisorError::Conflict { reason }
}

pub(crate) fn cannot_move(id: &TaskId, to: &MoveTo, slot: &Slot, why: CannotMove) -> SupervisorError {
    let (side, other) = match to {
        MoveTo::Before(other) => ("before", other.to_string()),
        MoveTo::After(other) => ("after", other.to_string()),
        MoveTo::First | MoveTo::Last => ("", String::new()),
    };
    let reason = match why {
        CannotMove::Replaces => format!("task {id} replaces what runs in lane {slot}, and is next already"),
        CannotMove::Itself => format!("task {id} cannot be moved {side} itself"),
        CannotMove::NotThere => format!("task {other} is not waiting in lane {slot}"),
        CannotMove::OtherReplaces => format!("task {other} replaces what runs in lane {slot}, and is next"),
        CannotMove::Priority => {
            format!("tasks {id} and {other} have different priorities, which decide which of them goes first")
        }
    };
    SupervisorError::Conflict { reason }
}
