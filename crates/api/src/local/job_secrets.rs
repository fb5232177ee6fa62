//! Secrets of jobs in the keyring of this machine. They are taken in and never told.

use super::SupervisorApiAdapter;
use crate::ApiError;
use crate::operations::{ForgetJobSecret, KeepJobSecret, ListJobSecrets, Perform};
use solti_model::{FieldError, Job, JobName, JobSecrets, MAX_SECRET_BYTES, SecretText};
use std::sync::Arc;

impl SupervisorApiAdapter {
    async fn job_with_secrets(&self, name: &JobName) -> Result<Arc<Job>, ApiError> {
        let known = self.supervisor().job(name).await?;
        let known = known.ok_or_else(|| FieldError::new("name", format!("there is no job {name}")))?;
        known.job.map_err(|why| ApiError::Conflict { reason: format!("job {name} cannot be read: {why}") })
    }

    /// Has what was kept for a job be kept under its new name. What cannot be stays where it was, and is noted: the job has its new
    /// name all the same, and tells which of its secrets are not kept.
    pub(super) async fn move_secrets(&self, from: &JobName, renamed: &Job) {
        let keyring = self.supervisor().keyring();
        for parameter in renamed.secret_names() {
            let moved = match keyring.read(from, parameter).await {
                Ok(Some(secret)) => keyring.keep(&renamed.name, parameter, &secret).await,
                read => read.map(drop),
            };
            if let Err(why) = moved {
                return tracing::warn!("secrets of job {from} are not kept for {}: {why}", renamed.name);
            }
        }
        if renamed.secret_names().next().is_some() {
            self.forget_secrets_of(from).await;
        }
    }

    /// Forgets all secrets of a job that is gone. That they stay is noted: the job is gone all the same.
    pub(super) async fn forget_secrets_of(&self, name: &JobName) {
        if let Err(why) = self.supervisor().keyring().forget(name, None).await {
            tracing::info!("secrets of job {name} may still be in the keyring: {why}");
        }
    }
}

/// # Errors
/// With the field `parameter`.
fn secret_of(job: &Job, parameter: &str) -> Result<(), FieldError> {
    if job.secret_names().any(|name| name == parameter) {
        return Ok(());
    }
    Err(FieldError::new("parameter", format!("job {} has no secret parameter {parameter}", job.name)))
}

fn refused(why: String) -> ApiError {
    ApiError::Conflict { reason: format!("the keyring: {why}") }
}

impl Perform<ListJobSecrets> for SupervisorApiAdapter {
    async fn perform(&self, ListJobSecrets { name }: ListJobSecrets) -> Result<JobSecrets, ApiError> {
        let job = self.job_with_secrets(&name).await?;
        let mut found = JobSecrets::default();
        for parameter in job.secret_names() {
            match self.supervisor().keyring().read(&name, parameter).await {
                Ok(Some(_)) => found.kept.push(parameter.to_owned()),
                Ok(None) => {}
                Err(why) => {
                    // It is the same for the others.
                    found.why_not = Some(why);
                    break;
                }
            }
        }
        Ok(found)
    }
}

impl Perform<KeepJobSecret> for SupervisorApiAdapter {
    async fn perform(&self, KeepJobSecret { name, parameter, value }: KeepJobSecret) -> Result<(), ApiError> {
        secret_of(&*self.job_with_secrets(&name).await?, &parameter)?;
        let most = MAX_SECRET_BYTES;
        if value.is_empty() || value.len() > most || value.contains('\0') {
            let rule = format!("must be from 1 to {most} bytes, without a NUL character");
            return Err(FieldError::new("value", rule).into());
        }
        self.supervisor().keyring().keep(&name, &parameter, &SecretText::new(value)).await.map_err(refused)
    }
}

impl Perform<ForgetJobSecret> for SupervisorApiAdapter {
    async fn perform(&self, ForgetJobSecret { name, parameter }: ForgetJobSecret) -> Result<(), ApiError> {
        self.supervisor().keyring().forget(&name, Some(&parameter)).await.map_err(refused)
    }
}
