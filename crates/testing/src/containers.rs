//! The podman that tests run containers by, prepared by `scripts/containers.sh`: with storage of its own, and an image.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// An image with the programs of busybox, which is there without any registry.
pub const TEST_IMAGE: &str = "localhost/solti-test:1";

/// A `PATH` on which podman is one that works here; `None`, with a word of why, where no container can be started.
pub fn path_with_podman() -> Option<String> {
    static FOUND: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let found = FOUND.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let prepared = Command::new(root.join("scripts/containers.sh")).arg(folder()).output();
        let prepared = prepared.map_err(|error| error.to_string())?;
        match prepared.status.success() {
            true => Ok(folder().join("bin")),
            false => Err(String::from_utf8_lossy(&prepared.stderr).trim().to_owned()),
        }
    });
    match found {
        Ok(bin) => Some(format!("{}:{}", bin.display(), std::env::var("PATH").unwrap_or_default())),
        Err(why) => {
            println!("skipped: {why}");
            None
        }
    }
}

/// `target/tmp/containers`, beside what other programs are kept in for tests.
fn folder() -> PathBuf {
    let test = std::env::current_exe().expect("a program knows where it is");
    test.ancestors().nth(3).expect("in a target folder").join("tmp/containers")
}
