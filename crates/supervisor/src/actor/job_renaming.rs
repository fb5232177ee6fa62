//! Another name for a saved job. Its tasks, revisions and schedules follow, also those that are not over; the old name is refused
//! from then on, with the new one, until a job is saved under it.

use super::attempt::Active;
use super::job_saving::{JobMessage, readable};
use super::{Actor, Message, Reply};
use crate::SupervisorError;
use crate::clock::now_ms;
use crate::jobs::Entry;
use solti_model::{Job, JobName, TaskId};
use solti_store::Change;
use std::sync::Arc;

impl Actor {
    pub(crate) async fn rename_job(&mut self, from: JobName, to: JobName, reply: Reply<Job>) {
        let checked = self.may_rename(&from, &to);
        if checked.is_err() || from == to {
            return drop(reply.send(checked.map(|job| (*job).clone())));
        }
        let tasks = self.called(&from, &to);
        let answer = readable(&self.jobs, &to).map(|job| (*job).clone());
        let commit = self.save(vec![Change::RenameJob { from: from.clone(), to: to.clone() }]).await;
        let effect = self.effect();
        tokio::spawn(async move {
            let stored = commit.once().await;
            if stored.is_err() {
                effect.tell(Message::Job(JobMessage::RenameRefused { from, to })).await;
            }
            tasks.iter().for_each(|id| effect.shared.feed.changed(id));
            effect.shared.jobs_changed();
            drop(reply.send(stored.map_err(SupervisorError::from).and(answer)));
        });
    }

    fn may_rename(&self, from: &JobName, to: &JobName) -> Result<Arc<Job>, SupervisorError> {
        let job = readable(&self.jobs, from)?;
        if from != to && self.jobs.get(to).is_some() {
            let reason = format!("there is a job {to} already");
            return Err(SupervisorError::Conflict { reason });
        }
        // What is on its way to the disk has the old name in it.
        if self.jobs.get(from).is_some_and(|entry| entry.plans.iter().any(|plan| plan.firing)) {
            let reason =
                format!("a time of a schedule of job {from} is being dealt with just now; try again");
            return Err(SupervisorError::Conflict { reason });
        }
        Ok(job)
    }

    /// Has the job and its tasks be called so, in memory; which of them are not over.
    fn called(&mut self, from: &JobName, to: &JobName) -> Vec<TaskId> {
        let Some(Entry { job, plans }) = self.jobs.remove(from) else { return vec![] };
        let job = job.map(|job| Arc::new(Job { name: to.clone(), ..(*job).clone() }));
        self.jobs.put(to.clone(), Entry { job, plans }, now_ms());
        self.jobs.renamed(from, to);
        let of_job = |active: &&mut Active| active.stored.task.spec.job.as_ref() == Some(from);
        let renamed = self.tasks.values_mut().filter(of_job).map(|active| {
            active.stored.task.spec.job = Some(to.clone());
            active.stored.task.metadata.id.clone()
        });
        let renamed = renamed.collect();
        self.arm();
        self.shared.jobs_changed();
        renamed
    }

    pub(crate) fn rename_refused(&mut self, from: &JobName, to: &JobName) {
        // Unless either was saved or deleted since.
        if self.jobs.get(from).is_none() && self.jobs.get(to).is_some() {
            self.called(to, from);
            self.jobs.forget_former(to);
        }
    }
}
