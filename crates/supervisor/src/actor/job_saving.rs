//! Saving and deleting jobs, and what is told of them.
//!
//! A change holds in memory at once and is answered when it is stored; one that the database refuses is taken back.

use super::firing::Beginning;
use super::{Actor, Asked, Message, Reply};
use crate::SupervisorError;
use crate::clock::now_ms;
use crate::jobs::{Entry, Jobs, Plan, days, jitter};
use crate::local_zone::ZoneSource;
use crate::shared::SharedState;
use solti_model::{
    ComingRun, FieldError, Job, JobName, JobOrder, JobQuery, JobRow, Schedule, ScheduleId, ScheduleState,
};
use solti_schedule::{Rule, Zones};
use solti_store::{Change, JobSaving, Settled, SettledUntil, StoreError};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::oneshot;

/// Jobs that are kept.
const MAX_JOBS: usize = 100_000;
/// Rows of a page without a limit, and at most.
const PAGE: (u32, u32) = (100, 1_000);

/// What is asked of the jobs, and what effects report of them.
pub(crate) enum JobMessage {
    List {
        query: JobQuery,
        reply: oneshot::Sender<JobPage>,
    },
    Get {
        name: JobName,
        reply: Reply<Option<JobState>>,
    },
    Save {
        job: Box<Job>,
        expected_revision: Option<u32>,
        reply: Reply<Job>,
    },
    Delete {
        name: JobName,
        reply: Reply<()>,
    },
    Rename {
        from: JobName,
        to: JobName,
        reply: Reply<Job>,
    },
    Run {
        name: JobName,
        parameters: BTreeMap<String, String>,
        asked: Asked,
    },
    Skip {
        name: JobName,
        schedule: Option<ScheduleId>,
        reply: Reply<ComingRun>,
    },
    Planned {
        reply: oneshot::Sender<Vec<Planned>>,
    },
    Zones {
        reply: oneshot::Sender<Zones>,
    },
    /// A change could not be stored: the job is again as it was, unless it was changed since. `revision` is `None` where it was
    /// deleted.
    Refused {
        name: JobName,
        revision: Option<u32>,
        before: Option<Box<Entry>>,
    },
    /// A new name could not be stored.
    RenameRefused {
        from: JobName,
        to: JobName,
    },
    /// Something is due, or the clock was set.
    Due,
    /// The machine is in another time zone.
    Moved(ZoneSource),
    /// What a time of a schedule runs, with its secrets, or why it cannot.
    Fire {
        firing: Box<Beginning>,
        order: Box<Result<JobOrder, SupervisorError>>,
    },
    /// A time of a schedule is stored, or could not be.
    Fired {
        job: JobName,
        schedule: ScheduleId,
        /// The time, and when it was dealt with.
        settled: (u64, u64),
        had_task: bool,
        result: Result<(), SupervisorError>,
    },
}

/// A page of jobs; their tasks are in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobPage {
    /// By name.
    pub rows: Vec<JobRow>,
    /// All that match, whatever page this is.
    pub total: u64,
    /// Behind which the next page begins; `None` at the end.
    pub next: Option<JobName>,
}

/// A job and what its schedules mean now.
#[derive(Debug, Clone)]
pub struct JobState {
    /// The error says why it cannot be read.
    pub job: Result<Arc<Job>, String>,
    /// In the job's order; paused ones too, without a next time.
    pub schedules: Vec<ScheduleState>,
}

/// A schedule that is not paused.
#[derive(Debug, Clone)]
pub struct Planned {
    /// The job that it runs.
    pub job: JobName,
    /// Which of the job's schedules.
    pub schedule: ScheduleId,
    /// From which further times are reckoned.
    pub rule: Arc<Rule>,
    /// The next time; none that is before it comes any more.
    pub next: u64,
}

impl Planned {
    /// When a time of it is run.
    pub fn due(&self, time: u64) -> u64 {
        time.saturating_add(jitter(&self.job, &self.schedule, time, self.rule.jitter_ms))
    }
}

