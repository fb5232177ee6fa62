//! A message bus of a test's own.

use std::process::Stdio;
use tokio::io::{AsyncBufReadExt as _, BufReader};

pub(crate) struct Bus {
    _daemon: tokio::process::Child,
    pub(crate) address: String,
}

impl Bus {
    /// `None` where there is no program for it.
    pub(crate) async fn start() -> Option<Self> {
        let mut daemon = tokio::process::Command::new("dbus-daemon")
            .args(["--session", "--nofork", "--print-address=1", "--address=unix:tmpdir=/tmp"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .ok()?;
        let mut lines = BufReader::new(daemon.stdout.take()?).lines();
        let address = lines.next_line().await.ok()??;
        Some(Self { _daemon: daemon, address })
    }
}
