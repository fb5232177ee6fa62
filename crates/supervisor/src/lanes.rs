//! Lanes: who holds a place, who waits, and who is next. Pure: no store, no clock, no process.
//!
//! A task holds its place from its first start until it is over, also between two attempts: otherwise its next attempt
//! would find the lane taken. In which order tasks wait is in `queue`.

mod queue;

pub use queue::MoveTo;
pub(crate) use queue::{CannotMove, Moved, ORDER_STEP, Queue, Waiter};

use solti_model::{AdmissionStrategy, KeepAwake, Lane, LaneRules, Slot, TaskId};
use solti_store::StoredLane;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LaneState {
    pub capacity: u32,
    pub paused: bool,
    rules: LaneRules,
    /// What the last look at the machine has told it to wait for.
    unmet: Option<String>,
    /// Oldest first.
    holders: Vec<TaskId>,
    queue: Queue,
}

impl Default for LaneState {
    fn default() -> Self {
        Self {
            capacity: 1,
            paused: false,
            rules: LaneRules::default(),
            unmet: None,
            holders: Vec::new(),
            queue: Queue::default(),
        }
    }
}

impl LaneState {
    /// What the last look at the machine has told it to wait for.
    pub(crate) fn unmet(&self) -> Option<&str> {
        self.unmet.as_deref()
    }

    fn is_full(&self) -> bool {
        self.holders.len() >= self.capacity as usize
    }

    /// Who holds a place, the oldest first.
    pub(crate) fn holders(&self) -> &[TaskId] {
        &self.holders
    }

    /// Who waits.
    pub(crate) fn queue(&self) -> &Queue {
        &self.queue
    }

    fn waiting_replacements(&self) -> impl Iterator<Item = &TaskId> {
        self.queue.ready().filter(|waiter| waiter.replaces).map(|waiter| &waiter.id)
    }

    fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Moves those whose turn it is to places.
    fn fill(&mut self) -> Vec<TaskId> {
        let mut startable = Vec::new();
        while !self.paused && !self.is_full() {
            let Some(id) = self.queue.take_ready() else { break };
            self.holders.push(id.clone());
            startable.push(id);
        }
        startable
    }

    /// What its settings are, for whoever changes them.
    fn change(&mut self, change: &LaneChange) {
        self.capacity = change.capacity.unwrap_or(self.capacity);
        self.paused = change.paused.unwrap_or(self.paused);
        if let Some(rules) = &change.rules {
            self.rules.clone_from(rules);
            self.unmet = None;
        }
    }
}

/// What is changed of a lane; the rest stays.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct LaneChange {
    /// How many of its tasks run at once.
    pub capacity: Option<u32>,
    /// Whether it starts nothing.
    pub paused: Option<bool>,
    /// What it asks of the machine, all of it.
    pub rules: Option<LaneRules>,
}

impl LaneChange {
    /// Has a lane be as it is stored.
    pub(crate) fn of(stored: &StoredLane) -> Self {
        Self {
            capacity: Some(stored.capacity),
            paused: Some(stored.paused),
            rules: Some(stored.rules.clone()),
        }
    }
}

