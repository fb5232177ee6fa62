//! Commands on the queue, as the rest of the app asks for them.

use super::Supervisor;
use crate::SupervisorError;
use crate::actor::queueing::QueueMessage;
use crate::actor::{Message, Reply};
use crate::forecast::{ForecastQuery, RUNS};
use crate::lanes::MoveTo;
use solti_model::{Foreseen, TaskId, TaskSpec};
use std::collections::HashSet;
use std::sync::atomic::Ordering;

impl Supervisor {
    /// Keeps a task that waits from starting until it is released. Fine when it is held already.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` for a task that runs or is over; `ReadOnly`.
    pub async fn hold(&self, id: &TaskId) -> Result<(), SupervisorError> {
        self.ask_queue(id, |id, reply| QueueMessage::Hold { id, reply }).await
    }

    /// Fine when it is not held.
    ///
    /// # Errors
    /// As [`Supervisor::hold`].
    pub async fn release(&self, id: &TaskId) -> Result<(), SupervisorError> {
        self.ask_queue(id, |id, reply| QueueMessage::Release { id, reply }).await
    }

    /// Puts a waiting task before those of its lane with a lower priority.
    ///
    /// # Errors
    /// `Invalid` with `priority`, else as [`Supervisor::hold`].
    pub async fn set_priority(&self, id: &TaskId, priority: i32) -> Result<(), SupervisorError> {
        self.ask_queue(id, |id, reply| QueueMessage::SetPriority { id, priority, reply }).await
    }

    /// Moves a waiting task within its lane, among those of its priority.
    ///
    /// # Errors
    /// As [`Supervisor::hold`]; `Conflict` also when the other task does not wait there, or has another priority.
    pub async fn move_task(&self, id: &TaskId, to: MoveTo) -> Result<(), SupervisorError> {
        self.ask_queue(id, |id, reply| QueueMessage::Move { id, to, reply }).await
    }

    /// Starts a waiting task whatever it waits for, past the capacity of its lane.
    ///
    /// # Errors
    /// As [`Supervisor::hold`].
    pub async fn run_now(&self, id: &TaskId) -> Result<(), SupervisorError> {
        self.ask_queue(id, |id, reply| QueueMessage::RunNow { id, reply }).await
    }

    /// Begins the next attempt of a task that waits for it.
    ///
    /// # Errors
    /// As [`Supervisor::hold`]; `Conflict` for one that is not waiting for another attempt.
    pub async fn retry_now(&self, id: &TaskId) -> Result<(), SupervisorError> {
        self.ask_queue(id, |id, reply| QueueMessage::RetryNow { id, reply }).await
    }

    /// Gives a task that has not been started another spec. It keeps its place, unless it goes to another lane.
    ///
    /// # Errors
    /// As [`Supervisor::submit`], and `Conflict` when the task is at another version than `version`.
    pub async fn edit(&self, id: &TaskId, spec: TaskSpec, version: u64) -> Result<(), SupervisorError> {
        let spec = Box::new(spec);
        self.ask_queue(id, |id, reply| QueueMessage::Edit { id, spec, version, reply }).await
    }

    /// Has the processes of a running task stand still, and its timeout with them, or go on.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` for a task that does not run.
    pub async fn suspend(&self, id: &TaskId, suspended: bool) -> Result<(), SupervisorError> {
        self.ask_queue(id, |id, reply| QueueMessage::Suspend { id, suspended, reply }).await
    }

    /// Lets nothing start in any lane, or what each lets start again. What runs goes on.
    ///
    /// # Errors
    /// `ReadOnly`.
    pub async fn hold_all(&self, held: bool) -> Result<(), SupervisorError> {
        self.ask(|reply| Message::Queue(QueueMessage::HoldAll { held, reply })).await?
    }

    /// When what waits will probably start, and what is in the lanes will probably end; by how long others of their kin took.
    ///
    /// # Errors
    /// As [`Supervisor::move_task`], for the moves.
    pub async fn forecast(&self, query: ForecastQuery) -> Result<Foreseen, SupervisorError> {
        let ForecastQuery { slot, tasks, moves } = query;
        let mut situation =
            match self.ask(|reply| Message::Queue(QueueMessage::Situation { moves, reply })).await? {
                Err(SupervisorError::NotFound { id }) => return Err(self.not_active(&id).await?),
                answer => answer?,
            };
        let durations = self.store.durations(situation.kins(), RUNS).await?;
        situation.begun(&self.store.begun(situation.tried_before()).await?);
        let made = tokio::task::spawn_blocking(move || situation.forecast(&durations, slot.as_ref(), &tasks));
        let mut forecast = made.await.map_err(|_| SupervisorError::ShuttingDown)?;
        let ids: HashSet<TaskId> = forecast.named().map(|(id, _)| id.clone()).collect();
        if !ids.is_empty() {
            let names = self.ask(|reply| Message::Queue(QueueMessage::Names { ids, reply })).await?;
            for (id, name) in forecast.named() {
                // One that is over by now, or cannot be read, is known by its id.
                *name = names.get(id).cloned().unwrap_or_else(|| id.to_string());
            }
        }
        Ok(forecast)
    }

    /// Those that wait for a task, by way of others too, the nearest first; no more than so many.
    pub async fn waiters(&self, id: &TaskId, most: usize) -> Result<Vec<TaskId>, SupervisorError> {
        let id = id.clone();
        self.ask(|reply| Message::Queue(QueueMessage::Waiters { id, most, reply })).await
    }

    /// Whether nothing starts in any lane.
    pub fn all_held(&self) -> bool {
        self.shared.all_held.load(Ordering::Acquire)
    }

    async fn ask_queue(
        &self,
        id: &TaskId,
        message: impl FnOnce(TaskId, Reply<()>) -> QueueMessage,
    ) -> Result<(), SupervisorError> {
        match self.ask(|reply| Message::Queue(message(id.clone(), reply))).await? {
            Err(SupervisorError::NotFound { .. }) => Err(self.not_active(id).await?),
            answer => answer,
        }
    }
}
