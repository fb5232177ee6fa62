//! `solti serve` as a service of a real user manager of systemd, on a kernel of its own (`scripts/in-uml.sh`): its tasks outlive
//! it, and their limits are enforced.

#[path = "../support/mod.rs"]
mod support;

use std::path::Path;
use std::process::Command;

fn is_there(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

#[test]
fn tasks_outlive_the_service_that_holds_them_and_their_limits_are_enforced() {
    for program in ["linux.uml", "systemd", "systemd-run", "busctl", "dbus-daemon"] {
        if !is_there(program) {
            return println!("skipped: no {program}");
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let inside = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/user_manager/inside.sh");
    let output = Command::new(root.join("scripts/in-uml.sh"))
        .arg("sh")
        .arg(inside)
        .args([Path::new(env!("CARGO_BIN_EXE_solti")), support::shim()])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("all as it should be"), "{said}");
}