/// What an admission asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Admission {
    /// The task waits in the lane; [`Lanes::take_startable`] says when it is its turn.
    Waits,
    /// As `Waits`, before those that only wait, and these have to end: the one that holds the place, and replacements that
    /// have waited for it.
    Replaces(Vec<TaskId>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Busy {
    pub running: TaskId,
}

#[derive(Debug, Default)]
pub(crate) struct Lanes {
    lanes: BTreeMap<Slot, LaneState>,
    /// Those with rules.
    special: BTreeSet<Slot>,
    /// Nothing starts in any of them.
    all_held: bool,
}

impl Lanes {
    /// Lets a task into its lane, or refuses it. A refusal changes nothing. One that is not ready asks for nothing yet.
    pub(crate) fn admit(
        &mut self,
        slot: &Slot,
        waiter: Waiter,
        strategy: AdmissionStrategy,
    ) -> Result<Admission, Busy> {
        if let (AdmissionStrategy::DropIfRunning, Some(lane)) = (strategy, self.lanes.get(slot))
            && waiter.ready
            && let Some(running) = lane.holders.first()
            && (lane.is_full() || lane.queue.ready().next().is_some())
        {
            return Err(Busy { running: running.clone() });
        }
        let lane = self.lanes.entry(slot.clone()).or_default();
        let mut victims = Vec::new();
        if waiter.ready && waiter.replaces {
            victims.extend(lane.waiting_replacements().cloned());
            if lane.is_full() {
                victims.extend(lane.holders.first().cloned());
            }
        }
        lane.queue.put(waiter);
        Ok(if victims.is_empty() { Admission::Waits } else { Admission::Replaces(victims) })
    }

    /// What the stored order of a lane still asks for after a restart of the app: each replacement that waits replaces those
    /// before it, and the task that holds the place. Empty when that was done.
    pub(crate) fn still_to_replace(&self, slot: &Slot, is_stopping: impl Fn(&TaskId) -> bool) -> Vec<TaskId> {
        let Some(lane) = self.lanes.get(slot) else { return vec![] };
        let mut waiting = lane.waiting_replacements();
        let newest = waiting.next();
        let mut victims: Vec<TaskId> = waiting.cloned().collect();
        if newest.is_some() && lane.is_full() && !lane.holders.iter().any(is_stopping) {
            victims.extend(lane.holders.first().cloned());
        }
        victims
    }

    /// Puts a task back that held its place before a restart of the app.
    pub(crate) fn restore_holder(&mut self, slot: &Slot, id: &TaskId) {
        self.lanes.entry(slot.clone()).or_default().holders.push(id.clone());
    }

    /// Puts a task back that waited before a restart of the app.
    pub(crate) fn restore_waiting(&mut self, slot: &Slot, waiter: Waiter) {
        self.lanes.entry(slot.clone()).or_default().queue.put(waiter);
    }

    /// Puts a waiting task to where it waits now; it asks for nothing.
    pub(crate) fn put_back(&mut self, slot: &Slot, waiter: Waiter) {
        let lane = self.lanes.entry(slot.clone()).or_default();
        lane.queue.take(&waiter.id);
        lane.queue.put(waiter);
    }

    /// Moves every waiting task whose turn it is to a place, and returns them in order. None of a lane that asks something of the
    /// machine: that is looked at first.
    pub(crate) fn take_startable(&mut self, slot: &Slot) -> Vec<TaskId> {
        let lane = self.lanes.get_mut(slot).filter(|lane| !self.all_held && !lane.rules.is_conditional());
        lane.map(LaneState::fill).unwrap_or_default()
    }

    /// As [`Self::take_startable`], now that the machine is as the lane asks for.
    pub(crate) fn take_looked(&mut self, slot: &Slot) -> Vec<TaskId> {
        self.lanes.get_mut(slot).filter(|_| !self.all_held).map(LaneState::fill).unwrap_or_default()
    }

    /// The lanes that ask something of the machine before they start a task.
    pub(crate) fn conditional(&self) -> impl Iterator<Item = &Slot> {
        self.special
            .iter()
            .filter(|slot| self.lanes.get(slot).is_some_and(|lane| lane.rules.is_conditional()))
    }

    /// The lanes whose tasks keep the machine awake.
    pub(crate) fn wakeful(&self) -> impl Iterator<Item = (&Slot, KeepAwake)> {
        let lanes =
            self.special.iter().filter_map(|slot| Some((slot, self.lanes.get(slot)?.rules.keep_awake)));
        lanes.filter(|(_, asked)| *asked != KeepAwake::Never)
    }

    pub(crate) fn rules(&self, slot: &Slot) -> LaneRules {
        self.lanes.get(slot).map(|lane| lane.rules.clone()).unwrap_or_default()
    }

    /// Whether a task waits for nothing but the machine.
    pub(crate) fn could_start(&self, slot: &Slot) -> bool {
        let open = |lane: &&LaneState| !lane.paused && !lane.is_full() && lane.queue.ready().next().is_some();
        !self.all_held && self.lanes.get(slot).filter(open).is_some()
    }

    pub(crate) fn holders(&self, slot: &Slot) -> impl Iterator<Item = &TaskId> {
        self.lanes.get(slot).into_iter().flat_map(|lane| &lane.holders)
    }

    /// Those of a lane that have no attempt under way.
    pub(crate) fn waiting(&self, slot: &Slot) -> impl Iterator<Item = &TaskId> {
        self.lanes.get(slot).into_iter().flat_map(|lane| lane.queue.ready().map(|waiter| &waiter.id))
    }

    /// Notes what a lane waits for by a look at the machine; whether that is something else than before.
    pub(crate) fn tell_unmet(&mut self, slot: &Slot, unmet: Option<String>) -> bool {
        let Some(lane) = self.lanes.get_mut(slot) else { return false };
        let changed = lane.unmet != unmet;
        lane.unmet = unmet;
        changed
    }

    /// What a task waits for that could start but for the machine; before the first look all that its lane asks for.
    pub(crate) fn waits_for(&self, slot: &Slot) -> Option<String> {
        let lane = self.lanes.get(slot)?;
        let before_a_look = || if lane.is_full() { None } else { lane.rules.words() };
        lane.unmet.clone().or_else(before_a_look)
    }

    /// Whether the next attempt of a task has to wait for its lane.
    pub(crate) fn is_closed(&self, slot: &Slot) -> bool {
        let closed = |lane: &LaneState| lane.paused || lane.rules.is_conditional();
        self.all_held || self.lanes.get(slot).is_some_and(closed)
    }

    /// Gives a waiting task a place whether or not there is one; whether it waited.
    pub(crate) fn take_now(&mut self, slot: &Slot, id: &TaskId) -> bool {
        let waited = self.lanes.get_mut(slot).and_then(|lane| {
            lane.queue.take(id)?;
            lane.holders.push(id.clone());
            Some(())
        });
        waited.is_some()
    }

    /// What a move of a waiting task asks for; `None` when it does not wait in this lane.
    pub(crate) fn plan_move(
        &self,
        slot: &Slot,
        id: &TaskId,
        to: &MoveTo,
        last: u64,
    ) -> Option<Result<Moved, CannotMove>> {
        self.lanes.get(slot)?.queue.plan(id, to, last)
    }

    /// Takes a task out of its lane, from a place or from the queue.
    pub(crate) fn release(&mut self, slot: &Slot, id: &TaskId) {
        if let Some(lane) = self.lanes.get_mut(slot) {
            lane.holders.retain(|holder| holder != id);
            lane.queue.take(id);
            if lane.is_default() {
                self.lanes.remove(slot);
            }
        }
    }

    pub(crate) fn set(&mut self, slot: &Slot, change: &LaneChange) -> Lane {
        let lane = self.lanes.entry(slot.clone()).or_default();
        lane.change(change);
        match lane.rules == LaneRules::default() {
            true => self.special.remove(slot),
            false => self.special.insert(slot.clone()),
        };
        let described = describe(slot, lane);
        if lane.is_default() {
            self.lanes.remove(slot);
        }
        described
    }

    /// Lets nothing start in any lane, or what each lets start again.
    pub(crate) fn hold_all(&mut self, held: bool) {
        self.all_held = held;
    }

    pub(crate) fn all_held(&self) -> bool {
        self.all_held
    }

    /// The lanes in which something waits.
    pub(crate) fn with_waiters(&self) -> Vec<Slot> {
        let waits = self.lanes.iter().filter(|(_, lane)| !lane.queue.is_empty());
        waits.map(|(slot, _)| slot.clone()).collect()
    }

    /// Every lane that holds a task or differs from the default, by name.
    pub(crate) fn all(&self) -> Vec<Lane> {
        self.lanes.iter().map(|(slot, lane)| describe(slot, lane)).collect()
    }

    /// The same as they stand, by name.
    pub(crate) fn states(&self) -> impl Iterator<Item = (&Slot, &LaneState)> {
        self.lanes.iter()
    }

    pub(crate) fn is_paused(&self, slot: &Slot) -> bool {
        self.lanes.get(slot).is_some_and(|lane| lane.paused)
    }

    /// The place of a task that waits for nothing else in its queue, from 1, and the task before it: in the queue, or else in the
    /// lane.
    pub(crate) fn position(&self, slot: &Slot, id: &TaskId) -> Option<(u32, Option<TaskId>)> {
        let lane = self.lanes.get(slot)?;
        let index = lane.queue.ready().position(|waiter| waiter.id == *id)?;
        let queued = index.checked_sub(1).and_then(|i| lane.queue.ready().nth(i)).map(|waiter| &waiter.id);
        let before = queued.or(lane.holders.last());
        Some((u32::try_from(index + 1).unwrap_or(u32::MAX), before.cloned()))
    }
}

fn describe(slot: &Slot, lane: &LaneState) -> Lane {
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Lane {
        slot: slot.clone(),
        capacity: lane.capacity,
        running: count(lane.holders.len()),
        queued: count(lane.queue.ready().count()),
        paused: lane.paused,
        own: false,
        rules: lane.rules.clone(),
        waits_for: lane.unmet.clone(),
    }
}

#[cfg(test)]
mod tests {
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
        Waiter { id: id(n), replaces, priority: 0, order: n as u64, ready: true }
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
        assert_eq!(admit(&mut lanes, 2, DropIfRunning), Err(Busy { running: id(1) }));
        lanes.release(&slot(), &id(1));
        assert_eq!(lanes.all(), []);
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
        assert_eq!(
            (lanes.waits_for(&slot()), lanes.position(&slot(), &id(2))),
            (None, Some((1, Some(id(1)))))
        );
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
                        let expected = if moved == other { CannotMove::NotThere } else { CannotMove::Priority };
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
}
