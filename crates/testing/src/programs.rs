//! The programs that tests start: cargo builds none of a dependency.
//!
//! `make test` builds them and says in `SOLTI_TEST_SHIM` and `SOLTI_TEST_WASI` where they are. Where nobody has, the first test asks cargo,
//! under a lock and once for all tests of one nextest run; `cargo test` says nothing of its runs, so each test program asks.

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
        None => build(target_dir(), "solti-shim", &[]),
    })
}

/// The program of this build that runs WebAssembly, absolute. From nothing it takes some minutes to build.
pub fn wasi() -> &'static Path {
    static WASI: OnceLock<PathBuf> = OnceLock::new();
    WASI.get_or_init(|| match std::env::var_os("SOLTI_TEST_WASI") {
        Some(wasi) => wasi.into(),
        None => build(target_dir(), "solti-wasi", &["--features", "program"]),
    })
}

/// A shim with fail points, in a folder of its own: the one beside the app has none.
pub fn shim_with_fail_points() -> &'static Path {
    static SHIM: OnceLock<PathBuf> = OnceLock::new();
    SHIM.get_or_init(|| build(&target_dir().join("failpoints"), "solti-shim", &["--features", "failpoints"]))
}

/// `target/<profile>/deps/<this test>`.
fn this_test() -> &'static Path {
    static TEST: OnceLock<PathBuf> = OnceLock::new();
    TEST.get_or_init(|| std::env::current_exe().expect("a program knows where it is"))
}

fn target_dir() -> &'static Path {
    this_test().ancestors().nth(3).expect("in a target folder")
}

fn build(target: &Path, name: &str, more: &[&str]) -> PathBuf {
    let folder = this_test().ancestors().nth(2).and_then(Path::file_name).expect("in a profile's folder");
    let profile = target.join(folder);
    let program = profile.join(name);
    fs::create_dir_all(&profile).expect("the target folder can be written");

    // Holds the run that it was built for last.
    let path = profile.join(format!("{name}.test-run"));
    let built = File::options().read(true).write(true).create(true).truncate(false).open(path);
    let mut built = built.expect("the target folder can be written");
    built.lock().expect("locked");
    let mut built_for = String::new();
    built.read_to_string(&mut built_for).expect("readable");
    let run = std::env::var("NEXTEST_RUN_ID").unwrap_or_default();
    if !run.is_empty() && run == built_for && program.exists() {
        return program;
    }

    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--quiet", "--package", name, "--bin", name]).args(more);
    // The folder of the profile `dev` alone has another name.
    cargo.arg("--profile").arg(if folder == "debug" { "dev".as_ref() } else { folder });
    cargo.arg("--target-dir").arg(target).current_dir(env!("CARGO_MANIFEST_DIR"));
    assert!(cargo.status().expect("cargo runs").success(), "{name} is built");
    built.set_len(0).expect("writable");
    built.rewind().expect("seekable");
    built.write_all(run.as_bytes()).expect("writable");
    program
}
