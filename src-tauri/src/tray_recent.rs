//! The tasks that the tray's menu names: those that last started or ended, so that their logs are a click away.

use solti_api::{
    DesktopApi,
    operations::{ListTasks, Operations as _},
};
use solti_model::{ListQuery, RunId, SortBy, TaskChange, TaskPhase, TaskRow};

/// More would not be looked through.
pub const NAMED: usize = 5;
/// Of a name, in characters.
const LONGEST: usize = 40;

/// A task in the menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recent {
    /// Its latest attempt.
    pub run: RunId,
    /// What it is called and how it stands.
    pub label: String,
    at: u64,
}

/// The latest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recents(Vec<Recent>);

impl Recents {
    pub fn all(&self) -> &[Recent] {
        &self.0
    }

    /// Brings it up to date with a change. Where some were missed, and at the beginning, it is read.
    pub async fn follow(&mut self, api: &(impl DesktopApi + ?Sized), change: &TaskChange, first: bool) {
        if !first && !change.resync {
            return self.merge(change);
        }
        let query =
            ListQuery { sort: Some(SortBy::Changed), limit: Some(4 * NAMED as u32), ..ListQuery::default() };
        // What cannot be read comes with the next change.
        if let Ok(list) = api.ask(ListTasks { query }).await {
            *self = Self::default();
            self.take(&list.rows);
        }
    }

    fn merge(&mut self, change: &TaskChange) {
        self.0.retain(|recent| !change.deleted.contains(&recent.run.task));
        self.take(&change.changed);
    }

    fn take(&mut self, rows: &[TaskRow]) {
        for row in rows.iter().filter(|row| row.task.status.attempt > 0) {
            self.0.retain(|recent| recent.run.task != row.task.metadata.id);
            self.0.push(recent(row));
        }
        self.0.sort_by_key(|recent| std::cmp::Reverse(recent.at));
        self.0.truncate(NAMED);
    }
}

fn recent(row: &TaskRow) -> Recent {
    let (metadata, status) = (&row.task.metadata, &row.task.status);
    let name = &row.task.spec.name;
    let short = match name.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.clone(),
    };
    let word = match status.phase {
        TaskPhase::Pending => "waiting",
        TaskPhase::Running => "running",
        TaskPhase::Succeeded => "succeeded",
        TaskPhase::Failed => "failed",
        TaskPhase::Timeout => "timed out",
        TaskPhase::Canceled => "canceled",
        TaskPhase::Exhausted => "gave up",
    };
    // A menu takes one underscore for the mark of a key.
    let label = format!("{short}: {word}").replace('_', "__");
    Recent { run: RunId::new(metadata.id.clone(), status.attempt), label, at: metadata.updated_at }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn row(id: &str, at: u64, phase: &str, attempt: u32) -> TaskRow {
        let task = json!({
            "metadata": {"id": id, "resourceVersion": 1, "createdAt": 1, "updatedAt": at},
            "spec": {"slot": "s", "name": format!("my_{id}"), "command": "true"},
            "status": {"phase": phase, "attempt": attempt}
        });
        serde_json::from_value(json!({"task": task, "stopping": false, "recentRuns": []})).expect("a row")
    }

    #[test]
    fn the_latest_are_named_each_once_and_what_never_ran_is_not() {
        let mut recents = Recents::default();
        recents.take(&[row("a", 1, "running", 1), row("b", 2, "pending", 0)]);
        recents.take(&(3..9).map(|n| row(&format!("t{n}"), n, "succeeded", 1)).collect::<Vec<_>>());
        recents.take(&[row("a", 10, "failed", 2)]);
        let labels: Vec<_> = recents.all().iter().map(|recent| recent.label.as_str()).collect();
        assert_eq!(labels[..2], ["my__a: failed", "my__t8: succeeded"]);
        assert_eq!((labels.len(), recents.all()[0].run.attempt), (NAMED, 2));
    }
}
