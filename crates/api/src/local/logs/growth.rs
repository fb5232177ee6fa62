//! News of a log that is being written.

use crate::ApiError;
use solti_model::TaskId;
use solti_supervisor::{LiveRun, LiveTask, Supervisor};
use tokio::sync::watch;

/// Waits for growth of the log of a task, whichever attempt writes it.
pub(super) struct Growth {
    live: Option<watch::Receiver<LiveTask>>,
    run: Option<LiveRun>,
}

/// What there may be more for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum News {
    /// The attempt that runs has written.
    Written,
    /// An attempt has begun or ended.
    Attempt,
    /// Nothing will be added to the log of any attempt.
    Over,
}

impl Growth {
    /// Of a task that does not live nothing will come.
    pub(super) async fn of(supervisor: &Supervisor, task: &TaskId) -> Result<Self, ApiError> {
        Ok(Self { live: supervisor.follow(task).await?, run: None })
    }

    /// Waits until there may be more.
    pub(super) async fn news(&mut self) -> News {
        self.unless(|_| false).await
    }

    /// Waits until the log of this attempt may have grown; whether it may grow again after that.
    pub(super) async fn of_attempt(&mut self, attempt: u32) -> bool {
        loop {
            match self.unless(|task| task.finished >= attempt || task.attempt > attempt).await {
                News::Written => return true,
                News::Attempt => {}
                News::Over => return false,
            }
        }
    }

    /// Waits for news, but not once the task is as `over` says.
    async fn unless(&mut self, over: impl Fn(&LiveTask) -> bool) -> News {
        let Some(live) = &mut self.live else { return News::Over };
        let state = live.borrow_and_update().clone();
        if self.run.as_ref().map(|run| run.attempt) != state.run.as_ref().map(|run| run.attempt) {
            self.run = state.run.clone();
        }
        let changed = match &mut self.run {
            _ if state.over || over(&state) => return News::Over,
            Some(run) => tokio::select! {
                rung = run.doorbell.rung() => match rung {
                    Some(_) => return News::Written,
                    // The run is over; its end is told as soon as it is stored.
                    None => live.changed().await,
                },
                changed = live.changed() => changed,
            },
            None => live.changed().await,
        };
        if changed.is_err() {
            self.live = None;
            return News::Over;
        }
        News::Attempt
    }
}
