//! Tasks that wait for other tasks (`after`). A condition that is fulfilled is stored as such and stays so; one that never will be
//! ends the task that waits, in words. Whatever becomes of a task is looked at by those that wait for it in the same turn of the
//! actor, so that none waits for what is over.

use super::attempt::{Active, Stage};
use super::queueing::By;
use super::{Actor, event};
use crate::SupervisorError;
use crate::clock::now_ms;
use solti_model::{AfterTask, AfterWhen, Dependency, FieldError, TaskEventKind, TaskId, TaskPhase, TaskSpec};
use solti_store::StoredTask;
use std::collections::{BTreeSet, HashMap};

/// Who waits for whom: by the task that is waited for.
#[derive(Debug, Default)]
pub(crate) struct Dependents(HashMap<TaskId, BTreeSet<TaskId>>);

impl Dependents {
    pub(crate) fn add<'a>(&mut self, waiter: &TaskId, on: impl Iterator<Item = &'a AfterTask>) {
        for after in on {
            self.0.entry(after.task.clone()).or_default().insert(waiter.clone());
        }
    }

    pub(crate) fn remove<'a>(&mut self, waiter: &TaskId, on: impl Iterator<Item = &'a AfterTask>) {
        for after in on {
            if let Some(waiters) = self.0.get_mut(&after.task) {
                waiters.remove(waiter);
                if waiters.is_empty() {
                    self.0.remove(&after.task);
                }
            }
        }
    }

    fn of(&self, id: &TaskId) -> Vec<TaskId> {
        self.0.get(id).into_iter().flatten().cloned().collect()
    }

    /// All that wait for a task, by way of others too, the nearest first; no more than so many.
    pub(crate) fn below(&self, id: &TaskId, most: usize) -> Vec<TaskId> {
        let mut found: Vec<TaskId> = Vec::new();
        let mut seen: BTreeSet<&TaskId> = [id].into();
        let mut from = id.clone();
        for next in 0.. {
            for waiter in self.0.get(&from).into_iter().flatten() {
                if found.len() < most && seen.insert(waiter) {
                    found.push(waiter.clone());
                }
            }
            match found.get(next) {
                Some(waiter) => from = waiter.clone(),
                None => break,
            }
        }
        found
    }
}

/// What is known of the conditions of a task.
#[derive(Debug, Default)]
pub(crate) struct Judged {
    /// Their places.
    pub(crate) fulfilled: BTreeSet<u32>,
    /// Why the task can never start.
    pub(crate) doomed: Option<String>,
    /// One that there is not.
    pub(crate) unknown: Option<TaskId>,
}

impl Actor {
    /// Looks at the conditions that are not among those that are `fulfilled` already.
    pub(crate) async fn judge_after(
        &self,
        spec: &TaskSpec,
        fulfilled: &BTreeSet<u32>,
    ) -> Result<Judged, SupervisorError> {
        let mut judged = Judged { fulfilled: fulfilled.clone(), ..Judged::default() };
        for (place, after) in (0..).zip(&spec.after) {
            if fulfilled.contains(&place) {
                continue;
            }
            let judged_one = match self.tasks.get(&after.task) {
                Some(active) => judge(after, &active.stored, !active.purge.is_empty()),
                None => match self.store.task(&after.task).await? {
                    Some(stored) => judge(after, &stored, false),
                    None => {
                        judged.unknown.get_or_insert_with(|| after.task.clone());
                        Err(never(after, None, "was deleted"))
                    }
                },
            };
            match judged_one {
                Ok(Dependency::Fulfilled) => drop(judged.fulfilled.insert(place)),
                Ok(Dependency::Open | Dependency::Never) => {}
                Err(words) => drop(judged.doomed.get_or_insert(words)),
            }
        }
        Ok(judged)
    }

    /// As [`Actor::judge_after`], of a spec that is asked for.
    pub(crate) async fn judge_asked(&self, spec: &TaskSpec) -> Result<Judged, SupervisorError> {
        let judged = self.judge_after(spec, &BTreeSet::new()).await?;
        match &judged.unknown {
            Some(unknown) => Err(FieldError::new("after", format!("there is no task {unknown}")).into()),
            None => Ok(judged),
        }
    }

    /// Whether the task would wait for itself with these conditions, by way of others.
    pub(crate) fn waits_for_itself(&self, id: &TaskId, after: &[AfterTask]) -> bool {
        let mut seen = BTreeSet::new();
        let mut left: Vec<&TaskId> = after.iter().map(|after| &after.task).collect();
        while let Some(next) = left.pop() {
            if next == id {
                return true;
            }
            if seen.insert(next)
                && let Some(active) = self.tasks.get(next)
            {
                left.extend(active.open_after().map(|after| &after.task));
            }
        }
        false
    }

