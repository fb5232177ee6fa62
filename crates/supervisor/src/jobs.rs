//! The saved jobs as the actor holds them, and when each of their schedules is due next.
//!
//! Pure but for the time that is handed in: what is stored and started is the business of `job_saving` and `firing`.

use solti_model::{Days, Job, JobName, MAX_JITTER_MS, Schedule, ScheduleId, TaskSpec};
use solti_schedule::{Due, Rule, Timing, Zones, due};
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

/// A clock that is set back by more was wrong before: times up to then are not waited for, as cron does it.
const CLOCK_CORRECTED_MS: u64 = 3 * 60 * 60 * 1_000;
/// Before a time is tried again that could not be stored.
const AGAIN_MS: u64 = 1_000;

/// All jobs, and what is due when.
#[derive(Debug)]
pub(crate) struct Jobs {
    pub(crate) zones: Zones,
    entries: BTreeMap<JobName, Entry>,
    /// Schedules that wait for a time, by the time; a job's place in its schedules.
    due: BTreeSet<(u64, JobName, usize)>,
    /// Schedules that go by the zone of the machine.
    local: usize,
    /// What jobs are called now, by the names that they had before.
    pub(crate) former: BTreeMap<JobName, JobName>,
}

/// One job.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// The error says why it cannot be read.
    pub(crate) job: Result<Arc<Job>, String>,
    pub(crate) plans: Vec<Plan>,
}

/// One schedule of a job.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) id: ScheduleId,
    /// The error says why it has no times any more: its zone is unknown here, say.
    pub(crate) rule: Result<Arc<Rule>, String>,
    /// All times up to this one are dealt with, and that is stored. One that was skipped by hand is yet to come.
    pub(crate) settled: u64,
    /// When that was, as the clock showed it then.
    pub(crate) settled_at: u64,
    /// The same as the clock would have it that goes now: from then on the next interval is elapsed time.
    counted_from: u64,
    /// By how much the clock was set while a time is on its way to the disk.
    set_meanwhile: i64,
    /// The next time, and when that is due: later by the jitter.
    pub(crate) next: Option<(u64, u64)>,
    /// A time of it is on its way to the disk.
    pub(crate) firing: bool,
    /// Of one that is due at each start of the engine: that of this start, until it is dealt with.
    pub(crate) start: Option<u64>,
    /// Not before this time: the database refused the last one.
    again: u64,
    /// What an interval has left ends then: the clock was set forward over it. 0 where it was not.
    kept: u64,
}

impl Plan {
    /// Of a job that was saved at this time.
    pub(crate) fn new(
        schedule: &Schedule,
        zones: &Zones,
        saved_at: u64,
        (settled, settled_at): (u64, u64),
    ) -> Option<Self> {
        let rule = rule_of(schedule, zones, saved_at, settled);
        Some(Self {
            id: schedule.id.clone()?,
            rule,
            settled,
            settled_at,
            counted_from: settled_at,
            set_meanwhile: 0,
            next: None,
            firing: false,
            start: None,
            again: 0,
            kept: 0,
        })
    }

    /// What is known of it was noted when the clock showed this. One that shows less by now was set back.
    pub(crate) fn noted(&mut self, noted: u64, now: u64) {
        self.counted_from = self.settled_at.saturating_sub(noted.saturating_sub(now));
    }

    /// The engine has started, which is a time of a schedule that goes by that.
    pub(crate) fn engine_started(&mut self, now: u64) {
        let is_time = |rule: &Rule| matches!(rule.timing, Timing::OnStart) && rule.admits(now);
        let start = now.max(self.settled.saturating_add(1));
        self.start = self.rule.as_ref().is_ok_and(|rule| is_time(rule)).then_some(start);
    }