impl Actor {
    pub(crate) async fn about_jobs(&mut self, message: JobMessage) {
        // A reply that nobody waits for any more is not an error.
        match message {
            JobMessage::List { query, reply } => drop(reply.send(page(&self.jobs, &query))),
            JobMessage::Get { name, reply } => drop(reply.send(state(&self.jobs, &name))),
            JobMessage::Save { job, expected_revision, reply } => {
                self.save_job(*job, expected_revision, reply).await;
            }
            JobMessage::Delete { name, reply } => self.delete_job(name, reply).await,
            JobMessage::Rename { from, to, reply } => self.rename_job(from, to, reply).await,
            JobMessage::Run { name, parameters, asked } => self.run_job(&name, &parameters, asked).await,
            JobMessage::Skip { name, schedule, reply } => {
                self.skip_next(name, schedule.as_ref(), reply).await;
            }
            JobMessage::Planned { reply } => drop(reply.send(planned(&self.jobs))),
            JobMessage::Zones { reply } => drop(reply.send(self.jobs.zones.clone())),
            JobMessage::Refused { name, revision, before } => {
                self.job_refused(name, revision, before.map(|before| *before));
            }
            JobMessage::RenameRefused { from, to } => self.rename_refused(&from, &to),
            JobMessage::Due => self.schedules_due().await,
            JobMessage::Moved(place) => self.moved_to(place),
            JobMessage::Fire { firing, order } => self.fire(*firing, *order).await,
            JobMessage::Fired { job, schedule, settled, had_task, result } => {
                self.fired(&job, &schedule, settled, had_task, result).await;
            }
        }
    }

    /// Takes up the jobs that are stored. After the database was lost, times that have passed since it was copied may have been
    /// run: they are not run again.
    pub(crate) async fn load_jobs(&mut self) -> Result<(), SupervisorError> {
        let now = now_ms();
        let mut changes = Vec::new();
        self.jobs.former = self.store.renamed_jobs().await?;
        for stored in self.store.jobs().await? {
            let job = match stored.job {
                Ok(job) => job,
                Err(why) => {
                    tracing::error!("job {} cannot be read, and its schedules rest: {why}", stored.name);
                    self.jobs.put(stored.name, Entry { job: Err(why), plans: vec![] }, now);
                    continue;
                }
            };
            let mut plans = Vec::new();
            for schedule in &job.schedules {
                let known = schedule.id.as_ref().and_then(|id| stored.settled.get(id.as_str())).copied();
                let known = known.filter(|_| !self.config.restored);
                let SettledUntil { until, at, noted } =
                    known.unwrap_or(SettledUntil { until: now, at: now, noted: now });
                let plan = Plan::new(schedule, &self.jobs.zones, job.updated_at, (until, at));
                let Some(mut plan) = plan else { continue };
                plan.noted(noted, now);
                if known.is_none() {
                    let settled = Settled { schedule: plan.id.clone(), until, at, anew: true };
                    changes.push(Change::Settle { job: job.name.clone(), settled });
                }
                plan.engine_started(now);
                plans.push(plan);
            }
            self.jobs.put(job.name.clone(), Entry { job: Ok(Arc::new(job)), plans }, now);
        }
        if !changes.is_empty() {
            self.store.apply(changes).await?;
        }
        self.arm();
        Ok(())
    }

