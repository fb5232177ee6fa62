//! Schedules whose time has come: what is due is decided by `solti-schedule`, the task is let in as if a hand had submitted it, and
//! that the time is dealt with is stored in the same transaction. So each time is dealt with once, whenever the app dies.
//!
//! One timer waits, for what is due first.

use super::job_saving::{JobMessage, may_pass, readable};
use super::waits::Clocks;
use super::{Actor, Message, Reply};
use crate::SupervisorError;
use crate::clock::now_ms;
use crate::jobs::{Plan, days};
use crate::local_zone::{self, ZoneSource};
use solti_model::{ComingRun, Firing, FiringOutcome, JobName, JobOrder, ScheduleId};
use solti_schedule::Timing;
use solti_store::{Change, Settled, StoreError, StoredFiring};
use std::time::Duration;
use tokio::task::AbortHandle;

/// How often it is looked whether the machine is in another time zone, as long as a schedule goes by that.
const LOOK_AROUND: Duration = Duration::from_secs(60);

/// What waits for the schedule that is due first.
#[derive(Debug)]
pub(crate) struct Timer {
    due: u64,
    looks_around: bool,
    task: AbortHandle,
}

/// A time of a schedule that a task is about to be made for.
pub(crate) struct Beginning {
    job: JobName,
    firing: Firing,
    /// What is stored with it.
    changes: Vec<Change>,
}

impl Actor {
    /// Waits for what is due first, if it does not yet.
    pub(crate) fn arm(&mut self) {
        let looks_around = self.jobs.any_local();
        let earliest = self.jobs.earliest();
        if let Some(timer) = &self.timer {
            if earliest == Some(timer.due) && looks_around == timer.looks_around {
                return;
            }
            timer.task.abort();
        }
        self.timer = earliest.map(|due| {
            let mut wait = self.waits.begin(due, now_ms());
            let (effect, place) = (self.effect(), self.place.clone());
            let waiting = tokio::spawn(async move {
                let message = loop {
                    tokio::select! {
                        _ = wait.next() => break JobMessage::Due,
                        () = tokio::time::sleep(LOOK_AROUND), if looks_around => {
                            let now = ZoneSource::now();
                            if now != place {
                                break JobMessage::Moved(now);
                            }
                        }
                    }
                };
                effect.tell(Message::Job(message)).await;
            });
            Timer { due, looks_around, task: waiting.abort_handle() }
        });
    }

    /// What the clock shows, which schedules are reckoned by. They know by then of one that was set.
    pub(crate) fn jobs_now(&mut self) -> u64 {
        let clocks = Clocks::now();
        if let Some(by_ms) = clocks.set_since(self.clocks) {
            self.clocks = clocks;
            self.jobs.clock_was_set(by_ms, clocks.wall_ms());
        }
        clocks.wall_ms()
    }

    pub(crate) async fn schedules_due(&mut self) {
        self.timer = None;
        let now = self.jobs_now();
        while let Some((name, n)) = self.jobs.take_due(now) {
            self.fire_due(&name, n, now).await;
        }
        self.arm();
        self.shared.jobs_changed();
    }

    pub(crate) fn moved_to(&mut self, place: ZoneSource) {
        self.timer = None;
        let zones = local_zone::zones(&place);
        tracing::info!("the machine is in another time zone: schedules are reckoned anew");
        self.place = place;
        let now = self.jobs_now();
        self.jobs.read_anew(zones, now);
        self.arm();
        self.shared.jobs_changed();
    }

