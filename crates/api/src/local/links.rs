//! Which tasks wait for which: up to all that a task waited for, and down to all that wait for it.

use super::SupervisorApiAdapter;
use crate::ApiError;
use crate::operations::{Perform, TaskOrder};
use solti_model::{AfterTask, Dependency, LinkedTask, LinkedTasks, MAX_LINKED, TaskId, TaskLink, TaskPhase};
use solti_store::StoredTask;
use solti_supervisor::SupervisorError;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, VecDeque};

impl Perform<TaskOrder> for SupervisorApiAdapter {
    async fn perform(&self, TaskOrder { id }: TaskOrder) -> Result<LinkedTasks, ApiError> {
        let mut found: BTreeMap<TaskId, Option<StoredTask>> = BTreeMap::new();
        let mut left: VecDeque<TaskId> = [id.clone()].into();
        // Half of the answer is for those that wait for it: nothing else leads to them.
        let mut below = self.supervisor().waiters(&id, MAX_LINKED / 2 + 1).await?;
        let mut more = below.len() > MAX_LINKED / 2;
        below.truncate(MAX_LINKED / 2);
        while let Some(next) = left.pop_front() {
            if found.contains_key(&next) {
                continue;
            }
            if found.len() + below.len() >= MAX_LINKED {
                more = true;
                break;
            }
            let stored = self.stored_record(&next).await?;
            left.extend(stored.iter().flat_map(after).map(|after| after.task.clone()));
            found.insert(next, stored);
        }
        for waiter in below {
            if let Entry::Vacant(place) = found.entry(waiter) {
                let stored = self.stored_record(place.key()).await?;
                place.insert(stored);
            }
        }
        if found.get(&id).is_none_or(Option::is_none) {
            return Err(ApiError::TaskNotFound { id });
        }
        Ok(LinkedTasks { links: links(&found), tasks: found.into_iter().map(linked).collect(), more })
    }
}

impl SupervisorApiAdapter {
    async fn stored_record(&self, id: &TaskId) -> Result<Option<StoredTask>, ApiError> {
        let found = self.supervisor().store().task(id).await;
        found.map_err(|error| SupervisorError::from(error).into())
    }
}

fn after(stored: &StoredTask) -> &[AfterTask] {
    &stored.task.spec.after
}

fn links(found: &BTreeMap<TaskId, Option<StoredTask>>) -> Vec<TaskLink> {
    let of = |(task, stored): (&TaskId, &Option<StoredTask>)| {
        let stored = stored.as_ref()?;
        let link = |(place, after): (u32, &AfterTask)| {
            let on = found.get(&after.task)?;
            let got_there = on.as_ref().is_some_and(|on| {
                after.when.judge(on.task.status.phase, on.started_at.is_some()) == Dependency::Fulfilled
            });
            let fulfilled = stored.queueing.fulfilled.contains(&place)
                || got_there
                // What has run waits for nothing any more.
                || stored.started_at.is_some();
            Some(TaskLink { on: after.task.clone(), task: task.clone(), when: after.when, fulfilled })
        };
        Some((0..).zip(after(stored)).filter_map(link).collect::<Vec<_>>())
    };
    found.iter().filter_map(of).flatten().collect()
}

fn linked((task, stored): (TaskId, Option<StoredTask>)) -> LinkedTask {
    let name = stored.as_ref().map(|stored| stored.task.spec.display_name()).unwrap_or_default();
    let phase: Option<TaskPhase> = stored.map(|stored| stored.task.status.phase);
    LinkedTask { task, name, phase }
}
