//! The order of the crates, as ARCHITECTURE.md draws it: read from their manifests, so that no arrow points up unseen.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// From below. A crate uses those of the rows before its own.
const ROWS: [&[&str]; 10] = [
    &[
        "solti-positions",
        "solti-rows",
        "solti-schedule",
        "solti-shell-line",
        "solti-wasi",
        "solti-webhook",
        "solti-whole-file",
    ],
    &["solti-model", "solti-logstore"],
    &["solti-relay", "solti-shim", "solti-store"],
    &["solti-runner"],
    &["solti-supervisor"],
    &["solti-api"],
    &["solti-doctor", "solti-engine", "solti-grpc", "solti-http", "solti-notices", "solti-service"],
    &["solti-doors", "solti-machines"],
    &["solti-holding"],
    &["solti-cli", "solti-desktop"],
];
/// No code of the app.
const ASIDE: [&str; 2] = ["solti-contract", "solti-testing"];
/// Libraries that one crate alone uses, by the beginnings of their names.
const WALLED: [(&str, &str); 6] = [
    ("rusqlite", "solti-store"),
    ("tauri", "solti-desktop"),
    ("webkit2gtk", "solti-desktop"),
    ("axum", "solti-http"),
    ("tree-sitter", "solti-shell-line"),
    ("wasmtime", "solti-wasi"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Of each crate its name and what is built into it.
fn crates() -> BTreeMap<String, Vec<String>> {
    let members = std::fs::read_dir(root().join("crates")).unwrap().map(|entry| entry.unwrap().path());
    let read = |dir: PathBuf| {
        let manifest = std::fs::read_to_string(dir.join("Cargo.toml")).unwrap();
        let manifest: toml::Table = manifest.parse().unwrap();
        let name = manifest["package"]["name"].as_str().unwrap().to_owned();
        assert_eq!(manifest["lints"]["workspace"].as_bool(), Some(true), "{name} has lints of its own");
        let targets = manifest.get("target").and_then(toml::Value::as_table);
        let targets =
            targets.into_iter().flat_map(|targets| targets.values()).filter_map(toml::Value::as_table);
        let used = std::iter::once(&manifest).chain(targets).flat_map(names).collect();
        (name, used)
    };
    members.chain([root()]).map(read).collect()
}

/// Tests may use what they like.
fn names(table: &toml::Table) -> Vec<String> {
    let kinds = ["dependencies", "build-dependencies"].into_iter();
    kinds.filter_map(|kind| table.get(kind)?.as_table()).flat_map(|used| used.keys().cloned()).collect()
}

fn row(name: &str) -> Option<usize> {
    ROWS.iter().position(|row| row.contains(&name))
}

#[test]
fn no_arrow_points_up() {
    let crates = crates();
    let has_place = |name: &str| row(name).is_some() || ASIDE.contains(&name);
    let unknown: Vec<_> = crates.keys().filter(|name| !has_place(name)).collect();
    assert!(unknown.is_empty(), "these have no place in the order yet: {unknown:?}");
    for (name, used) in &crates {
        for other in used.iter().filter(|used| used.starts_with("solti-")) {
            assert!(!ASIDE.contains(&other.as_str()), "{other} is for tests, and {name} is built with it");
            assert!(row(other) < row(name), "{name} uses {other}, which stands beside it or above");
        }
    }
}

#[test]
fn what_is_behind_a_wall_is_used_by_one_crate() {
    for (name, used) in crates() {
        for (library, only) in WALLED {
            let found: Vec<_> = used.iter().filter(|used| used.starts_with(library)).collect();
            assert!(found.is_empty() || name == only, "{name} uses {found:?}, which is for {only} alone");
        }
    }
}

/// As a shim is released; `HAS_READER` of the log store says the same when it is compiled.
#[test]
fn the_shim_has_no_more_in_it_than_it_needs() {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut tree = Command::new(cargo);
    tree.current_dir(root()).args(["tree", "--offline", "--package", "solti-shim", "--features", "released"]);
    tree.args(["--edges", "normal", "--prefix", "none", "--format", "{p}"]);
    let reported = tree.output().unwrap();
    assert!(reported.status.success(), "{}", String::from_utf8_lossy(&reported.stderr));
    let reported = String::from_utf8(reported.stdout).unwrap();
    let mut names: Vec<&str> = reported.lines().filter_map(|line| line.split(' ').next()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names, ["cfg-if", "crc32fast", "libc", "solti-logstore", "solti-positions", "solti-shim"]);
}

/// Built with the rest of the workspace it has all that others ask of its libraries.
#[test]
fn what_builds_a_release_builds_the_programs_under_runs_by_themselves() {
    let text = std::fs::read_to_string(root().join("Makefile")).unwrap();
    let builds = || text.lines().filter(|line| line.contains("build --release") && line.contains("--bins"));
    let whole = builds().filter(|line| line.contains("--workspace"));
    let without: Vec<_> = whole.filter(|line| !line.contains("--exclude solti-shim")).collect();
    assert!(without.is_empty(), "{without:?}");
    for (program, feature) in
        [("-p solti-shim", "--features released"), ("-p solti-wasi", "--features program")]
    {
        let mut alone = builds().filter(|line| line.contains(program));
        assert!(alone.all(|line| line.contains(feature)), "{program}");
        assert!(builds().any(|line| line.contains(program)), "{program}");
    }
}

/// What is public is documented, and what is not is not called so.
#[test]
fn libraries_say_what_they_offer() {
    let crates = std::fs::read_dir(root().join("crates")).unwrap().map(|entry| entry.unwrap().path());
    let libraries = crates.filter(|dir| !dir.ends_with("testing")).map(|dir| dir.join("src/lib.rs"));
    let texts = libraries.filter_map(|path| Some((std::fs::read_to_string(&path).ok()?, path)));
    let silent = texts.filter(|(text, _)| !text.contains("#![warn(missing_docs, unreachable_pub)]"));
    let silent: Vec<PathBuf> = silent.map(|(_, path)| path).collect();
    assert!(silent.is_empty(), "{silent:?}");
}
