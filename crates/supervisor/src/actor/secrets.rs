//! Secrets of jobs on their way to a run: given with the order, or read from the keyring. They are held in memory as long as the task
//! is not over, and stored nowhere; after a restart of the app those that were given are gone, and the keyring is asked.

use super::effect::Effect;
use super::{Actor, Asked, Message, Reply};
use crate::machine::Keyring;
use crate::{SupervisorError, jobs::Jobs};
use solti_model::{
    FieldError, JobName, JobOrder, Secrets, TaskId, TaskKind, TaskSpec, no_secret, put_secrets,
};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What a start needs of secrets.
pub(crate) struct NeededSecrets {
    pub(crate) job: Option<JobName>,
    pub(crate) names: Vec<String>,
    pub(crate) known: Secrets,
}

impl NeededSecrets {
    /// # Errors
    /// Of the first that is neither known nor kept.
    async fn complete(self, keyring: &dyn Keyring) -> Result<Secrets, FieldError> {
        let Self { job, names, mut known } = self;
        let Some(job) = job else { return Ok(known) };
        for name in names.into_iter().filter(|name| !known.contains_key(name)).collect::<Vec<_>>() {
            let kept = keyring.read(&job, &name).await;
            let kept = kept.map_err(|why| no_secret(&job, &name, Some(&why)))?;
            let secret = kept.ok_or_else(|| no_secret(&job, &name, None))?;
            known.insert(name, secret);
        }
        Ok(known)
    }
}

/// Reads from the keyring what an order lacks. One that is not needed and that nobody has is left out.
async fn completed(
    mut order: JobOrder,
    needed: &BTreeSet<String>,
    keyring: &dyn Keyring,
) -> Result<JobOrder, FieldError> {
    let Some(job) = order.spec.job.clone() else { return Ok(order) };
    for name in order.spec.secrets.clone() {
        if order.secrets.contains_key(&name) {
            continue;
        }
        match keyring.read(&job, &name).await {
            Ok(Some(secret)) => drop(order.secrets.insert(name, secret)),
            Ok(None) | Err(_) if !needed.contains(&name) => order.spec.without_secret(&name),
            Ok(None) => return Err(no_secret(&job, &name, None)),
            Err(why) => return Err(no_secret(&job, &name, Some(&why))),
        }
    }
    Ok(order)
}

impl Actor {
    /// Reads from the keyring what an order lacks, and tells what came of it.
    pub(crate) fn fetch_secrets(
        &self,
        order: JobOrder,
        told: impl FnOnce(Result<JobOrder, SupervisorError>) -> Message + Send + 'static,
    ) {
        let needed = needed(&self.jobs, &order.spec);
        let (keyring, effect) = (Arc::clone(&self.config.keyring), self.effect());
        tokio::spawn(async move {
            let completed = completed(order, &needed, &*keyring).await;
            effect.tell(told(completed.map_err(Into::into))).await;
        });
    }

    pub(crate) async fn submit(&mut self, spec: TaskSpec, asked: Asked) {
        self.submit_order(JobOrder { spec, secrets: Secrets::new() }, asked).await;
    }

    pub(crate) async fn submit_order(&mut self, mut order: JobOrder, asked: Asked) {
        self.jobs.follow_renaming(&mut order.spec);
        if order.lacks_secrets() {
            return self.fetch_secrets(order, |order| Message::Ordered { order: Box::new(order), asked });
        }
        self.ordered(Ok(order), asked).await;
    }

    pub(crate) async fn ordered(&mut self, order: Result<JobOrder, SupervisorError>, asked: Asked) {
        let Asked { reply, key } = asked;
        if let Some(made) = key.as_ref().and_then(|key| self.requests.made(key)).cloned() {
            return self.tell_made(made, reply).await;
        }
        let admitted = match order {
            Ok(order) => self.admit(&order.spec).await.map(|place| (order, place)),
            Err(error) => Err(error),
        };
        match admitted {
            Ok((order, place)) => {
                let noted = key.map(|key| self.requests.note(key, &place.id)).into_iter().collect();
                self.enter(order, place, noted, move |result| drop(reply.send(result))).await
            }
            Err(error) => drop(reply.send(Err(error))),
        }
    }

    /// Answers with a task that the same request has made before, once that is stored.
    async fn tell_made(&self, id: TaskId, reply: Reply<TaskId>) {
        let (before, store) = (self.save(vec![]).await, self.store.clone());
        tokio::spawn(async move {
            let stored = match before.once().await {
                Ok(()) => store.task(&id).await,
                Err(error) => Err(error),
            };
            drop(reply.send(match stored {
                Ok(Some(_)) => Ok(id),
                Ok(None) => Err(SupervisorError::NotFound { id }),
                Err(error) => Err(error.into()),
            }));
        });
    }
}

/// Which of its secrets a task of a job cannot be without. Of a job that is gone: all.
fn needed(jobs: &Jobs, spec: &TaskSpec) -> BTreeSet<String> {
    let job = spec.job.as_ref().and_then(|name| jobs.get(name)).and_then(|entry| entry.job.clone().ok());
    let needed = |name: &&String| job.as_ref().is_none_or(|job| job.needs(name));
    spec.secrets.iter().filter(needed).cloned().collect()
}

impl Effect {
    /// Puts the secrets into what is about to be started.
    ///
    /// # Errors
    /// Which one is missing, as a sentence.
    pub(crate) async fn put_secrets(
        &self,
        kind: &mut TaskKind,
        needed: NeededSecrets,
    ) -> Result<(), FieldError> {
        let secrets = needed.complete(&*self.keyring).await.map_err(|error| {
            let FieldError { field, message } = error;
            let sentence = format!("the parameter {} {message}", field.trim_start_matches("parameters."));
            FieldError::new(field, sentence)
        })?;
        put_secrets(kind, &secrets);
        Ok(())
    }
}
