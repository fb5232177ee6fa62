//! Saved jobs over the supervisor: what it holds, joined with what the store has of their tasks.

use super::{SupervisorApiAdapter, hooks, now_ms, rows};
use crate::operations::{
    DeleteJob, GetJob, ItemStream, JobHistory, JobRevisions, ListJobs, Perform, PreviewSchedule, Provide,
    RenameJob, RunJob, SaveJob, SkipNext, Upcoming, WatchJobs,
};
use crate::{ApiError, current_request_key};
use solti_model::{
    ComingRun, ComingRuns, FieldError, Job, JobChange, JobDetail, JobList, JobName, JobRevision, JobStats,
    JobTasks, MAX_TIME_MS, SchedulePreview, TaskId,
};
use solti_store::StoreError;
use solti_supervisor::{MAX_CAUGHT_UP, Planned, SupervisorError};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

/// Tasks in the strip of a row.
const RECENT: u32 = 10;
/// Tasks that the figures of a job are of.
const STATS: u32 = 100;
/// Times of schedules in a detail.
const FIRINGS: u32 = 20;
/// Of so many before them those that left a time out: the first of what was caught up with tells how many were not.
const CAUGHT_UP: u32 = MAX_CAUGHT_UP as u32;
/// Times of a preview without a count, and at most.
const PREVIEWED: (u32, u32) = (5, 100);
/// Clock changes are warned of so far ahead.
const WARNED_MS: u64 = 366 * 24 * 60 * 60 * 1_000;
/// Times of an answer about what is to come.
const UPCOMING: usize = 1_000;
/// Between two items about changes.
const PACE: Duration = Duration::from_millis(100);

fn storage(error: StoreError) -> ApiError {
    match error {
        StoreError::Cursor => FieldError::new("cursor", "is not one that a page handed out").into(),
        other => SupervisorError::from(other).into(),
    }
}

impl SupervisorApiAdapter {
    /// Refuses a name that a job had before, with the one that it has now. A job that was deleted still has its past.
    async fn refuse_former(&self, name: &JobName) -> Result<(), ApiError> {
        Ok(self.supervisor().job(name).await.map(drop)?)
    }

    /// What each run would fail at, or do in vain. It may well be there by then, so nothing of it is refused.
    async fn warnings(&self, job: &Job) -> Result<Vec<FieldError>, StoreError> {
        let supervisor = self.supervisor();
        let mut warnings = Vec::new();
        let after: Vec<_> = job.spec.after.iter().map(|after| after.task.clone()).collect();
        if !after.is_empty() {
            let known = supervisor.store().standings(after.clone()).await?;
            let missing = after.iter().enumerate().filter(|(_, task)| !known.contains_key(task));
            warnings.extend(missing.map(|(n, task)| {
                let why = format!("there is no task {task}, so that no run can be made");
                FieldError::new(format!("spec.after[{n}].task"), why)
            }));
        }
        let named = job.spec.notify.as_ref().map_or(&[][..], |notify| &notify.hooks[..]);
        if !named.is_empty() {
            let hooks = hooks::kept(supervisor).await?;
            // A name that a parameter is a part of is known at the run alone.
            let missing = named
                .iter()
                .enumerate()
                .filter(|(_, name)| !name.contains("{{") && !hooks.iter().any(|hook| hook.name == **name));
            warnings.extend(missing.map(|(n, name)| {
                FieldError::new(
                    format!("spec.notify.hooks[{n}]"),
                    format!("there is no hook {name} to be called"),
                )
            }));
        }
        Ok(warnings)
    }

    async fn stats(&self, name: &JobName) -> Result<JobStats, ApiError> {
        let ends = self.supervisor().store().job_ends(name.clone(), STATS).await.map_err(storage)?;
        Ok(JobStats::of(&ends))
    }
}