    /// Up to when times are dealt with, and when that was, once the schedule has this rule: with other bounds, paused, or going
    /// on. What has passed is dealt with; what was skipped by hand stays so, and what was put off stays to come. Nothing where
    /// a clock was wrong.
    pub(crate) fn settled_for(&self, job: &JobName, rule: &Rule, now: u64) -> Option<(u64, u64)> {
        if self.since(now) != self.settled {
            return None;
        }
        if self.firing || self.settled >= now {
            return Some((self.settled, self.settled_at));
        }
        let waits = self.next.map(|(time, _)| time).filter(|time| *time <= now && rule.admits(*time));
        let put_off = || {
            let earliest = self.settled.max(now.saturating_sub(rule.jitter_ms));
            let mut passed = rule.times_after(earliest).take_while(|time| *time <= now);
            passed.find(|time| self.due_at(job, rule, *time) > now)
        };
        let passed = waits.or_else(put_off).map_or(now, |time| time.saturating_sub(1));
        Some((passed.max(self.settled), now))
    }

    /// Goes on with what is under way of the schedule as it was saved before.
    pub(crate) fn go_on(&mut self, before: &Self, job: &JobName, now: u64) {
        self.firing = before.firing;
        if self.settled == before.settled {
            (self.counted_from, self.again, self.kept) = (before.counted_from, before.again, before.kept);
        }
        let Ok(rule) = &self.rule else { return };
        let waits = |start: &u64| {
            // Of one that was paused the start has passed.
            let is_due = before.firing || before.next.is_some() || self.due_at(job, rule, *start) > now;
            is_due && matches!(rule.timing, Timing::OnStart) && rule.admits(*start)
        };
        self.start = before.start.filter(waits);
    }

    fn due_at(&self, job: &JobName, rule: &Rule, time: u64) -> u64 {
        time.saturating_add(jitter(job, &self.id, time, rule.jitter_ms))
    }

    /// Up to when times are dealt with. What was noted far in the future was noted by a clock that was wrong.
    pub(crate) fn since(&self, now: u64) -> u64 {
        let interval = match &self.rule.as_ref().map(|rule| &rule.timing) {
            // Of one that was skipped it is noted when it would have been.
            Ok(Timing::Every { every_ms, .. }) => every_ms.saturating_add(MAX_JITTER_MS),
            _ => 0,
        };
        let latest = now.saturating_add(CLOCK_CORRECTED_MS).saturating_add(interval);
        let settled = if self.settled_at > latest { now } else { self.settled };
        // What a clock that was set forward has left out was not missed.
        if self.kept > 0 { settled.max(self.counted_from.min(now)) } else { settled }
    }

    /// How long an interval is at most, where one has begun after which the next time is due.
    fn interval(&self, settled: u64) -> Option<u64> {
        let rule = self.rule.as_ref().ok()?;
        let Timing::Every { every_ms, .. } = rule.timing else { return None };
        let has_begun = rule.from_ms.is_none_or(|from| from <= settled);
        has_begun.then(|| every_ms.saturating_add(rule.jitter_ms))
    }

    /// What there is to run now that its next time has come; nothing when none has.
    pub(crate) fn due(&self, job: &JobName, schedule: &Schedule, now: u64) -> Due {
        let settled = self.since(now);
        let Ok(rule) = &self.rule else { return Due::default() };
        match (self.start, rule.next_after(settled)) {
            (Some(start), _) => Due { run: vec![start], left_out: 0, until: Some(start) },
            (None, Some(next)) => {
                let put_off = jitter(job, &self.id, next, rule.jitter_ms);
                // After the clock was set back an interval is due before its time, and after it was set forward behind it.
                let until = if self.kept > 0 { next } else { now.saturating_sub(put_off).max(next) };
                due(rule, settled, until, schedule.missed.into())
            }
            (None, None) => Due::default(),
        }
    }
}

impl Jobs {
    pub(crate) fn new(zones: Zones) -> Self {
        Self { zones, entries: BTreeMap::new(), due: BTreeSet::new(), local: 0, former: BTreeMap::new() }
    }

