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

use solti_model::unix_ms;
use std::time::SystemTime;

pub use adapter::SupervisorApiAdapter;
pub use stored_settings::StoredSettings;

/// Unix milliseconds.
fn now_ms() -> u64 {
    unix_ms(SystemTime::now())
}