impl Perform<ListJobs> for SupervisorApiAdapter {
    async fn perform(&self, ListJobs { query }: ListJobs) -> Result<JobList, ApiError> {
        let mut page = self.supervisor().jobs(query).await?;
        let names = page.rows.iter().map(|row| row.name.clone()).collect();
        let mut runs = self.supervisor().store().job_runs(names, RECENT).await.map_err(storage)?;
        for row in &mut page.rows {
            row.recent = runs.remove(&row.name).unwrap_or_default();
            row.recent.reverse();
        }
        Ok(JobList { jobs: page.rows, total: page.total, next_cursor: page.next.map(Into::into) })
    }
}

impl Perform<GetJob> for SupervisorApiAdapter {
    async fn perform(&self, GetJob { name, revision }: GetJob) -> Result<Option<JobDetail>, ApiError> {
        let Some(state) = self.supervisor().job(&name).await? else { return Ok(None) };
        let store = self.supervisor().store();
        let job = match revision {
            Some(revision) => {
                let kept = store.job_revision(&name, revision).await.map_err(storage)?;
                let gone = || match &state.job {
                    Ok(job) if (1..=job.revision).contains(&revision) => {
                        format!("revision {revision} of job {name} is not kept any more")
                    }
                    Ok(job) => {
                        format!("job {name} has no revision {revision}: its latest is {}", job.revision)
                    }
                    Err(_) => format!("job {name} has no revision {revision} that is kept"),
                };
                kept.ok_or_else(|| FieldError::new("revision", gone()))?
            }
            None => state.job.map(|job| (*job).clone()).map_err(|why| ApiError::Conflict {
                reason: format!("job {name} cannot be read; save it anew, or delete it: {why}"),
            })?,
        };
        let mut firings = store.firings(&name, FIRINGS + CAUGHT_UP).await.map_err(storage)?;
        let mut nth = 0;
        firings.retain(|firing| {
            nth += 1;
            nth <= FIRINGS || firing.left_a_time_out()
        });
        let warnings = self.warnings(&job).await.map_err(storage)?;
        Ok(Some(JobDetail {
            warnings,
            job: self.masked_job(job).await?,
            schedules: state.schedules,
            stats: self.stats(&name).await?,
            firings,
        }))
    }
}

impl Perform<SaveJob> for SupervisorApiAdapter {
    async fn perform(&self, SaveJob { job, expected_revision }: SaveJob) -> Result<Job, ApiError> {
        let job = self.restored(job).await.map_err(|error| error.within("job"))?;
        let saved = self.supervisor().save_job(job, expected_revision).await;
        self.masked_job(saved.map_err(|error| ApiError::from(error).within("job"))?).await
    }
}

impl Perform<DeleteJob> for SupervisorApiAdapter {
    async fn perform(&self, DeleteJob { name }: DeleteJob) -> Result<(), ApiError> {
        self.supervisor().delete_job(&name).await?;
        self.forget_secrets_of(&name).await;
        Ok(())
    }
}

impl Perform<RenameJob> for SupervisorApiAdapter {
    async fn perform(&self, RenameJob { name, to }: RenameJob) -> Result<Job, ApiError> {
        let renamed = self.supervisor().rename_job(&name, &to).await?;
        if name != to {
            self.move_secrets(&name, &renamed).await;
        }
        self.masked_job(renamed).await
    }
}

impl Perform<RunJob> for SupervisorApiAdapter {
    async fn perform(&self, RunJob { name, parameters }: RunJob) -> Result<TaskId, ApiError> {
        // Defaults that are hidden come back as they were shown.
        let parameters = self.restored(parameters).await?;
        Ok(self.supervisor().run_job(&name, parameters, current_request_key()).await?)
    }
}

impl Perform<JobHistory> for SupervisorApiAdapter {
    async fn perform(&self, JobHistory { name, cursor, limit }: JobHistory) -> Result<JobTasks, ApiError> {
        let cursor = cursor.as_deref().map(str::parse).transpose().map_err(storage)?;
        self.refuse_former(&name).await?;
        let page = self.supervisor().store().job_history(&name, cursor, limit).await.map_err(storage)?;
        Ok(JobTasks {
            rows: rows::complete(self.supervisor(), page.rows).await?,
            total: page.total,
            next_cursor: page.next.map(|cursor| cursor.to_string()),
            stats: self.stats(&name).await?,
        })
    }
}

