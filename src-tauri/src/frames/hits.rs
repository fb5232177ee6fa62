//! What one message about a search over many tasks holds: all that was found since the message before.

use crate::events::Frame;
use serde::Serialize;
use solti_model::TaskHits;

/// Runs in one message: each has a line of text.
const MAX_RUNS: usize = 500;

#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct Hits(TaskHits);

impl Frame for Hits {
    type Item = TaskHits;

    fn first(hits: TaskHits) -> Self {
        Self(hits)
    }

    fn fold(&mut self, mut hits: TaskHits) {
        let mut tasks = std::mem::take(&mut self.0.tasks);
        tasks.append(&mut hits.tasks);
        self.0 = TaskHits { tasks, ..hits };
    }

    fn is_full(&self) -> bool {
        self.0.tasks.len() >= MAX_RUNS
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use solti_model::{RowNo, RunHits, TaskId};

    fn hits(id: &str, searched_tasks: u64) -> TaskHits {
        let id = TaskId::new(id).expect("legal");
        let run = RunHits { id, attempt: 1, matches: 1, first_row: RowNo::ZERO, first_text: String::new() };
        TaskHits {
            tasks: vec![run],
            searched_tasks,
            total_tasks: 9,
            complete: false,
            unread_logs: 0,
            error: None,
        }
    }

    #[test]
    fn hits_that_wait_are_put_together_and_none_is_lost() {
        let mut frame = Hits::first(hits("a", 1));
        frame.fold(hits("b", 5));
        let ids: Vec<_> = frame.0.tasks.iter().map(|run| run.id.as_str()).collect();
        assert_eq!((ids, frame.0.searched_tasks), (vec!["a", "b"], 5));
        for n in 2..MAX_RUNS as u64 {
            assert!(!frame.is_full());
            frame.fold(hits("c", n));
        }
        assert!(frame.is_full());
    }
}
