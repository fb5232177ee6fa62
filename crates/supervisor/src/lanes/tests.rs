use super::*;
use AdmissionStrategy::{DropIfRunning, Queue, Replace};
use proptest::prelude::*;

fn slot() -> Slot {
    Slot::new("lane").expect("legal")
}

fn id(n: usize) -> TaskId {
    TaskId::new(format!("t{n}")).expect("legal")
}

fn waiter(n: usize, replaces: bool) -> Waiter {
    Waiter { id: id(n), replaces, priority: 0, order: n as u64, ready: true, amending: false }
}

fn set(lanes: &mut Lanes, capacity: Option<u32>, paused: Option<bool>) {
    lanes.set(&slot(), &LaneChange { capacity, paused, rules: None });
}

fn admit(lanes: &mut Lanes, n: usize, strategy: AdmissionStrategy) -> Result<Admission, Busy> {
    lanes.admit(&slot(), waiter(n, strategy == Replace), strategy)
}

#[test]
fn a_busy_lane_refuses_and_names_the_running_task() {
    let mut lanes = Lanes::default();
    admit(&mut lanes, 1, DropIfRunning).expect("free");
    assert_eq!(lanes.take_startable(&slot()), [id(1)]);
    let reason = format!("lane {} is busy with task {}", slot(), id(1));
    assert_eq!(admit(&mut lanes, 2, DropIfRunning), Err(Busy { with: id(1), reason }));
    lanes.release(&slot(), &id(1));
    assert_eq!(lanes.all(), []);
}

#[test]
fn a_lane_waits_for_what_is_next_to_be_stored() {
    let mut lanes = Lanes::default();
    for n in 1..=3 {
        admit(&mut lanes, n, Queue).expect("admitted");
    }
    lanes.put_back(&slot(), Waiter { amending: true, ..waiter(1, false) });
    assert_eq!(lanes.take_startable(&slot()), []);
    assert_eq!((lanes.next_startable(&slot()), lanes.could_start(&slot())), (None, false));
    assert_eq!(lanes.position(&slot(), &id(1)).map(|(position, _)| position), Some(1));
    // One behind it changes nothing.
    lanes.put_back(&slot(), waiter(1, false));
    lanes.put_back(&slot(), Waiter { amending: true, ..waiter(2, false) });
    assert_eq!(lanes.take_startable(&slot()), [id(1)]);
}

#[test]
fn in_a_lane_that_starts_nothing_tasks_that_are_not_to_wait_do_not_pile_up() {
    let mut lanes = Lanes::default();
    set(&mut lanes, Some(2), Some(true));
    for n in 1..=2 {
        admit(&mut lanes, n, DropIfRunning).expect("a place would be free");
    }
    let busy = |lanes: &mut Lanes| {
        let busy = admit(lanes, 3, DropIfRunning).expect_err("it is as good as full");
        assert_eq!(busy.with, id(1));
        busy.reason
    };
    let waits = format!("task {} waits in lane {} already", id(1), slot());
    assert_eq!(busy(&mut lanes), format!("{waits}: the lane is paused"));
    lanes.hold_all(true);
    assert_eq!(busy(&mut lanes), format!("{waits}: all tasks are held"));
    lanes.hold_all(false);
    let change =
        |rules, paused| LaneChange { rules: Some(rules), paused: Some(paused), ..LaneChange::default() };
    lanes.set(&slot(), &change(LaneRules { on_mains: true, ..LaneRules::default() }, false));
    assert_eq!(busy(&mut lanes), format!("{waits}: the lane waits for mains power"));
    lanes.set(&slot(), &change(LaneRules::default(), true));
    set(&mut lanes, None, Some(false));
    assert_eq!(lanes.take_startable(&slot()), [id(1), id(2)]);
}

#[test]
fn a_replacement_ends_as_many_as_stand_in_its_way() {
    let mut lanes = Lanes::default();
    set(&mut lanes, Some(3), None);
    for n in 1..=3 {
        admit(&mut lanes, n, Queue).expect("never refused");
    }
    assert_eq!(lanes.take_startable(&slot()).len(), 3);
    set(&mut lanes, Some(2), None);
    assert_eq!(admit(&mut lanes, 4, Replace), Ok(Admission::Replaces(vec![id(1), id(2)])));
    let left = |stopping: &[TaskId]| lanes.still_to_replace(&slot(), |id| stopping.contains(id));
    assert_eq!(left(&[]), [id(1), id(2)]);
    assert_eq!(left(&[id(2)]), [id(1)]);
    assert_eq!(left(&[id(1), id(2)]), []);
}

