//! Orders for tasks: from the words of `solti run`, and from a file.

use crate::args::{AfterMain, AfterReboot, Restart, Run, WhenBusy};
use crate::args_container::Container;
use crate::error::CliError;
use rand::Rng as _;
use solti_api::ApiError;
use solti_model::{
    AdmissionStrategy, ClusterRequest, CommandMode, ContainerTask, EnvVar, NotifyRules, RestartStrategy,
    Slot, SubprocessMode, SubprocessTask, TaskKind, TaskSpec, WasmTask, own_lane_name, own_lane_suffix,
    quoted, unix_ms,
};
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::time::{Duration, SystemTime};

/// `here` is the directory to run in when none is named.
///
/// # Errors
/// Names what is no UTF-8: tasks are kept and shown as text, and another word must not take its place.
pub fn from_words(run: Run, here: Option<&Path>) -> Result<TaskSpec, CliError> {
    refuse_contradictions(&run)?;
    let argv = run.argv.into_iter().map(|word| text("an argument of the command", word));
    let argv = argv.collect::<Result<Vec<_>, _>>()?;
    let env = run.env.iter().map(|word| variable(word)).collect::<Result<_, _>>()?;
    let module = run.wasm.wasm.map(|module| file(&module, here.is_some())).transpose()?;
    let command = match (&run.container.image, &module) {
        // What a person would call it: `alpine` of docker.io/library/alpine:3.
        (Some(image), _) => image.rsplit('/').next().and_then(|name| name.split([':', '@']).next()),
        (None, Some(module)) => Path::new(module).file_stem().and_then(OsStr::to_str),
        (None, None) => argv.first().map(String::as_str),
    };
    let command = command.unwrap_or_default().to_owned();
    let own = run.lane.is_none();
    let slot = match run.lane {
        Some(lane) => lane,
        None => own_lane(&command)?,
    };
    let kind = match module {
        Some(module) => TaskKind::Wasm(WasmTask { module, args: argv, env, dirs: run.wasm.dir }),
        None if run.container.image.is_some() => TaskKind::Container(container(run.container, argv, env)),
        None => TaskKind::Subprocess(subprocess(run.cwd.as_deref(), run.after_main, here, argv, env)?),
    };
    let mut spec = TaskSpec::new(slot, kind);
    // Of a lane that was named its name says enough, unless it looks like one that is made here.
    spec.own_lane = (own || spec.has_own_lane()).then_some(own);
    spec.timeout = run.timeout.map(in_ms);
    spec.admission = match run.when_busy {
        WhenBusy::Queue => AdmissionStrategy::Queue,
        WhenBusy::Refuse => AdmissionStrategy::DropIfRunning,
        WhenBusy::Replace => AdmissionStrategy::Replace,
    };
    let restart = run.restart.or(run.retries.map(|_| Restart::OnFailure));
    spec.restart = match restart {
        None | Some(Restart::Never) => RestartStrategy::Never,
        Some(Restart::OnFailure) => RestartStrategy::OnFailure,
        Some(Restart::Always) => RestartStrategy::Always { interval_ms: run.interval.map(in_ms) },
    };
    spec.max_retries = run.retries;
    let delayed = run.delay.map(|delay| SystemTime::now().checked_add(delay));
    spec.not_before = run.at.map(|coming| coming.at).or(delayed.flatten()).map(unix_ms);
    spec.priority = run.priority;
    spec.after_reboot = run.after_reboot.map(|after| match after {
        AfterReboot::Start => solti_model::AfterReboot::Start,
        AfterReboot::Hold => solti_model::AfterReboot::Hold,
        AfterReboot::End => solti_model::AfterReboot::End,
    });
    spec.keep_awake = run.keep_awake.map(Into::into).unwrap_or_default();
    spec.stall = run.silence;
    if !run.hook.is_empty() {
        spec.notify = Some(NotifyRules { hooks: run.hook, ..NotifyRules::default() });
    }
    if let Some((selector, request, limits)) = run.cluster.wanted() {
        (spec.runner_selector, spec.limits) = (Some(selector), limits);
        spec.cluster = (request != ClusterRequest::default()).then_some(request);
    }
    if let Some(machine) = run.machine {
        // What else it asks for is that machine's to give.
        let selector = spec.runner_selector.get_or_insert_default();
        selector.match_labels.insert("machine".to_owned(), machine);
    }
    spec.labels = labels(run.label)?;
    spec.labels.extend(run.name.map(|name| ("name".to_owned(), name)));
    Ok(spec)
}

