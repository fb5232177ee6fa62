//! When what waits will probably start and end. Pure: how the lanes stand, and how long tasks of a kin took, are arguments.
//!
//! The lanes are played twice, once with the least that each task may take and once with the most; between the two lies what is to
//! be expected. What nobody knows the length of never ends in the second play, so that whoever waits for it is told so.

mod course;
mod hours;
mod length;

pub(crate) use self::hours::OpenHours;

use self::course::{Course, Links, play};
use self::length::{Length, Why, length};
use crate::lanes::MoveTo;
use solti_model::{
    AdmissionStrategy, AfterWhen, Foreseen, Kin, LaneForecast, MAX_FORESEEN, NotForeseen, RestartStrategy,
    Slot, TaskForecast, TaskId, TimeRange,
};
use solti_store::Durations;
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

/// So many earlier runs say how long one takes.
pub(crate) const RUNS: u32 = 20;

/// Of which tasks a forecast tells, and what is done before.
#[derive(Debug, Clone, Default)]
pub struct ForecastQuery {
    /// Those of this lane; of all lanes when absent.
    pub slot: Option<Slot>,
    /// These alone; all when empty.
    pub tasks: HashSet<TaskId>,
    /// As if these had been moved, one after the other.
    pub moves: Vec<(TaskId, MoveTo)>,
}

/// How the lanes stand.
#[derive(Debug, Clone, Default)]
pub(crate) struct Situation {
    pub now: u64,
    pub all_held: bool,
    pub lanes: Vec<LaneStands>,
    /// By lane; in each first those that hold a place, then those that wait, in their order.
    pub tasks: Vec<TaskStands>,
}

#[derive(Debug, Clone)]
pub(crate) struct LaneStands {
    pub slot: Slot,
    pub capacity: u32,
    pub paused: bool,
    /// What it waits for of the machine, beside its hours.
    pub unmet: Option<String>,
    /// It starts something within these alone.
    pub hours: Option<OpenHours>,
}

/// A task that is not over.
#[derive(Debug, Clone)]
pub(crate) struct TaskStands {
    pub id: TaskId,
    /// The place of its lane.
    pub lane: usize,
    /// Whose durations tell of it: the first of these of which something is known.
    pub kins: Vec<Kin>,
    pub place: Place,
    pub held: bool,
    pub not_before: u64,
    pub restart: RestartStrategy,
    /// Its latest attempt; 0 before the first.
    pub attempt: u32,
    /// What becomes of it where its lane has no place when it may start.
    pub admission: AdmissionStrategy,
    /// It runs for so many milliseconds at most, and is not tried again then.
    pub timeout: Option<u64>,
    /// What it waits for in others.
    pub after: Vec<(TaskId, AfterWhen)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Waits,
    /// It holds a place between two attempts.
    Between {
        /// As of `Holds`.
        since: u64,
        /// When the next one is due.
        next: u64,
    },
    Holds {
        /// When its attempt began, or the first one of a task that is tried again after a failure; later by as long as it stood still.
        since: u64,
        suspended: bool,
        /// It is over but for its record, or was asked to end.
        ending: bool,
    },
}

impl TaskStands {
    /// It is tried again after a failure: what it takes is all its attempts together.
    fn is_retried(&self) -> bool {
        self.restart == RestartStrategy::OnFailure
    }
}

impl Situation {
    /// Those whose durations are asked for, each once.
    pub(crate) fn kins(&self) -> Vec<Kin> {
        let kins: HashSet<Kin> = self.tasks.iter().flat_map(|task| &task.kins).copied().collect();
        kins.into_iter().collect()
    }

    /// Those of which it is asked when their first attempt began.
    pub(crate) fn tried_before(&self) -> Vec<TaskId> {
        let tried = |task: &&TaskStands| task.place != Place::Waits && task.attempt > 1 && task.is_retried();
        self.tasks.iter().filter(tried).map(|task| task.id.clone()).collect()
    }

    /// When that was.
    pub(crate) fn begun(&mut self, begun: &BTreeMap<TaskId, u64>) {
        for task in self.tasks.iter_mut().filter(|task| task.attempt > 1) {
            if let (Place::Between { since, .. } | Place::Holds { since, .. }, Some(begun)) =
                (&mut task.place, begun.get(&task.id))
            {
                *since = *begun;
            }
        }
    }

    /// What keeps a task from being started, or from its next attempt, for as long as nobody knows.
    fn stopped(&self, task: &TaskStands) -> Option<Why> {
        if task.held {
            Some(Why::Held)
        } else if self.all_held {
            Some(Why::AllHeld)
        } else if self.lanes[task.lane].paused {
            Some(Why::LanePaused)
        } else if self.lanes[task.lane].unmet.is_some() {
            Some(Why::LaneWaits)
        } else {
            None
        }
    }

