//! Containers by real engines: what their programs get, how they end, why they do not start, and that nothing of them is left.

#[path = "../common/mod.rs"]
mod common;

mod behaviour;
mod memory;
mod pull;
mod rootless;
mod stand_in;
mod start_failures;
mod support;
mod without_app;
