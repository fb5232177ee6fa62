//! What tasks inherit. A desktop launcher starts the app with a bare environment, and a task would not find what it finds in
//! a terminal; so the person's login shell is asked for its own when the app starts. Asking is a courtesy: whatever goes
//! wrong, tasks get the app's environment. Values are handed to tasks alone; what is shown is masked (`solti-model`).

use rustix::process::{Pid, Signal, kill_process_group};
use solti_model::{InheritedEnvironment, InheritedVariable, ShellCapture, VariableOrigin};
use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    ffi::{OsStr, OsString},
    io::{IsTerminal, stderr, stdin, stdout},
    os::unix::ffi::{OsStrExt, OsStringExt},
    process::Stdio,
    time::{Duration, Instant},
};
use tokio::{io::AsyncReadExt, process::Command, time::timeout};

/// A start-up file that takes longer than this is not waited for.
const PATIENCE: Duration = Duration::from_secs(3);
/// No environment is larger: the kernel takes at most 2 MiB by default.
const MOST: u64 = 8 * 1024 * 1024;
/// Start-up files print things of their own; the answer stands between two of these.
const MARK: &str = "\u{1}solti-environment\u{1}";
/// Set while the shell is asked, so that a start-up file can skip what is slow or needs a person.
const ASKING: &str = "SOLTI_RESOLVING_ENVIRONMENT";
/// Of the shell that was asked, and of no task.
const THE_SHELLS_OWN: [&str; 5] = [ASKING, "_", "SHLVL", "PWD", "OLDPWD"];

type Variables = BTreeMap<OsString, OsString>;

/// The environment of tasks, with where each variable comes from.
#[derive(Debug)]
pub struct Inherited {
    pub variables: Variables,
    from_shell: Variables,
    capture: ShellCapture,
}

impl Inherited {
    /// This process's environment, completed by that of `$SHELL` when `capture` says so.
    pub async fn find(capture: bool) -> Self {
        let own: Variables = env::vars_os().filter(|(name, _)| !is_the_apps_own(name)).collect();
        if !capture {
            return Self::new(own, Variables::new(), ShellCapture::Off);
        }
        // Its environment is right already, and an interactive shell would reach for the terminal.
        if stdin().is_terminal() || stdout().is_terminal() || stderr().is_terminal() {
            return Self::new(own, Variables::new(), ShellCapture::FromTerminal);
        }
        let shell = env::var_os("SHELL").unwrap_or_else(|| "/bin/sh".into());
        let started = Instant::now();
        let name = shell.to_string_lossy().into_owned();
        match ask(&shell, PATIENCE).await {
            Ok(told) => {
                let took_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
                Self::new(own, told, ShellCapture::Captured { shell: name, took_ms })
            }
            Err(reason) => {
                tracing::warn!("{name} did not tell its environment, tasks get the app's own: {reason}");
                Self::new(own, Variables::new(), ShellCapture::Failed { shell: name, reason: reason.into() })
            }
        }
    }

    fn new(own: Variables, told: Variables, capture: ShellCapture) -> Self {
        let from_shell: Variables = told
            .into_iter()
            .filter(|(name, _)| !is_the_apps_own(name) && !THE_SHELLS_OWN.iter().any(|own| name == own))
            .filter(|(name, value)| own.get(name) != Some(value))
            .collect();
        let mut variables = own;
        variables.extend(from_shell.clone());
        Self { variables, from_shell, capture }
    }

    /// The names of those that the login shell has set.
    pub fn names_from_shell(&self) -> BTreeSet<OsString> {
        self.from_shell.keys().cloned().collect()
    }

    /// What a person may see of it.
    pub fn shown(&self) -> InheritedEnvironment {
        let shown = |(name, value): (&OsString, &OsString)| {
            let origin = match self.from_shell.contains_key(name) {
                true => VariableOrigin::LoginShell,
                false => VariableOrigin::App,
            };
            InheritedVariable::masked(name, value, origin)
        };
        InheritedEnvironment {
            capture: self.capture.clone(),
            variables: self.variables.iter().map(shown).collect(),
        }
    }
}

/// Variables meant for this app's window, which would surprise a program that a task starts.
fn is_the_apps_own(name: &OsStr) -> bool {
    let name = name.as_bytes();
    name.starts_with(b"TAURI_")
        || name.starts_with(b"WEBKIT_")
        || name == b"SOLTI_LOG"
        || name == b"SOLTI_SHIM"
}

