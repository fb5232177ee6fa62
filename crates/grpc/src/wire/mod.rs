//! The messages of `proto/`, and what each means in the model. Three files for orders, one for tasks, two for logs.
//!
//! Towards the model a conversion may fail and names the field as the JSON of a task does; towards the wire it cannot.
//! Which values are legal is not decided here but by the model's own validation.

mod container;
mod env;
mod event;
mod position;
mod spec;
mod task;

pub(crate) use event::{event_from_wire, event_to_wire};
pub(crate) use position::{Resume, pass, position_from_wire, position_to_wire};
pub(crate) use spec::{spec_from_wire, spec_to_wire};
pub(crate) use task::{
    phase_from_wire, phase_to_wire, run_from_wire, run_to_wire, task_from_wire, task_to_wire,
};

use solti_model::FieldError;

/// An enum field that holds the word for "not given", or a number that this version does not know.
fn not_a_value(field: &str, number: i32) -> FieldError {
    match number {
        0 => FieldError::new(field, "must be specified"),
        other => FieldError::new(field, format!("{other} is not a known value")),
    }
}

fn given<T>(field: &str, value: Option<T>) -> Result<T, FieldError> {
    value.ok_or_else(|| FieldError::new(field, "must be given"))
}

/// Unix milliseconds as the wire has them. The last moment of an `i64` is 292 million years away.
fn time_to_wire(ms: u64) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX)
}

fn time_from_wire(ms: i64) -> u64 {
    u64::try_from(ms).unwrap_or(0)
}
