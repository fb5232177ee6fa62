//! One run's log as the log store wants it: its folder, whether it is over, and when it has grown.

use crate::ApiError;
use crate::log_rows::pick;
use solti_logstore::LogError;
use solti_model::{RunId, TaskId};
use solti_supervisor::{LiveRun, LiveTask, Supervisor};
use std::path::PathBuf;
use tokio::sync::watch;

#[derive(Debug, Clone)]
pub(super) struct RunLog {
    pub id: TaskId,
    pub attempt: u32,
    pub folder: PathBuf,
    /// Nothing will be added.
    pub over: bool,
}

impl RunLog {
    /// A task without an attempt has the empty log of its first.
    pub(super) async fn find(supervisor: &Supervisor, of: &RunId) -> Result<Self, ApiError> {
        let id = &of.task;
        let (run, _) = pick(supervisor, id, of.attempt).await?;
        let number = run.as_ref().map_or(1, |run| run.attempt);
        let over = run.is_some_and(|run| run.finished_at.is_some());
        Ok(Self { id: id.clone(), attempt: number, folder: supervisor.folders().run(id, number), over })
    }
}

/// Waits for growth of one run's log.
pub(super) struct Growth {
    attempt: u32,
    live: Option<watch::Receiver<LiveTask>>,
    run: Option<LiveRun>,
}

impl Growth {
    pub(super) async fn of(supervisor: &Supervisor, id: &TaskId, attempt: u32) -> Result<Self, ApiError> {
        Ok(Self { attempt, live: supervisor.follow(id).await?, run: None })
    }

    /// Returns when there may be more, and whether there will be more after that.
    pub(super) async fn wait(&mut self) -> bool {
        let Some(live) = &mut self.live else { return false };
        loop {
            let state = live.borrow_and_update().clone();
            if state.over || state.finished >= self.attempt || state.attempt > self.attempt {
                return false;
            }
            if self.run.as_ref().map(|run| run.attempt) != state.run.as_ref().map(|run| run.attempt) {
                self.run = state.run;
            }
            let gone = match &mut self.run {
                Some(run) => tokio::select! {
                    rung = run.doorbell.rung() => match rung {
                        Some(_) => return true,
                        // The run is over; its end is told as soon as it is stored.
                        None => live.changed().await.is_err(),
                    },
                    changed = live.changed() => changed.is_err(),
                },
                None => live.changed().await.is_err(),
            };
            if gone {
                return false;
            }
        }
    }
}

/// Runs `work` where it may wait for the disk.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, LogError> + Send + 'static,
) -> Result<T, ApiError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(ApiError::internal(&error)),
        Err(error) => Err(ApiError::internal(&error)),
    }
}
