//! Secrets of tasks on their way: masked in every answer, put back in what is submitted.

use crate::ApiError;
use solti_model::{FieldError, Job, JobName, Task, TaskId, TaskSpec, secret};
use solti_supervisor::{Supervisor, SupervisorError};

/// Tasks whose secrets one spec may hold.
const MAX_TASKS: usize = 16;

/// As an answer shows it.
pub(super) fn masked(mut task: Task) -> Task {
    secret::mask(&mut task.spec.kind, &task.metadata.id);
    task
}

/// As an answer shows it. Its masks say of which revision they are, as those of a task say of which task.
pub(super) fn masked_job(mut job: Job) -> Job {
    if let Some(id) = id_of(&job) {
        secret::mask(&mut job.spec.kind, &id);
    }
    job
}

/// What the id of a job's revision begins with in its masks. No task is called so: their ids are made here.
const OF_JOB: &str = "job.";

fn id_of(job: &Job) -> Option<TaskId> {
    TaskId::new(format!("{OF_JOB}{}.r{}", job.name, job.revision)).ok()
}

fn revision_of(id: &TaskId) -> Option<(JobName, u32)> {
    let (name, revision) = id.as_str().strip_prefix(OF_JOB)?.rsplit_once(".r")?;
    Some((JobName::new(name).ok()?, revision.parse().ok()?))
}

/// The spec whose secrets these masks stand for.
async fn source(supervisor: &Supervisor, id: &TaskId) -> Result<Option<TaskSpec>, SupervisorError> {
    if let Some((job, revision)) = revision_of(id) {
        return Ok(supervisor.store().job_revision(&job, revision).await?.map(|job| job.spec));
    }
    Ok(supervisor.store().task(id).await?.map(|stored| stored.task.spec))
}

/// With the secrets of the tasks whose masks the spec holds: one that was read from an answer can be submitted, changed or not.
///
/// # Errors
/// `InvalidRequest` with the field of a mask whose secret is not there (any more).
pub(super) async fn restored(supervisor: &Supervisor, mut spec: TaskSpec) -> Result<TaskSpec, ApiError> {
    for _ in 0..MAX_TASKS {
        let Some(id) = secret::masks_of(&spec)? else { return Ok(spec) };
        let Some(source) = source(supervisor, &id).await? else {
            let gone =
                format!("stands for a hidden value of task {id}, which is gone; write the value itself");
            return Err(FieldError::new("kind", gone).into());
        };
        secret::restore(&mut spec, &id, &source)?;
    }
    Err(FieldError::new("kind", format!("holds hidden values of more than {MAX_TASKS} tasks")).into())
}
