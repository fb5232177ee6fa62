//! The days of a calendar: what the store has of the runs of jobs, and what their schedules will make, counted day by day.

use super::SupervisorApiAdapter;
use crate::ApiError;
use crate::operations::{JobDays, Perform};
use solti_model::{
    CalendarDay, FieldError, JobCalendar, JobName, JobOfDay, MAX_CALENDAR_DAYS, MAX_JOBS_OF_DAY,
    MAX_RUNS_TOLD, RunCounts, RunOfDay,
};
use solti_supervisor::{Planned, SupervisorError};
use std::collections::HashMap;

/// From the first bound to the last.
const LONGEST_MS: u64 = 400 * 24 * 60 * 60 * 1_000;

impl Perform<JobDays> for SupervisorApiAdapter {
    async fn perform(&self, JobDays { bounds }: JobDays) -> Result<JobCalendar, ApiError> {
        let (from, to) = check(&bounds)?;
        let planned = self.supervisor().planned().await?;
        let days = Days { bounds, planned, open: HashMap::new(), done: Vec::new() };
        let store = self.supervisor().store();
        let found = store.fold_job_runs((from, to - 1), days, |days, job, run| days.add(job, run)).await;
        let days = found.map_err(|error| ApiError::from(SupervisorError::from(error)))?;
        Ok(JobCalendar { days: days.finish() })
    }
}

/// The first and the last of them.
fn check(bounds: &[u64]) -> Result<(u64, u64), ApiError> {
    let wrong = |problem: String| Err(FieldError::new("bounds", problem).into());
    let ([from, .., to], true) = (bounds, bounds.len() <= MAX_CALENDAR_DAYS + 1) else {
        return wrong(format!("must be 2 to {} times", MAX_CALENDAR_DAYS + 1));
    };
    if bounds.is_sorted_by(|a, b| a < b) && to - from <= LONGEST_MS {
        return Ok((*from, *to));
    }
    wrong("must be later and later, over 400 days at most".to_owned())
}

/// Days that are filled one after the other: what is held grows with the jobs of one of them.
struct Days {
    bounds: Vec<u64>,
    planned: Vec<Planned>,
    /// Of the day that is being filled.
    open: HashMap<JobName, Tally>,
    done: Vec<CalendarDay>,
}

#[derive(Default)]
struct Tally {
    counts: RunCounts,
    first_at: Option<u64>,
    /// As many as are told, and one more.
    runs: Vec<RunOfDay>,
}

impl Tally {
    fn add(&mut self, run: RunOfDay) {
        self.counts.add(run.phase);
        self.first_at = Some(self.first_at.map_or(run.at, |first| first.min(run.at)));
        if self.runs.len() <= MAX_RUNS_TOLD {
            self.runs.push(run);
        }
    }

    fn told(mut self, job: JobName) -> JobOfDay {
        if self.counts.all() as usize > MAX_RUNS_TOLD {
            self.runs.clear();
        }
        self.runs.sort_by_key(|run| run.at);
        JobOfDay { job, first_at: self.first_at.unwrap_or_default(), counts: self.counts, runs: self.runs }
    }
}

impl Days {
    /// Runs come in the order of their times.
    fn add(&mut self, job: JobName, run: RunOfDay) {
        while self.bounds.get(self.done.len() + 1).is_some_and(|end| run.at >= *end) {
            self.close();
        }
        self.open.entry(job).or_default().add(run);
    }

    fn finish(mut self) -> Vec<CalendarDay> {
        while self.done.len() + 1 < self.bounds.len() {
            self.close();
        }
        self.done
    }

    /// The day is full.
    fn close(&mut self) {
        let day = self.done.len();
        let (from, last) = (self.bounds[day], self.bounds[day + 1] - 1);
        let mut open = std::mem::take(&mut self.open);
        for schedule in &self.planned {
            coming(schedule, from, last, &mut open);
        }
        let mut jobs: Vec<JobOfDay> = open.into_iter().map(|(job, tally)| tally.told(job)).collect();
        let mut rest = Vec::new();
        if jobs.len() > MAX_JOBS_OF_DAY {
            jobs.sort_by(|a, b| order(a, a.counts.failed == 0).cmp(&order(b, b.counts.failed == 0)));
            rest = jobs.split_off(MAX_JOBS_OF_DAY);
        }
        jobs.sort_by(|a, b| order(a, false).cmp(&order(b, false)));
        let mut more = RunCounts::default();
        rest.iter().for_each(|job| more.join(&job.counts));
        self.done.push(CalendarDay { jobs, more_jobs: rest.len() as u32, more });
    }
}

fn order(job: &JobOfDay, later: bool) -> (bool, u64, &JobName) {
    (later, job.first_at, &job.job)
}

/// What a schedule will make from one time up to another.
fn coming(schedule: &Planned, from: u64, last: u64, open: &mut HashMap<JobName, Tally>) {
    // No time before its next one comes any more; that is one of its times, but for one that starts with the engine.
    if schedule.next > last {
        return;
    }
    let own = (schedule.next >= from).then_some(schedule.next);
    let after = schedule.next.max(from.saturating_sub(1));
    let further = schedule.rule.count(after, last);
    let count = u32::try_from(further + u64::from(own.is_some())).unwrap_or(u32::MAX);
    if count == 0 {
        return;
    }
    let tally = open.entry(schedule.job.clone()).or_default();
    let told = own.into_iter().chain(schedule.rule.times_after(after)).take(count as usize);
    let run = |at| RunOfDay { at, task: None, phase: None, took_ms: None };
    told.take(MAX_RUNS_TOLD).for_each(|at| tally.add(run(at)));
    let told = u32::try_from(MAX_RUNS_TOLD).unwrap_or(u32::MAX);
    tally.counts.coming = tally.counts.coming.saturating_add(count.saturating_sub(told));
}

