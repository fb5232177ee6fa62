//! A task as a list shows it: of its spec only what fits into a row, within bounds whatever was submitted.

use crate::queueing::is_zero;
use crate::secret::{masked_label, masked_text};
use crate::{JobName, NotifyRules, ObjectMeta, Slot, Task, TaskSpec, TaskStatus};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use ts_rs::TS;

/// The longest name, in bytes.
const NAME: usize = 256;
/// The longest command, in bytes.
const COMMAND: usize = 1024;
/// Bytes of labels, keys and values together.
const LABELS: usize = 2048;
/// The longest error, in bytes.
const ERROR: usize = 1024;

/// A task without its spec. The whole spec is what `get_task_status` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskHead {
    /// Which task, and of when this is.
    pub metadata: ObjectMeta,
    /// What a row says of its spec.
    pub spec: SpecHead,
    /// How far it is.
    pub status: TaskStatus,
}

/// What a row says of a spec.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SpecHead {
    /// The lane.
    pub slot: Slot,
    /// Whether the lane is this task's own: its name says nothing to a person.
    #[serde(default)]
    pub own_lane: bool,
    /// The label `name`, else the command; one line.
    pub name: String,
    /// As a person would type it; of a script the first line that says something, and its arguments.
    pub command: String,
    /// As far as they fit.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[ts(optional, as = "Option<BTreeMap<String, String>>")]
    pub labels: BTreeMap<String, String>,
    /// See [`TaskSpec`].
    #[serde(default, skip_serializing_if = "is_zero")]
    #[ts(optional, as = "Option<i32>")]
    pub priority: i32,
    /// The saved job that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub job: Option<JobName>,
    /// See [`TaskSpec`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub notify: Option<NotifyRules>,
    /// Name, command or labels were longer and are cut, or left out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub cut: bool,
}

impl SpecHead {
    /// Without the secrets of the command and of the labels.
    pub fn of(spec: &TaskSpec) -> Self {
        let command = spec.kind.masked_command_text();
        let (name, name_cut) = cut(named(spec, &command), NAME);
        let (command, command_cut) = cut(command, COMMAND);
        let mut room = LABELS;
        let mut labels = BTreeMap::new();
        for (key, value) in &spec.labels {
            let size = key.len() + value.len();
            if size <= room {
                room -= size;
                labels.insert(key.clone(), masked_label(key, value).into_owned());
            }
        }
        let cut = name_cut || command_cut || labels.len() < spec.labels.len();
        Self {
            slot: spec.slot.clone(),
            own_lane: spec.has_own_lane(),
            name,
            command,
            labels,
            priority: spec.priority,
            job: spec.job.clone(),
            notify: spec.notify.clone(),
            cut,
        }
    }
}

impl TaskSpec {
    /// What a person calls the task: the name that its row shows, without secrets and within a row's bounds.
    pub fn display_name(&self) -> String {
        let name = match self.given_name() {
            Some(_) => named(self, ""),
            None => named(self, &self.kind.masked_beginning(NAME)),
        };
        cut(name, NAME).0
    }

    /// The label `name`, if it says something.
    fn given_name(&self) -> Option<&str> {
        self.labels.get("name").map(|name| name.trim()).filter(|name| !name.is_empty())
    }
}

/// The one rule for names: that of the label, else the command; in one line.
pub(crate) fn named(spec: &TaskSpec, command: &str) -> String {
    let name = match spec.given_name() {
        Some(name) => masked_text(name),
        None => command.into(),
    };
    name.replace(char::is_control, " ")
}

impl TaskHead {
    /// With an error of a row's length, without secrets.
    pub fn new(metadata: ObjectMeta, spec: SpecHead, mut status: TaskStatus) -> Self {
        status.error = status.error.map(|error| cut(masked_text(&error).into_owned(), ERROR).0);
        Self { metadata, spec, status }
    }
}

impl From<Task> for TaskHead {
    fn from(task: Task) -> Self {
        Self::new(task.metadata, SpecHead::of(&task.spec), task.status)
    }
}

/// The text, at most `limit` bytes of it, and whether that is less than all.
fn cut(mut text: String, limit: usize) -> (String, bool) {
    if text.len() <= limit {
        return (text, false);
    }
    text.truncate(text.floor_char_boundary(limit - '…'.len_utf8()));
    text.push('…');
    (text, true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse_spec;
    use serde_json::json;

    #[test]
    fn a_short_spec_is_told_whole() {
        let spec = parse_spec(json!({"slot": "s", "labels": {"name": "nightly", "team": "a"},
            "kind": {"subprocess": {"mode": {"command": {"command": "make", "args": ["all"]}}}}}));
        let head = SpecHead::of(&spec.expect("legal"));
        assert_eq!((&*head.name, &*head.command, head.cut), ("nightly", "make all", false));
        assert_eq!(head.labels.len(), 2);
    }

    #[test]
    fn whatever_is_submitted_a_row_stays_small() {
        let long = "ä".repeat(1_000_000);
        let spec = parse_spec(json!({"slot": "s", "labels": {"name": long, "a": "b", "long": long},
            "kind": {"subprocess": {"mode": {"command": {"command": "echo", "args": [long]}}}}}));
        let head = SpecHead::of(&spec.expect("legal"));
        assert!(head.cut);
        assert!(head.name.len() <= NAME && head.name.ends_with("ä…"), "{}", head.name.len());
        assert!(head.command.len() <= COMMAND && head.command.starts_with("echo ä"));
        assert_eq!(head.labels, BTreeMap::from([("a".to_owned(), "b".to_owned())]));
    }
}
