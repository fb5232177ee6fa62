use super::*;
use proptest::prelude::*;
use std::ops::RangeInclusive;

const NOW: u64 = 1_000;

fn id(n: usize) -> TaskId {
    TaskId::new(format!("t{n}")).expect("legal")
}

fn slot(n: usize) -> Slot {
    Slot::new(format!("lane{n}")).expect("legal")
}

/// A kin of its own for each number.
fn kin(n: usize) -> Kin {
    Kin::of_job(&solti_model::JobName::new(format!("k{n}")).expect("legal"))
}

fn waits(n: usize, lane: usize) -> TaskStands {
    TaskStands {
        id: id(n),
        lane,
        kins: vec![kin(n)],
        place: Place::Waits,
        held: false,
        not_before: 0,
        restart: RestartStrategy::Never,
        attempt: 0,
        admission: AdmissionStrategy::Queue,
        timeout: None,
        after: vec![],
    }
}

fn runs(n: usize, lane: usize, since: u64) -> TaskStands {
    TaskStands { place: Place::Holds { since, suspended: false, ending: false }, ..waits(n, lane) }
}

fn between(n: usize, lane: usize, next: u64) -> TaskStands {
    TaskStands { place: Place::Between { since: 0, next }, attempt: 1, ..waits(n, lane) }
}

fn situation(capacities: &[u32], tasks: Vec<TaskStands>) -> Situation {
    let lane = |(n, capacity): (usize, &u32)| LaneStands {
        slot: slot(n),
        capacity: *capacity,
        paused: false,
        unmet: None,
        hours: None,
    };
    let lanes = capacities.iter().enumerate().map(lane).collect();
    Situation { now: NOW, all_held: false, lanes, tasks }
}

/// Each took no more than one attempt.
fn once(took: &[u64]) -> Durations {
    Durations { last: took.to_vec(), all: took.to_vec() }
}

fn history(all: &[(usize, &[u64])]) -> BTreeMap<Kin, Durations> {
    all.iter().map(|(n, durations)| (kin(*n), once(durations))).collect()
}

fn forecast(situation: &Situation, known: &[(usize, &[u64])]) -> Foreseen {
    situation.forecast(&history(known), None, &HashSet::new())
}

fn range(from: u64, to: u64) -> Option<TimeRange> {
    Some(TimeRange { from: NOW + from, to: NOW + to })
}

#[test]
fn who_waits_behind_another_starts_when_that_will_probably_end() {
    let situation = situation(&[1], vec![runs(1, 0, NOW - 10), waits(2, 0), waits(3, 0)]);
    let made = forecast(&situation, &[(1, &[40, 30, 20]), (2, &[5]), (3, &[100, 200])]);
    let of = |n: usize| (made.tasks[n].start, made.tasks[n].end, made.tasks[n].runs);
    assert_eq!(of(0), (None, range(10, 30), 3));
    assert_eq!(of(1), (range(10, 30), range(15, 35), 1));
    assert_eq!(of(2), (range(15, 35), range(115, 235), 2));
    assert!(made.tasks.iter().all(|task| task.unknown.is_none()));
    let lane = &made.lanes[0];
    assert_eq!((lane.running, lane.waiting, lane.end), (1, 2, range(115, 235)));
}

#[test]
fn one_between_two_attempts_has_all_of_the_next_before_it() {
    let made =
        forecast(&situation(&[1], vec![between(1, 0, NOW + 30), waits(2, 0)]), &[(1, &[40]), (2, &[5])]);
    assert_eq!((made.tasks[0].end, made.tasks[1].start), (range(70, 70), range(70, 70)));
}

