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
        .filter_map(|schedule| Plan::new(schedule, &zones, NOW, (settled, settled)))
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
    jobs.clock_was_set(-(2 * HOUR).cast_signed(), NOW);
    let next: Vec<_> = jobs.get(&name()).expect("there").plans.iter().map(|plan| plan.next).collect();
    assert_eq!(next[0], Some((NOW + 3 * HOUR, NOW + 3 * HOUR)));
    assert_eq!(next[1], Some((NOW + 3 * HOUR, NOW + HOUR)));
    // By a month: the clock was wrong before.
    jobs.clock_was_set(-(720 * HOUR).cast_signed(), NOW - 720 * HOUR);
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
        let mut new = entry(json!([{"id": "a", "onStart": true, "jitterMs": 60_000}]), NOW).plans.remove(0);
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
        let ids = jobs.get(&name()).expect("there").plans.iter().map(|plan| (plan.id.clone(), (NOW, NOW)));
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
            Step::SetBack(ms) => self.set(-ms.cast_signed()),
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

    fn set(&mut self, by_ms: i64) {
        self.now = self.now.saturating_add_signed(by_ms);
        self.jobs.clock_was_set(by_ms, self.now);
    }

    fn restart(&mut self) {
        self.under_way.clear();
        let mut entry = entry(self.schedules.clone(), 0);
        for plan in &mut entry.plans {
            (plan.settled, plan.settled_at) = self.settled[&plan.id];
            plan.noted(plan.settled_at, self.now);
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

/// What the clock does while time goes on.
#[derive(Debug, Clone)]
enum Clock {
    Goes(u64),
    Set(i64),
    /// While nobody is there.
    SetMeanwhile(i64),
}

fn clock() -> impl Strategy<Value = Clock> {
    const DAY: i64 = 24 * HOUR.cast_signed();
    let by = || prop_oneof![-DAY / 8..DAY / 8, -2 * DAY..2 * DAY, -300 * DAY..300 * DAY];
    prop_oneof![
        6 => (0..3 * HOUR).prop_map(Clock::Goes),
        3 => by().prop_map(Clock::Set),
        1 => by().prop_map(Clock::SetMeanwhile),
    ]
}

proptest! {
    #[test]
    fn an_interval_is_elapsed_time_whatever_the_clock_shows(
        clock in prop::collection::vec(clock(), 1..40),
        missed in prop::sample::select(vec!["skip", "latest", "all"]),
    ) {
        let schedules = json!([{"id": "a", "everyMs": HOUR, "anchor": NOW, "missed": missed}]);
        let mut life = Life::new(schedules);
        let stays = !clock.iter().any(|clock| matches!(clock, Clock::SetMeanwhile(_)));
        // Since the last run, or since the engine has started: as long as that an interval has lasted.
        let (mut elapsed, mut lasted, mut runs, mut set) = (0, 0, 0, 0);
        for step in clock.into_iter().chain([Clock::Goes(3 * HOUR)]) {
            match step {
                Clock::Goes(mut left) => {
                    while left > 0 {
                        let due = life.jobs.earliest().expect("there is always a next one");
                        let next = due.saturating_sub(life.now).min(left);
                        (elapsed, lasted, left) = (elapsed + next, lasted + next, left - next);
                        prop_assert!(lasted <= HOUR, "{} ms", lasted);
                        life.now += next;
                        if due <= life.now {
                            life.take_due();
                            while !life.under_way.is_empty() {
                                let due: usize = life.under_way.iter().map(|(_, due, _)| due.run.len()).sum();
                                prop_assert!(due == 1 || !stays, "{} runs", due);
                                life.live(Step::Answer { stored: true });
                                (lasted, runs) = (0, runs + 1);
                            }
                        }
                    }
                }
                Clock::Set(by_ms) => {
                    life.set(by_ms);
                    set += 1;
                }
                Clock::SetMeanwhile(by_ms) => {
                    life.now = life.now.saturating_add_signed(by_ms);
                    life.restart();
                    lasted = 0;
                }
            }
        }
        // By each setting one of them may be shorter.
        prop_assert!(!stays || runs <= elapsed / HOUR + set, "{} runs in {} ms", runs, elapsed);
    }
}

#[test]
fn what_an_interval_is_counted_from_is_its_beginning_only_if_it_was_to_come() {
    let next = |saved_at, settled| {
        let schedule =
            serde_json::from_value(json!({"id": "a", "everyMs": HOUR, "anchor": NOW + 9 * HOUR + 1}));
        let plan = Plan::new(&schedule.expect("legal"), &Zones::built_in(), saved_at, (settled, settled));
        plan.expect("has an id").rule.expect("legal").next_after(NOW)
    };
    assert_eq!(next(NOW, NOW), Some(NOW + 9 * HOUR + 1), "a person has said so");
    // A clock that was ahead has noted it.
    assert_eq!(next(NOW + 9 * HOUR + 1, NOW + 9 * HOUR + 1), Some(NOW + 1));
    assert_eq!(next(NOW + 9 * HOUR + 1, NOW), Some(NOW + 1), "times were dealt with since");
}

#[test]
fn what_could_not_be_stored_is_tried_again_also_by_a_clock_that_was_set_back() {
    let mut jobs = jobs(json!([{"id": "a", "everyMs": HOUR, "anchor": NOW}]), NOW);
    let (_, n) = jobs.take_due(NOW + HOUR).expect("due");
    jobs.begin(&name(), n, NOW + HOUR);
    jobs.ended(&name(), &id("a"), None, NOW + HOUR);
    jobs.clock_was_set(-(9 * HOUR).cast_signed(), NOW - 8 * HOUR);
    assert_eq!(jobs.earliest(), Some(NOW - 8 * HOUR + AGAIN_MS));
}

#[test]
fn a_time_that_was_skipped_by_hand_is_not_taken_for_one_of_a_wrong_clock() {
    let schedules = json!([
        {"id": "cron", "cron": "0 0 1 * *", "zone": "UTC"},
        {"id": "every", "everyMs": 12 * HOUR, "anchor": NOW},
    ]);
    let mut jobs = jobs(schedules, NOW);
    let planned = |jobs: &Jobs, n: usize| jobs.get(&name()).expect("there").plans[n].next.expect("planned");
    for (n, which) in ["cron", "every"].into_iter().enumerate() {
        let (time, due) = planned(&jobs, n);
        jobs.begin(&name(), n, NOW);
        jobs.ended(&name(), &id(which), Some((time, if which == "cron" { NOW } else { due })), NOW);
    }
    // 1 March, and a day from now.
    assert_eq!(planned(&jobs, 0).0, NOW + 59 * 24 * HOUR);
    assert_eq!(planned(&jobs, 1), (NOW + 24 * HOUR, NOW + 24 * HOUR));
    // Once more.
    jobs.begin(&name(), 1, NOW);
    jobs.ended(&name(), &id("every"), Some((NOW + 24 * HOUR, NOW + 24 * HOUR)), NOW);
    assert_eq!(planned(&jobs, 1), (NOW + 36 * HOUR, NOW + 36 * HOUR));
}

#[test]
fn jitter_is_bounded_and_the_same_for_the_same_time() {
    let (job, schedule) = (name(), id("a"));
    let all: Vec<u64> = (0..100).map(|time| jitter(&job, &schedule, time, 50)).collect();
    assert!(all.iter().all(|jitter| *jitter <= 50) && all.iter().any(|jitter| *jitter != all[0]));
    assert_eq!(jitter(&job, &schedule, 7, 50), all[7]);
    assert_eq!(jitter(&job, &schedule, 7, 0), 0);
}
