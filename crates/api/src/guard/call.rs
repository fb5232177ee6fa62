//! One call, as guards see it.

use crate::guard::{Caller, Guard};
use crate::{ApiError, operations::OperationName};
use solti_model::TaskId;
use std::sync::Arc;
use std::time::Instant;

/// What a guard may look at.
#[derive(Debug, Clone)]
pub struct Call {
    /// What is asked; not with which values.
    pub operation: OperationName,
    /// As the transport has found it.
    pub caller: Arc<Caller>,
    /// The task that it is about, when it is about one that exists already.
    pub task: Option<TaskId>,
    /// When the first guard was asked.
    pub began: Instant,
}

/// What became of a call.
#[derive(Debug, Clone, Copy)]
pub enum Outcome<'a> {
    /// Answered; with the task that the call has made, if it makes one. A stream has been opened.
    Done(Option<&'a TaskId>),
    /// By a guard, or by the handler.
    Refused(&'a ApiError),
    /// The caller went away before the answer. What was asked for may have happened.
    Abandoned,
}

impl Outcome<'_> {
    /// `ok`, the code of the error, or `abandoned`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Done(_) => "ok",
            Self::Refused(error) => error.code(),
            Self::Abandoned => "abandoned",
        }
    }
}

/// A call under way, and the guards that have let it pass.
pub(super) struct Passage<'a> {
    guards: &'a [Arc<dyn Guard>],
    passed: usize,
    pub call: Call,
    reported: bool,
}

impl<'a> Passage<'a> {
    pub(super) fn new(guards: &'a [Arc<dyn Guard>], operation: OperationName, task: Option<&TaskId>) -> Self {
        let call = Call { operation, caller: Caller::current(), task: task.cloned(), began: Instant::now() };
        Self { guards, passed: 0, call, reported: false }
    }

    /// Asks one guard after the other.
    pub(super) fn ask(&mut self) -> Result<(), ApiError> {
        for guard in self.guards {
            // Counted before it is asked: the one that refuses is told of the refusal too.
            self.passed += 1;
            guard.before(&self.call)?;
        }
        Ok(())
    }

    pub(super) fn tell(mut self, outcome: Outcome<'_>) -> Call {
        self.reported = true;
        self.tell_passed(outcome);
        self.call.clone()
    }

    fn tell_passed(&self, outcome: Outcome<'_>) {
        for guard in self.guards[..self.passed].iter().rev() {
            guard.after(&self.call, outcome);
        }
    }
}

impl Drop for Passage<'_> {
    fn drop(&mut self) {
        if !self.reported {
            self.tell_passed(Outcome::Abandoned);
        }
    }
}