    pub(crate) fn get(&self, name: &JobName) -> Option<&Entry> {
        self.entries.get(name)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = (&JobName, &Entry)> {
        self.entries.iter()
    }

    /// Those behind `after`, by name.
    pub(crate) fn after(&self, after: Option<&JobName>) -> impl Iterator<Item = (&JobName, &Entry)> {
        use std::ops::Bound::{Excluded, Unbounded};
        self.entries.range((after.map_or(Unbounded, |name| Excluded(name.clone())), Unbounded))
    }

    /// Whether any schedule goes by the zone of the machine.
    pub(crate) fn any_local(&self) -> bool {
        self.local > 0
    }

    /// Puts the job in the place of the one of that name, if there is one; returns that.
    pub(crate) fn put(&mut self, name: JobName, entry: Entry, now: u64) -> Option<Entry> {
        let before = self.remove(&name);
        self.former.remove(&name);
        self.local += locals(&entry);
        let plans = entry.plans.len();
        self.entries.insert(name.clone(), entry);
        for n in 0..plans {
            self.plan(&name, n, now);
        }
        before
    }

    /// A job has another name now. One that has had several is found by each of them.
    pub(crate) fn renamed(&mut self, from: &JobName, to: &JobName) {
        self.former.values_mut().filter(|now| *now == from).for_each(|now| now.clone_from(to));
        self.former.insert(from.clone(), to.clone());
        self.former.remove(to);
    }

    /// A spec that was read before its job was renamed belongs to that job all the same.
    pub(crate) fn follow_renaming(&self, spec: &mut TaskSpec) {
        if let Some(now) = spec.job.as_ref().and_then(|job| self.former.get(job)) {
            spec.job = Some(now.clone());
        }
    }

    pub(crate) fn forget_former(&mut self, name: &JobName) {
        self.former.remove(name);
    }

    /// There is no job of this name any more: whoever asks for it by an earlier one is not sent here.
    pub(crate) fn forget_names_of(&mut self, name: &JobName) {
        self.former.retain(|_, now| now != name);
    }

    pub(crate) fn remove(&mut self, name: &JobName) -> Option<Entry> {
        let entry = self.entries.remove(name)?;
        self.local = self.local.saturating_sub(locals(&entry));
        for (n, plan) in entry.plans.iter().enumerate() {
            if let Some((_, due)) = plan.next {
                self.due.remove(&(due, name.clone(), n));
            }
        }
        Some(entry)
    }

    /// When something is due for the first time.
    pub(crate) fn earliest(&self) -> Option<u64> {
        self.due.first().map(|(due, ..)| *due)
    }

    /// Takes what is due first, if that is now or before; it is planned anew when it has been dealt with.
    pub(crate) fn take_due(&mut self, now: u64) -> Option<(JobName, usize)> {
        if self.earliest()? > now {
            return None;
        }
        let (_, name, n) = self.due.pop_first()?;
        self.entries.get_mut(&name)?.plans.get_mut(n)?.next = None;
        Some((name, n))
    }

    /// The plan is taken, to be dealt with: its time is on its way.
    pub(crate) fn begin(&mut self, name: &JobName, n: usize, now: u64) {
        let Some(plan) = self.entries.get_mut(name).and_then(|entry| entry.plans.get_mut(n)) else { return };
        plan.firing = true;
        plan.settled = plan.since(now);
        if let Some((_, due)) = plan.next.take() {
            self.due.remove(&(due, name.clone(), n));
        }
    }

    /// A time of the schedule is dealt with, and that is stored; or the database refused it, and it is tried again.
    pub(crate) fn ended(&mut self, name: &JobName, id: &ScheduleId, settled: Option<(u64, u64)>, now: u64) {
        let Some(entry) = self.entries.get_mut(name) else { return };
        let Some(n) = entry.plans.iter().position(|plan| plan.id == *id) else { return };
        let plan = &mut entry.plans[n];
        plan.firing = false;
        let set_meanwhile = std::mem::take(&mut plan.set_meanwhile);
        match settled {
            Some((settled, at)) => {
                if settled >= plan.settled {
                    (plan.settled, plan.settled_at) = (settled, at);
                    plan.counted_from = at.saturating_add_signed(set_meanwhile);
                }
                plan.start = plan.start.filter(|start| *start > settled);
                (plan.again, plan.kept) = (0, 0);
            }
            None => plan.again = now + AGAIN_MS,
        }
        self.plan(name, n, now);
    }

    /// The clock was set by so many milliseconds while the engine was there, and shows `now`. Intervals are elapsed time: what one
    /// has left stays as it is.
    pub(crate) fn clock_was_set(&mut self, by_ms: i64, now: u64) {
        for plan in self.entries.values_mut().flat_map(|entry| &mut entry.plans) {
            let set = |time: u64| time.saturating_add_signed(by_ms);
            plan.again = set(plan.again);
            plan.counted_from = set(plan.counted_from);
            if plan.firing {
                plan.set_meanwhile = plan.set_meanwhile.saturating_add(by_ms);
            }
            let is_interval = plan.interval(plan.settled).is_some();
            plan.kept = match plan.next {
                Some((_, due)) if by_ms > 0 && is_interval => set(due),
                _ if plan.kept > 0 => set(plan.kept),
                _ => 0,
            };
        }
        self.plan_all(now);
    }

    /// The clock was set, or the machine is in another zone now.
    fn plan_all(&mut self, now: u64) {
        let all: Vec<(JobName, usize)> =
            self.entries.iter().map(|(name, entry)| (name.clone(), entry.plans.len())).collect();
        for (name, plans) in all {
            for n in 0..plans {
                self.plan(&name, n, now);
            }
        }
    }

    /// Reads what the schedules say once more: the machine is in another zone.
    pub(crate) fn read_anew(&mut self, zones: Zones, now: u64) {
        self.zones = zones;
        for entry in self.entries.values_mut() {
            let Ok(job) = &entry.job else { continue };
            for plan in &mut entry.plans {
                let schedule = job.schedules.iter().find(|schedule| schedule.id.as_ref() == Some(&plan.id));
                let Some(schedule) = schedule else { continue };
                plan.rule = rule_of(schedule, &self.zones, job.updated_at, plan.settled);
            }
        }
        self.plan_all(now);
    }

    fn plan(&mut self, name: &JobName, n: usize, now: u64) {
        let Some(entry) = self.entries.get_mut(name) else { return };
        let Ok(job) = &entry.job else { return };
        let plan = &mut entry.plans[n];
        if let Some((_, due)) = plan.next.take() {
            self.due.remove(&(due, name.clone(), n));
        }
        let schedule = job.schedules.iter().find(|schedule| schedule.id.as_ref() == Some(&plan.id));
        let (Some(schedule), Ok(rule)) = (schedule, &plan.rule) else { return };
        if plan.firing || schedule.paused {
            return;
        }
        let settled = plan.since(now);
        let Some(time) = plan.start.or_else(|| rule.next_after(settled)) else { return };
        let mut due = plan.due_at(name, rule, time);
        if let Some(longest) = plan.interval(settled) {
            // A clock that was set back, and shows what it has shown before, puts nothing off.
            due = due.min(plan.counted_from.saturating_add(longest)).max(plan.kept);
        }
        let due = due.max(plan.again);
        plan.next = Some((time, due));
        self.due.insert((due, name.clone(), n));
    }
}

impl Entry {
    /// The first time at which it is run by itself.
    pub(crate) fn next(&self) -> Option<u64> {
        self.plans.iter().filter_map(|plan| plan.next).map(|(_, due)| due).min()
    }
}

/// What a schedule goes by. What it is counted from is its beginning only as long as that is to come, and was when it was saved: a
/// clock that was ahead then has noted a time that is to come as well.
fn rule_of(schedule: &Schedule, zones: &Zones, saved_at: u64, settled: u64) -> Result<Arc<Rule>, String> {
    schedule.rule(zones, settled.max(saved_at)).map(Arc::new).map_err(|error| error.to_string())
}

fn locals(entry: &Entry) -> usize {
    entry.plans.iter().filter(|plan| plan.rule.as_ref().is_ok_and(|rule| rule.is_local())).count()
}

/// The same for the same time, also after a restart.
pub(crate) fn jitter(job: &JobName, schedule: &ScheduleId, time: u64, most_ms: u64) -> u64 {
    if most_ms == 0 {
        return 0;
    }
    let mut hasher = DefaultHasher::new();
    (job.as_str(), schedule.as_str(), time).hash(&mut hasher);
    hasher.finish() % (most_ms + 1)
}

/// What `today` is for a run that is due at this time.
pub(crate) fn days(zones: &Zones, zone: &str, time: u64) -> Days {
    let (today, yesterday) = zones.days(zone, time);
    Days { today, yesterday }
}

#[cfg(test)]
mod tests;
