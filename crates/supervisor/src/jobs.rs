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
    /// The next time, and when that is due: later by the jitter.
    pub(crate) next: Option<(u64, u64)>,
    /// A time of it is on its way to the disk.
    pub(crate) firing: bool,
    /// Of one that is due at each start of the engine: that of this start, until it is dealt with.
    pub(crate) start: Option<u64>,
    /// Not before this time: the database refused the last one.
    again: u64,
}

impl Plan {
    pub(crate) fn new(schedule: &Schedule, zones: &Zones, (settled, settled_at): (u64, u64)) -> Option<Self> {
        let rule = schedule.rule(zones, settled).map(Arc::new).map_err(|error| error.to_string());
        Some(Self {
            id: schedule.id.clone()?,
            rule,
            settled,
            settled_at,
            next: None,
            firing: false,
            start: None,
            again: 0,
        })
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
        if self.settled_at > latest { now } else { self.settled }
    }

    /// What there is to run now that its next time has come; nothing when none has.
    pub(crate) fn due(&self, job: &JobName, schedule: &Schedule, now: u64) -> Due {
        let settled = self.since(now);
        let Ok(rule) = &self.rule else { return Due::default() };
        match (self.start, rule.next_after(settled)) {
            (Some(start), _) => Due { run: vec![start], left_out: 0, until: Some(start) },
            (None, Some(next)) => {
                let put_off = jitter(job, &self.id, next, rule.jitter_ms);
                // After the clock was set back an interval is due before its time.
                due(rule, settled, now.saturating_sub(put_off).max(next), schedule.missed.into())
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
        match settled {
            Some((settled, at)) => {
                if settled >= plan.settled {
                    (plan.settled, plan.settled_at) = (settled, at);
                }
                plan.start = plan.start.filter(|start| *start > settled);
                plan.again = 0;
            }
            None => plan.again = now + AGAIN_MS,
        }
        self.plan(name, n, now);
    }

    /// The clock was set back, or the machine is in another zone now.
    pub(crate) fn plan_all(&mut self, now: u64) {
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
                let rule = schedule.rule(&self.zones, plan.settled);
                plan.rule = rule.map(Arc::new).map_err(|error| error.to_string());
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
        if let Timing::Every { every_ms, .. } = rule.timing {
            // It is elapsed time: a clock that was set back, and shows now what it has shown before, puts nothing off.
            let longest = every_ms.saturating_add(rule.jitter_ms);
            if settled > now && time - settled <= every_ms {
                let shown_before = plan.settled_at > now.saturating_add(longest);
                let from = if shown_before { now } else { plan.settled_at };
                due = due.min(from.saturating_add(longest));
            }
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
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    const HOUR: u64 = 3_600_000;
    /// 2026-01-01T00:00:00Z.
    const NOW: u64 = 1_767_225_600_000;

    fn entry(schedules: serde_json::Value, settled: u64) -> Entry {
        let job: Job = serde_json::from_value(json!({
            "name": "j", "schedules": schedules,
            "spec": {"slot": "s", "kind": {"wasm": {"module": "/m"}}},
        }))
        .expect("legal");
        let zones = Zones::built_in();
        let plans = job
            .schedules
            .iter()
            .filter_map(|schedule| Plan::new(schedule, &zones, (settled, settled)))
            .collect();
        Entry { job: Ok(Arc::new(job)), plans }
    }

    fn name() -> JobName {
        JobName::new("j").expect("legal")
    }

    fn jobs(schedules: serde_json::Value, settled: u64) -> Jobs {
        let mut jobs = Jobs::new(Zones::built_in());
        jobs.put(name(), entry(schedules, settled), NOW);
        jobs
    }

    fn id(text: &str) -> ScheduleId {
        ScheduleId::new(text).expect("legal")
    }

    #[test]
    fn what_is_due_comes_in_order_and_once() {
        let schedules = json!([
            {"id": "b", "everyMs": HOUR, "anchor": NOW},
            {"id": "a", "cron": "30 * * * *", "zone": "UTC"},
            {"id": "paused", "cron": "* * * * *", "paused": true},
        ]);
        let mut jobs = jobs(schedules, NOW);
        assert_eq!(jobs.earliest(), Some(NOW + HOUR / 2));
        assert_eq!(jobs.take_due(NOW + HOUR / 2 - 1), None);
        assert_eq!(jobs.take_due(NOW + HOUR), Some((name(), 1)));
        assert_eq!(jobs.take_due(NOW + HOUR), Some((name(), 0)));
        assert_eq!(jobs.take_due(NOW + HOUR), None);
        jobs.ended(&name(), &id("a"), Some((NOW + HOUR / 2, NOW + HOUR)), NOW + HOUR);
        assert_eq!(jobs.earliest(), Some(NOW + HOUR * 3 / 2));
        jobs.ended(&name(), &id("b"), None, NOW + HOUR);
        assert_eq!(jobs.earliest(), Some(NOW + HOUR + AGAIN_MS), "what could not be stored is tried again");
        assert!(jobs.remove(&name()).is_some());
        assert_eq!(jobs.earliest(), None);
    }

    #[test]
    fn a_time_that_is_under_way_is_not_due_when_the_job_is_saved_meanwhile() {
        let schedules = json!([{"id": "a", "cron": "30 * * * *", "zone": "UTC"}]);
        let mut jobs = jobs(schedules.clone(), NOW);
        let (_, n) = jobs.take_due(NOW + HOUR).expect("due");
        jobs.begin(&name(), n, NOW + HOUR);
        let mut again = entry(schedules, NOW);
        again.plans[0].firing = true;
        jobs.put(name(), again, NOW + HOUR);
        assert_eq!(jobs.earliest(), None);
        jobs.ended(&name(), &id("a"), Some((NOW + HOUR / 2, NOW + HOUR)), NOW + HOUR);
        assert_eq!(jobs.earliest(), Some(NOW + HOUR * 3 / 2));
    }

    #[test]
    fn a_clock_that_is_set_back_repeats_nothing_and_puts_no_interval_off() {
        let schedules = json!([
            {"id": "cron", "cron": "0 * * * *", "zone": "UTC"},
            {"id": "every", "everyMs": HOUR, "anchor": NOW},
        ]);
        let mut jobs = jobs(schedules, NOW + 2 * HOUR);
        // By two hours: the hours that have been are not repeated.
        jobs.plan_all(NOW);
        let next: Vec<_> = jobs.get(&name()).expect("there").plans.iter().map(|plan| plan.next).collect();
        assert_eq!(next[0], Some((NOW + 3 * HOUR, NOW + 3 * HOUR)));
        assert_eq!(next[1], Some((NOW + 3 * HOUR, NOW + HOUR)));
        // By a month: the clock was wrong before.
        jobs.plan_all(NOW - 720 * HOUR);
        assert_eq!(jobs.earliest(), Some(NOW - 719 * HOUR));
    }

    #[test]
    fn a_start_outside_its_bounds_is_none() {
        for (from, until, is_time) in [
            (None, None, true),
            (Some(NOW), Some(NOW), true),
            (Some(NOW + 1), None, false),
            (None, Some(NOW - 1), false),
        ] {
            let mut started =
                entry(json!([{"id": "a", "onStart": true, "from": from, "until": until}]), NOW - HOUR);
            started.plans[0].engine_started(NOW);
            assert_eq!(started.plans[0].start, is_time.then_some(NOW), "{from:?} {until:?}");
            let mut jobs = Jobs::new(Zones::built_in());
            jobs.put(name(), started, NOW);
            assert_eq!(jobs.take_due(NOW), is_time.then(|| (name(), 0)), "{from:?} {until:?}");
        }
        let mut other = entry(json!([{"id": "a", "cron": "@daily"}]), NOW);
        other.plans[0].engine_started(NOW);
        assert_eq!(other.plans[0].start, None);
    }

    #[test]
    fn a_start_that_passed_while_its_schedule_was_paused_is_not_made_up_for() {
        let plan = |paused: bool, start| {
            let schedule = json!([{"id": "a", "onStart": true, "jitterMs": 60_000, "paused": paused}]);
            let mut started = entry(schedule, NOW - HOUR);
            started.plans[0].start = Some(start);
            let mut jobs = Jobs::new(Zones::built_in());
            jobs.put(name(), started, NOW);
            jobs.get(&name()).expect("there").plans[0].clone()
        };
        let late = NOW + jitter(&name(), &id("a"), NOW, 60_000) + 1;
        for (paused, start, now, goes_on) in
            [(true, NOW, late, false), (true, NOW, NOW, true), (false, NOW, late, true)]
        {
            let mut new =
                entry(json!([{"id": "a", "onStart": true, "jitterMs": 60_000}]), NOW).plans.remove(0);
            new.go_on(&plan(paused, start), &name(), now);
            assert_eq!(new.start, goes_on.then_some(start), "{paused} {now}");
        }
        // What it goes by has changed.
        let mut new = entry(json!([{"id": "a", "cron": "@daily"}]), NOW).plans.remove(0);
        new.go_on(&plan(false, NOW), &name(), NOW);
        assert_eq!(new.start, None);
    }

    #[test]
    fn other_bounds_and_a_pause_leave_what_was_skipped_and_what_is_put_off() {
        const MINUTE: u64 = 60_000;
        let planned = |schedule: serde_json::Value, settled| {
            jobs(json!([schedule]), settled).get(&name()).expect("there").plans[0].clone()
        };
        let rule =
            |schedule: serde_json::Value| entry(json!([schedule]), NOW).plans.remove(0).rule.expect("legal");
        let once = json!({"id": "a", "at": NOW, "jitterMs": MINUTE});
        let bounded = json!({"id": "a", "at": NOW, "jitterMs": MINUTE, "until": NOW + 9 * HOUR});
        let over = json!({"id": "a", "at": NOW, "jitterMs": MINUTE, "until": NOW - 1});
        let paused = json!({"id": "a", "at": NOW, "jitterMs": MINUTE, "paused": true});
        let put_off = jitter(&name(), &id("a"), NOW, MINUTE);
        assert!(put_off > 1, "of this name");
        let before = NOW - HOUR;
        for (old, new, now, settled) in [
            // Put off: it stays to come, until it has passed.
            (&once, &bounded, NOW + 1, NOW - 1),
            (&once, &over, NOW + 1, NOW + 1),
            (&paused, &bounded, NOW + 1, NOW - 1),
            (&paused, &bounded, NOW + put_off, NOW + put_off),
            // The disk refused it, and it is tried again.
            (&once, &bounded, NOW + put_off, NOW - 1),
        ] {
            let found = planned(old.clone(), before).settled_for(&name(), &rule(new.clone()), now);
            assert_eq!(found, Some((settled, now)), "{old} {new}");
        }
        let daily = json!({"id": "a", "cron": "@daily", "zone": "UTC"});
        let later = json!({"id": "a", "cron": "@daily", "zone": "UTC", "from": NOW + HOUR});
        // Skipped by hand.
        let skipped = Plan { settled_at: NOW, ..planned(daily.clone(), NOW + 24 * HOUR) };
        for new in [&daily, &later] {
            let found = skipped.settled_for(&name(), &rule(new.clone()), NOW + 5);
            assert_eq!(found, Some((NOW + 24 * HOUR, NOW)), "{new}");
        }
        // What passed while it was paused is not made up for.
        let rests = planned(json!({"id": "a", "cron": "@daily", "zone": "UTC", "paused": true}), NOW);
        let now = NOW + 75 * HOUR;
        assert_eq!(rests.settled_for(&name(), &rule(daily.clone()), now), Some((now, now)));
        // A clock that was wrong.
        let wrong = planned(daily.clone(), NOW + 24 * HOUR);
        assert_eq!(wrong.settled_for(&name(), &rule(daily), NOW), None);
    }

    /// Something that happens to an engine and its clock.
    #[derive(Debug, Clone)]
    enum Step {
        /// Time goes on, in milliseconds.
        Wait(u64),
        /// The same, and nobody is there.
        Away(u64),
        SetBack(u64),
        /// The app dies with what is under way, which is on the disk or not.
        Crash {
            stored: bool,
        },
        /// The disk takes what is under way, or refuses it.
        Answer {
            stored: bool,
        },
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            6 => (0..3 * HOUR).prop_map(Step::Wait),
            2 => (0..30 * HOUR).prop_map(Step::Away),
            1 => (0..5 * HOUR).prop_map(Step::SetBack),
            2 => any::<bool>().prop_map(|stored| Step::Crash { stored }),
            6 => any::<bool>().prop_map(|stored| Step::Answer { stored }),
        ]
    }

    /// The actor and the disk, as far as they matter here.
    struct Life {
        schedules: serde_json::Value,
        jobs: Jobs,
        now: u64,
        /// What is stored: how far each schedule is, and each time that was dealt with.
        settled: BTreeMap<ScheduleId, (u64, u64)>,
        run: BTreeMap<(ScheduleId, u64), u64>,
        under_way: Vec<(ScheduleId, Due, u64)>,
    }

    impl Life {
        fn new(schedules: serde_json::Value) -> Self {
            let jobs = jobs(schedules.clone(), NOW);
            let ids =
                jobs.get(&name()).expect("there").plans.iter().map(|plan| (plan.id.clone(), (NOW, NOW)));
            let settled = ids.collect();
            Self { schedules, jobs, now: NOW, settled, run: BTreeMap::new(), under_way: vec![] }
        }

        fn take_due(&mut self) {
            while let Some((job, n)) = self.jobs.take_due(self.now) {
                let entry = self.jobs.get(&job).expect("there");
                let (plan, schedule) = (&entry.plans[n], &entry.job.as_ref().expect("legal").schedules[n]);
                let due = plan.due(&job, schedule, self.now);
                let since = plan.since(self.now);
                assert!(due.until.is_some(), "what is planned is due: {plan:?}");
                self.under_way.push((plan.id.clone(), due, since));
                self.jobs.begin(&job, n, self.now);
            }
        }

        /// One transaction, as the store carries it out.
        fn store(&mut self, id: &ScheduleId, due: &Due, since: u64) -> (u64, u64) {
            let time = due.run.first().copied().or(due.until).expect("due");
            let settled = self.settled.get_mut(id).expect("known");
            // What a wrong clock has noted is taken back in the same transaction.
            settled.0 = since.min(settled.0);
            assert!(settled.0 < time, "a time that is dealt with is never planned again");
            *settled = (time, self.now);
            if !due.run.is_empty() {
                *self.run.entry((id.clone(), time)).or_default() += 1;
            }
            (time, self.now)
        }

        fn live(&mut self, step: Step) {
            match step {
                Step::Wait(ms) => self.now += ms,
                Step::Away(ms) => {
                    self.now += ms;
                    self.restart();
                }
                Step::SetBack(ms) => {
                    self.now -= ms;
                    self.jobs.plan_all(self.now);
                }
                Step::Crash { stored } => {
                    if stored {
                        self.under_way.clone().iter().for_each(|(id, due, since)| {
                            self.store(id, due, *since);
                        });
                    }
                    self.restart();
                }
                Step::Answer { stored } => {
                    for (id, due, since) in std::mem::take(&mut self.under_way) {
                        let settled = stored.then(|| self.store(&id, &due, since));
                        self.jobs.ended(&name(), &id, settled, self.now);
                    }
                }
            }
            self.take_due();
        }

        fn restart(&mut self) {
            self.under_way.clear();
            let mut entry = entry(self.schedules.clone(), 0);
            for plan in &mut entry.plans {
                (plan.settled, plan.settled_at) = self.settled[&plan.id];
            }
            self.jobs = Jobs::new(Zones::built_in());
            self.jobs.put(name(), entry, self.now);
        }
    }

    proptest! {
        #[test]
        fn whatever_happens_each_time_is_run_once(steps in prop::collection::vec(step(), 1..60)) {
            let mut life = Life::new(json!([
                {"id": "all", "cron": "*/40 * * * *", "zone": "Europe/Berlin", "missed": "all"},
                {"id": "latest", "cron": "10 */2 * * *", "zone": "UTC", "missed": "latest", "jitterMs": 900_000},
                {"id": "skip", "everyMs": HOUR, "anchor": NOW, "missed": "skip"},
            ]));
            let forward_only = !steps.iter().any(|step| matches!(step, Step::SetBack(_)));
            steps.into_iter().for_each(|step| life.live(step));
            // At rest: what is left is caught up with.
            for _ in 0..400 {
                life.live(Step::Answer { stored: true });
                life.live(Step::Wait(AGAIN_MS));
            }
            if forward_only {
                for ((id, time), times) in &life.run {
                    prop_assert_eq!(*times, 1, "{} at {}", id, time);
                }
                let of = |wanted: &str| {
                    let all = life.run.keys().filter(|(id, _)| id.as_str() == wanted);
                    all.map(|(_, time)| *time).collect::<Vec<_>>()
                };
                let rule = life.jobs.get(&name()).expect("there").plans[0].rule.clone().expect("legal");
                let until = life.settled[&id("all")].0;
                let expected: Vec<u64> = rule.times_after(NOW).take_while(|time| *time <= until).collect();
                // Up to a hundred are caught up with; thirty hours of absence have forty-five.
                let found = of("all");
                prop_assert!(found.len() == expected.len() || found.len() >= 100, "{:?}", expected);
                prop_assert!(until + HOUR > life.now, "nothing is left waiting");
                prop_assert!(life.now - life.settled[&id("latest")].0 < 3 * HOUR);
                prop_assert!(of("latest").iter().all(|time| *time <= life.now));
            }
        }
    }

    #[test]
    fn a_time_that_was_skipped_by_hand_is_not_taken_for_one_of_a_wrong_clock() {
        let schedules = json!([
            {"id": "cron", "cron": "0 0 1 * *", "zone": "UTC"},
            {"id": "every", "everyMs": 12 * HOUR, "anchor": NOW},
        ]);
        let mut jobs = jobs(schedules, NOW);
        let planned =
            |jobs: &Jobs, n: usize| jobs.get(&name()).expect("there").plans[n].next.expect("planned");
        for (n, which) in ["cron", "every"].into_iter().enumerate() {
            let (time, due) = planned(&jobs, n);
            jobs.begin(&name(), n, NOW);
            jobs.ended(&name(), &id(which), Some((time, if which == "cron" { NOW } else { due })), NOW);
        }
        // 1 March, and a day from now.
        assert_eq!(planned(&jobs, 0).0, NOW + 59 * 24 * HOUR);
        assert_eq!(planned(&jobs, 1), (NOW + 24 * HOUR, NOW + 24 * HOUR));
    }

    #[test]
    fn jitter_is_bounded_and_the_same_for_the_same_time() {
        let (job, schedule) = (name(), id("a"));
        let all: Vec<u64> = (0..100).map(|time| jitter(&job, &schedule, time, 50)).collect();
        assert!(all.iter().all(|jitter| *jitter <= 50) && all.iter().any(|jitter| *jitter != all[0]));
        assert_eq!(jitter(&job, &schedule, 7, 50), all[7]);
        assert_eq!(jitter(&job, &schedule, 7, 0), 0);
    }
}