    /// Deals with the first time of a schedule that is due; the next one is planned when that is stored.
    async fn fire_due(&mut self, name: &JobName, n: usize, now: u64) {
        let Some(entry) = self.jobs.get(name) else { return };
        let (Ok(job), Some(plan)) = (entry.job.clone(), entry.plans.get(n).cloned()) else { return };
        let schedule = job.schedules.iter().find(|schedule| schedule.id.as_ref() == Some(&plan.id));
        let Some(schedule) = schedule else { return };
        let found = plan.due(name, schedule, now);
        let Some(last) = found.until else {
            // Not to be: it would never be planned again.
            tracing::error!("schedule {} of job {name} was due without a time", plan.id);
            return self.jobs.ended(name, &plan.id, None, now);
        };
        self.jobs.begin(name, n, now);
        let time = found.run.first().copied();
        let firing = Firing {
            schedule: plan.id.clone(),
            due: time.unwrap_or(last),
            at: now,
            outcome: FiringOutcome::Missed,
            task: None,
            reason: None,
            // The last one stands for itself.
            left_out: found.left_out.saturating_sub(u64::from(time.is_none())),
        };
        let changes: Vec<Change> = settled_anew(name, &plan, now).into_iter().collect();
        let Some(time) = time else { return self.note(name, changes, firing).await };
        let order = job.order(&schedule.parameters, &days(&self.jobs.zones, &schedule.zone, time));
        fail_point!("firing-due");
        let beginning = Beginning { job: name.clone(), firing, changes };
        match order {
            Ok(order) if order.lacks_secrets() => self.fetch_secrets(order, |order| {
                let (firing, order) = (Box::new(beginning), Box::new(order));
                Message::Job(JobMessage::Fire { firing, order })
            }),
            order => self.fire(beginning, order.map_err(Into::into)).await,
        }
    }

    /// Lets the task of a time in, and stores both.
    pub(crate) async fn fire(&mut self, beginning: Beginning, order: Result<JobOrder, SupervisorError>) {
        let Beginning { job, mut firing, mut changes } = beginning;
        let admitted = match order {
            Ok(order) => self.admit(&order.spec).await.map(|place| (order, place)),
            Err(error) => Err(error),
        };
        match admitted {
            Ok((order, place)) => {
                firing.outcome = FiringOutcome::Started;
                firing.task = Some(place.id.clone());
                let (reported, at) = (self.reported_of(&job, &firing, firing.at), firing.at);
                changes.push(fired(&job, firing, at));
                self.enter(order, place, changes, move |result| reported(result.map(drop))).await;
            }
            Err(error) => {
                firing.outcome = FiringOutcome::Refused;
                firing.reason = Some(error.to_string());
                self.note(&job, changes, firing).await;
            }
        }
    }

    /// Stores what became of a time at which no task was made.
    async fn note(&mut self, name: &JobName, mut changes: Vec<Change>, firing: Firing) {
        let at = firing.at;
        let reported = self.reported_of(name, &firing, at);
        changes.push(fired(name, firing, at));
        let commit = self.save(changes).await;
        tokio::spawn(async move { reported(commit.once().await.map_err(Into::into)) });
    }

    /// Reports when the time is stored, or could not be.
    fn reported_of(
        &self,
        name: &JobName,
        firing: &Firing,
        at: u64,
    ) -> impl FnOnce(Result<(), SupervisorError>) + Send + use<> {
        let (effect, job, schedule) = (self.effect(), name.clone(), firing.schedule.clone());
        let (due, had_task) = (firing.due, firing.task.is_some());
        move |result| {
            if result.is_ok() {
                fail_point!("firing-stored");
            }
            tokio::spawn(async move {
                effect
                    .tell(Message::Job(JobMessage::Fired {
                        job,
                        schedule,
                        settled: (due, at),
                        had_task,
                        result,
                    }))
                    .await;
            });
        }
    }

