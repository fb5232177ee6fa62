//! Who waits in a lane, and in which order: first those that replace what runs, the newest of them first, then by priority, then by
//! the stored order. Who waits for something else first keeps a place and is passed over.

use solti_model::TaskId;
use std::cmp::Reverse;

/// Between two orders that are given one after the other: so many halvings until tasks between two others have to be numbered anew.
pub(crate) const ORDER_STEP: u64 = 1 << 20;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Waiter {
    pub id: TaskId,
    /// It was admitted to replace another task, and is replaced itself by the next one that is.
    pub replaces: bool,
    pub priority: i32,
    pub order: u64,
    /// It waits for nothing but a place.
    pub ready: bool,
    /// What it is to be is on its way to the disk: when its turn comes the lane waits for that.
    pub amending: bool,
}

/// Where a waiting task is moved to, among those of its priority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MoveTo {
    /// Before all others.
    First,
    /// Behind all others.
    Last,
    /// Before this one.
    Before(TaskId),
    /// Behind this one.
    After(TaskId),
}

/// The orders that a move gives; `last` is one that is behind all that were given before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Moved {
    /// It is there already.
    Nothing,
    To(u64),
    /// There was no room: all of them get new ones, in this order, the first `last` and each a step on.
    Anew(Vec<TaskId>),
}

/// Why a task cannot be moved there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CannotMove {
    /// The task replaces what runs: it is next already.
    Replaces,
    /// It is the other.
    Itself,
    /// The other does not wait in this lane.
    NotThere,
    /// The other replaces what runs: it goes before all that wait.
    OtherReplaces,
    /// The other has another priority, which decides between the two.
    Priority,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Queue(Vec<Waiter>);

impl Waiter {
    fn rank(&self) -> (bool, Reverse<u64>, Reverse<i32>, u64) {
        match self.ready && self.replaces {
            true => (false, Reverse(self.order), Reverse(0), 0),
            false => (true, Reverse(0), Reverse(self.priority), self.order),
        }
    }
}

impl Queue {
    pub(crate) fn put(&mut self, waiter: Waiter) {
        let rank = waiter.rank();
        let place = self.0.partition_point(|other| other.rank() <= rank);
        self.0.insert(place, waiter);
    }

    pub(crate) fn take(&mut self, id: &TaskId) -> Option<Waiter> {
        let place = self.0.iter().position(|waiter| waiter.id == *id)?;
        Some(self.0.remove(place))
    }

    /// The one that may start next.
    pub(crate) fn next(&self) -> Option<&TaskId> {
        self.ready().next().filter(|waiter| !waiter.amending).map(|waiter| &waiter.id)
    }

    pub(crate) fn take_next(&mut self) -> Option<TaskId> {
        let next = self.next()?.clone();
        self.take(&next).map(|waiter| waiter.id)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those that wait for nothing but a place, the next one first.
    pub(crate) fn ready(&self) -> impl DoubleEndedIterator<Item = &Waiter> {
        self.0.iter().filter(|waiter| waiter.ready)
    }

    /// All that wait, in their order.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Waiter> {
        self.0.iter()
    }

    /// Moves a task as [`Queue::plan`] says; nothing else is numbered behind `last`.
    pub(crate) fn carry_out(&mut self, id: &TaskId, to: &MoveTo) -> Result<(), CannotMove> {
        let last = self.0.iter().map(|waiter| waiter.order).max().unwrap_or(0).saturating_add(ORDER_STEP);
        let given = match self.plan(id, to, last).unwrap_or(Err(CannotMove::NotThere))? {
            Moved::Nothing => vec![],
            Moved::To(order) => vec![(id.clone(), order)],
            Moved::Anew(ids) => {
                let orders = (0..).map(|n| last.saturating_add(n * ORDER_STEP));
                ids.into_iter().zip(orders).collect()
            }
        };
        for (id, order) in given {
            if let Some(waiter) = self.take(&id) {
                self.put(Waiter { order, ..waiter });
            }
        }
        Ok(())
    }

    /// What a move of this task asks for. `None` when it does not wait here.
    pub(crate) fn plan(&self, id: &TaskId, to: &MoveTo, last: u64) -> Option<Result<Moved, CannotMove>> {
        let moved = self.0.iter().find(|waiter| waiter.id == *id)?;
        Some(self.planned(moved, to, last))
    }

    fn planned(&self, moved: &Waiter, to: &MoveTo, last: u64) -> Result<Moved, CannotMove> {
        let is_next = |waiter: &Waiter| waiter.ready && waiter.replaces;
        if is_next(moved) {
            return Err(CannotMove::Replaces);
        }
        let all = || self.0.iter().filter(|other| other.priority == moved.priority && !is_next(other));
        let others: Vec<&Waiter> = all().filter(|other| other.id != moved.id).collect();
        let beside = |other: &TaskId| {
            if *other == moved.id {
                return Err(CannotMove::Itself);
            }
            others.iter().position(|waiter| waiter.id == *other).ok_or_else(|| {
                match self.0.iter().find(|waiter| waiter.id == *other) {
                    Some(other) if is_next(other) => CannotMove::OtherReplaces,
                    Some(_) => CannotMove::Priority,
                    None => CannotMove::NotThere,
                }
            })
        };
        let place = match to {
            MoveTo::First => 0,
            MoveTo::Last => others.len(),
            MoveTo::Before(other) => beside(other)?,
            MoveTo::After(other) => beside(other)? + 1,
        };
        if all().position(|waiter| waiter.id == moved.id) == Some(place) {
            return Ok(Moved::Nothing);
        }
        let before = place.checked_sub(1).map(|before| others[before].order);
        let order = match (before, others.get(place).map(|behind| behind.order)) {
            (_, None) => Some(last),
            (None, Some(first)) if first > ORDER_STEP => Some(first - ORDER_STEP),
            (before, Some(behind)) => {
                let before = before.unwrap_or(0);
                let middle = before + behind.saturating_sub(before) / 2;
                (middle > before).then_some(middle)
            }
        };
        Ok(order.map_or_else(
            || {
                let mut ids: Vec<TaskId> = others.iter().map(|other| other.id.clone()).collect();
                ids.insert(place, moved.id.clone());
                Moved::Anew(ids)
            },
            Moved::To,
        ))
    }
}
