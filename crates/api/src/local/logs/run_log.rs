//! One run's log as the log store wants it: which attempt is meant, its folder, and whether it is over.

use crate::ApiError;
use crate::error::in_full;
use solti_logstore::{LogError, LogView, TextEncoding};
use solti_model::{RunId, TaskId, TaskRun, counted};
use solti_supervisor::{Supervisor, SupervisorError};
use std::path::PathBuf;

/// Where a log is. It is read as a [`RunLog`], which knows its encoding.
#[derive(Debug, Clone)]
pub(super) struct LogPlace {
    /// Its attempt is never 0, which stands for the latest.
    pub run: RunId,
    pub folder: PathBuf,
    /// Nothing will be added.
    pub over: bool,
}

#[derive(Debug, Clone)]
pub(super) struct RunLog {
    /// Its attempt is never 0, which stands for the latest.
    pub run: RunId,
    pub folder: PathBuf,
    /// Nothing will be added.
    pub over: bool,
    /// What its bytes are read as.
    pub encoding: TextEncoding,
}

impl LogPlace {
    /// A task without an attempt has the empty log of its first.
    pub(super) async fn find(supervisor: &Supervisor, of: &RunId) -> Result<Self, ApiError> {
        let (run, _) = pick(supervisor, &of.task, of.attempt).await?;
        Ok(match run {
            Some(run) => Self::of(supervisor, &of.task, &run),
            None => {
                let run = RunId { task: of.task.clone(), attempt: 1 };
                let folder = supervisor.folders().run(&run.task, run.attempt);
                Self { run, folder, over: false }
            }
        })
    }

    pub(super) fn of(supervisor: &Supervisor, task: &TaskId, run: &TaskRun) -> Self {
        let folder = supervisor.folders().run(task, run.attempt);
        let over = run.finished_at.is_some();
        let run = RunId { task: task.clone(), attempt: run.attempt };
        Self { run, folder, over }
    }

    /// To be read in this encoding.
    pub(super) fn read_in(self, encoding: TextEncoding) -> RunLog {
        let Self { run, folder, over } = self;
        RunLog { run, folder, over, encoding }
    }
}

impl RunLog {
    pub(super) fn view(&self) -> Result<LogView, LogError> {
        let mut view = LogView::open(&self.folder)?;
        view.set_final(self.over);
        view.set_encoding(self.encoding);
        Ok(view)
    }
}

/// The stored attempt of that number.
pub(crate) async fn stored_run(
    supervisor: &Supervisor,
    id: &TaskId,
    attempt: u32,
) -> Result<Option<TaskRun>, ApiError> {
    let stored = supervisor.store().run(id, attempt).await.map_err(SupervisorError::from)?;
    Ok(stored.map(|stored| stored.run))
}

/// The attempt that is meant, and the number of the latest one. `None` while a task has no attempt yet.
pub(crate) async fn pick(
    supervisor: &Supervisor,
    id: &TaskId,
    attempt: u32,
) -> Result<(Option<TaskRun>, u32), ApiError> {
    let latest = supervisor.store().latest_run(id).await.map_err(SupervisorError::from)?;
    let Some(latest) = latest.map(|stored| stored.run) else {
        return match supervisor.store().task(id).await.map_err(SupervisorError::from)? {
            Some(_) => Ok((None, 0)),
            None => Err(ApiError::TaskNotFound { id: id.clone() }),
        };
    };
    let number = latest.attempt;
    if attempt == 0 || attempt == number {
        return Ok((Some(latest), number));
    }
    match stored_run(supervisor, id, attempt).await? {
        Some(run) => Ok((Some(run), number)),
        None => {
            let said = if attempt < number {
                format!("attempt {attempt} of task {id} is not kept any more")
            } else {
                format!("task {id} has no attempt {attempt}: it has had {}", counted(number, "attempt"))
            };
            Err(ApiError::invalid("attempt", said))
        }
    }
}

/// Runs `work` where it may wait for the disk. Files that cannot be read are told with the reason: they are the person's own, and
/// who knows it can mend it.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, LogError> + Send + 'static,
) -> Result<T, ApiError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => {
            let reason = in_full(&error);
            tracing::warn!("{reason}");
            Err(ApiError::Unavailable { reason })
        }
        Err(error) => Err(ApiError::internal(&error)),
    }
}

/// As many threads as there are processors.
pub(super) fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
