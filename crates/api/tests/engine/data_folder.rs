//! A data folder that may not be written, or in which something was swapped: a clear error, and nothing is followed.
//!
//! Root may write everywhere, so what permissions refuse is tried as another user: the test starts itself once more.

use crate::common;
use common::{Engine, bash, command, spec, until};
use serde_json::json;
use solti_api::operations::{GetTaskRow, Operations as _, ReadLog};
use solti_api::{ApiError, ApiHandler};
use solti_model::{OutputEvent, RowNo, RunId, TaskPhase};
use solti_store::{Store, StoreError};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;

const AS_OTHER: &str = "SOLTI_TEST_AS_OTHER_USER";

fn is_root() -> bool {
    std::fs::metadata("/proc/self").unwrap().uid() == 0
}

/// Whether the rest of the test is for this process. Root starts the test again as nobody, and looks at that one's end.
fn as_other_user(test: &str) -> bool {
    if !is_root() || std::env::var_os(AS_OTHER).is_some() {
        return true;
    }
    let mut again = Command::new("setpriv");
    again.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
    again.arg(std::env::current_exe().unwrap()).args([
        &format!("data_folder::{test}"),
        "--exact",
        "--nocapture",
    ]);
    again.env(AS_OTHER, "1").env("HOME", "/").env("SOLTI_TEST_SHIM", common::shim()).current_dir("/");
    match again.output() {
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
            // A build tree in a folder of root's alone.
            if output.status.code() == Some(126) || output.status.code() == Some(127) {
                println!("skipped: another user may not run this test here: {said}");
            } else {
                assert!(output.status.success() && said.contains("1 passed"), "{said}");
            }
        }
        Err(error) => println!("skipped: no setpriv: {error}"),
    }
    false
}

fn allow(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_may_not_be_entered_fails_the_start_in_one_sentence() {
    if !as_other_user("a_directory_that_may_not_be_entered_fails_the_start_in_one_sentence") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let closed = dir.path().join("closed");
    std::fs::create_dir(&closed).unwrap();
    allow(&closed, 0o000);
    let engine = Engine::open(dir.path()).await;
    let mut kind = command("true", &[]);
    kind["subprocess"]["cwd"] = json!(closed);
    let id = engine.api.submit_task(spec("s", kind, json!({}))).await.unwrap();
    let status = engine.finished(&id).await.status;
    let sentence = format!("no permission to enter the working directory: {}", closed.display());
    assert_eq!((status.phase, status.error), (TaskPhase::Failed, Some(sentence)));
    allow(&closed, 0o700);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_for_runs_that_may_not_be_written_is_named_and_waited_for() {
    if !as_other_user("a_folder_for_runs_that_may_not_be_written_is_named_and_waited_for") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let runs = dir.path().join("runs");
    allow(&runs, 0o500);
    let id = engine.api.submit_task(spec("s", bash("echo hi"), json!({}))).await.unwrap();
    let named = runs.join(id.as_str());
    let is_told = async || {
        let row = engine.api.ask(GetTaskRow { id: id.clone() }).await.unwrap().unwrap();
        let trouble = row.trouble.unwrap_or_default();
        trouble.contains(&*named.to_string_lossy()) && trouble.contains("Permission denied")
    };
    common::until_async("the row says why", is_told).await;
    allow(&runs, 0o700);
    assert_eq!(engine.finished(&id).await.status.phase, TaskPhase::Succeeded);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_may_not_be_written_is_a_clear_error() {
    if !as_other_user("a_database_that_may_not_be_written_is_a_clear_error") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    drop(Store::open(dir.path()).unwrap());
    allow(&dir.path().join("solti.db"), 0o400);
    allow(dir.path(), 0o500);
    let refused = Store::open(dir.path()).err();
    assert!(
        matches!(
            refused,
            Some(
                StoreError::ReadOnly(_)
                    | StoreError::Io(_)
                    | StoreError::Unopened(_)
                    | StoreError::Open { .. }
            )
        ),
        "{refused:?}"
    );
    allow(dir.path(), 0o700);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_folder_that_became_a_symlink_is_not_followed() {
    let dir = tempfile::tempdir().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let precious = elsewhere.path().join("output.log");
    std::fs::write(&precious, "precious\n").unwrap();
    let engine = Engine::open(dir.path()).await;
    // More than is packed into one file, and less.
    let (large, small) = ("yes mine | head -c 100000", "echo mine");
    let submit = |text| engine.api.submit_task(spec("s", bash(text), json!({"admission": "queue"})));
    let folders = engine.supervisor.folders();

    // The folder of a run, the one file of a small one, and the folder of a whole task.
    for (text, what) in [(large, "1"), (small, "1.log"), (large, ""), (small, "")] {
        let id = submit(text).await.unwrap();
        engine.finished(&id).await;
        let task = folders.run(&id, 1).parent().unwrap().to_owned();
        // Meanwhile the app tidies the folder under our hands. It tidies one run after another: when it has begun with a later
        // one, it is done with this one.
        let later = submit(small).await.unwrap();
        engine.finished(&later).await;
        let later = folders.run(&later, 1);
        until("the next one is being tidied", || !later.join("exit").exists()).await;
        let swapped = if what.is_empty() { task } else { task.join(what) };
        let target = match what {
            "" => elsewhere.path().parent().unwrap(),
            "1.log" => &precious,
            _ => elsewhere.path(),
        };
        match swapped.is_dir() {
            true => std::fs::remove_dir_all(&swapped).unwrap(),
            false => std::fs::remove_file(&swapped).unwrap(),
        }
        symlink(target, &swapped).unwrap();
        if !what.is_empty() {
            let read = engine
                .api
                .ask(ReadLog { run: RunId::new(id.clone(), 1), from: RowNo::ZERO, count: 10 })
                .await;
            let Err(ApiError::Unavailable { reason }) = read else { panic!("{what}: {read:?}") };
            assert!(reason.starts_with("log file cannot be opened: "), "{reason}");
            let log = engine.log(&id).await;
            let [.., OutputEvent::Lagged { reason: Some(told), .. }, OutputEvent::RunFinished { .. }] =
                &log[..]
            else {
                panic!("{what}: {log:?}")
            };
            assert_eq!(*told, reason);
        }
        engine.api.delete_task(&id).await.unwrap();
        assert_eq!(std::fs::read_to_string(&precious).unwrap(), "precious\n");
        assert!(swapped.symlink_metadata().is_err(), "{what}: the symlink itself is gone");
    }
}