#[test]
fn a_lane_starts_nothing_outside_its_hours() {
    const MINUTE: u64 = 60_000;
    // Of the first day of 1970: 00:00:01 is now.
    let open = |from: &str, to: &str| {
        let time = |text: &str| text.parse().expect("a time of day");
        let hours = solti_model::Hours { from: time(from), to: time(to) };
        OpenHours::new(hours, &solti_schedule::Zones::built_in())
    };
    let made = |hours, tasks| {
        let mut situation = situation(&[1], tasks);
        situation.lanes[0].hours = hours;
        forecast(&situation, &[(1, &[40_000]), (2, &[40_000]), (3, &[40_000])]).tasks
    };
    let starts = |hours| -> Vec<_> {
        let tasks = made(hours, vec![runs(1, 0, NOW), waits(2, 0), waits(3, 0)]);
        tasks.into_iter().map(|task| task.start.map(|start| (start.from, start.to))).collect()
    };
    let at = |time: u64| Some((time, time));
    assert_eq!(starts(open("00:00", "00:10")), [None, at(41_000), at(81_000)]);
    assert_eq!(starts(open("00:00", "00:01")), [None, at(41_000), at(24 * 60 * MINUTE)]);
    assert_eq!(starts(open("03:00", "04:00")), [None, at(180 * MINUTE), at(180 * MINUTE + 40_000)]);
    assert_eq!(starts(open("23:00", "00:01")), [None, at(41_000), at(23 * 60 * MINUTE)]);
}

#[test]
fn a_task_takes_no_longer_than_its_timeout() {
    let soon = |task: TaskStands| TaskStands { timeout: Some(20), ..task };
    let tasks = vec![soon(runs(1, 0, NOW - 5)), soon(waits(2, 0)), waits(3, 0)];
    let made = forecast(&situation(&[1], tasks), &[(1, &[60]), (2, &[10, 60]), (3, &[5])]);
    assert_eq!((made.tasks[0].end, made.tasks[1].end), (range(15, 15), range(25, 35)));
    assert_eq!(made.tasks[2].start, range(25, 35));
}

#[test]
fn of_one_that_is_tried_again_all_attempts_count() {
    let known: BTreeMap<Kin, Durations> =
        [(kin(1), Durations { last: vec![6, 6], all: vec![17, 17] })].into();
    let retried = |task: TaskStands| TaskStands { restart: RestartStrategy::OnFailure, ..task };
    for (first, end) in [
        (retried(waits(1, 0)), range(17, 17)),
        (retried(runs(1, 0, NOW - 8)), range(9, 9)),
        (
            retried(TaskStands { place: Place::Between { since: NOW - 8, next: NOW + 3 }, ..waits(1, 0) }),
            range(9, 9),
        ),
        (
            retried(TaskStands { place: Place::Between { since: NOW - 8, next: NOW + 12 }, ..waits(1, 0) }),
            range(12, 12),
        ),
        (waits(1, 0), range(6, 6)),
    ] {
        let made = situation(&[1], vec![first.clone(), waits(2, 0)]).forecast(&known, None, &HashSet::new());
        assert_eq!((made.tasks[0].end, made.tasks[1].start), (end, end), "{first:?}");
    }
    // Of the later attempts the store is asked when the first one began.
    let second = retried(TaskStands { attempt: 2, ..runs(1, 0, NOW - 2) });
    let mut stands = situation(&[1], vec![second, retried(waits(2, 0)), runs(3, 0, NOW)]);
    assert_eq!(stands.tried_before(), [id(1)]);
    stands.begun(&[(id(1), NOW - 13)].into());
    assert_eq!(stands.forecast(&known, None, &HashSet::new()).tasks[0].end, range(4, 4));
}

#[test]
fn one_that_does_not_wait_for_a_place_is_told_no_start_that_cannot_come() {
    let later = |admission| TaskStands { admission, not_before: NOW + 20, ..waits(2, 0) };
    let with = |admission, capacity, more: &[TaskStands]| {
        let mut tasks = vec![runs(1, 0, NOW), later(admission)];
        tasks.extend_from_slice(more);
        let made =
            forecast(&situation(&[capacity, 1], tasks), &[(1, &[60]), (2, &[5]), (3, &[15]), (4, &[7])]);
        made.tasks.into_iter().map(|task| (task.start, task.end, task.unknown)).collect::<Vec<_>>()
    };
    let if_free = || Some(NotForeseen::OnlyIfFree { task: id(2), name: String::new() });
    let known = |start, end| (start, end, None);
    use AdmissionStrategy::{DropIfRunning, Queue, Replace};
    assert_eq!(with(Queue, 1, &[])[1], known(range(60, 60), range(65, 65)));
    assert_eq!(with(DropIfRunning, 1, &[])[1], (None, None, if_free()));
    assert_eq!(with(DropIfRunning, 2, &[])[1], known(range(20, 20), range(25, 25)));
    // One that waits for a place is before it, and who waits for it knows as little.
    let behind = TaskStands { after: vec![(id(2), AfterWhen::Ended)], ..waits(4, 1) };
    assert_eq!(
        with(DropIfRunning, 2, &[waits(3, 0)])[1],
        known(range(20, 20), range(25, 25)),
        "that is over by then"
    );
    assert_eq!(with(DropIfRunning, 2, &[waits(3, 0), waits(4, 0)])[1], (None, None, if_free()));
    let made = with(DropIfRunning, 1, &[waits(3, 0), behind]);
    assert_eq!(made[2], known(range(60, 60), range(75, 75)));
    assert_eq!(made[3], (None, None, if_free()));
    // What runs ends for one that replaces it, which is before those that wait.
    let made = with(Replace, 1, &[waits(3, 0)]);
    assert_eq!(made[0], known(None, range(20, 20)));
    assert_eq!(made[1], known(range(20, 20), range(25, 25)));
    assert_eq!(made[2], known(range(25, 25), range(40, 40)));
}

