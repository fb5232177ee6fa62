//! What the supervisor's errors are to a caller.

use crate::ApiError;
use solti_supervisor::SupervisorError;

impl From<SupervisorError> for ApiError {
    fn from(error: SupervisorError) -> Self {
        match error {
            SupervisorError::Invalid(field) => field.into(),
            SupervisorError::NotFound { id } => Self::TaskNotFound { id },
            SupervisorError::SlotBusy { slot, running, reason } => Self::SlotBusy { slot, running, reason },
            SupervisorError::Conflict { reason } => Self::Conflict { reason },
            SupervisorError::Unanswered { reason } => Self::Unavailable { reason },
            SupervisorError::ShuttingDown => Self::Unavailable { reason: "the app is shutting down".into() },
            SupervisorError::ReadOnly(source) => {
                tracing::warn!("storage is read-only: {source}");
                Self::Unavailable { reason: format!("the database cannot be used just now: {source}") }
            }
            not_stored @ SupervisorError::NotStored { .. } => {
                Self::Unavailable { reason: not_stored.to_string() }
            }
            other @ (SupervisorError::Store(_) | SupervisorError::Folder { .. }) => Self::internal(&other),
        }
    }
}