    pub(crate) fn forecast(
        &self,
        durations: &BTreeMap<Kin, Durations>,
        slot: Option<&Slot>,
        only: &HashSet<TaskId>,
    ) -> Foreseen {
        let outlook = Outlook::of(self, durations);
        let asked = |task: &TaskStands| {
            slot.is_none_or(|slot| self.lanes[task.lane].slot == *slot)
                && (only.is_empty() || only.contains(&task.id))
        };
        let asked: Vec<usize> = (0..self.tasks.len()).filter(|n| asked(&self.tasks[*n])).collect();
        let told = self.first_of_each_lane(&asked, MAX_FORESEEN);
        let more = told.len() < asked.len();
        let tasks = told.into_iter().map(|n| outlook.task(n)).collect();
        let mut lanes = outlook.lanes();
        lanes.retain(|lane| slot.is_none_or(|slot| lane.slot == *slot));
        Foreseen { at: self.now, tasks, more, lanes }
    }
}

impl Situation {
    /// No more than so many of these: where there are more, the first ones of each lane, so that a long one leaves room for the
    /// others.
    fn first_of_each_lane(&self, asked: &[usize], most: usize) -> Vec<usize> {
        if asked.len() <= most {
            return asked.to_vec();
        }
        let mut counts = vec![0; self.lanes.len()];
        // The place of each in its lane.
        let places: Vec<usize> = asked
            .iter()
            .map(|n| {
                let count = &mut counts[self.tasks[*n].lane];
                *count += 1;
                *count
            })
            .collect();
        let fits = |each: usize| counts.iter().map(|count| each.min(*count)).sum::<usize>() <= most;
        let mut each = 1;
        for step in (0..=most.ilog2()).rev().map(|bit| 1 << bit) {
            if fits(each + step) {
                each += step;
            }
        }
        let first = asked.iter().zip(places).filter(|(_, place)| *place <= each).map(|(n, _)| *n);
        first.take(most).collect()
    }
}

/// Why nobody knows when, and because of which task.
#[derive(Debug, Clone, Copy)]
struct Cause {
    task: usize,
    why: Why,
}

struct Outlook<'a> {
    situation: &'a Situation,
    lengths: Vec<Length>,
    early: Vec<Course>,
    late: Vec<Course>,
    causes: Vec<Option<Cause>>,
}

impl<'a> Outlook<'a> {
    fn of(situation: &'a Situation, durations: &BTreeMap<Kin, Durations>) -> Self {
        let mut sorted: HashMap<Kin, Durations> = HashMap::with_capacity(durations.len());
        for (kin, durations) in durations {
            let mut durations = durations.clone();
            durations.last.sort_unstable();
            durations.all.sort_unstable();
            sorted.insert(*kin, durations);
        }
        let of = |task: &TaskStands| {
            let known = task.kins.iter().find_map(|kin| sorted.get(kin));
            let known = known.map(|known| if task.is_retried() { &known.all } else { &known.last });
            let stopped = situation.stopped(task);
            length(task, known.map_or(&[][..], Vec::as_slice), situation.now, stopped)
        };
        let lengths: Vec<Length> = situation.tasks.iter().map(of).collect();
        let links = Links::of(situation);
        let early = play(situation, &links, |n| Some(lengths[n].least));
        let late = play(situation, &links, |n| lengths[n].most.ok());
        let causes = causes(situation, &links, &lengths, (&early, &late));
        Self { situation, lengths, early, late, causes }
    }

    fn range(&self, n: usize, time: impl Fn(&Course) -> Option<u64>) -> Option<TimeRange> {
        // With several places a shorter task may let another start later: the order of the two plays says nothing.
        let (a, b) = (time(&self.early[n])?, time(&self.late[n])?);
        Some(TimeRange { from: a.min(b), to: a.max(b) })
    }

    fn task(&self, n: usize) -> TaskForecast {
        let task = &self.situation.tasks[n];
        let start = self.range(n, |course| course.start).filter(|_| task.place == Place::Waits);
        let end = self.range(n, |course| course.end);
        TaskForecast {
            task: task.id.clone(),
            slot: self.situation.lanes[task.lane].slot.clone(),
            start,
            end,
            runs: self.lengths[n].runs,
            unknown: if end.is_none() { self.unknown(n) } else { None },
        }
    }