    pub(crate) async fn fired(
        &mut self,
        job: &JobName,
        schedule: &ScheduleId,
        settled: (u64, u64),
        had_task: bool,
        result: Result<(), SupervisorError>,
    ) {
        let now = self.jobs_now();
        let stored = match result {
            Ok(()) => Some(settled),
            Err(SupervisorError::Store(StoreError::DealtWith)) => {
                tracing::warn!("a time of schedule {schedule} of job {job} was dealt with before");
                Some(settled)
            }
            Err(error) => {
                tracing::warn!(
                    "a time of schedule {schedule} of job {job} is not stored, trying again: {error}"
                );
                if had_task && !may_pass(&error) {
                    // Not the disk but something in the task: that it could not be made is less, and may be stored.
                    let firing = Firing {
                        schedule: schedule.clone(),
                        due: settled.0,
                        at: now,
                        outcome: FiringOutcome::Refused,
                        task: None,
                        reason: Some(format!("its task could not be stored: {error}")),
                        left_out: 0,
                    };
                    return self.note(job, vec![], firing).await;
                }
                None
            }
        };
        self.jobs.ended(job, schedule, stored, now);
        self.arm();
        self.shared.jobs_changed();
    }

    /// Has the next time of a schedule pass without a run.
    pub(crate) async fn skip_next(
        &mut self,
        name: JobName,
        schedule: Option<&ScheduleId>,
        reply: Reply<ComingRun>,
    ) {
        if let Err(error) = readable(&self.jobs, &name) {
            return drop(reply.send(Err(error)));
        }
        let now = self.jobs_now();
        let plans = self.jobs.get(&name).map_or(&[][..], |entry| &entry.plans);
        let asked = plans.iter().enumerate().filter(|(_, plan)| schedule.is_none_or(|id| plan.id == *id));
        let next =
            asked.filter_map(|(n, plan)| Some((plan.next?.0, n, plan.clone()))).min_by_key(|next| next.0);
        let Some((due, n, plan)) = next else {
            let reason = match schedule {
                Some(id) if plans.iter().all(|plan| plan.id != *id) => {
                    format!("job {name} has no schedule {id}")
                }
                Some(id) => {
                    format!("schedule {id} of job {name} has no time to come that could be skipped")
                }
                None => format!("job {name} has no time to come that could be skipped"),
            };
            return drop(reply.send(Err(SupervisorError::Conflict { reason })));
        };
        let firing = Firing {
            schedule: plan.id.clone(),
            due,
            at: now,
            outcome: FiringOutcome::Skipped,
            task: None,
            reason: None,
            left_out: 0,
        };
        let mut changes: Vec<Change> = settled_anew(&name, &plan, now).into_iter().collect();
        self.jobs.begin(&name, n, now);
        self.arm();
        // An interval goes on from when it would have been.
        let is_interval = plan.rule.as_ref().is_ok_and(|rule| matches!(rule.timing, Timing::Every { .. }));
        let at = if is_interval { plan.next.map_or(now, |(_, due)| due) } else { now };
        let reported = self.reported_of(&name, &firing, at);
        changes.push(fired(&name, firing, at));
        let commit = self.save(changes).await;
        let skipped = ComingRun { job: name, schedule: plan.id, at: due };
        tokio::spawn(async move {
            let (stored, answer) = match commit.once().await {
                Ok(()) => (Ok(()), Ok(skipped)),
                Err(StoreError::DealtWith) => {
                    let reason = "that time is dealt with already".to_owned();
                    (Err(StoreError::DealtWith), Err(SupervisorError::Conflict { reason }))
                }
                Err(error) => (Err(StoreError::Busy), Err(error.into())),
            };
            reported(stored.map_err(Into::into));
            drop(reply.send(answer));
        });
    }
}

/// What is stored of a plan whose clock was wrong before: from when on its times count.
fn settled_anew(job: &JobName, plan: &Plan, now: u64) -> Option<Change> {
    let until = plan.since(now);
    (until != plan.settled).then(|| {
        let settled = Settled { schedule: plan.id.clone(), until, at: now, anew: true };
        Change::Settle { job: job.clone(), settled }
    })
}

fn fired(job: &JobName, firing: Firing, settled_at: u64) -> Change {
    Change::Fire(Box::new(StoredFiring { job: job.clone(), firing, settled_at }))
}