async fn ask(shell: &OsStr, patience: Duration) -> Result<Variables, &'static str> {
    let mut asked = Command::new(shell)
        // Interactive too: half of all PATHs are set in .bashrc or .zshrc.
        .args(["-i", "-l", "-c"])
        .arg(format!("printf '%s' '{MARK}'; /usr/bin/env -0; printf '%s' '{MARK}'"))
        .env(ASKING, "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(|_| "it could not be started")?;
    let group = asked.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
    let mut printed = Vec::new();
    let mut output = asked.stdout.take().ok_or("it has no output")?.take(MOST);
    let read = timeout(patience, output.read_to_end(&mut printed)).await;
    // Before it is reaped, so that the number is still its own: what its start-up files left behind goes, too.
    if let Some(group) = group {
        let _ = kill_process_group(group, Signal::KILL);
    }
    match read {
        Ok(Ok(_)) => between_marks(&printed).ok_or("it printed no environment"),
        Ok(Err(_)) => Err("its output could not be read"),
        Err(_) => Err("it took too long"),
    }
}

fn between_marks(printed: &[u8]) -> Option<Variables> {
    let find = |from: usize| {
        printed[from..].windows(MARK.len()).position(|at| at == MARK.as_bytes()).map(|at| from + at)
    };
    let start = find(0)? + MARK.len();
    let told = &printed[start..find(start)?];
    let pair = |entry: &[u8]| {
        let at = entry.iter().position(|&byte| byte == b'=').filter(|at| *at > 0)?;
        Some((OsString::from_vec(entry[..at].to_vec()), OsString::from_vec(entry[at + 1..].to_vec())))
    };
    let variables: Variables = told.split(|&byte| byte == 0).filter_map(pair).collect();
    (!variables.is_empty()).then_some(variables)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, os::unix::fs::PermissionsExt, path::Path};

    /// A shell that does as `body` says when it is asked; `$4` is the question.
    async fn told_by(body: &str) -> Result<Variables, &'static str> {
        let dir = tempfile::tempdir().expect("temp dir");
        let shell = dir.path().join("shell");
        fs::write(&shell, format!("#!/bin/sh\n{body}\n")).expect("written");
        fs::set_permissions(&shell, fs::Permissions::from_mode(0o700)).expect("own file");
        ask(shell.as_os_str(), PATIENCE).await
    }

    fn variables(pairs: &[(&str, &str)]) -> Variables {
        pairs.iter().map(|(name, value)| (name.into(), value.into())).collect()
    }

    #[tokio::test]
    async fn the_environment_is_found_among_what_start_up_files_print() {
        let told = told_by(
            "echo 'Welcome!'; export PATH=/opt/tool/bin:$PATH 'LINES_OF=one
two=2'; eval \"$4\"; echo Bye",
        )
        .await
        .expect("told");
        assert!(told[OsStr::new("PATH")].to_string_lossy().starts_with("/opt/tool/bin:"));
        assert_eq!(told[OsStr::new("LINES_OF")], "one\ntwo=2");
    }

    #[tokio::test]
    async fn a_shell_that_fails_or_hangs_is_harmless_and_leaves_nothing_behind() {
        assert!(told_by("exit 1").await.is_err());
        assert!(ask(OsStr::new("/nowhere/shell"), PATIENCE).await.is_err());
        let dir = tempfile::tempdir().expect("temp dir");
        let left = dir.path().join("pid");
        let hung = told_by(&format!("sleep 60 & echo $! > {}; wait", left.display())).await;
        assert_eq!(hung, Err("it took too long"));
        let pid = fs::read_to_string(&left).expect("written");
        let stat = Path::new("/proc").join(pid.trim()).join("stat");
        // Gone, or not yet buried by whoever adopted it.
        let ended = || fs::read_to_string(&stat).map_or(true, |stat| stat.contains(") Z "));
        let limit = Instant::now() + Duration::from_secs(20);
        while !ended() {
            assert!(Instant::now() < limit, "what the shell started is still there");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    #[test]
    fn each_variable_says_where_it_comes_from_and_secrets_stay_here() {
        let own = variables(&[("HOME", "/home/me"), ("PATH", "/bin"), ("API_TOKEN", "hush")]);
        let told = variables(&[
            ("HOME", "/home/me"),
            ("PATH", "/opt/bin:/bin"),
            ("EDITOR", "vi"),
            ("SHLVL", "2"),
            ("SOLTI_LOG", "trace"),
            ("GH_TOKEN", "hush"),
        ]);
        let capture = ShellCapture::Captured { shell: "/bin/bash".into(), took_ms: 1 };
        let inherited = Inherited::new(own, told, capture);
        assert_eq!(inherited.variables[OsStr::new("PATH")], "/opt/bin:/bin");
        assert_eq!(inherited.variables[OsStr::new("GH_TOKEN")], "hush");
        let shown = inherited.shown();
        let names: Vec<_> = shown.variables.iter().map(|v| (v.name.as_str(), v.origin)).collect();
        assert_eq!(
            names,
            [
                ("API_TOKEN", VariableOrigin::App),
                ("EDITOR", VariableOrigin::LoginShell),
                ("GH_TOKEN", VariableOrigin::LoginShell),
                ("HOME", VariableOrigin::App),
                ("PATH", VariableOrigin::LoginShell),
            ]
        );
        let json = serde_json::to_string(&shown).expect("writes");
        assert!(!json.contains("hush"), "{json}");
    }
}
