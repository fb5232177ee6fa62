//! A message bus of a test's own, and a keyring on it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A program that ends with the test.
pub struct Ends(Child);

impl Ends {
    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.0.try_wait().expect("a child of the test").is_some()
    }
}

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// A session bus that nobody else is on.
pub struct Bus {
    /// Where it is, as `DBUS_SESSION_BUS_ADDRESS` has it.
    pub address: String,
    _daemon: Ends,
}

impl Bus {
    /// `None` where there is no program for it.
    pub fn start() -> Option<Self> {
        let mut daemon = Command::new("dbus-daemon")
            .args(["--session", "--nofork", "--print-address=1", "--address=unix:tmpdir=/tmp"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let output = daemon.stdout.take()?;
        let daemon = Ends(daemon);
        let mut address = String::new();
        BufReader::new(output).read_line(&mut address).ok()?;
        Some(Self { address: address.trim().to_owned(), _daemon: daemon })
    }

    /// GNOME's keyring, unlocked with a password; it may take a moment until it is on the bus. `None` where it is not installed.
    pub fn gnome_keyring(&self, home: &Path) -> Option<Ends> {
        let mut daemon = Command::new("gnome-keyring-daemon")
            .args(["--foreground", "--unlock", "--components=secrets"])
            .env("DBUS_SESSION_BUS_ADDRESS", &self.address)
            .envs(["HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR"].map(|variable| (variable, home)))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let input = daemon.stdin.take();
        let daemon = Ends(daemon);
        input?.write_all(b"of the test").ok()?;
        Some(daemon)
    }
}
