//! The change feed: which tasks changed, by resource version.
//!
//! Readers have cursors and pull: a slow one gets a longer list of ids, one that fell behind the ring is told to read
//! everything again. Nothing is queued for anyone. State itself is read from the store.

use solti_model::TaskId;
use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;

/// Changes that the ring remembers.
const RING: usize = 4_096;

#[derive(Debug)]
pub(crate) struct ChangeFeed {
    ring: Arc<Mutex<Ring>>,
    latest: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Ring {
    /// Published so far; the entry at the back has this number.
    published: u64,
    entries: VecDeque<Entry>,
}

#[derive(Debug, Clone)]
struct Entry {
    id: Option<TaskId>,
    deleted: bool,
}

/// What changed since the cursor was read last.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// New ones, and those of which anything is otherwise than before; each once, however often it changed.
    pub changed: BTreeSet<TaskId>,
    /// Those that are gone; none of them is in `changed`.
    pub deleted: BTreeSet<TaskId>,
    /// The reader fell too far behind: anything may have changed.
    pub missed_some: bool,
}

impl ChangeFeed {
    pub(crate) fn new() -> Self {
        Self { ring: Arc::default(), latest: watch::Sender::new(0) }
    }

    pub(crate) fn changed(&self, id: &TaskId) {
        self.publish(Entry { id: Some(id.clone()), deleted: false });
    }

    pub(crate) fn deleted(&self, id: &TaskId) {
        self.publish(Entry { id: Some(id.clone()), deleted: true });
    }

    /// Something that belongs to no task changed: a lane, the state of the storage.
    pub(crate) fn touched(&self) {
        self.publish(Entry { id: None, deleted: false });
    }

    fn publish(&self, entry: Entry) {
        let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        if ring.entries.len() == RING {
            ring.entries.pop_front();
        }
        ring.entries.push_back(entry);
        ring.published += 1;
        self.latest.send_replace(ring.published);
    }

    /// A cursor that stands at the end: it sees what is published from now on.
    pub(crate) fn cursor(&self) -> ChangeCursor {
        let latest = self.latest.subscribe();
        let seen = *latest.borrow();
        ChangeCursor { ring: Arc::clone(&self.ring), latest, seen }
    }
}

/// A reader's place in the feed.
#[derive(Debug)]
pub struct ChangeCursor {
    ring: Arc<Mutex<Ring>>,
    latest: watch::Receiver<u64>,
    seen: u64,
}

impl ChangeCursor {
    /// How many changes there had been when it was read last; comparable with [`ChangeCursor::published`].
    pub fn seen(&self) -> u64 {
        self.seen
    }

    /// How many changes there have been.
    pub fn published(&self) -> u64 {
        *self.latest.borrow()
    }

    /// Waits until something has changed and returns all of it; `None` once the supervisor is gone.
    pub async fn next(&mut self) -> Option<Changes> {
        let seen = self.seen;
        self.latest.wait_for(|latest| *latest > seen).await.ok()?;
        let ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        let unseen = usize::try_from(ring.published - self.seen).unwrap_or(usize::MAX);
        self.seen = ring.published;
        let mut changes = Changes { missed_some: unseen > ring.entries.len(), ..Changes::default() };
        for entry in ring.entries.iter().skip(ring.entries.len().saturating_sub(unseen)) {
            match &entry.id {
                Some(id) if entry.deleted => {
                    changes.changed.remove(id);
                    changes.deleted.insert(id.clone());
                }
                Some(id) => {
                    changes.changed.insert(id.clone());
                }
                None => {}
            }
        }
        Some(changes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: usize) -> TaskId {
        TaskId::new(format!("t{n}")).expect("legal")
    }

    #[tokio::test]
    async fn a_slow_reader_gets_each_task_once() {
        let feed = ChangeFeed::new();
        let mut cursor = feed.cursor();
        for _ in 0..10 {
            feed.changed(&id(1));
        }
        feed.changed(&id(2));
        feed.deleted(&id(1));
        let changes = cursor.next().await.expect("open");
        assert_eq!(changes.changed, BTreeSet::from([id(2)]));
        assert_eq!(changes.deleted, BTreeSet::from([id(1)]));
        assert!(!changes.missed_some);
    }

    #[tokio::test]
    async fn a_reader_behind_the_ring_is_told_so() {
        let feed = ChangeFeed::new();
        let mut cursor = feed.cursor();
        for n in 0..=RING {
            feed.changed(&id(n));
        }
        assert!(cursor.next().await.expect("open").missed_some);
        feed.touched();
        assert_eq!(cursor.next().await, Some(Changes::default()));
        drop(feed);
        assert_eq!(cursor.next().await, None);
    }
}