impl Perform<JobRevisions> for SupervisorApiAdapter {
    async fn perform(&self, JobRevisions { name }: JobRevisions) -> Result<Vec<JobRevision>, ApiError> {
        self.refuse_former(&name).await?;
        self.supervisor().store().job_revisions(&name).await.map_err(storage)
    }
}

impl Perform<PreviewSchedule> for SupervisorApiAdapter {
    async fn perform(
        &self,
        PreviewSchedule { schedule, from, count }: PreviewSchedule,
    ) -> Result<SchedulePreview, ApiError> {
        let zones = self.supervisor().zones().await?;
        let from = from.unwrap_or_else(now_ms);
        if from > MAX_TIME_MS {
            return Err(FieldError::new("from", format!("must be at most {MAX_TIME_MS}")).into());
        }
        let rule = schedule.rule(&zones, from).map_err(|error| error.within("schedule"))?;
        let warnings = match rule.never(now_ms()) {
            Some(never) => vec![never.to_owned()],
            None => rule.warnings(from, from.saturating_add(WARNED_MS)),
        };
        let count = count.unwrap_or(PREVIEWED.0);
        if count > PREVIEWED.1 {
            return Err(FieldError::new("count", format!("must be at most {}", PREVIEWED.1)).into());
        }
        Ok(SchedulePreview {
            words: rule.words(zones.local()),
            times: rule.times_after(from).take(count as usize).collect(),
            warnings,
        })
    }
}

impl Perform<SkipNext> for SupervisorApiAdapter {
    async fn perform(&self, SkipNext { name, schedule }: SkipNext) -> Result<ComingRun, ApiError> {
        Ok(self.supervisor().skip_next(&name, schedule).await?)
    }
}

impl Perform<Upcoming> for SupervisorApiAdapter {
    async fn perform(&self, Upcoming { name, from, to }: Upcoming) -> Result<ComingRuns, ApiError> {
        if to < from {
            return Err(FieldError::new("to", "must not be before from").into());
        }
        let mut planned = self.supervisor().planned().await?;
        if let Some(name) = &name {
            self.refuse_former(name).await?;
            planned.retain(|schedule| schedule.job == *name);
        }
        Ok(upcoming(&planned, from, to))
    }
}

/// When the schedules run something, in one order, as far as an answer goes.
fn upcoming(planned: &[Planned], from: u64, to: u64) -> ComingRuns {
    let first = |schedule: &Planned| {
        // A time that is over may be run within this one.
        let earliest = from.saturating_sub(schedule.rule.jitter_ms);
        // Its next time is one of its times, but for one that starts with the engine.
        match schedule.next >= earliest {
            true => Some(schedule.next),
            false => schedule.rule.next_after(earliest.saturating_sub(1)),
        }
    };
    let within = |(n, schedule)| Some(Reverse((first(schedule).filter(|time| *time <= to)?, n)));
    let mut heads: BinaryHeap<_> = planned.iter().enumerate().filter_map(within).collect();
    let mut times = Vec::new();
    while times.len() < UPCOMING
        && let Some(Reverse((time, n))) = heads.pop()
    {
        let schedule = &planned[n];
        let at = schedule.due(time);
        if (from..=to).contains(&at) {
            times.push(ComingRun { job: schedule.job.clone(), schedule: schedule.schedule.clone(), at });
        }
        heads
            .extend(schedule.rule.next_after(time).filter(|next| *next <= to).map(|next| Reverse((next, n))));
    }
    // What was put off comes after what was not.
    times.sort_by_key(|coming| coming.at);
    ComingRuns { times, more: !heads.is_empty() }
}

impl Provide<WatchJobs> for SupervisorApiAdapter {
    async fn provide(&self, _: WatchJobs) -> Result<ItemStream<JobChange>, ApiError> {
        let changes = self.supervisor().job_changes();
        let items = futures::stream::unfold((changes, true), |(mut changes, first)| async move {
            if !first {
                changes.changed().await.ok()?;
                tokio::time::sleep(PACE).await;
            }
            let version = *changes.borrow_and_update();
            Some((JobChange { version }, (changes, false)))
        });
        Ok(Box::pin(items))
    }
}
