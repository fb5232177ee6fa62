//! What tasks inherit. A desktop launcher starts the app with a bare environment, and a task would not find what it finds in
//! a terminal; so the person's login shell is asked for its own when the app starts. Asking is a courtesy: whatever goes
//! wrong, tasks get the app's environment. Values are handed to tasks alone; what is shown is masked (`solti-model`).

use rustix::process::{Pid, Signal, kill_process_group};
use solti_model::{InheritedEnvironment, InheritedVariable, ShellCapture, VariableOrigin};
use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    ffi::{OsStr, OsString},
    io::{self, IsTerminal, stderr, stdin, stdout},
    os::unix::ffi::{OsStrExt, OsStringExt},
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    process::{Child, Command},
    time::timeout,
};

/// A start-up file that takes longer than this is not waited for.
const PATIENCE: Duration = Duration::from_secs(3);
/// For a shell that has answered, or will not, to end by itself.
const GRACE: Duration = Duration::from_secs(2);
/// No environment is larger: the kernel takes at most 2 MiB by default.
const MOST: u64 = 8 * 1024 * 1024;
/// Start-up files print things of their own; the answer stands between these. They differ, because the first is in the
/// answer as well where a shell keeps the last argument in `_`.
const BEGIN: &str = "\u{1}solti-environment\u{1}";
const END: &str = "\u{1}solti-environment-end\u{1}";
/// Set while the shell is asked, so that a start-up file can skip what is slow or needs a person.
const ASKING: &str = "SOLTI_RESOLVING_ENVIRONMENT";
/// A variable in which the app names those that it has set for its own window, apart by spaces. No task inherits them.
pub const SET_FOR_THE_WINDOW: &str = "SOLTI_SET_FOR_THE_WINDOW";
/// Of the shell that was asked, and of no task.
const THE_SHELLS_OWN: [&str; 5] = [ASKING, "_", "SHLVL", "PWD", "OLDPWD"];

type Variables = BTreeMap<OsString, OsString>;

/// The environment of tasks, with where each variable comes from.
#[derive(Debug)]
pub(crate) struct Inherited {
    pub variables: Variables,
    from_shell: Variables,
    capture: ShellCapture,
}

