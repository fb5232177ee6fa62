//! The shim that tests start: cargo builds no programs of a dependency.
//!
//! `make test` builds it and says in `SOLTI_TEST_SHIM` where it is. Where nobody has, the first test asks cargo, under a lock and once for
//! all tests of one nextest run; `cargo test` says nothing of its runs, so each test program asks.

use std::fs::{self, File};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The shim of this build, absolute.
pub fn shim() -> &'static Path {
    static SHIM: OnceLock<PathBuf> = OnceLock::new();
    SHIM.get_or_init(|| match std::env::var_os("SOLTI_TEST_SHIM") {
        Some(shim) => shim.into(),
        None => build(target_dir(), &[]),
    })
}

/// A shim with fail points, in a folder of its own: the one beside the app has none.
pub fn shim_with_fail_points() -> &'static Path {
    static SHIM: OnceLock<PathBuf> = OnceLock::new();
    SHIM.get_or_init(|| build(&target_dir().join("failpoints"), &["--features", "failpoints"]))
}

/// `target/<profile>/deps/<this test>`.
fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| std::env::current_exe().expect("a program knows where it is"))
}

fn target_dir() -> &'static Path {
    program().ancestors().nth(3).expect("in a target folder")
}

fn build(target: &Path, more: &[&str]) -> PathBuf {
    let folder = program().ancestors().nth(2).and_then(Path::file_name).expect("in a profile's folder");
    let profile = target.join(folder);
    let shim = profile.join("solti-shim");
    fs::create_dir_all(&profile).expect("the target folder can be written");

    // Holds the run that it was built for last.
    let path = profile.join("solti-shim.test-run");
    let built = File::options().read(true).write(true).create(true).truncate(false).open(path);
    let mut built = built.expect("the target folder can be written");
    built.lock().expect("locked");
    let mut built_for = String::new();
    built.read_to_string(&mut built_for).expect("readable");
    let run = std::env::var("NEXTEST_RUN_ID").unwrap_or_default();
    if !run.is_empty() && run == built_for && shim.exists() {
        return shim;
    }

    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--quiet", "--package", "solti-shim", "--bin", "solti-shim"]).args(more);
    // The folder of the profile `dev` alone has another name.
    cargo.arg("--profile").arg(if folder == "debug" { "dev".as_ref() } else { folder });
    cargo.arg("--target-dir").arg(target).current_dir(env!("CARGO_MANIFEST_DIR"));
    assert!(cargo.status().expect("cargo runs").success(), "the shim is built");
    built.set_len(0).expect("writable");
    built.rewind().expect("seekable");
    built.write_all(run.as_bytes()).expect("writable");
    shim
}