/// What would be overlooked without a word beside what else is asked for.
fn refuse_contradictions(run: &Run) -> Result<(), CliError> {
    let wrong = |option, said: &'static str| Err(CliError::Range { option, said: said.into() });
    match (run.restart, run.retries, run.interval) {
        (Some(Restart::Never), Some(_), _) => wrong("--retries", "cannot be with --restart never"),
        (Some(Restart::Never), None, Some(_)) => wrong("--interval", "cannot be with --restart never"),
        (Some(Restart::OnFailure), _, Some(_)) => {
            wrong("--interval", "is of --restart always; after failures the pauses grow by themselves")
        }
        _ if run.name.is_some() && run.label.iter().any(|(key, _)| key == "name") => {
            wrong("--label", "name is the label that --name sets; give one of them")
        }
        _ => Ok(()),
    }
}

/// Labels as they were given, each once.
pub fn labels(given: Vec<(String, String)>) -> Result<BTreeMap<String, String>, CliError> {
    let mut labels = BTreeMap::new();
    for (key, value) in given {
        if labels.get(&key).is_some_and(|before| *before != value) {
            let said = format!("{key} has two values; a label has one");
            return Err(CliError::Range { option: "--label", said: said.into() });
        }
        labels.insert(key, value);
    }
    Ok(labels)
}

fn subprocess(
    cwd: Option<&Path>,
    after_main: AfterMain,
    here: Option<&Path>,
    argv: Vec<String>,
    env: Vec<EnvVar>,
) -> Result<SubprocessTask, CliError> {
    let mut argv = argv.into_iter();
    let command = argv.next().unwrap_or_default();
    let cwd = match (cwd, here) {
        (Some(cwd), _) => Some(std::path::absolute(cwd).map_err(CliError::CurrentDir)?),
        (None, here) => here.map(Path::to_owned),
    };
    Ok(SubprocessTask {
        mode: SubprocessMode::Command(CommandMode { command, args: argv.collect() }),
        env,
        cwd: cwd.map(|cwd| text("the directory", cwd.into())).transpose()?,
        fail_on_non_zero: true,
        after_main: match after_main {
            AfterMain::Wait => solti_model::AfterMain::Wait,
            AfterMain::End => solti_model::AfterMain::End,
        },
    })
}

/// As with engines, what follows the image is given to its own entry point.
fn container(words: Container, args: Vec<String>, env: Vec<EnvVar>) -> ContainerTask {
    let Container { image, entrypoint, volume, network, user, workdir, pull } = words;
    ContainerTask {
        image: image.unwrap_or_default(),
        command: entrypoint.into_iter().collect(),
        args,
        env,
        volumes: volume,
        network,
        user,
        workdir,
        pull: pull.into(),
    }
}

fn in_ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Why a command looks as if it were meant for a shell, which is not asked. Several words were quoted for one already.
pub fn meant_for_a_shell(spec: &TaskSpec) -> Option<String> {
    let TaskKind::Subprocess(SubprocessTask { mode: SubprocessMode::Command(command), .. }) = &spec.kind
    else {
        return None;
    };
    match command.args.is_empty() {
        true if Path::new(&command.command).exists() => None,
        true => solti_shell_line::read_line(&command.command).advice.or_else(|| {
            is_line(&command.command)
                .then(|| format!("{} is one word here, and so the name of one program.", command.command))
        }),
        // As a text it would be quoted where a shell reads it.
        false => solti_shell_line::read_first_word(&command.command)
            .or_else(|| solti_shell_line::read_line(&spec.kind.command_text()).advice),
    }
}

/// What gets the same done: a variable has an option, everything else needs a shell.
pub fn instead_of_a_shell(spec: &TaskSpec) -> String {
    const SHELL: &str = "A shell gets it by `solti run -- bash -c '…'`.";
    match &spec.kind {
        TaskKind::Subprocess(SubprocessTask { mode: SubprocessMode::Command(command), .. })
            if !command.args.is_empty() && is_assignment(&command.command) =>
        {
            let words = std::iter::once(&command.command).chain(&command.args);
            let set: Vec<_> = words
                .take_while(|word| is_assignment(word))
                .map(|word| format!("--env {}", quoted(word)))
                .collect();
            format!("Write `{}` for it. {SHELL}", set.join(" "))
        }
        TaskKind::Subprocess(SubprocessTask { mode: SubprocessMode::Command(command), .. })
            if command.args.is_empty()
                && is_line(&command.command)
                && solti_shell_line::read_line(&command.command).advice.is_none() =>
        {
            format!("Leave out the quotes around it. {SHELL}")
        }
        _ => SHELL.to_owned(),
    }
}

