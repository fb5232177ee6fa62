//! A batch of changes on its way to the disk, and what happens when the disk refuses it.

use crate::shared::SharedState;
use solti_store::{Change, Store, StoreError};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// How long to wait before a write is repeated that the disk refused.
const WRITE_RETRY: Duration = Duration::from_millis(500);
/// So many times in a row it is a long time.
const LONG: u32 = 4;
/// How often a database that could not be written is tried again when nothing else is written: nobody tells that a disk has
/// space again.
const PROBE_EVERY: Duration = Duration::from_secs(1);
const PROBE_KEY: &str = "write_probe";

/// Queues a batch. Waits for a place among those under way, not for the disk.
pub(crate) async fn queue(
    store: &Store,
    shared: &Arc<SharedState>,
    places: &Arc<Semaphore>,
    changes: Vec<Change>,
) -> Commit {
    // The semaphore is never closed.
    let permit = Arc::clone(places).acquire_owned().await.ok();
    let ticket = shared.backlog.ticket();
    let changes: Arc<[Change]> = changes.into();
    // What is decided later about a task is written later.
    let first = (!shared.backlog.is_before(&changes)).then(|| store.enqueue(Arc::clone(&changes)));
    let batch = Write { ticket, changes, store: store.clone(), shared: Arc::clone(shared) };
    Commit::Queued { first, batch, permit }
}

/// A batch on its way to the disk.
pub(crate) enum Commit {
    Queued {
        /// `None` behind a batch about one of its tasks that the disk has refused so far.
        first: Option<Result<solti_store::Commit, StoreError>>,
        batch: Write,
        permit: Option<OwnedSemaphorePermit>,
    },
    Relayed(oneshot::Receiver<Result<(), StoreError>>),
}

pub(crate) struct Write {
    ticket: u64,
    changes: Arc<[Change]>,
    store: Store,
    shared: Arc<SharedState>,
}

/// A batch is on the disk. A shutdown waits for this to be dropped, so that what follows at once is done as well.
#[must_use = "dropped when what follows at once is done"]
pub(crate) struct Stored(#[expect(dead_code, reason = "held")] Option<OwnedSemaphorePermit>);

impl Commit {
    /// Waits for the disk, once: the caller can be told to try again.
    pub(crate) async fn once(self) -> Result<(), StoreError> {
        match self {
            Self::Queued { first, batch, permit: _permit } => batch.first_answer(first).await,
            Self::Relayed(reported) => reported.await.unwrap_or(Err(StoreError::Closed)),
        }
    }

    /// Waits for the disk, and repeats a write that it refused until it takes it: what has happened cannot be refused.
    pub(crate) async fn until_done(self) -> Result<Stored, StoreError> {
        match self {
            Self::Queued { first, batch, permit } => {
                let result = batch.first_answer(first).await;
                // The place is for batches on their way: one that waits for the disk must not make the actor wait too.
                let permit = permit.filter(|_| result.is_ok());
                batch.repeated(result).await.map(|()| Stored(permit))
            }
            relayed @ Self::Relayed(_) => Box::pin(relayed.once()).await.map(|()| Stored(None)),
        }
    }

    /// Waits for the disk's first answer alone: what a person wants of a process is done whether it can be stored yet or not. A write
    /// that was refused is repeated all the same, as [`Commit::until_done`] does; `Ok` when that is under way.
    pub(crate) async fn tried(self) -> Result<(), StoreError> {
        let Self::Queued { first, batch, permit } = self else { return self.once().await };
        let result = batch.first_answer(first).await;
        drop(permit);
        match &result {
            Err(error) if is_passing(error) => {
                tokio::spawn(batch.repeated(result));
                Ok(())
            }
            _ => batch.repeated(result).await,
        }
    }

    /// The same as [`Commit::once`]; where the disk is full, it is asked again after `make_room`.
    pub(crate) async fn once_with_room(self, make_room: impl Future<Output = ()>) -> Result<(), StoreError> {
        let Self::Queued { first, batch, permit: _permit } = self else {
            return self.once().await;
        };
        let result = batch.first_answer(first).await;
        let Err(StoreError::Full(_)) = result else { return result };
        make_room.await;
        batch.written().await
    }
}

impl Write {
    async fn first_answer(
        &self,
        first: Option<Result<solti_store::Commit, StoreError>>,
    ) -> Result<(), StoreError> {
        match first {
            Some(queued) => self.answered(queued).await,
            None => Err(StoreError::Busy),
        }
    }

    async fn written(&self) -> Result<(), StoreError> {
        self.answered(self.store.enqueue(Arc::clone(&self.changes))).await
    }

    async fn answered(&self, queued: Result<solti_store::Commit, StoreError>) -> Result<(), StoreError> {
        let result = match queued {
            Ok(commit) => commit.await,
            Err(error) => Err(error),
        };
        self.shared.note_write(&self.store, &result);
        result
    }

    /// Repeats a write for as long as the disk refuses it for now, in its turn.
    async fn repeated(self, mut result: Result<(), StoreError>) -> Result<(), StoreError> {
        let refused = matches!(&result, Err(error) if is_passing(error));
        let place = refused.then(|| self.shared.backlog.enter(self.ticket, &self.changes));
        while let (Err(error), Some(place)) = (&result, &place)
            && is_passing(error)
        {
            if place.is_first() {
                tracing::warn!("the database refused a write, trying again: {error}");
                tokio::time::sleep(WRITE_RETRY).await;
            }
            place.turn().await;
            result = self.written().await;
        }
        if let Err(error) = &result {
            tracing::error!("a change of state could not be stored: {error}");
        }
        result
    }
}

fn is_passing(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::Full(_)
            | StoreError::ReadOnly(_)
            | StoreError::Io(_)
            | StoreError::Unopened(_)
            | StoreError::Locked(_)
            | StoreError::Busy
    )
}

impl SharedState {
    /// Whether the database refuses whatever is written, for now.
    pub(crate) fn refuses_writes(&self) -> bool {
        self.read_only.load(Ordering::Acquire)
    }

    /// Returns when the database has refused writes for a while: who waits until something is stored is to hear of that.
    pub(crate) async fn long_refused(&self) {
        let mut times = 0;
        while times < LONG {
            tokio::time::sleep(WRITE_RETRY).await;
            times = if self.refuses_writes() { times + 1 } else { 0 };
        }
    }

    fn note_write(self: &Arc<Self>, store: &Store, result: &Result<(), StoreError>) {
        let read_only = matches!(result, Err(error) if is_passing(error));
        if self.read_only.swap(read_only, Ordering::AcqRel) != read_only {
            self.feed.touched();
            if read_only {
                tokio::spawn(probe(Arc::downgrade(self), store.clone()));
            }
        }
    }
}

/// Tries to write until it can be done, or the app ends.
async fn probe(shared: Weak<SharedState>, store: Store) {
    loop {
        tokio::time::sleep(PROBE_EVERY).await;
        let Some(shared) = shared.upgrade() else { return };
        if !shared.read_only.load(Ordering::Acquire) {
            return;
        }
        let result = store.set_meta(PROBE_KEY, "").await;
        shared.note_write(&store, &result);
    }
}
