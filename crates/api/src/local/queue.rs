//! Hands on the queue, over the supervisor.

use super::{SupervisorApiAdapter, secrets};
use crate::ApiError;
use crate::operations::{
    EditTask, HoldAll, HoldTask, MoveTask, Perform, ReleaseTask, ResumeTask, RetryNow, RunNow, SetPriority,
    SuspendTask,
};
use solti_supervisor::MoveTo;

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
    async fn perform(&self, MoveTask { id, before, after, first, last }: MoveTask) -> Result<(), ApiError> {
        let to = match (before, after, first, last) {
            (Some(other), None, false, false) => MoveTo::Before(other),
            (None, Some(other), false, false) => MoveTo::After(other),
            (None, None, true, false) => MoveTo::First,
            (None, None, false, true) => MoveTo::Last,
            _ => {
                return Err(ApiError::invalid(
                    "before",
                    "exactly one of before, after, first and last says where to",
                ));
            }
        };
        Ok(self.supervisor().move_task(&id, to).await?)
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
        let spec = secrets::restored(self.supervisor(), spec.parse()?).await?;
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
