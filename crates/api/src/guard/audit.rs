//! Who changed what: one event a change in the app's log, target `solti::audit`. The log is bounded where it is written.

use crate::guard::{Call, Guard, Outcome};

/// Notes each call that changes something, refused ones too, with its caller and what became of it.
pub struct Audit;

impl Guard for Audit {
    fn after(&self, call: &Call, outcome: Outcome<'_>) {
        if !call.operation.changes() {
            return;
        }
        let made = match outcome {
            Outcome::Done(made) => made,
            Outcome::Refused(_) | Outcome::Abandoned => None,
        };
        let task = made.or(call.task.as_ref()).map(tracing::field::display);
        tracing::info!(
            target: "solti::audit",
            caller = %call.caller,
            operation = call.operation.word(),
            task,
            outcome = outcome.word(),
        );
    }
}