#[test]
fn a_queue_is_first_in_first_out() {
    let mut lanes = Lanes::default();
    for n in 1..=3 {
        admit(&mut lanes, n, Queue).expect("queues");
    }
    assert_eq!(lanes.take_startable(&slot()), [id(1)]);
    assert_eq!(lanes.position(&slot(), &id(2)), Some((1, Some(id(1)))));
    assert_eq!(lanes.position(&slot(), &id(3)), Some((2, Some(id(2)))));
    set(&mut lanes, Some(2), None);
    assert_eq!(lanes.take_startable(&slot()), [id(2)]);
}

#[test]
fn a_replacement_goes_before_those_who_wait() {
    let mut lanes = Lanes::default();
    admit(&mut lanes, 1, Queue).expect("queues");
    lanes.take_startable(&slot());
    admit(&mut lanes, 2, Queue).expect("queues");
    assert_eq!(admit(&mut lanes, 3, Replace), Ok(Admission::Replaces(vec![id(1)])));
    assert_eq!(lanes.take_startable(&slot()), []);
    lanes.release(&slot(), &id(1));
    assert_eq!(lanes.take_startable(&slot()), [id(3)]);
}

#[test]
fn a_replacement_replaces_the_replacements_that_wait() {
    let mut lanes = Lanes::default();
    admit(&mut lanes, 1, Queue).expect("queues");
    lanes.take_startable(&slot());
    admit(&mut lanes, 2, Queue).expect("queues");
    admit(&mut lanes, 3, Replace).expect("replaces");
    assert_eq!(admit(&mut lanes, 4, Replace), Ok(Admission::Replaces(vec![id(3), id(1)])));
    lanes.release(&slot(), &id(3));
    lanes.release(&slot(), &id(1));
    assert_eq!(lanes.take_startable(&slot()), [id(4)]);
    // Also where nothing runs: the lane is paused.
    set(&mut lanes, None, Some(true));
    lanes.release(&slot(), &id(4));
    assert_eq!(admit(&mut lanes, 5, Replace), Ok(Admission::Waits));
    assert_eq!(admit(&mut lanes, 6, Replace), Ok(Admission::Replaces(vec![id(5)])));
    assert_eq!(lanes.position(&slot(), &id(6)), Some((1, None)));
}

#[test]
fn a_restart_goes_on_with_replacing() {
    let mut lanes = Lanes::default();
    lanes.restore_holder(&slot(), &id(1));
    lanes.restore_waiting(&slot(), waiter(2, false));
    lanes.restore_waiting(&slot(), waiter(3, true));
    lanes.restore_waiting(&slot(), waiter(4, true));
    assert_eq!(lanes.still_to_replace(&slot(), |_| false), [id(3), id(1)]);
    assert_eq!(lanes.still_to_replace(&slot(), |task| *task == id(1)), [id(3)]);
    lanes.release(&slot(), &id(3));
    lanes.release(&slot(), &id(1));
    assert_eq!(lanes.still_to_replace(&slot(), |_| false), []);
    assert_eq!(lanes.take_startable(&slot()), [id(4)]);
}

#[test]
fn a_paused_lane_starts_nothing() {
    let mut lanes = Lanes::default();
    set(&mut lanes, None, Some(true));
    admit(&mut lanes, 1, DropIfRunning).expect("waits");
    assert_eq!(lanes.take_startable(&slot()), []);
    set(&mut lanes, None, Some(false));
    assert_eq!(lanes.take_startable(&slot()), [id(1)]);
}

