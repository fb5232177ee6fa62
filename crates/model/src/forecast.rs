//! When what waits will probably start, and when what is in the lanes will probably end.

use crate::{Slot, TaskId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Tasks that a forecast tells of at most.
pub const MAX_FORESEEN: usize = 1_000;
/// Moves that a forecast takes at most.
pub const MAX_MOVES: usize = 100;

/// What is to be expected of the lanes as they stand. Nothing that is yet to be submitted, by a hand or by a schedule, is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Foreseen {
    /// When it was made, in Unix milliseconds.
    #[ts(type = "number")]
    pub at: u64,
    /// By lane; in each first what holds a place, then what waits, the next one first. 1,000 at most: where there are more, the
    /// first ones of each lane.
    pub tasks: Vec<TaskForecast>,
    /// Whether there are more tasks than these.
    pub more: bool,
    /// Those in which something is, by name.
    pub lanes: Vec<LaneForecast>,
}

/// What is to be expected of a task that is not over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskForecast {
    /// Which task.
    pub task: TaskId,
    /// Its lane.
    pub slot: Slot,
    /// When it starts; absent for one that has, and where it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub start: Option<TimeRange>,
    /// When it ends; absent where it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub end: Option<TimeRange>,
    /// How many earlier runs of its job, or of the same command, say how long it takes; 20 at most.
    pub runs: u32,
    /// Why its start, or its end, is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub unknown: Option<NotForeseen>,
}

/// What is to be expected of a lane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LaneForecast {
    /// Its name.
    pub slot: Slot,
    /// Tasks that hold a place.
    pub running: u32,
    /// Tasks that wait, for a place or for something else first.
    pub waiting: u32,
    /// When the last of them ends; absent where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub end: Option<TimeRange>,
    /// Why it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub unknown: Option<NotForeseen>,
}

/// Between two times, in Unix milliseconds: four of five runs that went before would have it so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TimeRange {
    /// Probably not before.
    #[ts(type = "number")]
    pub from: u64,
    /// Probably not after.
    #[ts(type = "number")]
    pub to: u64,
}

/// Why nobody knows when. The task that is named is the one that it depends on, itself or another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(tag = "reason", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum NotForeseen {
    /// Nothing like it has run before.
    NoHistory {
        /// Which task.
        task: TaskId,
        /// What it is called.
        name: String,
    },
    /// It has run for longer already than any before it.
    LongerThanEver {
        /// Which task.
        task: TaskId,
        /// What it is called.
        name: String,
    },
    /// It is always restarted, and never over by itself.
    Restarted {
        /// Which task.
        task: TaskId,
        /// What it is called.
        name: String,
    },
    /// Its processes stand still until a person has them go on.
    Suspended {
        /// Which task.
        task: TaskId,
        /// What it is called.
        name: String,
    },
    /// It is held until a person releases it.
    Held {
        /// Which task.
        task: TaskId,
        /// What it is called.
        name: String,
    },
    /// It waits for another one to fail, which nobody expects, or for one of which nothing is known.
    Unexpected {
        /// The other task.
        task: TaskId,
        /// What that is called.
        name: String,
    },
    /// Unless its lane has a place for it when its time comes, it is canceled.
    OnlyIfFree {
        /// Which task.
        task: TaskId,
        /// What it is called.
        name: String,
    },
    /// All tasks are held.
    AllHeld,
    /// Its lane is paused.
    LanePaused {
        /// Which lane.
        slot: Slot,
    },
    /// Its lane waits for something of the machine, and nobody knows when that comes.
    LaneWaits {
        /// Which lane.
        slot: Slot,
        /// What it waits for, as in "mains power".
        what: String,
    },
}

impl Foreseen {
    /// The tasks that are named in it as a reason, and what they are called.
    pub fn named(&mut self) -> impl Iterator<Item = (&TaskId, &mut String)> {
        let of_tasks = self.tasks.iter_mut().filter_map(|task| task.unknown.as_mut());
        let of_lanes = self.lanes.iter_mut().filter_map(|lane| lane.unknown.as_mut());
        of_tasks.chain(of_lanes).filter_map(NotForeseen::named)
    }
}

impl NotForeseen {
    fn named(&mut self) -> Option<(&TaskId, &mut String)> {
        match self {
            Self::NoHistory { task, name }
            | Self::LongerThanEver { task, name }
            | Self::Restarted { task, name }
            | Self::Suspended { task, name }
            | Self::Held { task, name }
            | Self::Unexpected { task, name }
            | Self::OnlyIfFree { task, name } => Some((&*task, name)),
            Self::AllHeld | Self::LanePaused { .. } | Self::LaneWaits { .. } => None,
        }
    }
}
