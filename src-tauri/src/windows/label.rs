//! What windows are named: Tauri and the capabilities know them by it.

pub const MAIN: &str = "main";
const LOG_PREFIX: &str = "log-";
/// The name under which the size and position of log windows are kept.
pub const LOG_PLACE: &str = "log";

/// The label of the log window with this number.
pub fn of_log(number: u32) -> String {
    format!("{LOG_PREFIX}{number}")
}

/// The name under which a window's size and position are kept.
pub fn remembered_as(label: &str) -> &str {
    if label.starts_with(LOG_PREFIX) { LOG_PLACE } else { label }
}