impl Inherited {
    /// This process's environment, completed by that of `$SHELL` when `capture` says so.
    pub(crate) async fn find(capture: bool) -> Self {
        let own = for_tasks(env::vars_os().collect());
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
            Ok(reported) => {
                let took_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
                if let Some(problem) = reported.problem {
                    tracing::warn!("{name} told a part of its environment, which tasks get: {problem}");
                }
                let problem = reported.problem.map(str::to_owned);
                Self::new(own, reported.variables, ShellCapture::Captured { shell: name, took_ms, problem })
            }
            Err(reason) => {
                tracing::warn!("{name} did not tell its environment, tasks get the app's own: {reason}");
                Self::new(own, Variables::new(), ShellCapture::Failed { shell: name, reason: reason.into() })
            }
        }
    }

    fn new(own: Variables, reported: Variables, capture: ShellCapture) -> Self {
        let from_shell: Variables = reported
            .into_iter()
            .filter(|(name, _)| !is_the_apps_own(name) && !THE_SHELLS_OWN.iter().any(|own| name == own))
            .filter(|(name, value)| own.get(name) != Some(value))
            .collect();
        let mut variables = own;
        variables.extend(from_shell.clone());
        Self { variables, from_shell, capture }
    }

    /// The names of those that the login shell has set.
    pub(crate) fn names_from_shell(&self) -> BTreeSet<OsString> {
        self.from_shell.keys().cloned().collect()
    }

    /// What a person may see of it.
    pub(crate) fn shown(&self) -> InheritedEnvironment {
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

/// Of the app's own environment, what its tasks get.
fn for_tasks(own: Variables) -> Variables {
    let set = own.get(OsStr::new(SET_FOR_THE_WINDOW)).cloned().unwrap_or_default();
    let is_set = |name: &OsStr| set.as_bytes().split(|byte| *byte == b' ').any(|set| set == name.as_bytes());
    own.into_iter().filter(|(name, _)| !is_the_apps_own(name) && !is_set(name)).collect()
}

/// Variables meant for this app's window, which would surprise a program that a task starts.
fn is_the_apps_own(name: &OsStr) -> bool {
    let name = name.as_bytes();
    name.starts_with(b"TAURI_")
        || name.starts_with(b"WEBKIT_")
        || name == b"SOLTI_LOG"
        || name == b"SOLTI_SHIM"
        || name == b"SOLTI_WASI"
        || name == b"SOLTI_RENDERER"
        || name == SET_FOR_THE_WINDOW.as_bytes()
}

/// What a shell has told.
#[derive(Debug, PartialEq)]
struct ShellEnvironment {
    variables: Variables,
    /// Why it is not all; half a sentence.
    problem: Option<&'static str>,
}

/// How a shell is asked.
struct Question {
    arguments: Vec<String>,
    /// What is typed into it; nothing when its arguments say all.
    typed: Option<String>,
    /// A login shell by the dash before its name, as login(1) starts it.
    dash: bool,
}

impl Question {
    /// By the name of the shell: as a login shell, and as an interactive one, because half of all PATHs are set in .bashrc or
    /// .zshrc. A shell that is not named here is asked in the way of POSIX.
    fn to(shell: &OsStr) -> Self {
        // Of what not every shell has built in, only `/usr/bin/env` is at the same place everywhere.
        let answer = |printf: &str, env: &str, end: &str| {
            format!("{printf} '%s' '{BEGIN}'{end}; {env} -0{end}; {printf} '%s' '{END}'{end}")
        };
        let command = |flags: &[&str], command| Self {
            arguments: flags.iter().map(ToString::to_string).chain([command]).collect(),
            typed: None,
            dash: false,
        };
        match Path::new(shell).file_name().and_then(OsStr::to_str).unwrap_or_default() {
            // They refuse `-l` beside `-c`, and with `-c` a start-up file cannot see that a person is meant (`$?prompt`).
            "csh" | "tcsh" | "bsd-csh" => Self {
                arguments: vec![],
                typed: Some(answer("/usr/bin/env printf", "/usr/bin/env", "") + "; exit\n"),
                dash: true,
            },
            "nu" => command(&["-l", "-c"], answer("^/usr/bin/env printf", "^/usr/bin/env", "")),
            "xonsh" => command(&["-i", "-l", "-c"], answer("$[/usr/bin/env printf", "$[/usr/bin/env", "]")),
            // bash, zsh, ksh, dash, ash, fish, …
            _ => command(&["-i", "-l", "-c"], answer("printf", "/usr/bin/env", "")),
        }
    }
}

async fn ask(shell: &OsStr, patience: Duration) -> Result<ShellEnvironment, &'static str> {
    ask_with(shell, patience, &[]).await
}

/// `more`: variables of the shell beside those of this process.
async fn ask_with(
    shell: &OsStr,
    patience: Duration,
    more: &[(&str, &OsStr)],
) -> Result<ShellEnvironment, &'static str> {
    let question = Question::to(shell);
    let mut command = Command::new(shell);
    if question.dash {
        let mut name = OsString::from("-");
        name.push(Path::new(shell).file_name().unwrap_or(shell));
        command.arg0(name);
    }
    let mut asked = command
        .args(question.arguments)
        .env(ASKING, "1")
        .envs(more.iter().copied())
        .stdin(if question.typed.is_some() { Stdio::piped() } else { Stdio::null() })
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(|_| "it could not be started")?;
    let group = asked.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
    if let (Some(text), Some(mut input)) = (question.typed, asked.stdin.take()) {
        // It fits into the pipe. A shell that is gone already is told of below.
        input.write_all(text.as_bytes()).await.ok();
    }
    let mut answer = ShellOutput::default();
    let mut output = asked.stdout.take().ok_or("it has no output")?.take(MOST);
    let read = timeout(patience, answer.read(&mut output)).await;
    if let Some(group) = group {
        end(asked, group);
    }
    let problem = match read {
        Ok(Ok(())) if answer.end.is_some() => None,
        Ok(Ok(())) if answer.start.is_none() => Some("it printed no environment"),
        Ok(Ok(())) => Some("it broke off"),
        Ok(Err(_)) => Some("its output could not be read"),
        Err(_) => Some("it took too long"),
    };
    let variables = answer.variables();
    if variables.is_empty() {
        return Err(problem.unwrap_or("it printed no environment"));
    }
    Ok(ShellEnvironment { variables, problem })
}

