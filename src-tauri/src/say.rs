//! What the program says where it was started.

use std::io::Write as _;

/// A line on standard error. Who has closed that does not want to hear of it.
pub fn say(words: &str) {
    writeln!(std::io::stderr(), "solti: {words}").ok();
}