#[cfg(test)]
mod tests {
    use super::*;
    use solti_model::{ScheduleId, TaskPhase};
    use solti_schedule::{Cron, Rule, Timing, Zones};
    use std::sync::Arc;

    const DAY: u64 = 24 * 60 * 60 * 1_000;
    const MINUTE: u64 = 60_000;

    fn planned(job: &str, line: &str, next: u64) -> Planned {
        let zone = Zones::built_in().get("UTC").expect("known");
        let rule = Rule::new(Timing::Cron(Cron::parse(line).expect("a line"), zone));
        let schedule = ScheduleId::new("s").expect("legal");
        Planned { job: name(job), schedule, rule: Arc::new(rule), next }
    }

    fn name(job: &str) -> JobName {
        JobName::new(job).expect("legal")
    }

    fn days(n: u64, planned: Vec<Planned>) -> Days {
        Days { bounds: (0..=n).map(|day| day * DAY).collect(), planned, open: HashMap::new(), done: vec![] }
    }

    fn ran(at: u64, phase: TaskPhase) -> RunOfDay {
        RunOfDay { at, task: None, phase: Some(phase), took_ms: Some(1) }
    }

    #[test]
    fn a_job_of_every_minute_is_counted_in_whole_on_each_day() {
        // It is noon of the second day: half of it was, half of it is to come.
        let noon = DAY + DAY / 2;
        let mut days = days(
            31,
            vec![
                planned("poll", "* * * * *", noon),
                planned("nightly", "30 2 * * *", 2 * DAY + 150 * MINUTE),
            ],
        );
        for n in 0..noon / MINUTE {
            let phase = if n % 720 == 1 { TaskPhase::Timeout } else { TaskPhase::Succeeded };
            days.add(name("poll"), ran(n * MINUTE, phase));
        }
        let days = days.finish();
        assert_eq!(days.len(), 31);
        let poll = |day: usize| days[day].jobs.iter().find(|of| of.job == name("poll")).expect("there");
        let counts =
            |succeeded, failed, coming| RunCounts { succeeded, failed, coming, ..RunCounts::default() };
        assert_eq!((poll(0).counts, poll(0).first_at), (counts(1_438, 2, 0), 0));
        assert_eq!((poll(1).counts, poll(1).first_at), (counts(719, 1, 720), DAY));
        assert_eq!((poll(30).counts, poll(30).first_at), (counts(0, 0, 1_440), 30 * DAY));
        assert!(
            days.iter().flat_map(|day| &day.jobs).all(|of| of.job == name("nightly") || of.runs.is_empty())
        );
        // Others are told by each run, in the order of the day.
        let [first, second] = &days[2].jobs[..] else { panic!("{:?}", days[2]) };
        assert_eq!((&first.job, &second.job), (&name("poll"), &name("nightly")));
        assert_eq!(
            second.runs,
            [RunOfDay { at: 2 * DAY + 150 * MINUTE, task: None, phase: None, took_ms: None }]
        );
    }

    #[test]
    fn few_runs_are_told_one_by_one_whether_they_were_or_are_to_come() {
        let next = 20 * 60 * MINUTE;
        let mut days = days(2, vec![planned("a", "0 20,22 * * *", next)]);
        days.add(name("a"), ran(5, TaskPhase::Failed));
        let days = days.finish();
        let [a] = &days[0].jobs[..] else { panic!("{:?}", days[0]) };
        assert_eq!(a.runs.iter().map(|run| run.at).collect::<Vec<_>>(), [5, next, next + 120 * MINUTE]);
        assert_eq!((a.counts.failed, a.counts.coming), (1, 2));
        assert_eq!(days[1].jobs[0].counts.coming, 2);
    }

    #[test]
    fn of_more_jobs_than_a_day_has_room_for_those_that_failed_are_told_and_none_is_left_uncounted() {
        let mut days = days(1, vec![]);
        let most = MAX_JOBS_OF_DAY as u64;
        for n in 0..most + 50 {
            let phase = if n == most + 49 { TaskPhase::Exhausted } else { TaskPhase::Succeeded };
            days.add(name(&format!("job{n}")), ran(n, phase));
        }
        let day = days.finish().remove(0);
        assert_eq!((day.jobs.len(), day.more_jobs), (MAX_JOBS_OF_DAY, 50));
        assert_eq!(day.more, RunCounts { succeeded: 50, ..RunCounts::default() });
        assert_eq!(day.jobs.last().expect("many").job, name(&format!("job{}", most + 49)));
        assert!(day.jobs.is_sorted_by_key(|of| of.first_at));
    }

    #[test]
    fn bounds_are_times_that_rise() {
        assert_eq!(check(&[5, 6, 9]).expect("legal"), (5, 9));
        let many: Vec<u64> = (0..70).collect();
        for bounds in [&[][..], &[5], &[5, 5], &[6, 5], &[0, LONGEST_MS + 1], &many] {
            let refused = check(bounds).expect_err("refused");
            assert!(
                matches!(&refused, ApiError::InvalidRequest { field, .. } if field == "bounds"),
                "{refused:?}"
            );
        }
    }
}
