//! Secrets of tasks, jobs and hooks on their way: masked in every answer, put back in what is submitted.

use super::{SupervisorApiAdapter, hooks};
use crate::ApiError;
use solti_model::masks::{HoldsSecrets, Source, mask, masks_of, restore};
use solti_model::secret::masked_text;
use solti_model::{FieldError, Hook, Job, JobName, Task, TaskEventKind, TaskId, TaskRun};
use solti_store::StoreError;
use solti_supervisor::SupervisorError;

/// Tasks whose secrets may be asked for at once.
const MAX_TASKS: usize = 16;
/// Where the key is in the store. Without it nobody can try out which secret a mask stands for.
const KEY: &str = "mask_key";
/// Hexadecimal digits of a mark.
const MARK: usize = 16;

/// What the id of a job's revision begins with in its masks. No task is called so: their ids are made here.
const OF_JOB: &str = "job.";

fn id_of(job: &Job) -> TaskId {
    let id = TaskId::new(format!("{OF_JOB}{}.r{}", job.name, job.revision));
    // What stands for a job with a name beyond measure is hidden all the same, and is not put back.
    id.unwrap_or_else(|_| TaskId::generate(0, 0))
}

fn revision_of(id: &TaskId) -> Option<(JobName, u32)> {
    let (name, revision) = id.as_str().strip_prefix(OF_JOB)?.rsplit_once(".r")?;
    Some((JobName::new(name).ok()?, revision.parse().ok()?))
}

/// The same of a hook.
const OF_HOOK: &str = "hook.";

fn id_of_hook(hook: &Hook) -> TaskId {
    TaskId::new(format!("{OF_HOOK}{}", hook.name)).unwrap_or_else(|_| TaskId::generate(0, 0))
}

/// What has this id in masks, in words.
fn words(id: &TaskId) -> String {
    match (revision_of(id), id.as_str().strip_prefix(OF_HOOK)) {
        (Some((job, revision)), _) => format!("revision {revision} of job {job}"),
        (None, Some(hook)) => format!("hook {hook}"),
        (None, None) => format!("task {id}"),
    }
}

/// By what a mask tells the secret that it stands for.
fn mark(key: &str, id: &TaskId, secret: &str) -> String {
    let signed = solti_webhook::sign(key, 0, format!("{id}\0{secret}").as_bytes());
    signed[signed.len() - MARK..].to_owned()
}

fn storage(error: StoreError) -> ApiError {
    SupervisorError::from(error).into()
}

/// The error of a run as an answer shows it: earlier versions stored some with their secrets.
pub(super) fn masked_run(mut run: TaskRun) -> TaskRun {
    run.error = run.error.map(|error| masked_text(&error).into_owned());
    run
}

impl SupervisorApiAdapter {
    async fn mask_key(&self) -> Result<&str, ApiError> {
        let supervisor = self.supervisor();
        let key = self.kept_mask_key().get_or_try_init(|| async {
            if let Some(key) = supervisor.store().meta(KEY).await? {
                return Ok(key);
            }
            let key = format!("{:032x}", rand::random::<u128>());
            let (supervisor, kept) = (supervisor.clone(), key.clone());
            // No answer waits for the disk. Where it cannot be kept, masks are good until the next start.
            tokio::spawn(async move {
                if let Err(error) = supervisor.store().set_meta(KEY, &kept).await {
                    tracing::warn!("the key of masks cannot be kept: {error}");
                }
            });
            Ok(key)
        });
        Ok(key.await.map_err(storage)?)
    }

    /// As an answer shows it.
    pub(super) async fn masked(&self, mut task: Task) -> Result<Task, ApiError> {
        let key = self.mask_key().await?;
        let id = &task.metadata.id;
        mask(&mut task.spec, id, |secret| mark(key, id, secret));
        task.status.error = task.status.error.map(|error| masked_text(&error).into_owned());
        Ok(task)
    }

    /// As an answer shows it. Its masks say of which revision they are, as those of a task say of which task.
    pub(super) async fn masked_job(&self, mut job: Job) -> Result<Job, ApiError> {
        let (key, id) = (self.mask_key().await?, id_of(&job));
        mask(&mut job, &id, |secret| mark(key, &id, secret));
        Ok(job)
    }

    /// As an answer shows it, but for the address.
    pub(super) async fn masked_hook(&self, mut hook: Hook) -> Result<Hook, ApiError> {
        let (key, id) = (self.mask_key().await?, id_of_hook(&hook));
        mask(&mut hook, &id, |secret| mark(key, &id, secret));
        Ok(hook)
    }

    /// What these masks stand for, and whether it has always been so.
    async fn source(&self, id: &TaskId) -> Result<Option<(Box<dyn HoldsSecrets + Send>, bool)>, StoreError> {
        let store = self.supervisor().store();
        if let Some((job, revision)) = revision_of(id) {
            let job = store.job_revision(&job, revision).await?;
            return Ok(job.map(|job| (Box::new(job) as _, true)));
        }
        if let Some(name) = id.as_str().strip_prefix(OF_HOOK) {
            let hook = hooks::kept(self.supervisor()).await?.into_iter().find(|hook| hook.name == name);
            return Ok(hook.map(|hook| (Box::new(hook) as _, false)));
        }
        let Some(stored) = store.task(id).await? else { return Ok(None) };
        let edited = |kind: &str| TaskEventKind::from_word(kind) == Some(TaskEventKind::Edited);
        let events = store.events(id).await?;
        // A task is edited before its first run, and its first events are kept the longest.
        let unchanged = !events.iter().any(|event| edited(&event.kind) && event.detail.is_none());
        Ok(Some((Box::new(stored.task.spec), unchanged)))
    }

    /// With the secrets of the tasks, jobs and hooks whose masks it holds: what was read from an answer can be submitted, changed or not.
    ///
    /// # Errors
    /// `InvalidRequest` with the field of a mask whose secret is not there (any more), or would be shown where it is now.
    pub(super) async fn restored<T: HoldsSecrets + Clone>(&self, mut of: T) -> Result<T, ApiError> {
        for _ in 0..MAX_TASKS {
            let Some((id, field)) = masks_of(&of)? else { return Ok(of) };
            let Some((mut source, unchanged)) = self.source(&id).await.map_err(storage)? else {
                let what = words(&id);
                let gone =
                    format!("stands for a hidden value of {what}, which is gone; write the value itself");
                return Err(FieldError::new(field, gone).into());
            };
            let key = self.mask_key().await?;
            restore(&mut of, Source { id: &id, of: source.as_mut(), unchanged }, |secret| {
                mark(key, &id, secret)
            })?;
        }
        match masks_of(&of)? {
            None => Ok(of),
            Some((_, field)) => {
                Err(FieldError::new(field, format!("holds hidden values of more than {MAX_TASKS} tasks"))
                    .into())
            }
        }
    }
}
