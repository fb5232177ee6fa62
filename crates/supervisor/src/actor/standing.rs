//! How the lanes stand, for a forecast: who holds a place, who waits and for what, as if some had been moved. Changes nothing.

use super::Actor;
use super::attempt::{Active, Stage};
use super::queueing::cannot_move;
use crate::SupervisorError;
use crate::clock::now_ms;
use crate::forecast::{LaneStands, OpenHours, Place, Situation, TaskStands};
use crate::lanes::{MoveTo, Queue};
use solti_model::{AdmissionStrategy, Kin, RestartStrategy, Slot, TaskId};
use std::collections::{HashMap, HashSet};

impl Actor {
    pub(crate) fn situation(&self, moves: &[(TaskId, MoveTo)]) -> Result<Situation, SupervisorError> {
        let moved = self.queues_moved(moves)?;
        let now = now_ms();
        let mut situation = Situation { now, all_held: self.lanes.all_held(), ..Situation::default() };
        situation.tasks.reserve(self.tasks.len());
        for (lane, (slot, state)) in self.lanes.states().enumerate() {
            let between = self.lanes.rules(slot).between;
            // When these begin is known.
            let for_hours = between.map(|hours| hours.to_string());
            situation.lanes.push(LaneStands {
                slot: slot.clone(),
                capacity: state.capacity,
                paused: state.paused,
                unmet: state.unmet().map(str::to_owned).filter(|unmet| Some(unmet) != for_hours.as_ref()),
                hours: between.and_then(|hours| OpenHours::new(hours, &self.jobs.zones)),
            });
            let queue = moved.get(slot).unwrap_or(state.queue());
            let waiting = queue.all().map(|waiter| (&waiter.id, true));
            let all = state.holders().iter().map(|id| (id, false)).chain(waiting);
            situation.tasks.extend(all.map(|(id, waits)| self.stands(id, lane, waits, now)));
        }
        Ok(situation)
    }

    pub(crate) fn names(&self, ids: HashSet<TaskId>) -> HashMap<TaskId, String> {
        let name = |id: TaskId| {
            let name = self.tasks.get(&id)?.stored.task.spec.display_name();
            Some((id, name))
        };
        ids.into_iter().filter_map(name).collect()
    }

    /// The queues that these moves change, as they are then.
    fn queues_moved(&self, moves: &[(TaskId, MoveTo)]) -> Result<HashMap<Slot, Queue>, SupervisorError> {
        let mut moved: HashMap<Slot, Queue> = HashMap::new();
        for (id, to) in moves {
            let slot = self.waiting(id)?.slot();
            let queue = moved.entry(slot.clone()).or_insert_with(|| {
                let state = self.lanes.states().find(|(name, _)| *name == slot);
                state.map(|(_, state)| state.queue().clone()).unwrap_or_default()
            });
            queue.carry_out(id, to).map_err(|why| cannot_move(id, to, slot, why))?;
        }
        Ok(moved)
    }

    fn stands(&self, id: &TaskId, lane: usize, waits: bool, now: u64) -> TaskStands {
        let Some(active) = self.tasks.get(id) else {
            // Its record cannot be read.
            let place = Place::Holds { since: now, suspended: false, ending: false };
            return TaskStands {
                id: id.clone(),
                lane,
                kins: vec![],
                place,
                held: false,
                not_before: 0,
                restart: RestartStrategy::Never,
                attempt: 0,
                admission: AdmissionStrategy::Queue,
                timeout: None,
                after: vec![],
            };
        };
        let spec = &active.stored.task.spec;
        let mut kins = vec![Kin::of(spec)];
        if spec.job.is_some() {
            kins.push(Kin::of_command(&spec.kind));
        }
        let open = active.open_after().filter(|_| waits);
        TaskStands {
            id: id.clone(),
            lane,
            kins,
            place: if waits { Place::Waits } else { place(active, now) },
            held: active.stored.queueing.held,
            not_before: active.early.as_ref().map_or(0, |early| early.until),
            restart: spec.restart,
            attempt: active.attempt(),
            admission: spec.admission,
            timeout: spec.timeout.filter(|_| spec.restart == RestartStrategy::Never),
            after: open.map(|after| (after.task.clone(), after.when)).collect(),
        }
    }
}

fn place(active: &Active, now: u64) -> Place {
    let ending = active.stored.stop_requested || matches!(active.stage, Stage::Ending { .. });
    let stood_still = active.run.as_ref().and_then(|run| run.run.suspension);
    let since =
        active.stored.started_at.unwrap_or(now).saturating_add(stood_still.unwrap_or_default().total_ms);
    if matches!(active.stage, Stage::Backoff { .. }) && !ending {
        return Place::Between { since, next: active.stored.next_attempt_at.unwrap_or(now) };
    }
    Place::Holds { since, suspended: active.stored.queueing.suspended, ending }
}
