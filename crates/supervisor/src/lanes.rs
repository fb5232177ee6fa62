//! Lanes: who holds a place, who waits, and who is next. Pure: no store, no clock, no process.
//!
//! A task holds its place from its first start until it is over, also between two attempts: otherwise its next attempt
//! would find the lane taken.

use solti_model::{AdmissionStrategy, Lane, Slot, TaskId};
use std::collections::{BTreeMap, VecDeque};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaneState {
    pub capacity: u32,
    pub paused: bool,
    /// Oldest first.
    holders: Vec<TaskId>,
    /// The next one first.
    queue: VecDeque<Waiter>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Waiter {
    id: TaskId,
    /// It was admitted to replace another task, and is replaced itself by the next one that is.
    replaces: bool,
}

impl Default for LaneState {
    fn default() -> Self {
        Self { capacity: 1, paused: false, holders: Vec::new(), queue: VecDeque::new() }
    }
}

impl LaneState {
    fn is_full(&self) -> bool {
        self.holders.len() >= self.capacity as usize
    }

    fn waiting_replacements(&self) -> impl Iterator<Item = &TaskId> {
        self.queue.iter().filter(|waiter| waiter.replaces).map(|waiter| &waiter.id)
    }

    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// What an admission asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admission {
    /// The task waits in the lane; [`Lanes::take_startable`] says when it is its turn.
    Waits,
    /// As `Waits`, before those that only wait, and these have to end: the one that holds the place, and replacements that
    /// have waited for it.
    Replaces(Vec<TaskId>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Busy {
    pub running: TaskId,
}

#[derive(Debug, Default)]
pub struct Lanes {
    lanes: BTreeMap<Slot, LaneState>,
}

impl Lanes {
    /// Lets a task into its lane, or refuses it. A refusal changes nothing.
    pub fn admit(
        &mut self,
        slot: &Slot,
        id: &TaskId,
        strategy: AdmissionStrategy,
    ) -> Result<Admission, Busy> {
        if let (AdmissionStrategy::DropIfRunning, Some(lane)) = (strategy, self.lanes.get(slot))
            && let Some(running) = lane.holders.first()
            && (lane.is_full() || !lane.queue.is_empty())
        {
            return Err(Busy { running: running.clone() });
        }
        let lane = self.lanes.entry(slot.clone()).or_default();
        let replaces = strategy == AdmissionStrategy::Replace;
        let waiter = Waiter { id: id.clone(), replaces };
        if !replaces {
            lane.queue.push_back(waiter);
            return Ok(Admission::Waits);
        }
        let mut victims: Vec<TaskId> = lane.waiting_replacements().cloned().collect();
        if lane.is_full() {
            victims.extend(lane.holders.first().cloned());
        }
        lane.queue.push_front(waiter);
        Ok(if victims.is_empty() { Admission::Waits } else { Admission::Replaces(victims) })
    }

    /// What the stored order of a lane still asks for after a restart of the app: each replacement that waits replaces those
    /// before it, and the task that holds the place. Empty when that was done.
    pub fn still_to_replace(&self, slot: &Slot, is_stopping: impl Fn(&TaskId) -> bool) -> Vec<TaskId> {
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
    pub fn restore_holder(&mut self, slot: &Slot, id: &TaskId) {
        self.lanes.entry(slot.clone()).or_default().holders.push(id.clone());
    }

    /// Puts a task back that waited before a restart of the app; call in the order of the admissions.
    pub fn restore_waiting(&mut self, slot: &Slot, id: &TaskId, replaces: bool) {
        let waiter = Waiter { id: id.clone(), replaces };
        let queue = &mut self.lanes.entry(slot.clone()).or_default().queue;
        if replaces { queue.push_front(waiter) } else { queue.push_back(waiter) }
    }

    /// Moves every waiting task whose turn it is to a place, and returns them in order.
    pub fn take_startable(&mut self, slot: &Slot) -> Vec<TaskId> {
        let mut startable = Vec::new();
        if let Some(lane) = self.lanes.get_mut(slot) {
            while !lane.paused && !lane.is_full() {
                let Some(Waiter { id, .. }) = lane.queue.pop_front() else { break };
                lane.holders.push(id.clone());
                startable.push(id);
            }
        }
        startable
    }

    /// Takes a task out of its lane, from a place or from the queue.
    pub fn release(&mut self, slot: &Slot, id: &TaskId) {
        if let Some(lane) = self.lanes.get_mut(slot) {
            lane.holders.retain(|holder| holder != id);
            lane.queue.retain(|waiter| waiter.id != *id);
            if lane.is_default() {
                self.lanes.remove(slot);
            }
        }
    }

    pub fn set(&mut self, slot: &Slot, capacity: Option<u32>, paused: Option<bool>) -> Lane {
        let lane = self.lanes.entry(slot.clone()).or_default();
        lane.capacity = capacity.unwrap_or(lane.capacity);
        lane.paused = paused.unwrap_or(lane.paused);
        let described = describe(slot, lane);
        if lane.is_default() {
            self.lanes.remove(slot);
        }
        described
    }

    /// Every lane that holds a task or differs from the default, by name.
    pub fn all(&self) -> Vec<Lane> {
        self.lanes.iter().map(|(slot, lane)| describe(slot, lane)).collect()
    }

    pub fn is_paused(&self, slot: &Slot) -> bool {
        self.lanes.get(slot).is_some_and(|lane| lane.paused)
    }

    /// The place of a waiting task in its queue, from 1, and the task before it: in the queue, or else in the lane.
    pub fn position(&self, slot: &Slot, id: &TaskId) -> Option<(u32, Option<TaskId>)> {
        let lane = self.lanes.get(slot)?;
        let index = lane.queue.iter().position(|waiter| waiter.id == *id)?;
        let queued = index.checked_sub(1).and_then(|i| lane.queue.get(i)).map(|waiter| &waiter.id);
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
        queued: count(lane.queue.len()),
        paused: lane.paused,
        own: false,
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

    #[test]
    fn a_busy_lane_refuses_and_names_the_running_task() {
        let mut lanes = Lanes::default();
        lanes.admit(&slot(), &id(1), DropIfRunning).expect("free");
        assert_eq!(lanes.take_startable(&slot()), [id(1)]);
        assert_eq!(lanes.admit(&slot(), &id(2), DropIfRunning), Err(Busy { running: id(1) }));
        lanes.release(&slot(), &id(1));
        assert_eq!(lanes.all(), []);
    }

    #[test]
    fn a_queue_is_first_in_first_out() {
        let mut lanes = Lanes::default();
        for n in 1..=3 {
            lanes.admit(&slot(), &id(n), Queue).expect("queues");
        }
        assert_eq!(lanes.take_startable(&slot()), [id(1)]);
        assert_eq!(lanes.position(&slot(), &id(2)), Some((1, Some(id(1)))));
        assert_eq!(lanes.position(&slot(), &id(3)), Some((2, Some(id(2)))));
        lanes.set(&slot(), Some(2), None);
        assert_eq!(lanes.take_startable(&slot()), [id(2)]);
    }

    #[test]
    fn a_replacement_goes_before_those_who_wait() {
        let mut lanes = Lanes::default();
        lanes.admit(&slot(), &id(1), Queue).expect("queues");
        lanes.take_startable(&slot());
        lanes.admit(&slot(), &id(2), Queue).expect("queues");
        assert_eq!(lanes.admit(&slot(), &id(3), Replace), Ok(Admission::Replaces(vec![id(1)])));
        assert_eq!(lanes.take_startable(&slot()), []);
        lanes.release(&slot(), &id(1));
        assert_eq!(lanes.take_startable(&slot()), [id(3)]);
    }

    #[test]
    fn a_replacement_replaces_the_replacements_that_wait() {
        let mut lanes = Lanes::default();
        lanes.admit(&slot(), &id(1), Queue).expect("queues");
        lanes.take_startable(&slot());
        lanes.admit(&slot(), &id(2), Queue).expect("queues");
        lanes.admit(&slot(), &id(3), Replace).expect("replaces");
        assert_eq!(lanes.admit(&slot(), &id(4), Replace), Ok(Admission::Replaces(vec![id(3), id(1)])));
        lanes.release(&slot(), &id(3));
        lanes.release(&slot(), &id(1));
        assert_eq!(lanes.take_startable(&slot()), [id(4)]);
        // Also where nothing runs: the lane is paused.
        lanes.set(&slot(), None, Some(true));
        lanes.release(&slot(), &id(4));
        assert_eq!(lanes.admit(&slot(), &id(5), Replace), Ok(Admission::Waits));
        assert_eq!(lanes.admit(&slot(), &id(6), Replace), Ok(Admission::Replaces(vec![id(5)])));
        assert_eq!(lanes.position(&slot(), &id(6)), Some((1, None)));
    }

    #[test]
    fn a_restart_goes_on_with_replacing() {
        let mut lanes = Lanes::default();
        lanes.restore_holder(&slot(), &id(1));
        lanes.restore_waiting(&slot(), &id(2), false);
        lanes.restore_waiting(&slot(), &id(3), true);
        lanes.restore_waiting(&slot(), &id(4), true);
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
        lanes.set(&slot(), None, Some(true));
        lanes.admit(&slot(), &id(1), DropIfRunning).expect("waits");
        assert_eq!(lanes.take_startable(&slot()), []);
        lanes.set(&slot(), None, Some(false));
        assert_eq!(lanes.take_startable(&slot()), [id(1)]);
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

    proptest! {
        /// Whatever happens, no start takes a lane over its capacity, no task starts twice, and none disappears.
        #[test]
        fn a_lane_never_starts_over_its_capacity(steps in prop::collection::vec(step(), 0..60)) {
            let (mut lanes, mut capacity, mut paused) = (Lanes::default(), 1usize, false);
            let (mut inside, mut started) = (Vec::new(), Vec::new());
            for (n, step) in steps.into_iter().enumerate() {
                match step {
                    Step::Admit(strategy) => {
                        if lanes.admit(&slot(), &id(n), strategy).is_ok() { inside.push(id(n)); }
                    }
                    Step::Release(i) if !inside.is_empty() => {
                        let gone = inside.remove(i % inside.len());
                        started.retain(|other| *other != gone);
                        lanes.release(&slot(), &gone);
                    }
                    Step::Release(_) => {}
                    Step::Capacity(c) => { capacity = c as usize; lanes.set(&slot(), Some(c), None); }
                    Step::Pause(p) => { paused = p; lanes.set(&slot(), None, Some(p)); }
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
