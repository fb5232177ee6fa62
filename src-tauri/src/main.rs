//! The desktop program. Everything is in the library, where tests can reach it.

// No console window beside the app on Windows.
#![cfg_attr(all(windows, not(debug_assertions)), windows_subsystem = "windows")]

use std::process::ExitCode;

fn main() -> ExitCode {
    solti_desktop::run()
}