    async fn save_job(&mut self, mut job: Job, expected: Option<u32>, reply: Reply<Job>) {
        let now = self.jobs_now();
        // Its own tasks get these.
        (job.spec.job, job.spec.job_revision) = (None, None);
        job.spec.secrets.clear();
        if let Err(error) = job.validate(&self.jobs.zones) {
            return drop(reply.send(Err(error.into())));
        }
        let name = job.name.clone();
        let before = self.jobs.get(&name).cloned();
        let old = before.as_ref().and_then(|entry| entry.job.clone().ok());
        let revision = old.as_ref().map_or(0, |old| old.revision);
        // A document that was read before its job was renamed is that job: saved here, its schedules would run twice.
        let was_saved = expected.unwrap_or(job.revision) > 0;
        if let Some(now) = self.jobs.former.get(&name).filter(|_| was_saved && before.is_none()) {
            let reason = format!("job {name} is called {now} now");
            return drop(reply.send(Err(SupervisorError::Conflict { reason })));
        }
        if let Some(expected) = expected.filter(|expected| *expected != revision) {
            let reason = match revision {
                0 => format!("there is no job {name}, and it was expected at revision {expected}"),
                _ if expected == 0 => format!("there is a job {name} already, at revision {revision}"),
                _ => format!("job {name} is at revision {revision} now, and was expected at {expected}"),
            };
            return drop(reply.send(Err(SupervisorError::Conflict { reason })));
        }
        if before.is_none() && self.jobs.all().count() >= MAX_JOBS {
            let full = format!("there are {MAX_JOBS} jobs already");
            return drop(reply.send(Err(FieldError::new("name", full).into())));
        }
        if let Err(error) = self.runs_here(&job) {
            return drop(reply.send(Err(error.into())));
        }
        let old_schedules = old.as_ref().map_or(&[][..], |old| &old.schedules);
        identify(&mut job.schedules, old_schedules, old.as_ref().map_or(now, |old| old.updated_at), now);
        job.created_at = old.as_ref().map_or(now, |old| old.created_at);
        job.revision = revision;
        job.updated_at = old.as_ref().map_or(now, |old| old.updated_at);
        if let Some(old) = old.as_ref().filter(|old| ***old == job) {
            return drop(reply.send(Ok((**old).clone())));
        }
        (job.revision, job.updated_at) = (revision + 1, now);
        let changed = old.as_ref().map(|old| job.changed_from(old)).unwrap_or_default();
        let mut plans = Vec::with_capacity(job.schedules.len());
        let mut settled = Vec::with_capacity(job.schedules.len());
        for schedule in &job.schedules {
            let old = old_schedules.iter().find(|old| old.id == schedule.id);
            let plan = before
                .as_ref()
                .and_then(|entry| entry.plans.iter().find(|plan| schedule.id.as_ref() == Some(&plan.id)));
            let Some(mut new) = Plan::new(schedule, &self.jobs.zones, now, (now, now)) else { continue };
            let known = match (plan, old, &new.rule) {
                (Some(plan), Some(old), _) if old.has_times_of(schedule) => {
                    Some((plan.settled, plan.settled_at))
                }
                (Some(plan), Some(old), Ok(rule)) if old.has_timing_of(schedule) => {
                    plan.settled_for(&name, rule, now)
                }
                _ => None,
            };
            (new.settled, new.settled_at) = known.unwrap_or((now, now));
            if let Some(plan) = plan {
                new.go_on(plan, &name, now);
            }
            let (until, at) = (new.settled, new.settled_at);
            settled.push(Settled { schedule: new.id.clone(), until, at, anew: known.is_none() });
            plans.push(new);
        }
        let saved = job.clone();
        self.jobs.put(name.clone(), Entry { job: Ok(Arc::new(job.clone())), plans }, now);
        let change = Change::PutJob(Box::new(JobSaving { job, changed, settled }));
        let undo = JobMessage::Refused { name, revision: Some(saved.revision), before: before.map(Box::new) };
        self.store_job(change, saved, undo, reply).await;
    }

    async fn delete_job(&mut self, name: JobName, reply: Reply<()>) {
        let before = self.jobs.remove(&name);
        self.jobs.forget_names_of(&name);
        let change = Change::DeleteJob(name.clone());
        let undo = JobMessage::Refused { name, revision: None, before: before.map(Box::new) };
        self.store_job(change, (), undo, reply).await;
    }