/// Whether a shell would make other words of this one.
fn is_line(word: &str) -> bool {
    word.contains([' ', '\t', '\n', '\'', '"'])
}

/// As in `FOO=1`.
fn is_assignment(word: &str) -> bool {
    let name = word.split_once('=').map_or("", |(name, _)| name);
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// A lane that nobody else is in.
fn own_lane(command: &str) -> Result<Slot, CliError> {
    let program = Path::new(command).file_name().unwrap_or_default().to_string_lossy();
    let mut random = rand::rng();
    let suffix = own_lane_suffix(|below| random.random_range(0..below));
    Ok(Slot::new(own_lane_name(&program, &suffix))?)
}

fn text(what: &'static str, word: OsString) -> Result<String, CliError> {
    word.into_string().map_err(|word| CliError::NoText { what, word })
}

/// A file that a task is to read or to be, as its spec names it. Of another machine only that one knows what is meant.
pub fn file(path: &Path, is_here: bool) -> Result<String, CliError> {
    let path = match is_here {
        true => std::path::absolute(path).map_err(CliError::CurrentDir)?,
        false => path.to_owned(),
    };
    text("the file", path.into())
}

fn variable(word: &OsStr) -> Result<EnvVar, CliError> {
    let word = text("a variable", word.to_owned())?;
    if word.is_empty() || word.starts_with('=') {
        let said = "the name of the variable is missing: write KEY or KEY=VALUE";
        return Err(CliError::Range { option: "--env", said: said.into() });
    }
    match word.split_once('=') {
        Some((key, value)) => Ok(EnvVar { key: key.into(), value: value.into() }),
        None => match std::env::var_os(&word) {
            Some(value) => Ok(EnvVar { value: text("the value of a variable", value)?, key: word }),
            None => Err(CliError::NoVariable(word)),
        },
    }
}

pub async fn from_file(file: &Path) -> Result<TaskSpec, CliError> {
    let (what, text) = text_of(file).await?;
    let json = json_of(what, "a task", &text)?;
    Ok(solti_model::examine_spec(json).map_err(ApiError::from)?)
}

/// A text as JSON. `what` is where it comes from, and `wanted` what it is to be.
///
/// # Errors
/// Says where it is none.
pub fn json_of(what: String, wanted: &'static str, text: &str) -> Result<serde_json::Value, CliError> {
    serde_json::from_str(text).map_err(|error| {
        let said = match text.trim().is_empty() {
            true => "the document is empty".to_owned(),
            false => {
                let (line, column) = (error.line(), error.column());
                let words = error.to_string();
                let words = words.rsplit_once(" at line ").map_or(words.as_str(), |(words, _)| words);
                let words = if error.is_eof() { "it ends too early" } else { words };
                format!("line {line}, column {column}: {words}")
            }
        };
        CliError::NoJson { what, wanted, said }
    })
}

/// What is in a file, and what to call it; `-` is standard input.
pub async fn text_of(file: &Path) -> Result<(String, String), CliError> {
    let is_stdin = file.as_os_str() == "-";
    let what = if is_stdin { "standard input".to_owned() } else { file.display().to_string() };
    let read = match is_stdin {
        true => tokio::task::spawn_blocking(|| std::io::read_to_string(std::io::stdin()))
            .await
            .unwrap_or_else(|error| Err(std::io::Error::other(error))),
        false => tokio::fs::read_to_string(file).await,
    };
    match read {
        Ok(text) => Ok((what, text)),
        Err(source) => Err(CliError::Input { what, source }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{Cli, Command};
    use clap::Parser as _;

    fn spec(line: &[&str]) -> Result<TaskSpec, CliError> {
        let words = ["solti", "run"].iter().chain(line);
        let Command::Run(run) = Cli::parse_from(words).command else { panic!("a run was written") };
        from_words(run, Some(Path::new("/here")))
    }

    #[test]
    fn the_words_of_a_run_become_its_spec() {
        let spec = spec(&[
            "--name",
            "nightly",
            "--lane",
            "etl",
            "--timeout",
            "90s",
            "--retries",
            "2",
            "--label",
            "team=red",
            "--env",
            "A=b=c",
            "--",
            "make",
            "-j8",
        ]);
        let json = serde_json::to_value(spec.expect("legal")).expect("writes");
        assert_eq!(
            json["kind"]["subprocess"]["mode"]["command"],
            serde_json::json!({"command": "make", "args": ["-j8"]})
        );
        assert_eq!(json["kind"]["subprocess"]["env"], serde_json::json!([{"key": "A", "value": "b=c"}]));
        assert_eq!(json["kind"]["subprocess"]["cwd"], "/here");
        assert_eq!(
            (&json["slot"], &json["timeout"], &json["maxRetries"]),
            (&"etl".into(), &90_000.into(), &2.into())
        );
        assert_eq!(json["labels"], serde_json::json!({"name": "nightly", "team": "red"}));
        assert_eq!(json["admission"], "queue");
    }

    #[test]
    fn what_is_no_json_says_where_and_an_empty_document_that_it_is_empty() {
        for (text, said) in [
            ("", "the document is empty"),
            (" \n", "the document is empty"),
            ("{", "line 1, column 1: it ends too early"),
            ("{\n  \"a\": 1,\n}", "line 3, column 1: trailing comma"),
            ("x", "line 1, column 1: expected value"),
        ] {
            let refused = json_of("task.json".into(), "a task", text).expect_err(text).to_string();
            assert_eq!(refused, format!("task.json is not a task in JSON: {said}"));
        }
    }

    #[test]
    fn the_words_of_a_container_become_its_spec() {
        let line = "--image docker.io/library/alpine:3 --volume /srv:/data:ro --network none --user 1000 --workdir /data \
                    --pull never --env A=b -- ls -l";
        let spec = spec(&line.split_ascii_whitespace().collect::<Vec<_>>()).expect("legal");
        let json = serde_json::to_value(&spec).expect("writes");
        assert_eq!(
            json["kind"]["container"],
            serde_json::json!({
                "image": "docker.io/library/alpine:3", "command": [], "args": ["ls", "-l"],
                "env": [{"key": "A", "value": "b"}],
                "volumes": [{"source": "/srv", "target": "/data", "readOnly": true}],
                "network": "none", "user": "1000", "workdir": "/data", "pull": "never",
            })
        );
        assert!(spec.slot.as_str().starts_with("alpine-"), "{}", spec.slot);
        assert!(Cli::try_parse_from(["solti", "run", "--user", "me", "ls"]).is_err(), "of a container only");
    }

    #[test]
    fn the_words_of_a_module_become_its_spec() {
        let line = "--wasm tools/lint.wasm --dir /srv:/data:ro --env A=b -- -l x";
        let spec = spec(&line.split_ascii_whitespace().collect::<Vec<_>>()).expect("legal");
        let json = serde_json::to_value(&spec).expect("writes");
        let module = std::path::absolute("tools/lint.wasm").expect("there is a directory");
        assert_eq!(
            json["kind"]["wasm"],
            serde_json::json!({
                "module": module, "args": ["-l", "x"], "env": [{"key": "A", "value": "b"}],
                "dirs": [{"host": "/srv", "guest": "/data", "readOnly": true}],
            })
        );
        assert!(spec.slot.as_str().starts_with("lint-"), "{}", spec.slot);
        for wrong in [
            &["--dir", ".:.", "ls"][..],
            &["--wasm", "a", "--image", "b"],
            &["--wasm", "a", "-C", "/"],
            &["--wasm", "a", "--volume", "/a:/b"],
            &["--wasm", "a", "--network", "none"],
            &["--wasm", "a", "--pull", "always"],
            &["--image", "a", "--dir", ".:."],
            &["--image", "a", "--cpus", "2"],
            &["--wasm", "a", "--mem", "1G"],
        ] {
            assert!(Cli::try_parse_from([&["solti", "run"][..], wrong].concat()).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_run_says_whether_it_is_repeated() {
        let said = |line: &[&str]| {
            let spec = spec(line).expect("legal");
            (spec.restart, spec.max_retries)
        };
        assert_eq!(said(&["true"]), (RestartStrategy::Never, None));
        assert_eq!(said(&["--retries", "3", "true"]), (RestartStrategy::OnFailure, Some(3)));
        assert_eq!(said(&["--restart", "on-failure", "true"]), (RestartStrategy::OnFailure, None));
        let always = |interval_ms| RestartStrategy::Always { interval_ms };
        assert_eq!(said(&["--restart", "always", "true"]), (always(None), None));
        assert_eq!(said(&["--restart=always", "--interval", "5s", "true"]), (always(Some(5_000)), None));
        assert!(Cli::try_parse_from(["solti", "run", "--interval", "5s", "true"]).is_err());
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        for (line, option) in [
            (&["--restart", "never", "--retries", "3", "x"][..], "--retries: "),
            (&["--restart", "never", "--interval", "5s", "x"], "--interval: "),
            (&["--restart", "on-failure", "--interval", "5s", "x"], "--interval: "),
            (&["--label", "a=b", "--label", "a=c", "x"], "--label: a has two values"),
            (&["--name", "n", "--label", "name=m", "x"], "--label: name is the label"),
        ] {
            let refused = spec(line).expect_err("refused");
            assert!(refused.to_string().starts_with(option), "{refused}");
            assert_eq!(refused.exit_code(), Some(2), "{refused}");
        }
        for line in [
            &["--label", "a=b", "--label", "a=b", "x"][..],
            &["--restart", "always", "--retries", "3", "--interval", "5s", "x"],
            &["--restart", "on-failure", "--retries", "3", "x"],
        ] {
            assert!(spec(line).is_ok(), "{line:?}");
        }
    }

    #[test]
    fn what_is_meant_for_a_shell_is_told() {
        let told = |line: &[&str]| meant_for_a_shell(&spec(line).expect("legal"));
        for (line, why) in [
            (vec!["make && make install"], "&& is passed on"),
            (vec!["FOO=1", "make"], "FOO= sets a variable"),
            (vec!["cd", "/srv"], "cd is a word of the shell"),
            (vec!["make -j8"], "make -j8 is one word here, and so the name of one program."),
            (vec!["env FOO=1 make"], "env FOO=1 make is one word here"),
            (vec!["echo 'a b'"], "echo 'a b' is one word here"),
            (vec!["history"], "history is a word of the shell"),
            (vec!["[[", "-f", "x", "]]"], "[[ is a word of the shell"),
            (vec!["((", "1", "))"], "(( is a word of the shell"),
            (vec!["{", "make", "}"], "{ is a word of the shell"),
        ] {
            assert!(told(&line).is_some_and(|said| said.starts_with(why)), "{line:?}");
        }
        for line in [vec!["make"], vec!["echo", "a && b", "$HOME", "*"], vec!["sh", "-c", "cd x"], vec!["/"]]
        {
            assert_eq!(told(&line), None, "{line:?}");
        }
    }

    #[test]
    fn a_variable_is_advised_by_its_option_first() {
        let told = |line: &[&str]| instead_of_a_shell(&spec(line).expect("legal"));
        assert!(told(&["FOO=a b", "make"]).starts_with("Write `--env 'FOO=a b'` for it. A shell gets it by"));
        assert!(
            told(&["A=1", "B=x y", "make", "C=2"])
                .starts_with("Write `--env A=1 --env 'B=x y'` for it. A shell")
        );
        assert!(told(&["make -j8"]).starts_with("Leave out the quotes around it. A shell gets it by"));
        for line in [&["make && make install"][..], &["cd", "/srv"], &["FOO=1"], &["1=2", "x"]] {
            assert!(told(line).starts_with("A shell gets it by"), "{line:?}");
        }
    }

    #[test]
    fn a_task_without_a_lane_gets_one_of_its_own() {
        for command in ["/usr/bin/make", "ünïcode", &"x".repeat(200)] {
            let (one, other) =
                (spec(&["--", command]).expect("legal"), spec(&["--", command]).expect("legal"));
            assert_ne!(one.slot, other.slot);
            assert_eq!(one.own_lane, Some(true));
        }
        let said = |lane| spec(&["--lane", lane, "--", "make"]).expect("legal").own_lane;
        assert_eq!((said("etl"), said("build-x7kp2")), (None, Some(false)));
    }

    #[test]
    fn what_is_no_text_is_named_and_not_changed() {
        use std::os::unix::ffi::OsStringExt as _;
        let odd = || OsString::from_vec(b"a\xff".to_vec());
        for line in [
            vec!["cat".into(), odd()],
            vec!["-C".into(), odd(), "cat".into()],
            vec!["-e".into(), odd(), "cat".into()],
        ] {
            let words = ["solti".into(), "run".into()].into_iter().chain(line);
            let Command::Run(run) = Cli::parse_from(words).command else { panic!("a run was written") };
            let refused = from_words(run, Some(Path::new("/here"))).expect_err("refused");
            assert!(refused.to_string().contains(r"a\xFF"), "{refused}");
        }
    }

    #[test]
    fn a_variable_that_is_not_set_is_an_error() {
        let error = spec(&["--env", "SOLTI_NO_SUCH_VARIABLE", "--", "x"]).expect_err("not set");
        assert!(matches!(error, CliError::NoVariable(name) if name == "SOLTI_NO_SUCH_VARIABLE"));
        for nameless in ["", "=x"] {
            let error = spec(&["--env", nameless, "--", "x"]).expect_err("no name").to_string();
            assert_eq!(error, "--env: the name of the variable is missing: write KEY or KEY=VALUE");
        }
    }
}