    /// Something has become of these tasks: those that wait for one of them look again, and so on.
    pub(crate) async fn tell_dependents(&mut self) {
        while let Some(other) = self.came_far.pop() {
            for waiter in self.dependents.of(&other) {
                self.review(&waiter).await;
            }
        }
    }

    /// Looks at what a waiting task waits for in others.
    pub(crate) async fn review(&mut self, id: &TaskId) {
        // One that is not stored yet looks when it is.
        let Some(active) = self.tasks.get(id).filter(|active| matches!(active.stage, Stage::Waiting)) else {
            return;
        };
        if active.open_after().next().is_none() {
            return;
        }
        let before = &active.stored.queueing.fulfilled;
        let known = before.len();
        match self.judge_after(&active.stored.task.spec, before).await {
            Ok(Judged { doomed: Some(words), .. }) => self.finish_never(id, words).await,
            Ok(Judged { fulfilled, .. }) if fulfilled.len() > known => self.fulfil(id, fulfilled).await,
            Ok(_) => {}
            // It looks again with the next change; what cannot be read now is not taken for fulfilled.
            Err(error) => tracing::warn!("what task {id} waits for cannot be read: {error}"),
        }
    }

    async fn fulfil(&mut self, id: &TaskId, fulfilled: BTreeSet<u32>) {
        fail_point!("dependency-fulfilled");
        let Some(active) = self.tasks.get_mut(id) else { return };
        let of = |place: &u32| active.stored.task.spec.after.get(*place as usize);
        let new = fulfilled.difference(&active.stored.queueing.fulfilled).filter_map(of);
        let new: Vec<AfterTask> = new.cloned().collect();
        active.stored.queueing.fulfilled = fulfilled;
        self.forget_waiting_for(id, &new);
        let detail = new.first().map(|after| format!("task {} {}", after.task, has(after.when)));
        let mut changes = self.ask_for_place(id).await;
        changes.push(event(id, now_ms(), None, TaskEventKind::Fulfilled, detail));
        self.save_and_publish(id, changes).await;
        self.take_place(id, By::Itself).await;
    }

    /// A task that nobody could follow is deleted.
    pub(crate) async fn doom_dependents(&mut self, other: &TaskId) {
        for waiter in self.dependents.of(other) {
            let waits = self.tasks.get(&waiter).filter(|active| matches!(active.stage, Stage::Waiting));
            let on = waits.and_then(|active| active.open_after().find(|after| after.task == *other));
            if let Some(words) = on.map(|after| never(after, None, "was deleted")) {
                self.finish_never(&waiter, words).await;
            }
        }
    }

    /// Only what no other condition of it asks of the same task.
    pub(crate) fn forget_waiting_for(&mut self, id: &TaskId, on: &[AfterTask]) {
        let open: BTreeSet<&TaskId> =
            self.tasks.get(id).into_iter().flat_map(Active::open_after).map(|after| &after.task).collect();
        self.dependents.remove(id, on.iter().filter(|after| !open.contains(&after.task)));
    }
}

/// What the other has come to; the error says why it never gets there. `deleted`: it is on its way out.
fn judge(after: &AfterTask, other: &StoredTask, deleted: bool) -> Result<Dependency, String> {
    let phase = other.task.status.phase;
    let why = match after.when.judge(phase, other.started_at.is_some()) {
        _ if deleted => "was deleted",
        Dependency::Never => ended(phase),
        judged => return Ok(judged),
    };
    Err(never(after, Some(&other.task.spec.display_name()), why))
}

fn never(after: &AfterTask, name: Option<&str>, why: &str) -> String {
    let name = name.map(|name| format!(" ({name})")).unwrap_or_default();
    format!("it waited for task {}{name} to {}, which {why}", after.task, to(after.when))
}

fn to(when: AfterWhen) -> &'static str {
    match when {
        AfterWhen::Succeeded => "succeed",
        AfterWhen::Ended => "end",
        AfterWhen::Failed => "fail",
        AfterWhen::Started => "start",
    }
}

fn has(when: AfterWhen) -> &'static str {
    match when {
        AfterWhen::Succeeded => "has succeeded",
        AfterWhen::Ended => "has ended",
        AfterWhen::Failed => "has failed",
        AfterWhen::Started => "has started",
    }
}

fn ended(phase: TaskPhase) -> &'static str {
    match phase {
        TaskPhase::Pending | TaskPhase::Running => "goes on",
        TaskPhase::Succeeded => "succeeded",
        TaskPhase::Failed => "failed",
        TaskPhase::Timeout => "ran out of time",
        TaskPhase::Canceled => "was canceled",
        TaskPhase::Exhausted => "has used up its retries",
    }
}