/// Ends the shell and what its start-up files left behind, with a grace: they may hold locks that only they remove.
fn end(shell: Child, group: Pid) {
    // An interactive shell heeds the first of these alone. Members that are gone are no error.
    for signal in [Signal::HUP, Signal::TERM] {
        kill_process_group(group, signal).ok();
    }
    tokio::spawn(async move {
        tokio::time::sleep(GRACE).await;
        kill_process_group(group, Signal::KILL).ok();
        // Not reaped before, so that the number is still its own.
        drop(shell);
    });
}

/// What a shell has printed so far. Its start-up files print things of their own, and may leave a job behind that keeps the
/// output open: so it ends with its mark.
#[derive(Default)]
struct ShellOutput {
    printed: Vec<u8>,
    /// Behind its first mark.
    start: Option<usize>,
    /// Before the other one.
    end: Option<usize>,
    /// Up to there no mark begins that was not seen.
    looked: usize,
}

impl ShellOutput {
    /// Until the mark behind it, or the end of the output.
    async fn read(&mut self, output: &mut (impl AsyncRead + Unpin)) -> io::Result<()> {
        while self.end.is_none() && output.read_buf(&mut self.printed).await? > 0 {
            self.look();
        }
        Ok(())
    }

    fn look(&mut self) {
        while self.end.is_none() {
            let mark = if self.start.is_none() { BEGIN } else { END }.as_bytes();
            let found = self.printed[self.looked..].windows(mark.len()).position(|at| at == mark);
            let Some(at) = found.map(|at| self.looked + at) else {
                self.looked = self.looked.max((self.printed.len() + 1).saturating_sub(mark.len()));
                return;
            };
            self.looked = at + mark.len();
            match self.start {
                None => self.start = Some(self.looked),
                Some(_) => self.end = Some(at),
            }
        }
    }

    /// Those that are whole.
    fn variables(&self) -> Variables {
        let Some(start) = self.start else { return Variables::new() };
        let reported = &self.printed[start..self.end.unwrap_or(self.printed.len())];
        let whole = reported.iter().rposition(|&byte| byte == 0).map_or(0, |last| last + 1);
        let pair = |entry: &[u8]| {
            let at = entry.iter().position(|&byte| byte == b'=').filter(|at| *at > 0)?;
            Some((OsString::from_vec(entry[..at].to_vec()), OsString::from_vec(entry[at + 1..].to_vec())))
        };
        reported[..whole].split(|&byte| byte == 0).filter_map(pair).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use solti_testing::{PATIENCE as NO_LIMIT, until};
    use std::{fs, os::unix::fs::PermissionsExt, path::Path};

    /// A shell that does as `body` says when it is asked; `$4` is the question.
    async fn environment_by(body: &str, patience: Duration) -> Result<ShellEnvironment, &'static str> {
        let dir = tempfile::tempdir().expect("temp dir");
        let shell = dir.path().join("shell");
        fs::write(&shell, format!("#!/bin/sh\n{body}\n")).expect("written");
        fs::set_permissions(&shell, fs::Permissions::from_mode(0o700)).expect("own file");
        ask(shell.as_os_str(), patience).await
    }

    fn variables(pairs: &[(&str, &str)]) -> Variables {
        pairs.iter().map(|(name, value)| (name.into(), value.into())).collect()
    }

