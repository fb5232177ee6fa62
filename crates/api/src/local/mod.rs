//! The contract and every operation over the engine of this machine. Only with the feature `local`: clients and transports do
//! without the supervisor, the store and the shim.

mod adapter;
mod completion;
mod digest;
mod hooks;
mod job_calendar;
mod job_secrets;
mod jobs;
mod links;
mod log_events;
mod log_stream;
mod logs;
mod queue;
mod refusal;
mod rows;
mod run_environment;
mod runners;
mod secrets;
mod spans;
mod stored_settings;
mod usage;

use std::time::{SystemTime, UNIX_EPOCH};

pub use adapter::SupervisorApiAdapter;
pub use stored_settings::StoredSettings;

/// Unix milliseconds.
fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