#[test]
fn a_tenth_at_each_end_does_not_count() {
    let all: Vec<u64> = (1..=20).map(|n| n * 10).collect();
    let made = forecast(&situation(&[1], vec![waits(1, 0)]), &[(1, &all)]);
    assert_eq!(made.tasks[0].end, range(20, 180));
}

#[test]
fn what_nobody_knows_is_said_with_the_task_that_it_depends_on() {
    let with = |tasks: Vec<TaskStands>, known: &[(usize, &[u64])]| {
        let made = forecast(&situation(&[1, 1], tasks), known);
        let last = made.tasks.last().expect("one").clone();
        (last.start, last.end, last.unknown)
    };
    let (task, name) = (id(1), String::new());
    let long: (usize, &[u64]) = (2, &[50]);
    let no_history = Some(NotForeseen::NoHistory { task: task.clone(), name: name.clone() });
    assert_eq!(with(vec![waits(1, 0)], &[]), (range(0, 0), None, no_history.clone()));
    assert_eq!(with(vec![runs(1, 0, NOW), waits(2, 0)], &[long]), (None, None, no_history.clone()));
    // Also by way of another lane, and of what waits there.
    let behind = TaskStands { after: vec![(id(2), AfterWhen::Succeeded)], ..waits(3, 1) };
    assert_eq!(
        with(vec![runs(1, 0, NOW), waits(2, 0), behind], &[long, (3, &[1])]),
        (None, None, no_history)
    );
    let longer = NotForeseen::LongerThanEver { task: task.clone(), name: name.clone() };
    assert_eq!(with(vec![runs(1, 0, 0), waits(2, 0)], &[(1, &[999, 5]), long]).2, Some(longer));
    let suspended = Place::Holds { since: NOW, suspended: true, ending: false };
    let suspended = TaskStands { place: suspended, ..runs(1, 0, NOW) };
    let found = with(vec![suspended, waits(2, 0)], &[(1, &[5]), long]).2;
    assert_eq!(found, Some(NotForeseen::Suspended { task: task.clone(), name: name.clone() }));
    let always = RestartStrategy::Always { interval_ms: None };
    let service = TaskStands { restart: always, ..runs(1, 0, NOW) };
    let found = with(vec![service, waits(2, 0)], &[(1, &[5]), long]).2;
    assert_eq!(found, Some(NotForeseen::Restarted { task: task.clone(), name: name.clone() }));
    // Who is held stands in nobody's way, but for those that wait for it.
    let held = TaskStands { held: true, ..waits(1, 0) };
    assert_eq!(with(vec![held.clone(), waits(2, 0)], &[(1, &[5]), long]), (range(0, 0), range(50, 50), None));
    let after = TaskStands { after: vec![(id(1), AfterWhen::Started)], ..waits(2, 0) };
    let found = with(vec![held, after], &[(1, &[5]), long]).2;
    assert_eq!(found, Some(NotForeseen::Held { task: task.clone(), name: name.clone() }));
    let failing = TaskStands { after: vec![(id(1), AfterWhen::Failed)], ..waits(2, 0) };
    let found = with(vec![runs(1, 0, NOW), failing], &[(1, &[5]), long]).2;
    assert_eq!(found, Some(NotForeseen::Unexpected { task, name }));
}