    /// Until the process whose number is in the file is gone, or not yet buried by whoever adopted it.
    async fn ended(pid: &Path) {
        let pid = fs::read_to_string(pid).expect("written");
        let stat = Path::new("/proc").join(pid.trim()).join("stat");
        until("what the shell started has ended", || {
            fs::read_to_string(&stat).map_or(true, |stat| stat.contains(") Z "))
        })
        .await;
    }

    #[test]
    fn what_the_app_has_set_for_its_window_is_no_task_s() {
        let own = variables(&[
            ("LIBGL_ALWAYS_SOFTWARE", "1"),
            ("MINE", "1"),
            ("SOLTI_RENDERER", "safe"),
            ("SOLTI_SET_FOR_THE_WINDOW", "LIBGL_ALWAYS_SOFTWARE __EGL_VENDOR_LIBRARY_FILENAMES"),
            ("WEBKIT_DISABLE_COMPOSITING_MODE", "1"),
        ]);
        assert_eq!(for_tasks(own), variables(&[("MINE", "1")]));
        // Who has set it for everything has set it for tasks.
        let own = variables(&[("LIBGL_ALWAYS_SOFTWARE", "1")]);
        assert_eq!(for_tasks(own.clone()), own);
    }

    #[tokio::test]
    async fn the_environment_is_found_among_what_start_up_files_print() {
        let reported = environment_by(
            "echo 'Welcome!'; export PATH=/opt/tool/bin:$PATH 'LINES_OF=one
two=2'; eval \"$4\"; echo Bye",
            NO_LIMIT,
        )
        .await
        .expect("told");
        assert_eq!(reported.problem, None);
        assert!(reported.variables[OsStr::new("PATH")].to_string_lossy().starts_with("/opt/tool/bin:"));
        assert_eq!(reported.variables[OsStr::new("LINES_OF")], "one\ntwo=2");
        // dash hands on in `_` what it was given last: the mark itself.
        let reported =
            environment_by(&format!("export _='{BEGIN}' Z=last; eval \"$4\""), NO_LIMIT).await.expect("told");
        assert_eq!((reported.problem, &reported.variables[OsStr::new("Z")]), (None, &"last".into()));
    }

    #[tokio::test]
    async fn a_job_that_a_start_up_file_leaves_behind_delays_nothing_and_is_ended() {
        let dir = tempfile::tempdir().expect("temp dir");
        let left = dir.path().join("pid");
        // It keeps the output open, for longer than anybody waits.
        let body = format!("sleep 600 & echo $! > {}; export FOUND=yes; eval \"$4\"; wait", left.display());
        let reported = environment_by(&body, NO_LIMIT).await.expect("told");
        assert_eq!((reported.problem, &reported.variables[OsStr::new("FOUND")]), (None, &"yes".into()));
        ended(&left).await;
    }

    #[tokio::test]
    async fn a_shell_that_fails_or_hangs_is_harmless_and_leaves_nothing_behind() {
        assert_eq!(environment_by("exit 1", NO_LIMIT).await, Err("it printed no environment"));
        assert_eq!(ask(OsStr::new("/nowhere/shell"), NO_LIMIT).await, Err("it could not be started"));
        let dir = tempfile::tempdir().expect("temp dir");
        let left = dir.path().join("pid");
        let body = format!("sleep 600 & echo $! > {}; wait", left.display());
        let mut patience = Duration::from_secs(1);
        while !left.exists() {
            assert_eq!(environment_by(&body, patience).await, Err("it took too long"));
            patience *= 2;
        }
        ended(&left).await;
    }

    #[tokio::test]
    async fn of_an_answer_that_is_cut_off_what_is_whole_is_kept() {
        let part = format!("printf '{BEGIN}ONE=1\\0TWO=2\\0THR'");
        let reported = environment_by(&part, NO_LIMIT).await.expect("a part");
        assert_eq!(
            reported,
            ShellEnvironment {
                variables: variables(&[("ONE", "1"), ("TWO", "2")]),
                problem: Some("it broke off")
            }
        );
        let mut patience = Duration::from_secs(1);
        let reported = loop {
            match environment_by(&format!("{part}; sleep 600"), patience).await {
                Ok(reported) => break reported,
                Err(_) => patience *= 2,
            }
        };
        assert_eq!((reported.variables.len(), reported.problem), (2, Some("it took too long")));
    }