#[test]
fn a_lane_that_asks_something_of_the_machine_starts_after_a_look_alone() {
    let mut lanes = Lanes::default();
    let rules = LaneRules { on_mains: true, ..LaneRules::default() };
    let change = LaneChange { rules: Some(rules), ..LaneChange::default() };
    assert_eq!(lanes.set(&slot(), &change).waits_for, None);
    assert_eq!(lanes.conditional().collect::<Vec<_>>(), [&slot()]);
    for n in 1..=2 {
        admit(&mut lanes, n, Queue).expect("queues");
    }
    assert_eq!(lanes.take_startable(&slot()), []);
    assert_eq!(lanes.waits_for(&slot()).as_deref(), Some("mains power"));
    assert!(lanes.could_start(&slot()) && lanes.tell_unmet(&slot(), Some("mains power".into())));
    assert!(!lanes.tell_unmet(&slot(), Some("mains power".into())), "the same again");
    lanes.tell_unmet(&slot(), None);
    assert_eq!(lanes.take_looked(&slot()), [id(1)]);
    assert!(!lanes.could_start(&slot()), "it is full: nobody need look");
    assert_eq!((lanes.waits_for(&slot()), lanes.position(&slot(), &id(2))), (None, Some((1, Some(id(1))))));
    lanes.release(&slot(), &id(1));
    assert!(lanes.take_startable(&slot()).is_empty() && lanes.could_start(&slot()));
    // By a person's hand it may start all the same, and without rules by itself.
    assert!(lanes.take_now(&slot(), &id(2)));
    lanes.set(&slot(), &LaneChange { rules: Some(LaneRules::default()), ..LaneChange::default() });
    lanes.release(&slot(), &id(2));
    admit(&mut lanes, 3, Queue).expect("queues");
    assert_eq!((lanes.take_startable(&slot()), lanes.conditional().count()), (vec![id(3)], 0));
}

#[test]
fn who_waits_for_something_else_asks_for_nothing_and_keeps_its_place() {
    let mut lanes = Lanes::default();
    admit(&mut lanes, 1, Queue).expect("queues");
    lanes.take_startable(&slot());
    let blocked = |n, replaces| Waiter { ready: false, ..waiter(n, replaces) };
    assert_eq!(lanes.admit(&slot(), blocked(2, false), DropIfRunning), Ok(Admission::Waits));
    assert_eq!(lanes.admit(&slot(), blocked(3, true), Replace), Ok(Admission::Waits));
    admit(&mut lanes, 4, Queue).expect("queues");
    assert_eq!((lanes.all()[0].queued, lanes.position(&slot(), &id(2))), (1, None));
    assert_eq!(lanes.position(&slot(), &id(4)), Some((1, Some(id(1)))));
    lanes.put_back(&slot(), waiter(2, false));
    assert_eq!(lanes.position(&slot(), &id(4)), Some((2, Some(id(2)))));
    lanes.release(&slot(), &id(1));
    assert_eq!(lanes.take_startable(&slot()), [id(2)]);
    // One that may go, whatever the lane holds.
    assert!(lanes.take_now(&slot(), &id(3)) && !lanes.take_now(&slot(), &id(3)));
    assert_eq!(lanes.all()[0].running, 2);
    lanes.release(&slot(), &id(2));
    assert_eq!(lanes.take_startable(&slot()), []);
    lanes.hold_all(true);
    lanes.release(&slot(), &id(3));
    assert_eq!(lanes.take_startable(&slot()), []);
    lanes.hold_all(false);
    assert_eq!(lanes.take_startable(&slot()), [id(4)]);
}

#[test]
fn moves_that_say_nothing_are_told_apart() {
    let mut lanes = Lanes::default();
    set(&mut lanes, None, Some(true));
    for n in 1..=3 {
        admit(&mut lanes, n, Queue).expect("queues");
    }
    lanes.put_back(&slot(), Waiter { priority: 5, ..waiter(4, false) });
    admit(&mut lanes, 5, Replace).expect("replaces");
    let plan = |n, to: MoveTo| lanes.plan_move(&slot(), &id(n), &to, 100);
    assert_eq!(plan(1, MoveTo::First), Some(Ok(Moved::Nothing)));
    assert_eq!(plan(2, MoveTo::After(id(1))), Some(Ok(Moved::Nothing)));
    assert_eq!(plan(1, MoveTo::Last), Some(Ok(Moved::To(100))));
    assert_eq!(plan(3, MoveTo::Before(id(4))), Some(Err(CannotMove::Priority)));
    assert_eq!(plan(3, MoveTo::Before(id(9))), Some(Err(CannotMove::NotThere)));
    assert_eq!(plan(3, MoveTo::Before(id(3))), Some(Err(CannotMove::Itself)));
    assert_eq!(plan(3, MoveTo::After(id(3))), Some(Err(CannotMove::Itself)));
    assert_eq!(plan(3, MoveTo::After(id(5))), Some(Err(CannotMove::OtherReplaces)));
    assert_eq!(plan(5, MoveTo::Last), Some(Err(CannotMove::Replaces)));
    assert_eq!(plan(9, MoveTo::Last), None);
    // No room between 1 and 2.
    assert_eq!(plan(3, MoveTo::After(id(1))), Some(Ok(Moved::Anew(vec![id(1), id(3), id(2)]))));
}

