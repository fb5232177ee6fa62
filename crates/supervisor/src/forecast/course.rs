//! The lanes played to the end, from event to event, with a length for each task.

use super::{Place, Situation};
use solti_model::{AdmissionStrategy, AfterWhen};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

/// When a task starts and ends in a play; nothing for what never comes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Course {
    pub start: Option<u64>,
    pub end: Option<u64>,
    /// Its lane had no place for it when its time came, and it does not wait for one.
    pub refused: bool,
}

/// Who waits for whom, by the places in [`Situation::tasks`].
pub(super) struct Links {
    on_start: HashMap<usize, Vec<usize>>,
    on_end: HashMap<usize, Vec<usize>>,
    /// Conditions that each waits for.
    open: Vec<u32>,
    /// Those of which one is not to be expected, and in whom: `None` for one that is not there.
    never: HashMap<usize, Option<usize>>,
}

impl Links {
    pub(super) fn of(situation: &Situation) -> Self {
        let waits = |n: &usize| !situation.tasks[*n].after.is_empty();
        let mut links = Self {
            on_start: HashMap::new(),
            on_end: HashMap::new(),
            open: vec![0; situation.tasks.len()],
            never: HashMap::new(),
        };
        if !(0..situation.tasks.len()).any(|n| waits(&n)) {
            return links;
        }
        let places: HashMap<_, usize> =
            situation.tasks.iter().enumerate().map(|(n, task)| (&task.id, n)).collect();
        for n in (0..situation.tasks.len()).filter(waits) {
            for (other, when) in &situation.tasks[n].after {
                let place = places.get(other).copied();
                let told = match when {
                    AfterWhen::Succeeded | AfterWhen::Ended => &mut links.on_end,
                    AfterWhen::Started => &mut links.on_start,
                    AfterWhen::Failed => {
                        links.never.insert(n, place);
                        continue;
                    }
                };
                match place {
                    Some(place) => {
                        told.entry(place).or_default().push(n);
                        links.open[n] += 1;
                    }
                    None => drop(links.never.insert(n, None)),
                }
            }
        }
        links
    }

    pub(super) fn never(&self, n: usize) -> Option<Option<usize>> {
        self.never.get(&n).copied()
    }

    /// Those that wait for what this one has not got to yet.
    pub(super) fn wait_for(&self, n: usize, has_started: bool) -> impl Iterator<Item = usize> {
        let for_start = self.on_start.get(&n).filter(|_| !has_started);
        for_start.into_iter().chain(self.on_end.get(&n)).flatten().copied()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Ends,
    MayStart,
    /// The hours of a lane begin.
    Opens,
}

struct Play<'a> {
    situation: &'a Situation,
    links: &'a Links,
    courses: Vec<Course>,
    open: Vec<u32>,
    /// Those that have a place, by lane, the oldest first.
    running: Vec<Vec<usize>>,
    /// Those that wait for nothing but a place, by lane; those that replace what runs come first.
    ready: Vec<BinaryHeap<Reverse<(bool, usize)>>>,
    events: BinaryHeap<Reverse<(u64, Event, usize)>>,
    /// Lanes in which something may start.
    touched: Vec<usize>,
}

/// `length` says how long each takes from now, or from its start; `None` for ever.
pub(super) fn play(
    situation: &Situation,
    links: &Links,
    length: impl Fn(usize) -> Option<u64>,
) -> Vec<Course> {
    let mut play = Play {
        situation,
        links,
        courses: vec![Course::default(); situation.tasks.len()],
        open: links.open.clone(),
        running: vec![vec![]; situation.lanes.len()],
        ready: vec![BinaryHeap::new(); situation.lanes.len()],
        events: BinaryHeap::with_capacity(situation.tasks.len()),
        touched: vec![],
    };
    let now = situation.now;
    for (n, task) in situation.tasks.iter().enumerate() {
        match task.place {
            Place::Between { .. } | Place::Holds { .. } => {
                play.take_place(n, now, length(n));
                play.tell(links.on_start.get(&n), now);
            }
            Place::Waits if links.open[n] == 0 => play.let_in(n, now, false),
            Place::Waits => {}
        }
    }
    play.fill(now, &length);
    while let Some(Reverse((time, event, n))) = play.events.pop() {
        match event {
            Event::Ends => play.end(n, time),
            Event::MayStart => play.let_in(n, time, true),
            Event::Opens => play.touched.push(n),
        }
        // What comes at the same time decides together who is next.
        if play.events.peek().is_none_or(|Reverse((next, ..))| *next > time) {
            play.fill(time, &length);
        }
    }
    play.courses
}

