//! A desk for one test: a screen, a session bus and a data folder of its own, and the real app on them, driven
//! through WebKitWebDriver as a person drives it. Nothing of it is shared, so tests neither meet each other nor the
//! app of whoever runs them.
//!
//! With SOLTI_SCREENSHOTS set to a folder, `AppWindow::look` leaves pictures there.

#![allow(dead_code, unused_imports, reason = "the tests and the benchmark use a part each")]

mod desk;
mod headless;
mod kept_logs;
pub mod panel;
mod screen;
mod server;
mod window;

pub use desk::Desk;
pub use headless::Headless;
pub use server::Server;
pub use window::AppWindow;

use std::{
    io::{BufRead, BufReader},
    os::unix::process::CommandExt,
    process::{Child, Command, Stdio},
};

const APP: &str = env!("CARGO_BIN_EXE_solti-desktop");

/// A child that does not outlive the test.
struct Owned(Child);

impl Drop for Owned {
    fn drop(&mut self) {
        // The group: a driver's app goes with the driver. Tasks have sessions of their own and stay, as they should.
        if let Some(group) = rustix::process::Pid::from_raw(self.0.id() as i32) {
            rustix::process::kill_process_group(group, rustix::process::Signal::KILL).ok();
        }
        self.0.wait().ok();
    }
}

fn spawn(command: &mut Command) -> Owned {
    let name = command.get_program().to_string_lossy().into_owned();
    Owned(command.process_group(0).spawn().unwrap_or_else(|error| panic!("{name}: {error}; run `make deps`")))
}

/// Starts a program that says on its first line where it can be reached.
fn first_line(command: &mut Command) -> (Owned, String) {
    let mut child = spawn(command.stdout(Stdio::piped()));
    let mut line = String::new();
    let out = child.0.stdout.take().expect("piped");
    BufReader::new(out).read_line(&mut line).expect("it says where it is");
    (child, line.trim().to_owned())
}

/// A log window has the name of its task first.
fn is_main(title: &str) -> bool {
    title == "Solti" || title.starts_with("Solti · ")
}