    async fn store_job<T: Send + 'static>(
        &mut self,
        change: Change,
        answer: T,
        undo: JobMessage,
        reply: Reply<T>,
    ) {
        self.arm();
        let commit = self.save(vec![change]).await;
        let effect = self.effect();
        tokio::spawn(async move {
            let result = commit.once().await.map(|()| answer).map_err(SupervisorError::from);
            if result.is_err() {
                effect.tell(Message::Job(undo)).await;
            }
            effect.shared.jobs_changed();
            drop(reply.send(result));
        });
    }

    fn job_refused(&mut self, name: JobName, revision: Option<u32>, before: Option<Entry>) {
        let now = self.jobs.get(&name).and_then(|entry| entry.job.as_ref().ok()).map(|job| job.revision);
        if now != revision {
            return;
        }
        match before {
            Some(mut before) => {
                // What was under way then has ended, or tells of itself when it does; nothing is done twice.
                for plan in &mut before.plans {
                    plan.firing = false;
                }
                self.jobs.put(name, before, now_ms());
            }
            None => drop(self.jobs.remove(&name)),
        }
        self.arm();
        self.shared.jobs_changed();
    }

    async fn run_job(&mut self, name: &JobName, parameters: &BTreeMap<String, String>, asked: Asked) {
        let made = readable(&self.jobs, name)
            .and_then(|job| Ok(job.order(parameters, &days(&self.jobs.zones, "local", now_ms()))?));
        match made {
            Ok(order) => self.submit_order(order, asked).await,
            Err(error) => drop(asked.reply.send(Err(error))),
        }
    }

    /// Whether a runner of this machine takes what it makes.
    fn runs_here(&self, job: &Job) -> Result<(), FieldError> {
        self.runners.choose(&job.spec).map(drop).map_err(|error| error.within("spec"))
    }
}

impl SharedState {
    pub(crate) fn jobs_changed(&self) {
        self.jobs.send_modify(|version| *version += 1);
    }
}

/// Gives schedules their ids, and intervals what they count from: those that they had, where they say the same times. `old` were saved
/// at `old_saved_at`.
fn identify(schedules: &mut [Schedule], old: &[Schedule], old_saved_at: u64, now: u64) {
    for schedule in schedules.iter_mut() {
        let Some(every) = schedule.every_ms else { continue };
        let same =
            |old: &&Schedule| old.every_ms == Some(every) && (schedule.id.is_none() || schedule.id == old.id);
        let before = old.iter().find(same).and_then(|old| old.anchor);
        let anchor = schedule.anchor.or(before).unwrap_or(now);
        // One that was not to come then was noted by a clock that was ahead: it tells the times of the interval, not its beginning.
        let was_ahead = before == Some(anchor) && anchor <= old_saved_at;
        let times_back = anchor.saturating_sub(now).div_ceil(every.max(1));
        schedule.anchor = Some(match was_ahead {
            true => anchor.checked_sub(times_back.saturating_mul(every)).unwrap_or(anchor % every.max(1)),
            false => anchor,
        });
    }
    // One that says the same in all is it rather than one with other bounds.
    for is_same in [Schedule::has_times_of, Schedule::has_timing_of] {
        for n in 0..schedules.len() {
            let taken = |id: &Option<ScheduleId>| schedules.iter().any(|other| other.id == *id);
            if schedules[n].id.is_none()
                && let Some(same) = old.iter().find(|old| !taken(&old.id) && is_same(old, &schedules[n]))
            {
                schedules[n].id.clone_from(&same.id);
            }
        }
    }
    for schedule in schedules.iter_mut().filter(|schedule| schedule.id.is_none()) {
        schedule.id = ScheduleId::new(format!("s-{:08x}", rand::random::<u32>())).ok();
    }
}

fn unknown(jobs: &Jobs, name: &JobName) -> SupervisorError {
    let words = match jobs.former.get(name) {
        Some(now) => format!("job {name} is called {now} now"),
        None => format!("there is no job {name}"),
    };
    FieldError::new("name", words).into()
}

/// The job, of which something is to be done.
pub(crate) fn readable(jobs: &Jobs, name: &JobName) -> Result<Arc<Job>, SupervisorError> {
    match jobs.get(name).map(|entry| entry.job.clone()) {
        Some(Ok(job)) => Ok(job),
        Some(Err(why)) => Err(SupervisorError::Conflict {
            reason: format!("job {name} cannot be read; save it anew, or delete it: {why}"),
        }),
        None => Err(unknown(jobs, name)),
    }
}

