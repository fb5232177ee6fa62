//! Lanes: who holds a place, who waits, and who is next. Pure: no store, no clock, no process.
//!
//! A task holds its place from its first start until it is over, also between two attempts: otherwise its next attempt
//! would find the lane taken. In which order tasks wait is in `queue`.

mod queue;

pub use queue::MoveTo;
pub(crate) use queue::{CannotMove, Moved, ORDER_STEP, Queue, Waiter};

use solti_model::{
    AdmissionStrategy, HERE, KeepAwake, Lane, LaneMachine, LaneRules, Slot, TaskId, places_of,
};
use solti_store::StoredLane;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LaneState {
    pub capacity: u32,
    pub paused: bool,
    rules: LaneRules,
    /// How many it runs at once again when its machines are taken away.
    own_capacity: Option<u32>,
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
            own_capacity: None,
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

    /// How many of those that hold a place have to end before one more can: several where the capacity was lowered, or a task
    /// started past it.
    fn too_many_for_one_more(&self) -> usize {
        let capacity = usize::try_from(self.capacity).unwrap_or(usize::MAX);
        (self.holders.len() + 1).saturating_sub(capacity)
    }

    /// The task for which another one would have to wait. One that waits for a place counts as if it had it: in a lane that is
    /// paused, or asks something of the machine, they would pile up.
    fn busy_with(&self) -> Option<&TaskId> {
        let mut all = self.holders.iter().chain(self.queue.ready().map(|waiter| &waiter.id));
        let first = all.next()?;
        (1 + all.count() >= self.capacity as usize).then_some(first)
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
            let Some(id) = self.queue.take_next() else { break };
            self.holders.push(id.clone());
            startable.push(id);
        }
        startable
    }

    /// Over these machines from now on, as many as they have together; without any, as many as before there were some.
    fn span(&mut self, machines: &[LaneMachine]) {
        let before = &self.rules.machines;
        if before.is_empty() {
            self.own_capacity = Some(self.capacity);
        }
        match places_of(machines) {
            Some(places) => self.capacity = places,
            None => {
                let here = before.iter().find(|machine| machine.name == HERE).map(|machine| machine.places);
                self.capacity = self.own_capacity.take().or(here).unwrap_or(1);
            }
        }
    }

    /// What its settings are, for whoever changes them.
    fn change(&mut self, change: &LaneChange) {
        self.paused = change.paused.unwrap_or(self.paused);
        if let Some(rules) = &change.rules {
            // A smaller number that is set later holds.
            if rules.machines != self.rules.machines {
                self.span(&rules.machines);
            }
            self.rules.clone_from(rules);
            self.unmet = None;
        }
        if let Some(capacity) = change.capacity {
            // More than its machines have places for never run.
            let places = places_of(&self.rules.machines);
            self.capacity = places.map_or(capacity, |places| places.min(capacity));
            self.own_capacity = places.and(Some(capacity));
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

/// What an admission asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Admission {
    /// The task waits in the lane; [`Lanes::take_startable`] says when it is its turn.
    Waits,
    /// As `Waits`, before those that only wait, and these have to end: who holds the place, and replacements that have waited for
    /// it.
    Replaces(Vec<TaskId>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Busy {
    pub with: TaskId,
    /// A sentence for a person.
    pub reason: String,
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
            && let Some(other) = lane.busy_with()
        {
            return Err(Busy { with: other.clone(), reason: self.why_busy(slot, lane, other) });
        }
        let lane = self.lanes.entry(slot.clone()).or_default();
        let mut victims = Vec::new();
        if waiter.ready && waiter.replaces {
            victims.extend(lane.waiting_replacements().cloned());
            victims.extend(lane.holders.iter().take(lane.too_many_for_one_more()).cloned());
        }
        lane.queue.put(waiter);
        Ok(if victims.is_empty() { Admission::Waits } else { Admission::Replaces(victims) })
    }

    fn why_busy(&self, slot: &Slot, lane: &LaneState, with: &TaskId) -> String {
        if lane.holders.contains(with) {
            return format!("lane {slot} is busy with task {with}");
        }
        let why = match (self.all_held, lane.paused) {
            (true, _) => Some("all tasks are held".to_owned()),
            (_, true) => Some("the lane is paused".to_owned()),
            _ => self.waits_for(slot).map(|what| format!("the lane waits for {what}")),
        };
        let why = why.map(|why| format!(": {why}")).unwrap_or_default();
        format!("task {with} waits in lane {slot} already{why}")
    }

    /// What the stored order of a lane still asks for after a restart of the app: each replacement that waits replaces those
    /// before it, and the task that holds the place. Empty when that was done.
    pub(crate) fn still_to_replace(&self, slot: &Slot, is_stopping: impl Fn(&TaskId) -> bool) -> Vec<TaskId> {
        let Some(lane) = self.lanes.get(slot) else { return vec![] };
        let mut waiting = lane.waiting_replacements();
        let newest = waiting.next();
        let mut victims: Vec<TaskId> = waiting.cloned().collect();
        if newest.is_some() {
            let (stopping, others): (Vec<_>, Vec<_>) =
                lane.holders.iter().partition(|holder| is_stopping(holder));
            let left = lane.too_many_for_one_more().saturating_sub(stopping.len());
            victims.extend(others.into_iter().take(left).cloned());
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

    /// Whether its tasks run on several machines, or on another one.
    pub(crate) fn spans_machines(&self, slot: &Slot) -> bool {
        self.lanes.get(slot).is_some_and(|lane| !lane.rules.machines.is_empty())
    }

    /// The task whose turn is next, if there is a place for it.
    pub(crate) fn next_startable(&self, slot: &Slot) -> Option<&TaskId> {
        let lane = self.lanes.get(slot).filter(|_| self.could_start(slot))?;
        lane.queue.next()
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
        let open = |lane: &&LaneState| !lane.paused && !lane.is_full() && lane.queue.next().is_some();
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

    /// Has a lane be as it is stored.
    pub(crate) fn restore(&mut self, stored: &StoredLane) -> Lane {
        let StoredLane { slot, capacity, paused, rules, own_capacity } = stored;
        let (capacity, paused) = (Some(*capacity), Some(*paused));
        let described = self.set(slot, &LaneChange { capacity, paused, rules: Some(rules.clone()) });
        if let Some(lane) = self.lanes.get_mut(slot) {
            lane.own_capacity = *own_capacity;
        }
        described
    }

    /// A lane as it is to be stored.
    pub(crate) fn stored(&self, slot: &Slot) -> StoredLane {
        let default = LaneState::default();
        let lane = self.lanes.get(slot).unwrap_or(&default);
        StoredLane {
            slot: slot.clone(),
            capacity: lane.capacity,
            paused: lane.paused,
            rules: lane.rules.clone(),
            own_capacity: lane.own_capacity,
        }
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
        // As far as can be seen here: the store knows which lanes are shared.
        own: !lane.holders.is_empty() || !lane.queue.is_empty(),
        rules: lane.rules.clone(),
        waits_for: lane.unmet.clone(),
    }
}

#[cfg(test)]
mod tests;