#[derive(Debug, Clone)]
enum Step {
    Admit(AdmissionStrategy),
    Release(usize),
    Capacity(u32),
    Pause(bool),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        prop::sample::select(vec![DropIfRunning, Replace, Queue]).prop_map(Step::Admit),
        any::<usize>().prop_map(Step::Release),
        (1..4u32).prop_map(Step::Capacity),
        any::<bool>().prop_map(Step::Pause),
    ]
}

fn order(lanes: &Lanes) -> Vec<TaskId> {
    let mut lanes = Lanes { lanes: lanes.lanes.clone(), ..Lanes::default() };
    set(&mut lanes, Some(1_000), Some(false));
    lanes.take_startable(&slot())
}

proptest! {
    /// A move puts a task where it was asked to go, and leaves the others in their order; priority comes first all the while.
    #[test]
    fn a_moved_task_is_where_it_was_moved_to(
        priorities in prop::collection::vec(0..3i32, 2..8),
        moves in prop::collection::vec((any::<usize>(), any::<usize>(), 0..4u8), 1..80),
    ) {
        let mut lanes = Lanes::default();
        set(&mut lanes, None, Some(true));
        let mut last = 0;
        let mut waiters: Vec<Waiter> = vec![];
        for (n, priority) in priorities.iter().enumerate() {
            last += if n % 2 == 0 { 1 } else { ORDER_STEP };
            waiters.push(Waiter { priority: *priority, order: last, ..waiter(n, false) });
        }
        for waiter in &waiters { lanes.put_back(&slot(), waiter.clone()); }
        for (which, other, how) in moves {
            let (moved, other) = (which % waiters.len(), other % waiters.len());
            let to = match how {
                0 => MoveTo::First,
                1 => MoveTo::Last,
                2 => MoveTo::Before(id(other)),
                _ => MoveTo::After(id(other)),
            };
            let before = order(&lanes);
            let planned = lanes.plan_move(&slot(), &id(moved), &to, last + ORDER_STEP).expect("it waits");
            match planned {
                Ok(Moved::Nothing) => {}
                Ok(Moved::To(order)) => { waiters[moved].order = order; last = last.max(order); }
                Ok(Moved::Anew(ids)) => for id in ids {
                    last += ORDER_STEP;
                    waiters.iter_mut().find(|waiter| waiter.id == id).expect("known").order = last;
                },
                Err(why) => {
                    let expected = if moved == other { CannotMove::Itself } else { CannotMove::Priority };
                    prop_assert_eq!(why, expected);
                    continue;
                }
            }
            for waiter in &waiters { lanes.put_back(&slot(), waiter.clone()); }
            let after = order(&lanes);
            let without = |order: &[TaskId]| order.iter().filter(|other| **other != id(moved)).cloned().collect::<Vec<_>>();
            prop_assert_eq!(without(&before), without(&after));
            let place = |n: usize| after.iter().position(|other| *other == id(n)).expect("it waits");
            let same = |n: &usize| priorities[*n] == priorities[moved] && *n != moved;
            match to {
                MoveTo::First => prop_assert!((0..waiters.len()).filter(same).all(|n| place(n) > place(moved))),
                MoveTo::Last => prop_assert!((0..waiters.len()).filter(same).all(|n| place(n) < place(moved))),
                MoveTo::Before(_) => prop_assert_eq!(place(moved) + 1, place(other)),
                MoveTo::After(_) => prop_assert_eq!(place(moved), place(other) + 1),
            }
            let ranks: Vec<i32> = after.iter().map(|id| waiters.iter().find(|waiter| waiter.id == *id).expect("known").priority).collect();
            prop_assert!(ranks.is_sorted_by(|a, b| a >= b));
        }
    }

    /// Whatever happens, no start takes a lane over its capacity, no task starts twice, and none disappears.
    #[test]
    fn a_lane_never_starts_over_its_capacity(steps in prop::collection::vec(step(), 0..60)) {
        let (mut lanes, mut capacity, mut paused) = (Lanes::default(), 1usize, false);
        let (mut inside, mut started) = (Vec::new(), Vec::new());
        for (n, step) in steps.into_iter().enumerate() {
            match step {
                Step::Admit(strategy) => {
                    if admit(&mut lanes, n, strategy).is_ok() { inside.push(id(n)); }
                }
                Step::Release(i) if !inside.is_empty() => {
                    let gone = inside.remove(i % inside.len());
                    started.retain(|other| *other != gone);
                    lanes.release(&slot(), &gone);
                }
                Step::Release(_) => {}
                Step::Capacity(c) => { capacity = c as usize; set(&mut lanes, Some(c), None); }
                Step::Pause(p) => { paused = p; set(&mut lanes, None, Some(p)); }
            }
            for next in lanes.take_startable(&slot()) {
                prop_assert!(!paused && !started.contains(&next));
                started.push(next);
                prop_assert!(started.len() <= capacity);
            }
            let waiting = inside.len() - started.len();
            let lane = lanes.all().into_iter().next().map_or((0, 0), |lane| (lane.running, lane.queued));
            prop_assert_eq!(lane, (started.len() as u32, waiting as u32));
            prop_assert!(paused || waiting == 0 || started.len() >= capacity);
        }
    }
}

