//! The engine of a desk without a window: `solti serve` on its data folder.

use super::{APP, Desk, Owned, first_line};
use std::path::Path;
use std::process::{Command, Stdio};

pub struct Headless(Owned);

impl Headless {
    pub fn start(desk: &Desk) -> Self {
        let program = Path::new(APP).with_file_name("solti");
        assert!(program.exists(), "{} is missing: cargo build -p solti-cli", program.display());
        let mut command = Command::new(program);
        desk.surround(&mut command);
        let (running, socket) = first_line(command.arg("serve").stderr(Stdio::null()));
        assert!(socket.starts_with("unix://"), "{socket}");
        Self(running)
    }

    pub fn pid(&self) -> u32 {
        self.0.0.id()
    }

    /// Ends it at once, as a crash would.
    pub fn kill(self) {}
}
