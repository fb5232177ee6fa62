//! Times as a person reads them.

use std::time::{Duration, SystemTime};

/// How long ago that was, in Unix milliseconds.
pub(crate) fn age(at_ms: u64) -> String {
    let then = SystemTime::UNIX_EPOCH + Duration::from_millis(at_ms);
    let minutes = SystemTime::now().duration_since(then).unwrap_or_default().as_secs() / 60;
    match minutes {
        0 => "just now".into(),
        1..120 => format!("{minutes} min ago"),
        120..2880 => format!("{} h ago", minutes / 60),
        _ => format!("{} days ago", minutes / 1440),
    }
}
