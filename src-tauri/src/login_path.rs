//! The PATH of the person's login shell. A desktop launcher starts the app with a bare one, and a task would not find
//! the programs that it finds in a terminal. Asking is a courtesy: whatever goes wrong, the PATH stays as it is.

use std::{
    ffi::{OsStr, OsString},
    io::{IsTerminal, stderr, stdin, stdout},
    os::unix::ffi::OsStringExt,
    process::Stdio,
    time::Duration,
};
use tokio::{process::Command, time::timeout};

/// A start-up file that takes longer than this is not waited for.
const PATIENCE: Duration = Duration::from_secs(2);
/// Start-up files print things of their own; the answer stands between two of these.
const MARK: &str = "\u{1}solti-path\u{1}";

/// Asks `$SHELL`. `None` from a terminal, whose PATH is right already, and where the shell does not answer.
pub async fn ask() -> Option<OsString> {
    // An interactive shell behind a terminal would also reach for that terminal.
    if stdin().is_terminal() || stdout().is_terminal() || stderr().is_terminal() {
        return None;
    }
    ask_shell(&std::env::var_os("SHELL")?).await
}

async fn ask_shell(shell: &OsStr) -> Option<OsString> {
    let answer = Command::new(shell)
        // Interactive too: half of all PATHs are set in .bashrc or .zshrc.
        .args(["-i", "-l", "-c"])
        .arg(format!("printf '%s' '{MARK}' \"$PATH\" '{MARK}'"))
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .kill_on_drop(true)
        .output();
    let found = match timeout(PATIENCE, answer).await {
        Ok(Ok(output)) => between_marks(output.stdout),
        Ok(Err(_)) | Err(_) => None,
    };
    if found.is_none() {
        tracing::warn!("{} did not tell its PATH; tasks get the app's own", shell.display());
    }
    found
}

fn between_marks(printed: Vec<u8>) -> Option<OsString> {
    let find = |from: usize| {
        printed[from..].windows(MARK.len()).position(|at| at == MARK.as_bytes()).map(|at| from + at)
    };
    let start = find(0)? + MARK.len();
    let path = printed[start..find(start)?].to_vec();
    (!path.is_empty()).then(|| OsString::from_vec(path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, os::unix::fs::PermissionsExt};

    /// A shell that does as `body` says when it is asked.
    async fn told_by(body: &str) -> Option<OsString> {
        let dir = tempfile::tempdir().expect("temp dir");
        let shell = dir.path().join("shell");
        fs::write(&shell, format!("#!/bin/sh\n{body}\n")).expect("written");
        fs::set_permissions(&shell, fs::Permissions::from_mode(0o700)).expect("own file");
        ask_shell(shell.as_os_str()).await
    }

    #[tokio::test]
    async fn the_path_is_found_among_what_start_up_files_print() {
        let told = told_by("echo 'Welcome!'; PATH=/opt/tool/bin:$PATH; eval \"$4\"; echo Bye").await;
        assert!(told.is_some_and(|path| path.to_string_lossy().starts_with("/opt/tool/bin:")));
    }

    #[tokio::test]
    async fn a_shell_that_fails_or_hangs_is_harmless() {
        assert_eq!(told_by("exit 1").await, None);
        assert_eq!(told_by("exec sleep 60").await, None);
        assert_eq!(ask_shell(OsStr::new("/nowhere/shell")).await, None);
    }
}