#[test]
fn a_lane_that_spans_machines_runs_as_many_as_they_have_together_and_starts_none_by_itself() {
    let mut lanes = Lanes::default();
    let machine = |name: &str, places| LaneMachine { name: name.into(), places };
    let over = |machines: Vec<LaneMachine>| LaneChange {
        rules: Some(LaneRules { machines, ..LaneRules::default() }),
        ..LaneChange::default()
    };
    let wide = over(vec![machine(HERE, 2), machine("nas", 3)]);
    assert_eq!(lanes.set(&slot(), &wide).capacity, 5);
    admit(&mut lanes, 1, Queue).expect("queued");
    assert_eq!(lanes.take_startable(&slot()), []);
    assert_eq!(lanes.next_startable(&slot()), Some(&id(1)));
    // What else is set of it leaves the number that a person has chosen.
    set(&mut lanes, Some(4), None);
    assert_eq!(lanes.set(&slot(), &wide).capacity, 4);
    set(&mut lanes, Some(99), None);
    assert_eq!(lanes.set(&slot(), &wide).capacity, 5, "no more than there are places for");
    assert_eq!(lanes.set(&slot(), &over(vec![])).capacity, 99);
    assert!(!lanes.spans_machines(&slot()));
}

#[test]
fn a_lane_that_is_of_this_machine_alone_again_runs_as_many_as_before_also_after_a_restart() {
    let machine = |name: &str, places| LaneMachine { name: name.into(), places };
    let over = |machines: Vec<LaneMachine>| LaneChange {
        rules: Some(LaneRules { machines, ..LaneRules::default() }),
        ..LaneChange::default()
    };
    for restarted in [false, true] {
        let mut lanes = Lanes::default();
        set(&mut lanes, Some(4), None);
        lanes.set(&slot(), &over(vec![machine(HERE, 1), machine("nas", 2)]));
        if restarted {
            let stored = lanes.stored(&slot());
            lanes = Lanes::default();
            assert_eq!(lanes.restore(&stored).capacity, 3);
        }
        assert_eq!(lanes.set(&slot(), &over(vec![machine(HERE, 1), machine("nas", 5)])).capacity, 6);
        assert_eq!(lanes.set(&slot(), &over(vec![])).capacity, 4, "restarted: {restarted}");
    }
    // Of one that was stored before that was known, what it had here is the best guess.
    let mut lanes = Lanes::default();
    lanes.set(&slot(), &over(vec![machine(HERE, 2), machine("nas", 3)]));
    let stored = StoredLane { own_capacity: None, ..lanes.stored(&slot()) };
    let mut lanes = Lanes::default();
    lanes.restore(&stored);
    assert_eq!(lanes.set(&slot(), &over(vec![])).capacity, 2);
}
