//! What one message about a search holds: how far it is, or what a search over many tasks has found. How frames are
//! paced is in events.rs.

use crate::events::Frame;
use serde::Serialize;
use solti_model::{SearchProgress, TaskHits};

#[derive(Debug, Serialize)]
pub struct SearchFrame {
    frame: u64,
    #[serde(flatten)]
    progress: SearchProgress,
}

impl Frame for SearchFrame {
    type Item = SearchProgress;

    fn first(progress: SearchProgress) -> Self {
        Self { frame: 0, progress }
    }

    fn fold(&mut self, progress: SearchProgress) {
        self.progress = progress;
    }

    fn seal(&mut self, frame: u64) {
        self.frame = frame;
    }
}

/// Runs in one message: each has a line of text.
const MAX_RUNS: usize = 500;

#[derive(Debug, Serialize)]
pub struct HitsFrame {
    frame: u64,
    #[serde(flatten)]
    hits: TaskHits,
}

impl Frame for HitsFrame {
    type Item = TaskHits;

    fn first(hits: TaskHits) -> Self {
        Self { frame: 0, hits }
    }

    fn fold(&mut self, mut hits: TaskHits) {
        self.hits.tasks.append(&mut hits.tasks);
        let tasks = std::mem::take(&mut self.hits.tasks);
        self.hits = TaskHits { tasks, ..hits };
    }

    fn is_full(&self) -> bool {
        self.hits.tasks.len() >= MAX_RUNS
    }

    fn seal(&mut self, frame: u64) {
        self.frame = frame;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use solti_model::{RunHits, TaskId};

    fn hits(id: &str, searched_tasks: u64) -> TaskHits {
        let id = TaskId::new(id).expect("legal");
        let run = RunHits { id, attempt: 1, matches: 1, first_row: 0, first_text: String::new() };
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
        let mut frame = HitsFrame::first(hits("a", 1));
        frame.fold(hits("b", 5));
        let ids: Vec<_> = frame.hits.tasks.iter().map(|run| run.id.as_str()).collect();
        assert_eq!((ids, frame.hits.searched_tasks), (vec!["a", "b"], 5));
        for n in 2..MAX_RUNS as u64 {
            assert!(!frame.is_full());
            frame.fold(hits("c", n));
        }
        assert!(frame.is_full());
    }
}
