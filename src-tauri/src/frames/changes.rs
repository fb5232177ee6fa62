//! What one message about changed tasks holds: of every task only its latest row. Beyond a bound it names none
//! and asks the page to read its list again.

use crate::events::Frame;
use serde::Serialize;
use solti_model::{TaskChange, TaskId, TaskRow};
use std::{
    collections::{BTreeMap, BTreeSet},
    mem::take,
};

/// More rows than any list shows: reading the list again is cheaper than sending them.
const MAX_ROWS: usize = 500;

#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct Changes {
    change: TaskChange,
    #[serde(skip)]
    rows: BTreeMap<TaskId, TaskRow>,
}

impl Changes {
    fn take_rows(&mut self, changed: Vec<TaskRow>, unmatched: &BTreeSet<TaskId>) {
        for row in changed {
            let id = row.task.metadata.id.clone();
            if unmatched.contains(&id) {
                self.change.unmatched.insert(id.clone());
            } else {
                self.change.unmatched.remove(&id);
            }
            self.rows.insert(id, row);
        }
        for id in &self.change.deleted {
            self.rows.remove(id);
            self.change.unmatched.remove(id);
        }
        if self.rows.len() + self.change.deleted.len() > MAX_ROWS {
            self.change.resync = true;
        }
        if self.change.resync {
            self.rows.clear();
            self.change.unmatched.clear();
            self.change.deleted.clear();
        }
    }
}

impl Frame for Changes {
    type Item = TaskChange;

    fn first(mut change: TaskChange) -> Self {
        let (changed, unmatched) = (take(&mut change.changed), take(&mut change.unmatched));
        let mut frame = Self { change, rows: BTreeMap::new() };
        frame.take_rows(changed, &unmatched);
        frame
    }

    fn fold(&mut self, change: TaskChange) {
        let TaskChange { resource_version, changed, unmatched, deleted, summary, resync } = change;
        self.change.resource_version = resource_version;
        self.change.summary = summary;
        self.change.resync |= resync;
        self.change.deleted.extend(deleted);
        self.take_rows(changed, &unmatched);
    }

    fn seal(&mut self) {
        self.change.changed = take(&mut self.rows).into_values().collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn row(id: &str, version: u64) -> TaskRow {
        let spec = json!({"slot": "s", "name": "true", "command": "true"});
        let task = json!({
            "metadata": {"id": id, "resourceVersion": version, "createdAt": 1, "updatedAt": 1},
            "spec": spec,
            "status": {"phase": "pending", "attempt": 0}
        });
        serde_json::from_value(json!({"task": task, "stopping": false, "recentRuns": []})).expect("a row")
    }

    fn change(version: u64, changed: Vec<TaskRow>, deleted: &[&str]) -> TaskChange {
        let summary = json!({"byPhase": {}, "lanes": [], "labels": [], "resourceVersion": version,
            "logBytes": 0, "storage": "ok"});
        TaskChange {
            resource_version: version,
            changed,
            unmatched: BTreeSet::new(),
            deleted: deleted.iter().map(|id| TaskId::new(*id).expect("legal")).collect(),
            summary: serde_json::from_value(summary).expect("a summary"),
            resync: false,
        }
    }

    fn sent(mut frame: Changes) -> Value {
        frame.seal();
        serde_json::to_value(frame).expect("writes")
    }

    #[test]
    fn only_the_latest_of_each_task_is_sent() {
        let mut frame = Changes::first(change(1, vec![row("a", 1), row("b", 1)], &[]));
        frame.fold(change(2, vec![row("a", 2)], &["b"]));
        let sent = sent(frame);
        assert_eq!(sent["resourceVersion"], 2);
        assert_eq!(sent["summary"]["resourceVersion"], 2);
        assert_eq!(sent["changed"].as_array().map(Vec::len), Some(1));
        assert_eq!(sent["changed"][0]["task"]["metadata"]["resourceVersion"], 2);
        assert_eq!(sent["deleted"], json!(["b"]));
        assert_eq!(sent["resync"], false);
    }

    #[test]
    fn whether_a_row_matches_is_told_of_its_latest_state() {
        let unmatched = |change: TaskChange, ids: &[&str]| TaskChange {
            unmatched: ids.iter().map(|id| TaskId::new(*id).expect("legal")).collect(),
            ..change
        };
        let rows = ["a", "b", "c"].map(|id| row(id, 1)).to_vec();
        let mut frame = Changes::first(unmatched(change(1, rows, &[]), &["a", "c"]));
        frame.fold(unmatched(change(2, vec![row("a", 2), row("b", 2)], &["c"]), &["b"]));
        assert_eq!(sent(frame)["unmatched"], json!(["b"]));
    }

    #[test]
    fn too_many_changes_ask_for_a_fresh_list() {
        let rows = (0..=MAX_ROWS).map(|n| row(&format!("t{n}"), 1)).collect();
        let mut frame = Changes::first(change(1, rows, &[]));
        frame.fold(change(2, vec![row("late", 2)], &[]));
        let sent = sent(frame);
        assert_eq!(sent["resync"], true);
        assert_eq!(sent["changed"], json!([]));
    }
}
