//! Jobs of a real Slurm cluster, which is started for each test: three nodes that are this machine. Where it cannot be, the tests say why
//! and pass.

#[path = "../common/mod.rs"]
mod common;

mod check;
mod ends;
mod faults;
mod hanging_folder;
mod life;
mod preview;
mod recovery;
mod stand_ins;
mod support;