    /// Each in its own way, as a login shell with start-up files that greet and leave a job behind.
    #[tokio::test]
    async fn the_shells_of_people_tell_what_their_start_up_files_set() {
        let home = tempfile::tempdir().expect("temp dir");
        let home = home.path();
        fs::create_dir_all(home.join(".config/fish")).expect("made");
        let job = format!("sleep 600 &\necho {} >> {}", "$!", home.join("jobs").display());
        for name in [".profile", ".zprofile"] {
            fs::write(home.join(name), format!("echo Welcome\n{job}\nexport FOUND='in the login'\n"))
                .expect("written");
        }
        fs::write(home.join(".zshrc"), "export ALSO=yes\n").expect("written");
        fs::write(home.join(".cshrc"), "echo Welcome\nif ($?prompt) setenv ALSO yes\n").expect("written");
        fs::write(home.join(".login"), format!("{job}\nsetenv FOUND 'in the login'\n")).expect("written");
        let fish = "echo Welcome\nif status is-login; set -gx FOUND 'in the login'; end\n\
                    if status is-interactive; set -gx ALSO yes; end\n";
        fs::write(home.join(".config/fish/config.fish"), fish).expect("written");
        fs::write(home.join(".xonshrc"), "print('Welcome')\n$FOUND = 'in the login'\n").expect("written");

        let config = home.join(".config");
        let place: [(&str, &OsStr); 3] = [
            ("HOME", home.as_os_str()),
            ("ZDOTDIR", home.as_os_str()),
            ("XDG_CONFIG_HOME", config.as_os_str()),
        ];
        for (name, also) in [
            ("bash", false),
            ("dash", false),
            ("mksh", false),
            ("ksh93", false),
            ("zsh", true),
            ("fish", true),
            ("tcsh", true),
            ("bsd-csh", true),
            ("xonsh", false),
        ] {
            let path = env::var_os("PATH").unwrap_or_default();
            let Some(shell) = env::split_paths(&path).map(|dir| dir.join(name)).find(|shell| shell.exists())
            else {
                println!("skipped: no {name} here");
                continue;
            };
            let reported = ask_with(shell.as_os_str(), NO_LIMIT, &place).await;
            let reported = reported.unwrap_or_else(|problem| panic!("{name}: {problem}"));
            assert_eq!(reported.problem, None, "{name}");
            let value =
                |key: &str| reported.variables.get(OsStr::new(key)).map(|value| value.to_string_lossy());
            assert_eq!(value("FOUND").as_deref(), Some("in the login"), "{name}");
            assert_eq!(value("ALSO").is_some(), also, "{name}");
        }
        // A shell with job control gives its jobs groups of their own; they stay, as they would in a terminal.
        for pid in fs::read_to_string(home.join("jobs")).unwrap_or_default().lines() {
            if let Some(pid) = pid.parse().ok().and_then(Pid::from_raw) {
                rustix::process::kill_process(pid, Signal::KILL).ok();
            }
        }
    }

    #[test]
    fn each_variable_says_where_it_comes_from_and_secrets_stay_here() {
        let own = variables(&[("HOME", "/home/me"), ("PATH", "/bin"), ("API_TOKEN", "hush")]);
        let reported = variables(&[
            ("HOME", "/home/me"),
            ("PATH", "/opt/bin:/bin"),
            ("EDITOR", "vi"),
            ("SHLVL", "2"),
            ("SOLTI_LOG", "trace"),
            ("GH_TOKEN", "hush"),
        ]);
        let capture = ShellCapture::Captured { shell: "/bin/bash".into(), took_ms: 1, problem: None };
        let inherited = Inherited::new(own, reported, capture);
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
