//! Batches that the disk has refused for now, in the order in which they were decided: each is written again when those before it
//! are written, so that nothing that was decided later is overwritten by what was decided before.

use solti_model::TaskId;
use solti_store::Change;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

#[derive(Debug, Default)]
pub(crate) struct Backlog {
    tickets: AtomicU64,
    refused: Mutex<BTreeMap<u64, Refused>>,
}

#[derive(Debug)]
struct Refused {
    tasks: Vec<TaskId>,
    turn: Arc<Notify>,
}

impl Backlog {
    /// For the next batch: a later one has a higher number.
    pub(crate) fn ticket(&self) -> u64 {
        self.tickets.fetch_add(1, Ordering::Relaxed)
    }

    /// Whether something of a task of these changes is still to be written, so that they have to wait.
    pub(crate) fn is_before(&self, changes: &[Change]) -> bool {
        let refused = self.refused();
        !refused.is_empty()
            && tasks(changes).any(|task| refused.values().any(|batch| batch.tasks.contains(task)))
    }

    /// Keeps the place of a batch until the returned value is dropped.
    pub(crate) fn enter(&self, ticket: u64, changes: &[Change]) -> Place<'_> {
        let turn = Arc::new(Notify::new());
        let batch = Refused { tasks: tasks(changes).cloned().collect(), turn: Arc::clone(&turn) };
        self.refused().insert(ticket, batch);
        Place { backlog: self, ticket, turn }
    }

    fn refused(&self) -> MutexGuard<'_, BTreeMap<u64, Refused>> {
        // Nothing panics while holding it; if something did, the map is still whole.
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Of one batch.
pub(crate) struct Place<'a> {
    backlog: &'a Backlog,
    ticket: u64,
    turn: Arc<Notify>,
}

impl Place<'_> {
    pub(crate) fn is_first(&self) -> bool {
        self.backlog.refused().first_key_value().is_some_and(|(first, _)| *first == self.ticket)
    }

    /// Waits until no earlier batch is left.
    pub(crate) async fn turn(&self) {
        while !self.is_first() {
            self.turn.notified().await;
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut refused = self.backlog.refused();
        refused.remove(&self.ticket);
        if let Some((_, next)) = refused.first_key_value() {
            next.turn.notify_one();
        }
    }
}

/// Those that the changes are about.
fn tasks(changes: &[Change]) -> impl Iterator<Item = &TaskId> {
    changes.iter().filter_map(Change::task_id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::{Duration, timeout};

    fn about(id: &str) -> Vec<Change> {
        vec![Change::DeleteTask(TaskId::new(id).expect("legal"))]
    }

    #[tokio::test]
    async fn batches_have_their_turns_in_the_order_of_their_tickets() {
        let backlog = Backlog::default();
        let (first, second) = (backlog.ticket(), backlog.ticket());
        assert!(!backlog.is_before(&about("a")));
        // Whichever is refused first.
        let later = backlog.enter(second, &about("a"));
        let earlier = backlog.enter(first, &about("b"));
        assert!(backlog.is_before(&about("a")) && backlog.is_before(&about("b")));
        assert!(!backlog.is_before(&about("c")) && !backlog.is_before(&[]));
        earlier.turn().await;
        assert!(timeout(Duration::ZERO, later.turn()).await.is_err());
        drop(earlier);
        later.turn().await;
        drop(later);
        assert!(!backlog.is_before(&about("a")));
    }
}