    fn unknown(&self, n: usize) -> Option<NotForeseen> {
        let Cause { task, why } = self.causes[n]?;
        let TaskStands { id, lane, .. } = &self.situation.tasks[task];
        let LaneStands { slot, unmet, .. } = &self.situation.lanes[*lane];
        // What it is called is told afterwards: reading that out of each spec would cost more than the rest.
        let (task, name) = (id.clone(), String::new());
        Some(match why {
            Why::NoHistory => NotForeseen::NoHistory { task, name },
            Why::LongerThanEver => NotForeseen::LongerThanEver { task, name },
            Why::Restarted => NotForeseen::Restarted { task, name },
            Why::Suspended => NotForeseen::Suspended { task, name },
            Why::Held => NotForeseen::Held { task, name },
            Why::Unexpected => NotForeseen::Unexpected { task, name },
            Why::AllHeld => NotForeseen::AllHeld,
            Why::LanePaused => NotForeseen::LanePaused { slot: slot.clone() },
            Why::OnlyIfFree => NotForeseen::OnlyIfFree { task, name },
            Why::LaneWaits => {
                NotForeseen::LaneWaits { slot: slot.clone(), what: unmet.clone().unwrap_or_default() }
            }
        })
    }

    /// Of the lanes in which something is.
    fn lanes(&self) -> Vec<LaneForecast> {
        let lane = |slot: &Slot| LaneForecast {
            slot: slot.clone(),
            running: 0,
            waiting: 0,
            end: None,
            unknown: None,
        };
        let mut lanes: Vec<LaneForecast> =
            self.situation.lanes.iter().map(|stands| lane(&stands.slot)).collect();
        for (n, task) in self.situation.tasks.iter().enumerate() {
            let lane = &mut lanes[task.lane];
            match task.place {
                Place::Waits => lane.waiting += 1,
                Place::Between { .. } | Place::Holds { .. } => lane.running += 1,
            }
            match self.range(n, |course| course.end) {
                Some(end) => {
                    let TimeRange { from, to } = lane.end.unwrap_or(end);
                    lane.end = Some(TimeRange { from: from.max(end.from), to: to.max(end.to) });
                }
                None if lane.unknown.is_none() => lane.unknown = self.unknown(n),
                None => {}
            }
        }
        lanes.retain(|lane| lane.running + lane.waiting > 0);
        for lane in &mut lanes {
            if lane.unknown.is_some() {
                lane.end = None;
            }
        }
        lanes
    }
}

/// Why each task of which no end is known has none.
fn causes(
    situation: &Situation,
    links: &Links,
    lengths: &[Length],
    (early, late): (&[Course], &[Course]),
) -> Vec<Option<Cause>> {
    let tasks = &situation.tasks;
    let starts = |n: usize| early[n].start.and(late[n].start).is_some();
    let mut causes: Vec<Option<Cause>> = vec![None; tasks.len()];
    // The first in each lane that keeps its place for as long as anybody knows.
    let mut keeps: Vec<Option<usize>> = vec![None; situation.lanes.len()];
    for (n, task) in tasks.iter().enumerate() {
        if early[n].refused || late[n].refused {
            causes[n] = Some(Cause { task: n, why: Why::OnlyIfFree });
        }
        if let (Some(_), None, Err(why)) = (late[n].start, late[n].end, lengths[n].most) {
            causes[n].get_or_insert(Cause { task: n, why });
            keeps[task.lane].get_or_insert(n);
        } else if starts(n) || causes[n].is_some() {
            // Known, or told.
        } else if let Some(why) = situation.stopped(task) {
            causes[n] = Some(Cause { task: n, why });
        } else if let Some(other) = links.never(n) {
            causes[n] = Some(Cause { task: other.unwrap_or(n), why: Why::Unexpected });
        }
    }
    let mut told: VecDeque<usize> = (0..tasks.len()).filter(|n| causes[*n].is_some()).collect();
    while let Some(n) = told.pop_front() {
        for waiter in links.wait_for(n, starts(n)) {
            if causes[waiter].is_none() && !starts(waiter) {
                causes[waiter] = causes[n];
                told.push_back(waiter);
            }
        }
        // Who waits for a place behind one that is never given back waits for the same, and so do those who wait for it.
        if told.is_empty() {
            for (waiter, task) in tasks.iter().enumerate() {
                if causes[waiter].is_none()
                    && !starts(waiter)
                    && let Some(keeper) = keeps[task.lane]
                {
                    causes[waiter] = causes[keeper];
                    told.push_back(waiter);
                }
            }
        }
    }
    causes
}

#[cfg(test)]
mod tests;
