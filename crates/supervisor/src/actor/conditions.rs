//! Lanes that ask something of the machine: when it is looked at, and what follows. The rule itself is the model's.
//!
//! Such a lane starts nothing but after a look. The machine is looked at as long as something could start in one of them, at once when
//! that begins, then every some seconds; never else.

use super::attempt::Stage;
use super::placement::Reached;
use super::{Actor, Message};
use crate::clock::now_ms;
use solti_model::{Asked, MachineState, Slot, TimeOfDay};
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::task::AbortHandle;

/// What is known of the looks.
#[derive(Debug, Default)]
pub(crate) struct Looks {
    /// Lanes that the last look has told to wait.
    told: BTreeSet<Slot>,
    stage: LookStage,
}

#[derive(Debug, Default)]
enum LookStage {
    /// Nothing is to be looked at.
    #[default]
    Resting,
    /// The machine is being looked at for these.
    Looking { slots: BTreeSet<Slot>, asked: Asked, machines: BTreeSet<String> },
    /// The next look is to come.
    Pausing(AbortHandle),
}

impl Looks {
    /// What a lane asks for has changed: it is looked at anew.
    pub(crate) fn ask_anew(&mut self, slot: &Slot) {
        self.told.remove(slot);
    }

    fn rest(&mut self) {
        if let LookStage::Pausing(pause) = std::mem::take(&mut self.stage) {
            pause.abort();
        }
        self.told.clear();
    }
}

impl Actor {
    /// Looks at the machine if a lane waits for that. Cheap where no lane asks for anything.
    pub(crate) fn look_around(&mut self) {
        let wanted = self.lanes_to_look_for();
        if matches!(self.looking.stage, LookStage::Looking { .. }) {
            return;
        }
        if wanted.is_empty() {
            return self.looking.rest();
        }
        self.looking.told.retain(|slot| wanted.contains(slot));
        let is_new = wanted.iter().any(|slot| !self.looking.told.contains(slot));
        if is_new || matches!(self.looking.stage, LookStage::Resting) {
            self.look(wanted);
        }
    }

    /// Lanes that ask something of the machine, and in which a task or an attempt could start.
    fn lanes_to_look_for(&self) -> BTreeSet<Slot> {
        let due = |slot: &&Slot| self.lanes.could_start(slot) || self.has_attempt_due(slot);
        self.lanes.conditional().filter(due).cloned().collect()
    }

    /// Whether the next attempt of a task waits for nothing but its lane.
    fn has_attempt_due(&self, slot: &Slot) -> bool {
        let is_due = |active: &super::attempt::Active| {
            matches!(active.stage, Stage::Backoff { held: true, .. }) && !active.stored.queueing.held
        };
        let open = !self.lanes.all_held() && !self.lanes.is_paused(slot);
        open && self.lanes.holders(slot).any(|id| self.tasks.get(id).is_some_and(is_due))
    }

    fn look(&mut self, slots: BTreeSet<Slot>) {
        if let LookStage::Pausing(pause) = std::mem::take(&mut self.looking.stage) {
            pause.abort();
        }
        let asked =
            slots.iter().fold(Asked::default(), |asked, slot| asked.and(self.lanes.rules(slot).asks_for()));
        let machines: BTreeSet<String> =
            slots.iter().flat_map(|slot| self.machines_with_places(slot)).collect();
        self.looking.stage = LookStage::Looking { slots, asked, machines: machines.clone() };
        let (machine, effect) = (Arc::clone(&self.config.machine), self.effect());
        tokio::spawn(async move {
            let (machine, reach) = tokio::join!(machine.look(asked), effect.runners.reach(machines));
            let reached = reach.so_far.clone();
            effect.tell(Message::Looked { machine: Box::new(machine), reached }).await;
            if reach.rest().await {
                effect.tell(Message::LookAgain).await;
            }
        });
    }

    /// Starts what may start as the machine is now; the rest learns what it waits for.
    pub(crate) async fn looked(&mut self, machine: &MachineState, reached: &Reached) {
        let LookStage::Looking { slots, asked, machines } = std::mem::take(&mut self.looking.stage) else {
            return;
        };
        let (hour, minute) = self.jobs.zones.time_of_day(now_ms());
        let Some(now) = TimeOfDay::new(hour, minute) else { return };
        self.looking.told.clear();
        let mut any_changed = false;
        for slot in slots {
            let rules = self.lanes.rules(&slot);
            // It asks for something since that was not looked at: the next look is for that.
            let unseen = |machine: &String| !machines.contains(machine);
            if rules.asks_for().and(asked) != asked || self.machines_with_places(&slot).iter().any(unseen) {
                continue;
            }
            let unmet = match rules.unmet(machine, now) {
                None if !rules.machines.is_empty() => self.place_all(&slot, &rules, reached).await,
                unmet => unmet,
            };
            let waits = unmet.is_some();
            let changed = self.lanes.tell_unmet(&slot, unmet);
            any_changed |= changed;
            if waits {
                self.looking.told.insert(slot.clone());
            } else if rules.machines.is_empty() {
                self.begin_due(&slot).await;
                for next in self.lanes.take_looked(&slot) {
                    self.begin(&next).await;
                }
            }
            if changed {
                self.lanes.waiting(&slot).for_each(|id| self.shared.feed.changed(id));
            }
        }
        if any_changed {
            self.shared.feed.touched();
        }
        if !self.looking.told.is_empty() {
            let (effect, pause) = (self.effect(), self.config.look_every);
            let pause = tokio::spawn(async move {
                tokio::time::sleep(pause).await;
                effect.tell(Message::LookAgain).await;
            });
            self.looking.stage = LookStage::Pausing(pause.abort_handle());
        }
    }

    pub(crate) fn look_again(&mut self) {
        if let LookStage::Pausing(pause) = &self.looking.stage {
            pause.abort();
            self.looking.stage = LookStage::Resting;
            // What `look_around` does with that follows each message.
        }
    }
}
