//! Commands on the queue, over the supervisor.

use super::SupervisorApiAdapter;
use crate::ApiError;
use crate::operations::{
    EditTask, Forecast, HoldAll, HoldTask, MoveTask, Perform, ReleaseTask, ResumeTask, RetryNow, RunNow,
    SetPriority, SuspendTask,
};
use solti_model::{FieldError, Foreseen, MAX_FORESEEN, MAX_MOVES};
use solti_supervisor::{ForecastQuery, MoveTo};

impl Perform<HoldTask> for SupervisorApiAdapter {
    async fn perform(&self, HoldTask { id }: HoldTask) -> Result<(), ApiError> {
        Ok(self.supervisor().hold(&id).await?)
    }
}

impl Perform<ReleaseTask> for SupervisorApiAdapter {
    async fn perform(&self, ReleaseTask { id }: ReleaseTask) -> Result<(), ApiError> {
        Ok(self.supervisor().release(&id).await?)
    }
}

impl Perform<SetPriority> for SupervisorApiAdapter {
    async fn perform(&self, SetPriority { id, priority }: SetPriority) -> Result<(), ApiError> {
        Ok(self.supervisor().set_priority(&id, priority).await?)
    }
}

impl Perform<MoveTask> for SupervisorApiAdapter {
    async fn perform(&self, asked: MoveTask) -> Result<(), ApiError> {
        let to = move_to(&asked)?;
        Ok(self.supervisor().move_task(&asked.id, to).await?)
    }
}

fn move_to(asked: &MoveTask) -> Result<MoveTo, FieldError> {
    match (&asked.before, &asked.after, asked.first, asked.last) {
        (Some(other), None, false, false) => Ok(MoveTo::Before(other.clone())),
        (None, Some(other), false, false) => Ok(MoveTo::After(other.clone())),
        (None, None, true, false) => Ok(MoveTo::First),
        (None, None, false, true) => Ok(MoveTo::Last),
        _ => Err(FieldError::new("before", "exactly one of before, after, first and last says where to")),
    }
}

impl Perform<Forecast> for SupervisorApiAdapter {
    async fn perform(&self, Forecast { slot, tasks, moves }: Forecast) -> Result<Foreseen, ApiError> {
        for (field, count, most) in [("tasks", tasks.len(), MAX_FORESEEN), ("moves", moves.len(), MAX_MOVES)]
        {
            if count > most {
                return Err(ApiError::invalid(field, format!("must be at most {most}")));
            }
        }
        let moved = |(n, asked): (usize, &MoveTask)| {
            let to = move_to(asked).map_err(|error| ApiError::from(error).within(&format!("moves[{n}]")))?;
            Ok((asked.id.clone(), to))
        };
        let moves = moves.iter().enumerate().map(moved).collect::<Result<_, ApiError>>()?;
        let query = ForecastQuery { slot, tasks: tasks.into_iter().collect(), moves };
        Ok(self.supervisor().forecast(query).await?)
    }
}

impl Perform<RunNow> for SupervisorApiAdapter {
    async fn perform(&self, RunNow { id }: RunNow) -> Result<(), ApiError> {
        Ok(self.supervisor().run_now(&id).await?)
    }
}

impl Perform<RetryNow> for SupervisorApiAdapter {
    async fn perform(&self, RetryNow { id }: RetryNow) -> Result<(), ApiError> {
        Ok(self.supervisor().retry_now(&id).await?)
    }
}

impl Perform<EditTask> for SupervisorApiAdapter {
    async fn perform(&self, EditTask { id, spec, resource_version }: EditTask) -> Result<(), ApiError> {
        let spec = self.restored(spec.parse()?).await?;
        Ok(self.supervisor().edit(&id, spec, resource_version).await?)
    }
}

impl Perform<SuspendTask> for SupervisorApiAdapter {
    async fn perform(&self, SuspendTask { id }: SuspendTask) -> Result<(), ApiError> {
        Ok(self.supervisor().suspend(&id, true).await?)
    }
}

impl Perform<ResumeTask> for SupervisorApiAdapter {
    async fn perform(&self, ResumeTask { id }: ResumeTask) -> Result<(), ApiError> {
        Ok(self.supervisor().suspend(&id, false).await?)
    }
}

impl Perform<HoldAll> for SupervisorApiAdapter {
    async fn perform(&self, HoldAll { held }: HoldAll) -> Result<(), ApiError> {
        Ok(self.supervisor().hold_all(held).await?)
    }
}
