//! Lanes that span machines: which of them has how many tasks of the lane, and which takes the next attempt. The rule itself is the
//! model's; whether a machine answers is looked at with what else a lane asks for (`conditions.rs`).
//!
//! An attempt is on the machine of its runner, which is stored with it: what was started stays there, also over a restart of the app,
//! until its end is proven.

use super::Actor;
use super::attempt::{Active, Stage};
use solti_model::{FieldError, LaneMachine, LaneRules, Slot, TaskId, TaskSpec, place_on};
use solti_runner::Runners;
use std::collections::BTreeMap;

/// Of each machine that was looked at, whether it answers, or why not.
pub(crate) type Reached = BTreeMap<String, Result<(), String>>;

impl Actor {
    /// How many tasks of a lane a machine has. One that waits for its next attempt keeps its place there, which is not counted for
    /// itself.
    fn on_machine(&self, slot: &Slot, machine: &str, but: Option<&TaskId>) -> usize {
        let is_there = |id: &&TaskId| {
            let of = self.tasks.get(*id).and_then(|active| match &active.placed {
                // Its admission is being stored.
                Some(placed) => Some(placed.as_str()),
                None => active.run.as_ref().map(|run| Runners::machine_of(run.run.runner.as_deref())),
            });
            Some(*id) != but && of == Some(machine)
        };
        self.lanes.holders(slot).filter(is_there).count()
    }

    /// Those machines of a lane that one more task could be on. Where an attempt is due all of them: its own place is free for it.
    pub(crate) fn machines_with_places(&self, slot: &Slot) -> Vec<String> {
        let due = self.attempts_due(slot);
        let machines = self.lanes.rules(slot).machines.into_iter();
        let free = machines.filter(|machine| {
            !due.is_empty() || machine.has_place(self.on_machine(slot, &machine.name, None))
        });
        free.map(|machine| machine.name).collect()
    }

    /// The machine that takes the next attempt of a task.
    ///
    /// # Errors
    /// What is waited for, as it follows "waits for".
    fn machine_for(&self, id: &TaskId, rules: &LaneRules, reached: &Reached) -> Result<String, String> {
        let Some(active) = self.tasks.get(id) else { return Err(String::new()) };
        let (slot, spec) = (active.slot(), &active.stored.task.spec);
        let taken = |machine: &str| self.on_machine(slot, machine, Some(id));
        // Where all lack it, the last of them says why it fails.
        let lacks = |machine: &str| self.runners.lacks(spec, machine);
        let has_it = |machine: &str| {
            !active.refused_by.contains_key(machine)
                && self.runners.choose_on(spec, machine).is_ok()
                && lacks(machine).is_none()
        };
        let any_has = rules.machines.iter().any(|machine| has_it(&machine.name));
        let usable = |machine: &str| {
            match reached.get(machine) {
                Some(answered) => answered.clone()?,
                None => return Err("which was not looked at".to_owned()),
            }
            if let Some(why) = active.refused_by.get(machine) {
                return Err(why.clone());
            }
            if let Some(why) = lacks(machine).filter(|_| any_has) {
                return Err(why);
            }
            self.runners.choose_on(spec, machine).map(drop).map_err(|error| error.message)
        };
        place_on(&rules.machines, taken, usable).map(|machine| machine.name.clone())
    }

    /// Starts what has a machine that takes it, attempts first, then those that wait in their order. What the next one waits for.
    pub(crate) async fn place_all(
        &mut self,
        slot: &Slot,
        rules: &LaneRules,
        reached: &Reached,
    ) -> Option<String> {
        let mut unmet = None;
        for id in self.attempts_due(slot) {
            match self.machine_for(&id, rules, reached) {
                Ok(machine) => self.begin_on(&id, &machine).await,
                Err(why) => unmet = unmet.or(Some(why)),
            }
        }
        while let Some(id) = self.lanes.next_startable(slot).cloned() {
            match self.machine_for(&id, rules, reached) {
                Ok(machine) => {
                    self.lanes.take_now(slot, &id);
                    self.begin_on(&id, &machine).await;
                }
                Err(why) => return unmet.or(Some(why)),
            }
        }
        unmet
    }

    fn attempts_due(&self, slot: &Slot) -> Vec<TaskId> {
        let is_due = |id: &&TaskId| {
            self.tasks.get(*id).is_some_and(|active: &Active| {
                matches!(active.stage, Stage::Backoff { held: true, .. }) && !active.stored.queueing.held
            })
        };
        self.lanes.holders(slot).filter(is_due).cloned().collect()
    }

    async fn begin_on(&mut self, id: &TaskId, machine: &str) {
        if let Some(active) = self.tasks.get_mut(id) {
            active.placed = Some(machine.to_owned());
        }
        self.begin(id).await;
    }

    /// The runner of the next attempt of a task: on the machine that its lane has found, or, where nobody was asked because a person wants
    /// it to start now, on the one that it was on, or on the first of the lane that can take it.
    ///
    /// # Errors
    /// Why none takes it any more.
    pub(crate) fn runner_for(&mut self, id: &TaskId) -> Result<String, FieldError> {
        let placed = self.tasks.get_mut(id).and_then(|active| active.placed.take());
        let Some(active) = self.tasks.get(id) else { return Ok(String::new()) };
        let (spec, machines) = (&active.stored.task.spec, self.lanes.rules(active.slot()).machines);
        match placed {
            Some(machine) => self.runners.choose_on(spec, &machine),
            None if machines.is_empty() => self.runners.choose(spec),
            None => {
                let before = active.run.as_ref().map(|run| Runners::machine_of(run.run.runner.as_deref()));
                let taken = |machine: &str| self.on_machine(active.slot(), machine, Some(id));
                let free = machines.iter().filter(|machine| machine.has_place(taken(&machine.name)));
                let order = before.into_iter().chain(free.chain(&machines).map(name));
                self.runners.choose_on_any(spec, order.filter(|name| !active.refused_by.contains_key(*name)))
            }
        }
    }

    /// Whether any runner takes it, of the machines of its lane.
    pub(crate) fn any_runner(&self, spec: &TaskSpec) -> Result<(), FieldError> {
        let machines = self.lanes.rules(&spec.slot).machines;
        match machines.is_empty() {
            true => self.runners.choose(spec).map(drop),
            false => self.runners.choose_on_any(spec, machines.iter().map(name)).map(drop),
        }
    }

    /// Whether its lane has more than one machine that takes such a task, as far as they have not refused it. So the last of them says
    /// why it fails.
    pub(crate) fn may_go_elsewhere(&self, active: &Active) -> bool {
        let (spec, machines) = (&active.stored.task.spec, self.lanes.rules(active.slot()).machines);
        let takes = |machine: &&LaneMachine| {
            !active.refused_by.contains_key(&machine.name)
                && self.runners.choose_on(spec, &machine.name).is_ok()
        };
        machines.iter().filter(takes).nth(1).is_some()
    }
}

fn name(machine: &LaneMachine) -> &str {
    &machine.name
}
