//! What a run was started with: what it inherited, as that was recorded, and what its task says, which never changes.

use super::logs::pick;
use crate::ApiError;
use solti_model::{RunEnvironment, TaskId};
use solti_supervisor::{Supervisor, SupervisorError};

pub(super) async fn of(
    supervisor: &Supervisor,
    id: &TaskId,
    attempt: u32,
) -> Result<Option<RunEnvironment>, ApiError> {
    let (Some(run), _) = pick(supervisor, id, attempt).await? else { return Ok(None) };
    let store = supervisor.store();
    let stored = store.run(id, run.attempt).await.map_err(SupervisorError::from)?;
    let Some(number) = stored.and_then(|stored| stored.environment) else { return Ok(None) };
    let inherited = store.environment(number).await.map_err(SupervisorError::from)?;
    let Some(stored) = store.task(id).await.map_err(SupervisorError::from)? else {
        return Err(ApiError::TaskNotFound { id: id.clone() });
    };
    Ok(inherited.map(|inherited| RunEnvironment::of(inherited, &stored.task.spec.kind, id, run.attempt)))
}
