//! A data folder that cannot be used: the app says which and why, and ends; it shows no window and writes nothing.

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt, chown},
    path::Path,
    process::{Command, Output},
};

const APP: &str = env!("CARGO_BIN_EXE_solti-desktop");
const NOBODY: u32 = 65_534;

fn is_root() -> bool {
    fs::metadata("/proc/self").expect("readable").uid() == 0
}

/// Starts the app; as another user when this is root, who may write everywhere.
fn start(data: &Path, as_nobody: bool) -> Output {
    let mut command = Command::new("setpriv");
    if as_nobody {
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
    }
    command.arg(APP).env("SOLTI_DATA_DIR", data).env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
    command.output().expect("setpriv is part of util-linux")
}

fn refusal(output: &Output, data: &Path) -> String {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains(&*data.to_string_lossy()), "the folder is not named: {said}");
    said
}

#[test]
fn a_data_folder_of_another_user_is_refused_and_left_alone() {
    if !is_root() {
        println!("skipped: only root can give a folder away");
        return;
    }
    let data = tempfile::tempdir().expect("temp dir");
    chown(data.path(), Some(NOBODY), Some(NOBODY)).expect("root may");
    let said = refusal(&start(data.path(), false), data.path());
    assert!(said.contains("belongs to another user"), "{said}");
    assert_eq!(fs::read_dir(data.path()).expect("readable").count(), 0, "something was written into it");
}

#[test]
fn a_data_folder_that_may_not_be_written_is_refused_in_one_sentence() {
    let data = tempfile::tempdir().expect("temp dir");
    if is_root() {
        chown(data.path(), Some(NOBODY), Some(NOBODY)).expect("root may");
    }
    fs::set_permissions(data.path(), fs::Permissions::from_mode(0o500)).expect("own folder");
    let said = refusal(&start(data.path(), is_root()), data.path());
    assert!(said.contains("Permission denied") && said.lines().count() == 1, "{said}");
}

#[test]
fn without_a_screen_it_says_so_in_one_sentence() {
    let data = tempfile::tempdir().expect("temp dir");
    let output = start(data.path(), false);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("no screen") && said.contains("solti serve"), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[test]
fn help_the_version_and_wrong_arguments_need_no_screen() {
    let ask = |word: &std::ffi::OsStr| {
        let mut command = Command::new(APP);
        command.arg(word).env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
        command.output().expect("started")
    };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let help = ask("--help".as_ref());
    assert!(help.status.success() && text(&help.stdout).contains("solti://log/"), "{help:?}");
    let version = ask("--version".as_ref());
    assert!(text(&version.stdout).starts_with("solti-desktop "), "{version:?}");
    for wrong in [&b"--bogus"[..], b"nonsense", b"solti://log/\xff"] {
        let refused = ask(std::os::unix::ffi::OsStrExt::from_bytes(wrong));
        let said = text(&refused.stderr);
        assert_eq!(refused.status.code(), Some(2), "{said}");
        assert!(!said.contains("panicked"), "{said}");
    }
}