impl Play<'_> {
    fn take_place(&mut self, n: usize, time: u64, length: Option<u64>) {
        self.courses[n].start = Some(time);
        self.running[self.situation.tasks[n].lane].push(n);
        if let Some(length) = length {
            self.events.push(Reverse((time.saturating_add(length), Event::Ends, n)));
        }
    }

    fn end(&mut self, n: usize, time: u64) {
        if self.courses[n].end.is_some() {
            // Another one has replaced it.
            return;
        }
        self.courses[n].end = Some(time);
        let lane = self.situation.tasks[n].lane;
        self.running[lane].retain(|runs| *runs != n);
        self.touched.push(lane);
        self.tell(self.links.on_end.get(&n), time);
    }

    fn tell(&mut self, waiters: Option<&Vec<usize>>, time: u64) {
        for n in waiters.into_iter().flatten() {
            self.open[*n] -= 1;
            if self.open[*n] == 0 {
                self.let_in(*n, time, true);
            }
        }
    }

    /// It waits for nothing but its time, and then for a place; `asks` that it does not wait for that already.
    fn let_in(&mut self, n: usize, time: u64, asks: bool) {
        let task = &self.situation.tasks[n];
        if self.situation.stopped(task).is_some() || self.links.never(n).is_some() {
            return;
        }
        if task.not_before > time {
            return self.events.push(Reverse((task.not_before, Event::MayStart, n)));
        }
        let (lane, capacity) = (task.lane, self.situation.lanes[task.lane].capacity as usize);
        match task.admission {
            AdmissionStrategy::DropIfRunning
                if asks && self.running[lane].len() + self.ready[lane].len() >= capacity =>
            {
                self.courses[n].refused = true;
                return;
            }
            AdmissionStrategy::Replace if asks => {
                let too_many = (self.running[lane].len() + 1).saturating_sub(capacity);
                let victims: Vec<usize> = self.running[lane].iter().take(too_many).copied().collect();
                for victim in victims {
                    self.end(victim, time);
                }
            }
            _ => {}
        }
        self.ready[lane].push(Reverse((task.admission != AdmissionStrategy::Replace, n)));
        self.touched.push(lane);
    }

    fn fill(&mut self, time: u64, length: impl Fn(usize) -> Option<u64>) {
        while let Some(lane) = self.touched.pop() {
            if let Some(hours) = &self.situation.lanes[lane].hours
                && hours.open_from(time) != Some(time)
            {
                // Only what is asked for again then can begin.
                if let Some(opens) = hours.open_from(time).filter(|_| !self.ready[lane].is_empty()) {
                    self.events.push(Reverse((opens, Event::Opens, lane)));
                }
                continue;
            }
            while self.running[lane].len() < self.situation.lanes[lane].capacity as usize
                && let Some(Reverse((_, n))) = self.ready[lane].pop()
            {
                self.take_place(n, time, length(n));
                // Who waits for its start comes behind those that could start at the same moment.
                for waiter in self.links.on_start.get(&n).into_iter().flatten() {
                    self.open[*waiter] -= 1;
                    if self.open[*waiter] == 0 {
                        self.events.push(Reverse((time, Event::MayStart, *waiter)));
                    }
                }
            }
        }
    }
}
