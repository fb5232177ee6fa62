//! A program in the place of ssh, to reach another machine that is this one.
#![allow(clippy::disallowed_methods, reason = "a test may block")]
#![allow(dead_code, reason = "each test file uses its own part")]

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// Writes down how it was called, and speaks for the socket as `solti connect` does.
const BRIDGE: &str = r#"#!/usr/bin/env python3
import os, socket, sys, threading
with open(NOTES, "a") as notes:
    notes.write(" ".join(sys.argv[1:]) + "\n")
peer = socket.socket(socket.AF_UNIX)
peer.connect(SOCKET)
def send():
    while data := os.read(0, 65536):
        peer.sendall(data)
    peer.shutdown(socket.SHUT_WR)
threading.Thread(target=send, daemon=True).start()
while data := peer.recv(65536):
    while data:
        data = data[os.write(1, data):]
"#;

/// Calls are written down in `<dir>/notes`.
pub fn bridge_to(socket: &Path, dir: &Path) -> PathBuf {
    let text = BRIDGE.replace("NOTES", &format!("{:?}", dir.join("notes")));
    program(dir, &text.replace("SOCKET", &format!("{socket:?}")))
}

pub fn program(dir: &Path, text: &str) -> PathBuf {
    let path = dir.join("ssh");
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}
