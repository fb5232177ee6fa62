//! What the doctor says of a data folder, sound and not.

use solti_doctor::{Scope, examine};
use solti_model::{Diagnosis, Finding, FindingState, LogSettings};
use solti_store::{Change, Store, inspect};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Whatever disk the tests run on has enough free.
fn no_floor() -> LogSettings {
    LogSettings { min_free_bytes: 0, ..LogSettings::default() }
}

fn look(dir: &Path) -> Diagnosis {
    fs::set_permissions(dir, fs::Permissions::from_mode(0o700)).unwrap();
    let shim = dir.join("shim");
    fs::write(&shim, format!("#!/bin/sh\necho solti-shim {}\n", env!("CARGO_PKG_VERSION"))).unwrap();
    fs::set_permissions(&shim, fs::Permissions::from_mode(0o700)).unwrap();
    let wasi = dir.join("no-wasi");
    let scope = Scope { data_dir: dir.to_owned(), shim, wasi, logs: no_floor() };
    examine(&scope, vec![Finding::ok("Window", "one")])
}

fn finding<'a>(diagnosis: &'a Diagnosis, what: &str) -> &'a Finding {
    diagnosis
        .findings
        .iter()
        .find(|finding| finding.what == what)
        .unwrap_or_else(|| panic!("{what}: {diagnosis:?}"))
}

async fn filled(dir: &Path) -> Store {
    let store = Store::open(dir).unwrap();
    let value = "x".repeat(20_000);
    store.apply(vec![Change::SetMeta { key: "k".into(), value }]).await.unwrap();
    store.settle().await.unwrap();
    store
}

#[tokio::test]
async fn a_sound_folder_is_well_while_the_app_has_it_open_and_stays_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let store = filled(dir.path()).await;
    store.back_up().await.unwrap();
    let before = fs::read(dir.path().join("solti.db")).unwrap();
    let diagnosis = look(dir.path());
    let said = &finding(&diagnosis, "Database").said;
    assert!(said.starts_with("sound, ") && said.contains(", 0 tasks, SQLite "), "{diagnosis:?}");
    assert!(finding(&diagnosis, "Copies").said.starts_with("1, the latest"), "{diagnosis:?}");
    assert_eq!(finding(&diagnosis, "Shim").state, FindingState::Ok);
    let limits = &finding(&diagnosis, "Limits").said;
    assert!(
        limits.contains(" running tasks by open files, ") && limits.ends_with(" by processes"),
        "{limits}"
    );
    assert_eq!(finding(&diagnosis, "Window").said, "one");
    assert_ne!(diagnosis.state(), FindingState::Problem);
    assert_eq!(fs::read(dir.path().join("solti.db")).unwrap(), before);
}

#[tokio::test]
async fn the_size_of_the_database_is_with_what_is_not_in_its_main_file_yet() {
    let dir = tempfile::tempdir().unwrap();
    let store = filled(dir.path()).await;
    let value = "y".repeat(20_000);
    store.apply(vec![Change::SetMeta { key: "l".into(), value }]).await.unwrap();
    let size = |name: &str| fs::metadata(dir.path().join(name)).unwrap().len();
    let (file, wal) = (size("solti.db"), size("solti.db-wal"));
    assert!(wal >= 20_000, "{wal}");
    assert_eq!(inspect(dir.path()).unwrap().map(|found| found.bytes), Some(file + wal));
    drop(store);
}

#[tokio::test]
async fn that_all_tasks_are_held_is_said_while_they_are() {
    let dir = tempfile::tempdir().unwrap();
    let store = filled(dir.path()).await;
    store.apply(vec![Change::hold_all(true)]).await.unwrap();
    let diagnosis = look(dir.path());
    assert_eq!(finding(&diagnosis, "Queue").state, FindingState::Warning);
    store.apply(vec![Change::hold_all(false)]).await.unwrap();
    let diagnosis = look(dir.path());
    assert!(diagnosis.findings.iter().all(|finding| finding.what != "Queue"), "{diagnosis:?}");
}

#[tokio::test]
async fn damage_is_a_problem_with_advice() {
    let dir = tempfile::tempdir().unwrap();
    drop(filled(dir.path()).await);
    let path = dir.path().join("solti.db");
    let mut bytes = fs::read(&path).unwrap();
    let half = bytes.len() / 2;
    bytes[half..].fill(0xa5);
    fs::write(&path, bytes).unwrap();
    let diagnosis = look(dir.path());
    assert_eq!(diagnosis.state(), FindingState::Problem);
    assert!(
        finding(&diagnosis, "Database")
            .advice
            .as_deref()
            .is_some_and(|advice| advice.contains("Start the app"))
    );

    drop(Store::open_or_recover(dir.path()).unwrap());
    let diagnosis = look(dir.path());
    assert_eq!(finding(&diagnosis, "Database").state, FindingState::Ok);
    assert!(finding(&diagnosis, "Damaged database").said.contains("solti.db.damaged-"));
}

#[tokio::test]
async fn folders_without_a_task_and_the_size_of_logs_are_told() {
    let dir = tempfile::tempdir().unwrap();
    drop(filled(dir.path()).await);
    let run = dir.path().join("runs/gone/1");
    fs::create_dir_all(&run).unwrap();
    fs::write(run.join("output.log"), vec![b'x'; 100_000]).unwrap();
    let diagnosis = look(dir.path());
    assert!(finding(&diagnosis, "Logs").said.ends_with("in 1 run"), "{diagnosis:?}");
    assert!(finding(&diagnosis, "Run folders").said.starts_with("1 belongs to no task"), "{diagnosis:?}");
}

#[test]
fn a_machine_on_which_the_app_never_ran_has_no_problem_but_the_missing_shim() {
    let dir = tempfile::tempdir().unwrap();
    let [data_dir, shim, wasi] = ["none", "no-shim", "no-wasi"].map(|name| dir.path().join(name));
    let place = Scope { data_dir, shim, wasi, logs: no_floor() };
    let diagnosis = examine(&place, vec![]);
    let problems: Vec<_> =
        diagnosis.findings.iter().filter(|finding| finding.state == FindingState::Problem).collect();
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!(problems[0].what, "Shim");
    assert!(!dir.path().join("none").exists(), "looking has made something");
}