#[test]
fn held_lanes_start_nothing_and_what_runs_in_them_ends() {
    let mut held = situation(&[1], vec![runs(1, 0, NOW), waits(2, 0)]);
    held.lanes[0].paused = true;
    let made = forecast(&held, &[(1, &[7]), (2, &[5])]);
    assert_eq!(made.tasks[0].end, range(7, 7));
    assert_eq!(made.tasks[1].unknown, Some(NotForeseen::LanePaused { slot: slot(0) }));
    assert_eq!((made.lanes[0].end, made.lanes[0].unknown.clone()), (None, made.tasks[1].unknown.clone()));
    held.all_held = true;
    let made = forecast(&held, &[(1, &[7]), (2, &[5])]);
    assert_eq!(made.tasks[1].unknown, Some(NotForeseen::AllHeld));
}

#[test]
fn one_between_two_attempts_goes_on_no_sooner_than_whoever_stopped_it_lets_it() {
    let with = |change: fn(&mut Situation)| {
        let mut stopped = situation(&[1, 1], vec![between(1, 0, NOW + 30), waits(2, 0), waits(3, 1)]);
        change(&mut stopped);
        let made = forecast(&stopped, &[(1, &[40]), (2, &[5]), (3, &[5])]);
        (made.tasks[0].end, made.tasks[0].unknown.clone(), made.tasks[1].unknown.clone())
    };
    let paused = Some(NotForeseen::LanePaused { slot: slot(0) });
    let mains = Some(NotForeseen::LaneWaits { slot: slot(0), what: "mains power".into() });
    assert_eq!(
        with(|stopped| stopped.lanes[0].unmet = Some("mains power".into())),
        (None, mains.clone(), mains)
    );
    assert_eq!(with(|stopped| stopped.lanes[0].paused = true), (None, paused.clone(), paused));
    let all = Some(NotForeseen::AllHeld);
    assert_eq!(with(|stopped| stopped.all_held = true), (None, all.clone(), all));
    // Who waits behind one that is held waits for the same.
    let held = Some(NotForeseen::Held { task: id(1), name: String::new() });
    assert_eq!(with(|stopped| stopped.tasks[0].held = true), (None, held.clone(), held));
}

#[test]
fn one_that_is_not_to_start_yet_lets_others_go_first_and_keeps_its_place_for_then() {
    let later = TaskStands { not_before: NOW + 25, ..waits(1, 0) };
    let made = forecast(
        &situation(&[1], vec![later, waits(2, 0), waits(3, 0), waits(4, 0)]),
        &[(1, &[1]), (2, &[20]), (3, &[20]), (4, &[20])],
    );
    let starts: Vec<_> = made.tasks.iter().map(|task| task.start).collect();
    assert_eq!(starts, [range(40, 40), range(0, 0), range(20, 20), range(41, 41)]);
}

#[test]
fn an_answer_is_of_what_was_asked_for_and_of_a_thousand_at_most() {
    let tasks = (0..1_500).map(|n| waits(n, n % 2)).collect();
    let lanes_of = situation;
    let situation = lanes_of(&[1, 1], tasks);
    let made = situation.forecast(&BTreeMap::new(), Some(&slot(1)), &HashSet::new());
    assert!(made.tasks.iter().all(|task| task.slot == slot(1)));
    assert_eq!((made.tasks.len(), made.more, made.lanes.len()), (750, false, 1));
    let made = situation.forecast(&BTreeMap::new(), None, &HashSet::new());
    assert_eq!((made.tasks.len(), made.more), (1_000, true));
    let of = |made: &Foreseen, lane: usize| made.tasks.iter().filter(|task| task.slot == slot(lane)).count();
    assert_eq!((of(&made, 0), of(&made, 1)), (500, 500));
    // A long lane leaves room for those behind it, and more lanes than that have one each.
    let long = |lanes: usize, of_others: usize| {
        let first = (0..5_000).map(|n| waits(n, 0));
        let others = (0..(lanes - 1) * of_others).map(|n| waits(5_000 + n, 1 + n / of_others));
        let made = lanes_of(&vec![1; lanes], first.chain(others).collect());
        let made = made.forecast(&BTreeMap::new(), None, &HashSet::new());
        let last: usize = (1..lanes).map(|lane| of(&made, lane)).sum();
        assert!(made.more && made.tasks.len() <= 1_000);
        (of(&made, 0), last, made.tasks[0].task.clone())
    };
    assert_eq!(long(3, 7), (986, 14, id(0)));
    assert_eq!(long(5, 400), (200, 800, id(0)));
    assert_eq!(long(2_000, 1), (1, 999, id(0)));
    let some: HashSet<TaskId> = [id(1), id(1_400)].into();
    let made = situation.forecast(&BTreeMap::new(), None, &some);
    assert_eq!(made.tasks.iter().map(|task| task.task.clone()).collect::<Vec<_>>(), [id(1), id(1_400)]);
}

