//! What is ordered, wished and told.

use serde::{Deserialize, Serialize};
use solti_model::{RunUsage, StopMode, TaskId, TaskPhase, TaskSpec};
use std::path::PathBuf;

/// What is to be run, and where.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    /// The name of its connection.
    pub machine: String,
    /// Where connections and tokens are found.
    pub data_dir: PathBuf,
    /// No other attempt of any machine has it: the label by which the task is found there.
    pub origin: String,
    /// As it is submitted there.
    pub spec: Box<TaskSpec>,
    /// Whether it is given back when the machine does not take it: another one may.
    #[serde(default)]
    pub gives_back: bool,
}

/// What is wished of a run that is under way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Wish {
    /// How it is to end, once it is to.
    pub stop: Option<StopMode>,
    /// Whether its processes are to stand still.
    pub suspended: bool,
}

/// How a run stands.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Progress {
    /// The task there that it is.
    pub task: Option<TaskId>,
    /// Which Solti has it, by the id of its data folder; `None` where that one does not say.
    pub instance: Option<String>,
    /// Its start was asked for, or is about to be: until then nothing of it runs there, nor will.
    pub released: bool,
    /// When it was seen to run, in Unix milliseconds by this machine's clock.
    pub started_at: Option<u64>,
    /// Why nothing can be learned of it for now, in a sentence.
    pub trouble: Option<String>,
    /// Some of what it printed is not in that machine's log any more.
    pub log_incomplete: bool,
    /// How it has ended there, while its log may still be on its way.
    pub over: Option<End>,
    /// Once it is over: the proof that nothing of it runs there any more.
    pub end: Option<End>,
}

/// How a run has ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum End {
    /// As the machine has it.
    Over {
        /// Terminal.
        phase: TaskPhase,
        /// Whether its program has ever run.
        started: bool,
        /// When that exited by itself.
        exit_code: Option<i32>,
        /// Why it did not succeed, in a sentence.
        error: Option<String>,
        /// What its processes have used.
        usage: Option<RunUsage>,
    },
    /// The machine did not take it.
    Refused {
        /// Why, in a sentence.
        why: String,
        /// Whether another one may.
        #[serde(default)]
        given_back: bool,
    },
    /// The machine has not answered before anything of it was started there, and another one may take it.
    NotTaken {
        /// What was tried in vain, in a sentence.
        why: String,
    },
    /// Its task was deleted there, which ends it.
    Deleted,
    /// There is no connection of that name any more: what became of it there is nobody's to know.
    Removed,
    /// It was to end before anything of it ran.
    NeverRan,
}
