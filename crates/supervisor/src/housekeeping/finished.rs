//! Deletes finished tasks that are too old or too many, and attempts of which a task has too many. Tasks go through the actor, as
//! if the person had deleted them; one with a bookmark stays.

use super::HousekeepingError;
use crate::actor::Message;
use crate::believed_clock::BelievedClock;
use crate::{FinishedLimits, RunFolders};
use solti_model::TaskId;
use solti_store::{Change, Store};
use std::collections::BTreeSet;
use tokio::sync::{mpsc, oneshot, watch};

const DAY_MS: u64 = 24 * 3600 * 1000;
/// Tasks that are deleted before the next are asked for.
const EXPIRED: u32 = 100;

pub(super) struct Finished {
    pub limits: watch::Receiver<FinishedLimits>,
    store: Store,
    folders: RunFolders,
    /// Weak, so that the actor ends when every handle is gone.
    mailbox: mpsc::WeakSender<Message>,
    clock: BelievedClock,
}

impl Finished {
    pub(super) fn new(
        store: Store,
        folders: RunFolders,
        limits: watch::Receiver<FinishedLimits>,
        mailbox: mpsc::WeakSender<Message>,
    ) -> Self {
        Self { limits, store, folders, mailbox, clock: BelievedClock::new() }
    }

    /// Removes attempts of which a task has too many, a step at a time: files first, so that none is left that nobody knows. Those
    /// whose files cannot be removed stay until another time. The tasks that have lost some.
    pub(super) async fn thin_out(&mut self) -> Result<BTreeSet<TaskId>, HousekeepingError> {
        let mut thinner = BTreeSet::new();
        let Some(keep) = self.limits.borrow().keep_attempts else { return Ok(thinner) };
        loop {
            let surplus = self.store.surplus(keep, EXPIRED).await?;
            if surplus.is_empty() {
                return Ok(thinner);
            }
            let mut removed_some = false;
            for attempts in surplus {
                let (folders, gone) = (self.folders.clone(), attempts.clone());
                let removed = tokio::task::spawn_blocking(move || {
                    folders.remove_runs(&gone.task_id, gone.from..=gone.to)
                });
                if let Err(error) = removed.await? {
                    tracing::warn!("attempts of {} stay beyond their number: {error}", attempts.task_id);
                    continue;
                }
                removed_some = true;
                thinner.insert(attempts.task_id.clone());
                self.store.apply(vec![Change::DropAttempts(attempts)]).await?;
            }
            if !removed_some {
                return Ok(thinner);
            }
        }
    }

    /// Deletes the finished tasks that are too old or too many.
    pub(super) async fn expire(&mut self) -> Result<(), HousekeepingError> {
        let now = self.clock.now_ms(&self.store).await?;
        let FinishedLimits { keep_days, keep_tasks, .. } = *self.limits.borrow();
        let before = keep_days.zip(now).map(|(days, now)| now.saturating_sub(u64::from(days) * DAY_MS));
        if before.is_none() && keep_tasks.is_none() {
            return Ok(());
        }
        loop {
            let ids = self.store.expired(before, keep_tasks, now, EXPIRED).await?;
            if ids.is_empty() {
                return Ok(());
            }
            for id in ids {
                let (reply, answer) = oneshot::channel();
                let Some(mailbox) = self.mailbox.upgrade() else { return Ok(()) };
                let sent = mailbox.send(Message::Delete { id, reply }).await;
                // A supervisor that shuts down, or a store that cannot be written: another time.
                if sent.is_err() || !matches!(answer.await, Ok(Ok(()))) {
                    return Ok(());
                }
            }
        }
    }
}
