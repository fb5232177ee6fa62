//! What the tests of all crates share: how long they wait, how they wait, and the shim that they start.
//!
//! A test waits for a condition, never for a time, and its limit is [`PATIENCE`]. It asserts that something takes at least so
//! long, never at most: how fast things are is what the benchmarks are for. Where two durations are compared all the same,
//! [`any_round`] measures them again on a machine that did something else meanwhile.

mod shim;
mod waiting;

pub use shim::{shim, shim_with_fail_points};
pub use waiting::{PATIENCE, any_round, until, wait_until, within};
