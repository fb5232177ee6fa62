//! Secrets of tasks on their way: masked in every answer, put back in what is submitted.

use crate::ApiError;
use solti_model::{FieldError, Task, TaskSpec, secret};
use solti_supervisor::{Supervisor, SupervisorError};

/// Tasks whose secrets one spec may hold.
const MAX_TASKS: usize = 16;

/// As an answer shows it.
pub fn masked(mut task: Task) -> Task {
    secret::mask(&mut task.spec.kind, &task.metadata.id);
    task
}

/// With the secrets of the tasks whose masks the spec holds: one that was read from an answer can be submitted, changed or not.
///
/// # Errors
/// `InvalidRequest` with the field of a mask whose secret is not there (any more).
pub async fn restored(supervisor: &Supervisor, mut spec: TaskSpec) -> Result<TaskSpec, ApiError> {
    for _ in 0..MAX_TASKS {
        let Some(id) = secret::masks_of(&spec)? else { return Ok(spec) };
        let stored = supervisor.store().task(&id).await.map_err(SupervisorError::from)?;
        let Some(stored) = stored else {
            let gone =
                format!("stands for a hidden value of task {id}, which is gone; write the value itself");
            return Err(FieldError::new("kind", gone).into());
        };
        secret::restore(&mut spec, &id, &stored.task.spec)?;
    }
    Err(FieldError::new("kind", format!("holds hidden values of more than {MAX_TASKS} tasks")).into())
}