/// A task of a generated situation: its lane, whether it runs, the places of those that it waits for, its time, whether it is
/// held, and the durations of those before it.
type Made = (usize, bool, Vec<(usize, bool)>, u64, bool, Vec<u64>);

fn task(lanes: usize, durations: RangeInclusive<usize>) -> impl Strategy<Value = Made> {
    let after = prop::collection::vec((0..40_usize, any::<bool>()), 0..3);
    (
        0..lanes,
        prop::bool::weighted(0.2),
        after,
        prop_oneof![3 => Just(0), 1 => NOW..NOW + 60],
        prop::bool::weighted(0.1),
        prop::collection::vec(0..50_u64, durations),
    )
}

/// Those that run come first in their lane, no more than it has places; a task waits for earlier ones alone.
fn stand(capacities: &[u32], made: &[Made]) -> (Situation, BTreeMap<Kin, Durations>) {
    let mut tasks = Vec::new();
    let mut known = BTreeMap::new();
    for (lane, capacity) in capacities.iter().enumerate() {
        let here: Vec<&Made> = made.iter().filter(|made| made.0 == lane).collect();
        let (run, wait): (Vec<&Made>, Vec<&Made>) = here.into_iter().partition(|made| made.1);
        let places = (*capacity as usize).min(run.len());
        for (place, made) in run.into_iter().chain(wait).enumerate() {
            let n = tasks.len();
            let mut task = if place < places { runs(n, lane, NOW) } else { waits(n, lane) };
            if task.place == Place::Waits {
                let others = made.2.iter().filter(|(other, _)| *other < n);
                let when = |start: bool| if start { AfterWhen::Started } else { AfterWhen::Ended };
                task.after = others.map(|(other, start)| (id(*other), when(*start))).collect();
                (task.not_before, task.held) = (made.3, made.4);
            }
            tasks.push(task);
            if !made.5.is_empty() {
                known.insert(kin(n), once(&made.5));
            }
        }
    }
    (situation(capacities, tasks), known)
}

/// The lanes stepped through millisecond by millisecond, as somebody would who had never heard of events.
fn stepped(situation: &Situation, lengths: &[u64]) -> Vec<(Option<u64>, Option<u64>)> {
    let tasks = &situation.tasks;
    let mut found: Vec<(Option<u64>, Option<u64>)> =
        tasks.iter().map(|task| (matches!(task.place, Place::Holds { .. }).then_some(NOW), None)).collect();
    let place = |other: &TaskId| tasks.iter().position(|task| task.id == *other).expect("there");
    for time in NOW..NOW + 5_000 {
        // What takes no time lets the next one go at the same moment.
        loop {
            let mut changed = false;
            for (course, length) in found.iter_mut().zip(lengths) {
                if let (Some(start), None) = *course
                    && start + length <= time
                {
                    course.1 = Some(time);
                    changed = true;
                }
            }
            let before = found.clone();
            for n in 0..tasks.len() {
                let task = &tasks[n];
                let running = (0..tasks.len()).filter(|m| {
                    tasks[*m].lane == task.lane && found[*m].0.is_some() && found[*m].1.is_none()
                });
                let fulfilled = task.after.iter().all(|(other, when)| match when {
                    AfterWhen::Started => before[place(other)].0.is_some(),
                    _ => before[place(other)].1.is_some(),
                });
                let may = found[n].0.is_none() && !task.held && task.not_before <= time && fulfilled;
                if may && running.count() < situation.lanes[task.lane].capacity as usize {
                    found[n].0 = Some(time);
                    changed = true;
                }
            }
            if !changed {
                break;
            }
        }
    }
    found
}

