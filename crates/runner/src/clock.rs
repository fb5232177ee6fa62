//! The clock on the wall.

use solti_model::unix_ms;
use std::time::SystemTime;

/// Unix milliseconds.
pub(crate) fn now_ms() -> u64 {
    unix_ms(SystemTime::now())
}
