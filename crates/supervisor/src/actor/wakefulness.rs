//! Which running tasks ask for a machine that does not sleep.

use super::Actor;
use super::attempt::Stage;
use solti_model::{KeepAwake, TaskId};

impl Actor {
    /// Says what the tasks that run ask for. Cheap where no task and no lane asks for anything.
    pub(crate) fn keep_awake(&mut self) {
        let runs = |id: &TaskId| {
            let stage = self.tasks.get(id).map(|active| &active.stage);
            matches!(stage, Some(Stage::Starting { .. } | Stage::Running { .. } | Stage::OutOfSight { .. }))
        };
        let by_lane = self.lanes.wakeful().filter(|(slot, _)| self.lanes.holders(slot).any(runs));
        let by_lane = by_lane.map(|(_, asked)| asked).max();
        let by_itself = self.wakeful.iter().filter(|(id, _)| runs(id)).map(|(_, asked)| *asked).max();
        let wanted = by_lane.max(by_itself).unwrap_or_default();
        self.awake.send_if_modified(|asked| std::mem::replace(asked, wanted) != wanted);
    }

    /// Notes what a task asks for that is about to run.
    pub(crate) fn note_wakeful(&mut self, id: &TaskId) {
        let asked = self.tasks.get(id).map(|active| active.stored.task.spec.keep_awake).unwrap_or_default();
        match asked {
            KeepAwake::Never => drop(self.wakeful.remove(id)),
            asked => drop(self.wakeful.insert(id.clone(), asked)),
        }
        self.wakeful.retain(|id, _| self.tasks.contains_key(id));
    }
}