proptest! {
    #[test]
    fn the_lanes_are_played_as_they_would_be_stepped_through(
        capacities in prop::collection::vec(1..4_u32, 1..4),
        made in prop::collection::vec(task(3, 1..=1), 0..25),
    ) {
        let made: Vec<Made> = made.into_iter().map(|made| (made.0 % capacities.len(), made.1, made.2, made.3, made.4, vec![made.5[0] + 1])).collect();
        let (situation, known) = stand(&capacities, &made);
        let lengths: Vec<u64> = (0..situation.tasks.len()).map(|n| known[&kin(n)].last[0]).collect();
        let forecast = situation.forecast(&known, None, &HashSet::new());
        for (n, (start, end)) in stepped(&situation, &lengths).into_iter().enumerate() {
            let found = &forecast.tasks[n];
            let exact = |at: Option<u64>| at.map(|at| TimeRange { from: at, to: at });
            if situation.tasks[n].place == Place::Waits {
                prop_assert_eq!(found.start, exact(start), "start of {}", n);
            }
            prop_assert_eq!(found.end, exact(end), "end of {}", n);
        }
    }

    #[test]
    fn each_range_is_one_and_whatever_is_not_known_has_a_reason(
        capacities in prop::collection::vec(1..4_u32, 1..4),
        made in prop::collection::vec(task(3, 0..=8), 0..40),
        all_held in prop::bool::weighted(0.1),
        paused in prop::bool::weighted(0.2),
        admissions in prop::collection::vec(prop::sample::select(vec![
            AdmissionStrategy::Queue, AdmissionStrategy::DropIfRunning, AdmissionStrategy::Replace,
        ]), 40),
    ) {
        let made: Vec<Made> = made.into_iter().map(|made| (made.0 % capacities.len(), made.1, made.2, made.3, made.4, made.5)).collect();
        let (mut situation, known) = stand(&capacities, &made);
        situation.all_held = all_held;
        situation.lanes[0].paused = paused;
        for (task, admission) in situation.tasks.iter_mut().zip(admissions) {
            task.admission = admission;
        }
        let forecast = situation.forecast(&known, None, &HashSet::new());
        prop_assert_eq!(forecast.tasks.len(), situation.tasks.len());
        for (n, task) in forecast.tasks.iter().enumerate() {
            for range in task.start.iter().chain(&task.end) {
                prop_assert!(NOW <= range.from && range.from <= range.to, "{:?}", task);
            }
            if let (Some(start), Some(end)) = (task.start, task.end) {
                prop_assert!(start.from <= end.from && start.to <= end.to, "{:?}", task);
            }
            prop_assert_eq!(task.end.is_none(), task.unknown.is_some(), "{:?}", task);
            if let Some(start) = task.start {
                prop_assert!(start.from >= situation.tasks[n].not_before, "{:?}", task);
            }
        }
        for lane in &forecast.lanes {
            prop_assert_eq!(lane.end.is_none(), lane.unknown.is_some(), "{:?}", lane);
        }
    }

    /// Where nothing waits for anything but a place, whatever the tasks take of what those before them took, they start and end
    /// within what was said.
    #[test]
    fn what_is_as_it_was_before_comes_within_the_range(
        capacity in 1..4_u32,
        made in prop::collection::vec((prop::collection::vec(1..50_u64, 1..=9), any::<prop::sample::Index>()), 1..20),
    ) {
        let tasks = (0..made.len()).map(|n| waits(n, 0)).collect();
        let situation = situation(&[capacity], tasks);
        let known = made.iter().enumerate().map(|(n, (durations, _))| (kin(n), once(durations))).collect();
        let forecast = situation.forecast(&known, None, &HashSet::new());
        let lengths: Vec<u64> = made.iter().map(|(durations, taken)| *taken.get(durations)).collect();
        for (task, (start, end)) in forecast.tasks.iter().zip(stepped(&situation, &lengths)) {
            for (range, at) in [(task.start, start), (task.end, end)] {
                let (range, at) = (range.expect("known"), at.expect("comes"));
                prop_assert!(range.from <= at && at <= range.to, "{} in {:?}", at, range);
            }
        }
    }
}
