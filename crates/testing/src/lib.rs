//! What the tests of all crates share: how long they wait, how they wait, the programs that they start, and the part of the page that is
//! generated.
//!
//! A test waits for a condition, never for a time, and its limit is [`PATIENCE`]. It asserts that something takes at least so
//! long, never at most: how fast things are is what the benchmarks are for. Where two durations are compared all the same,
//! [`any_round`] measures them again on a machine that did something else meanwhile.

mod bus;
mod containers;
mod disk;
mod generated;
mod journal;
mod modules;
mod port;
mod programs;
mod slurm;
mod waiting;

pub use bus::{Bus, Ends};
pub use containers::{Registry, TEST_IMAGE, TestEngine, on_engine};
pub use disk::SmallDisk;
pub use generated::{imports_from_model, keep_generated};
pub use journal::Journal;
pub use modules::wasm_of_c;
pub use port::free_port;
pub use programs::{shim, shim_with_fail_points, wasi};
pub use slurm::TestCluster;
pub use waiting::{PATIENCE, any_round, now_ms, until, until_async, wait_until, within};
