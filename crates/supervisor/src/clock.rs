//! The wall clock, as everything that is stored has it.

use solti_model::unix_ms;
use std::time::SystemTime;

/// Unix milliseconds.
pub(crate) fn now_ms() -> u64 {
    unix_ms(SystemTime::now())
}