fn page(jobs: &Jobs, query: &JobQuery) -> JobPage {
    let limit = query.limit.unwrap_or(PAGE.0).clamp(1, PAGE.1) as usize;
    let text = query.text.as_deref().map(|text| text.trim().to_lowercase()).filter(|text| !text.is_empty());
    let matches = |(name, entry): &(&JobName, &Entry)| {
        let title = entry.job.as_ref().ok().and_then(|job| job.title.as_deref()).unwrap_or_default();
        text.as_deref().is_none_or(|text| {
            name.as_str().to_lowercase().contains(text) || title.to_lowercase().contains(text)
        })
    };
    // One that is none begins anew, as one whose job is gone goes on behind it.
    let after = query.cursor.as_ref().and_then(|cursor| JobName::new(cursor.as_str()).ok());
    let total = jobs.all().filter(|found| matches(found)).count() as u64;
    let mut found = jobs.after(after.as_ref()).filter(|found| matches(found));
    let rows: Vec<JobRow> = found.by_ref().take(limit).map(|(name, entry)| row(jobs, name, entry)).collect();
    let next = found.next().is_some().then(|| rows.last().map(|row| row.name.clone())).flatten();
    JobPage { rows, total, next }
}

fn row(jobs: &Jobs, name: &JobName, entry: &Entry) -> JobRow {
    let job = entry.job.as_ref().ok();
    let schedules = job.map_or(&[][..], |job| &job.schedules);
    JobRow {
        name: name.clone(),
        title: job.and_then(|job| job.title.clone()),
        revision: job.map_or(0, |job| job.revision),
        updated_at: job.map_or(0, |job| job.updated_at),
        schedules: schedules.len() as u32,
        paused: schedules.iter().filter(|schedule| schedule.paused).count() as u32,
        words: entry.plans.first().map(|plan| words(jobs, plan)),
        next_at: entry.next(),
        recent: vec![],
        unreadable: entry.job.as_ref().err().cloned(),
    }
}

fn words(jobs: &Jobs, plan: &Plan) -> String {
    plan.rule.as_ref().map_or_else(Clone::clone, |rule| rule.words(jobs.zones.local()))
}

fn state(jobs: &Jobs, name: &JobName) -> Result<Option<JobState>, SupervisorError> {
    let Some(entry) = jobs.get(name) else {
        // Who asks for it by the name that it had is told, and does not take it for deleted.
        return if jobs.former.contains_key(name) { Err(unknown(jobs, name)) } else { Ok(None) };
    };
    let state = |plan: &Plan| ScheduleState {
        id: plan.id.clone(),
        words: words(jobs, plan),
        next_at: plan.next.map(|(_, due)| due),
    };
    Ok(Some(JobState { job: entry.job.clone(), schedules: entry.plans.iter().map(state).collect() }))
}

fn planned(jobs: &Jobs) -> Vec<Planned> {
    let of_job = |(name, entry): (&JobName, &Entry)| {
        let planned = entry.plans.iter().filter_map(|plan| {
            let (next, _) = plan.next?;
            let rule = Arc::clone(plan.rule.as_ref().ok()?);
            Some(Planned { job: name.clone(), schedule: plan.id.clone(), rule, next })
        });
        planned.collect::<Vec<_>>()
    };
    jobs.all().flat_map(of_job).collect()
}

/// Whether a batch that was refused so may be taken later.
pub(crate) fn may_pass(error: &SupervisorError) -> bool {
    match error {
        SupervisorError::ReadOnly(_) | SupervisorError::ShuttingDown => true,
        SupervisorError::Store(error) => matches!(error, StoreError::Busy),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_interval_counts_from_stays_unless_a_clock_that_was_ahead_has_noted_it() {
        let every = |anchor: Option<u64>| Schedule { every_ms: Some(1_000), anchor, ..Schedule::default() };
        for (given, before, saved_at, kept) in [
            (None, None, 0, 50_000),
            (None, Some(7), 7, 7),
            (Some(90_000), None, 0, 90_000),
            // A beginning stays one.
            (Some(90_000), Some(90_000), 20_000, 90_000),
            (None, Some(90_000), 20_000, 90_000),
            // Noted by a clock that showed as much: its times stay, and go on.
            (None, Some(90_300), 90_300, 49_300),
            (Some(90_300), Some(90_300), 95_000, 49_300),
        ] {
            let mut schedules = [every(given)];
            identify(
                &mut schedules,
                &before.map(|at| every(Some(at))).into_iter().collect::<Vec<_>>(),
                saved_at,
                50_000,
            );
            assert_eq!(schedules[0].anchor, Some(kept), "{given:?} {before:?} {saved_at}");
        }
    }
}
