//! Tasks as they were read last: a program that asks for one again and again costs no read of the database.
//!
//! Only the writer makes what is kept here old. It tells of a commit before and after it, and what is read meanwhile is
//! not kept: nobody is shown a task older than one that was shown before.

use crate::{Change, StoredTask};
use hashlink::LruCache;
use solti_model::TaskId;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// As many as are looked at or waited for at a time.
const TASKS: usize = 256;
/// A task with a longer spec (bytes of JSON) is read each time: all that is kept stays small.
const SPEC_BYTES: usize = 16 * 1024;

pub(crate) struct TaskCache(Mutex<CachedTasks>);

struct CachedTasks {
    tasks: LruCache<TaskId, Arc<StoredTask>>,
    /// Odd while a commit is under way; another number after each.
    version: u64,
}

/// What the cache's state was before a read.
#[derive(Clone, Copy)]
pub(crate) struct Ticket(u64);

/// A commit that changes tasks; it is over when this is dropped.
pub(crate) struct Changing<'a>(&'a TaskCache);

impl TaskCache {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(CachedTasks { tasks: LruCache::new(TASKS), version: 0 }))
    }

    /// The task, or the leave to keep what is read now.
    pub(crate) fn get(&self, id: &TaskId) -> Result<Arc<StoredTask>, Ticket> {
        let mut state = self.state();
        match state.tasks.get(id) {
            Some(task) => Ok(Arc::clone(task)),
            None => Err(Ticket(state.version)),
        }
    }

    /// Keeps a task unless a commit came between.
    pub(crate) fn keep(&self, Ticket(version): Ticket, task: &StoredTask, spec_bytes: usize) {
        let mut state = self.state();
        if state.version == version && version.is_multiple_of(2) && spec_bytes <= SPEC_BYTES {
            state.tasks.insert(task.task.metadata.id.clone(), Arc::new(task.clone()));
        }
    }

    /// To be called before a commit of these changes; `None` when they leave all tasks as they are.
    pub(crate) fn changing<'a>(
        &self,
        changes: impl Iterator<Item = &'a Change> + Clone,
    ) -> Option<Changing<'_>> {
        if changes.clone().any(|change| matches!(change, Change::RenameJob { .. })) {
            // Whichever tasks are of that job.
            let mut state = self.state();
            state.version += 1;
            state.tasks.clear();
            return Some(Changing(self));
        }
        let mut changed = changes.filter_map(|change| match change {
            Change::PutTask(stored) | Change::EditTask(stored) => Some(&stored.task.metadata.id),
            Change::DeleteTask(id) => Some(id),
            _ => None,
        });
        let first = changed.next()?;
        let mut state = self.state();
        state.version += 1;
        state.tasks.remove(first);
        for id in changed {
            state.tasks.remove(id);
        }
        Some(Changing(self))
    }

    fn state(&self) -> MutexGuard<'_, CachedTasks> {
        // Nothing is left half done in it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Changing<'_> {
    fn drop(&mut self) {
        self.0.state().version += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use solti_model::{BackoffState, Task};

    fn task(n: u64) -> StoredTask {
        let task: Task = serde_json::from_value(json!({
            "metadata": { "id": TaskId::generate(n, n), "resourceVersion": 1, "createdAt": 1, "updatedAt": 1 },
            "spec": { "slot": "a", "kind": { "subprocess": { "mode": { "command": { "command": "true" } } } } },
            "status": { "phase": "running", "attempt": 1 },
        }))
        .unwrap();
        StoredTask {
            task,
            backoff: BackoffState::default(),
            next_attempt_at: None,
            queue_order: 1,
            stop_requested: false,
            queueing: crate::Queueing::default(),
            started_at: None,
            finished_at: None,
            unreadable: None,
        }
    }

    fn ticket(cache: &TaskCache, task: &StoredTask) -> Ticket {
        cache.get(&task.task.metadata.id).expect_err("it is kept")
    }

    #[test]
    fn a_task_is_kept_until_a_commit_changes_it() {
        let (cache, one, other) = (TaskCache::new(), task(1), task(2));
        for task in [&one, &other] {
            cache.keep(ticket(&cache, task), task, 10);
            assert_eq!(*cache.get(&task.task.metadata.id).ok().unwrap(), *task);
        }
        assert!(cache.changing([Change::SetMeta { key: "k".into(), value: "v".into() }].iter()).is_none());
        drop(cache.changing([one.clone().into()].iter()).unwrap());
        ticket(&cache, &one);
        drop(cache.changing([Change::DeleteTask(other.task.metadata.id.clone())].iter()).unwrap());
        ticket(&cache, &other);
    }

    #[test]
    fn what_is_read_while_something_is_committed_is_not_kept() {
        let (cache, one) = (TaskCache::new(), task(1));
        let change = [Change::from(one.clone())];
        let before = ticket(&cache, &one);
        let changing = cache.changing(change.iter());
        let within = ticket(&cache, &one);
        cache.keep(before, &one, 10);
        cache.keep(within, &one, 10);
        ticket(&cache, &one);
        drop(changing);
        cache.keep(before, &one, 10);
        cache.keep(within, &one, 10);
        let after = ticket(&cache, &one);
        cache.keep(after, &one, SPEC_BYTES + 1);
        ticket(&cache, &one);
        cache.keep(after, &one, SPEC_BYTES);
        assert!(cache.get(&one.task.metadata.id).is_ok());
    }
}
