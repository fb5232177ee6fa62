//! From a container to the command line of its engine.
//!
//! Nothing of what is secret stands in it: every user of the machine can read that. Variables are named there, and their values are in
//! the environment of the engine's client; those that the client would take for its own are in a file of the run folder.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use solti_model::{AfterMain, ContainerTask, FieldError, ResourceLimits, RunId, Stdin};
use solti_shim::launch::Cleanup;
use solti_shim::layout::RUN_ID_VAR;

use super::EngineKind;
use super::facts::Facts;
use crate::StartFailure;
use crate::argv::{ENV_FILE, Invocation, check_lengths};
use crate::container_failure::{ContainerFailure, ContainerTrouble};
use crate::shim_runner::Prepared;

/// What containers of this app carry, with the data folder's mark: others are never touched.
pub(super) const INSTANCE_LABEL: &str = "solti.instance";
const RUN_LABEL: &str = "solti.run";

/// The engine's own troubles; a program may end with the same.
pub(super) const ENGINES_OWN: [u8; 3] = [125, 126, 127];
/// Killed, from without or for want of memory.
const KILLED: u8 = 137;

/// After these exit codes the engine is asked what they mean, before the container is removed. With a limit of memory that is each
/// failure: it may have been one of the processes in it that was killed for want of memory, and another that told it.
pub(super) fn ask_after(memory_is_limited: bool) -> Vec<u8> {
    if memory_is_limited { (1..=u8::MAX).collect() } else { [&ENGINES_OWN[..], &[KILLED]].concat() }
}

/// What a run's container is called.
pub(super) fn container_name(instance: &str, run: &RunId) -> String {
    format!("solti-{instance}-{}-{}", run.task, run.attempt)
}

/// The run of a container of this instance.
pub(super) fn run_of(instance: &str, name: &str) -> Option<RunId> {
    let (task, attempt) =
        name.strip_prefix("solti-")?.strip_prefix(instance)?.strip_prefix('-')?.rsplit_once('-')?;
    format!("{task}/{attempt}").parse().ok()
}

/// All that a container is started with.
pub(super) struct Order<'a> {
    pub kind: EngineKind,
    pub facts: &'a Facts,
    pub instance: &'a str,
    pub run: &'a RunId,
    pub task: &'a ContainerTask,
    pub limits: &'a ResourceLimits,
    pub stdin: &'a Stdin,
    pub base_env: BTreeMap<OsString, OsString>,
    /// Absolute.
    pub run_dir: &'a Path,
}

impl Order<'_> {
    pub(super) fn prepare(self) -> Result<Prepared, StartFailure> {
        let Self { kind, facts, instance, run, task, limits, stdin, base_env, run_dir } = self;
        let name = container_name(instance, run);
        if let Some(what) = facts.cannot_keep(limits) {
            let said = match facts.rootless {
                true => format!("rootless {} has no control group for {what} here", kind.word()),
                false => format!("{} has no control over {what} here", kind.word()),
            };
            return Err(StartFailure::container(ContainerFailure::new(ContainerTrouble::LimitRefused, said)));
        }

        let mut argv: Vec<OsString> = vec![facts.program.clone().into()];
        let mut say = |words: &[&str]| argv.extend(words.iter().map(OsString::from));
        say(&["run", "--name", &name]);
        say(&["--label", &format!("{INSTANCE_LABEL}={instance}"), "--label", &format!("{RUN_LABEL}={run}")]);
        // Without a process of its own at the top nothing in it would hear a TERM.
        say(&["--init", "--log-driver=none", &format!("--pull={}", task.pull.word())]);
        if *stdin != Stdin::None {
            say(&["--interactive"]);
        }
        let by_engine =
            limits.memory_bytes.is_some() || limits.cpu_percent.is_some() || limits.processes.is_some();
        if by_engine {
            if let Some(bytes) = limits.memory_bytes {
                say(&[&format!("--memory={bytes}b")]);
            }
            if let Some(percent) = limits.cpu_percent {
                say(&[&format!("--cpus={}.{:02}", percent / 100, percent % 100)]);
            }
            if let Some(most) = limits.processes {
                say(&[&format!("--pids-limit={most}")]);
            }
        } else if kind == EngineKind::Podman && facts.runtime.as_deref() == Some("crun") {
            // All of it stays in the run's own control group, which counts what it uses and ends it at once.
            say(&["--cgroups=disabled"]);
        }
        if let Some(most) = limits.open_files {
            say(&[&format!("--ulimit=nofile={most}:{most}")]);
        }
        for volume in &task.volumes {
            let of = if volume.is_path() { "bind" } else { "volume" };
            // The one word that podman too knows for volumes of both kinds.
            let read_only = if volume.read_only { ",ro" } else { "" };
            let mount = format!("type={of},source={},target={}{read_only}", volume.source, volume.target);
            say(&["--mount", &mount]);
        }
        for (flag, value) in
            [("--network", &task.network), ("--user", &task.user), ("--workdir", &task.workdir)]
        {
            if let Some(value) = value {
                say(&[&format!("{flag}={value}")]);
            }
        }

        let mut env = base_env;
        let (named, in_file) = variables(task).map_err(StartFailure::refused)?;
        say(&["--env", RUN_ID_VAR]);
        for key in named.keys() {
            say(&["--env", key]);
        }
        env.extend(named.into_iter().map(|(key, value)| (OsString::from(key), OsString::from(value))));
        if in_file.is_some() {
            say(&["--env-file"]);
            argv.push(run_dir.join(ENV_FILE).into());
        }
        let mut say = |words: &[&str]| argv.extend(words.iter().map(OsString::from));
        let mut command = task.command.iter();
        if let Some(program) = command.next() {
            say(&[&format!("--entrypoint={program}")]);
        }
        say(&[&task.image]);
        command.chain(&task.args).for_each(|word| say(&[word]));

        check_lengths(&argv, &env)?;
        let invocation = Invocation {
            argv,
            env,
            // Where the process that watches a container leaves word that the kernel has killed in it for want of memory.
            cwd: run_dir.to_owned(),
            files: in_file.map(|text| (ENV_FILE, text)).into_iter().collect(),
            after_main: AfterMain::Wait,
        };
        let cleanup = Cleanup {
            argv: removal(kind, facts, &name),
            except_after: ask_after(limits.memory_bytes.is_some()),
        };
        // The client of the engine is not what they are meant for.
        let limits = ResourceLimits {
            memory_bytes: None,
            cpu_percent: None,
            processes: None,
            open_files: None,
            output_bytes: limits.output_bytes,
        };
        Ok(Prepared { invocation, cleanup: Some(cleanup), limits })
    }
}

/// What an engine may repeat of a task in its own sentences.
pub(super) fn own(task: &ContainerTask) -> Vec<String> {
    let paths = task.volumes.iter().flat_map(|volume| [&volume.source, &volume.target]).chain(&task.workdir);
    // Of a path a part may be what is not there.
    let paths =
        paths.flat_map(|path| Path::new(path).ancestors()).map(|path| path.to_string_lossy().into_owned());
    // Of an image the tag may be told apart, of a user the group.
    let image = task.image.rsplit_once([':', '@']).map(|(name, _)| name);
    let parts = image.into_iter().chain(task.user.iter().flat_map(|user| user.split(':')));
    let words = [&task.image].into_iter().chain(&task.user).chain(&task.network);
    let words = words.chain(task.command.first()).chain(task.args.first());
    let own = paths.chain(parts.map(str::to_owned)).chain(words.cloned());
    own.filter(|word| !word.is_empty() && word != "/").collect()
}

fn removal(kind: EngineKind, facts: &Facts, name: &str) -> Vec<OsString> {
    let words = removal_words(kind, name);
    std::iter::once(OsString::from(facts.program.clone()))
        .chain(words.into_iter().map(OsString::from))
        .collect()
}

/// What takes a container away, whatever it does, and minds none that is gone.
pub(super) fn removal_words(kind: EngineKind, name: &str) -> Vec<&str> {
    match kind {
        EngineKind::Podman => vec!["rm", "--force", "--time=0", "--ignore", "--volumes", name],
        EngineKind::Docker => vec!["rm", "--force", "--volumes", name],
    }
}

/// The variables that are handed on by name, and the text of the file with the others. There the engine takes a line with `#` for a comment; by
/// name one with `*` at its end for all that begin so, of its own. It takes blanks before a name away.
type Variables = (BTreeMap<String, String>, Option<String>);

pub(super) fn variables(task: &ContainerTask) -> Result<Variables, FieldError> {
    let mut named = BTreeMap::new();
    let mut in_file = BTreeMap::new();
    for (n, var) in task.env.iter().enumerate().filter(|(_, var)| var.key != RUN_ID_VAR) {
        let by_name = !is_the_clients_own(&var.key) && !var.key.ends_with('*');
        let passed_over = match var.key.chars().next() {
            Some('#') => !by_name,
            first => first.is_some_and(char::is_whitespace),
        };
        if passed_over {
            let field = format!("kind.container.env[{n}].key");
            let why = format!("{:?} cannot be handed to a container: it begins with # or a blank", var.key);
            return Err(FieldError::new(field, why));
        }
        if by_name {
            named.insert(var.key.clone(), var.value.clone());
            continue;
        }
        if var.value.contains(['\n', '\r']) {
            let field = format!("kind.container.env[{n}].value");
            return Err(FieldError::new(field, format!("{} of a container must be one line", var.key)));
        }
        in_file.insert(&var.key, &var.value);
    }
    let text: String = in_file.iter().map(|(key, value)| format!("{key}={value}\n")).collect();
    Ok((named, (!text.is_empty()).then_some(text)))
}

/// What the engine's client, and the programs that it starts, read themselves.
fn is_the_clients_own(key: &str) -> bool {
    const NAMES: [&str; 7] = ["PATH", "HOME", "TMPDIR", "USER", "LOGNAME", "NOTIFY_SOCKET", "HOSTALIASES"];
    const BEGINNINGS: [&str; 15] = [
        "XDG_",
        "DOCKER_",
        "CONTAINER_",
        "CONTAINERS_",
        "PODMAN_",
        "BUILDAH_",
        "STORAGE_",
        "REGISTRY_",
        "REGISTRIES_",
        "LD_",
        "GO",
        "DBUS_",
        "LISTEN_",
        "SSL_",
        "_",
    ];
    let upper = key.to_ascii_uppercase();
    NAMES.contains(&key) || BEGINNINGS.iter().any(|word| key.starts_with(word)) || upper.ends_with("_PROXY")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::container::facts::Keeps;
    use serde_json::json;
    use std::ffi::OsStr;

    fn order(task: serde_json::Value, limits: ResourceLimits, runtime: &str) -> (Vec<String>, Prepared) {
        let task: ContainerTask = serde_json::from_value(task).expect("a container");
        let facts = Facts {
            program: "/usr/bin/podman".into(),
            version: "4.3.1".into(),
            rootless: true,
            runtime: Some(runtime.into()),
            cgroups: Some("v2".into()),
            keeps: Keeps { memory: true, cpu: true, processes: true },
        };
        let prepared = Order {
            kind: EngineKind::Podman,
            facts: &facts,
            instance: "0a1b",
            run: &"01j/2".parse().expect("a run"),
            task: &task,
            limits: &limits,
            stdin: &Stdin::None,
            base_env: BTreeMap::from([("HOME".into(), "/".into())]),
            run_dir: Path::new("/data/runs/01j/2"),
        };
        let prepared = prepared.prepare().expect("prepared");
        let words = prepared.invocation.argv.iter().map(|word| word.to_str().expect("text").to_owned());
        (words.collect(), prepared)
    }

    #[test]
    fn each_field_has_its_word() {
        let (words, _) = order(
            json!({
                "image": "alpine:3", "command": ["sh", "-c"], "args": ["echo $A"],
                "volumes": [{"source": "/srv", "target": "/data", "readOnly": true}, {"source": "cache", "target": "/c"}],
                "network": "none", "user": "1000", "workdir": "/data", "pull": "never",
            }),
            ResourceLimits {
                memory_bytes: Some(1 << 20),
                cpu_percent: Some(150),
                processes: Some(9),
                open_files: Some(64),
                ..ResourceLimits::default()
            },
            "crun",
        );
        let expected = "/usr/bin/podman run --name solti-0a1b-01j-2 --label solti.instance=0a1b --label solti.run=01j/2 \
            --init --log-driver=none --pull=never --memory=1048576b --cpus=1.50 --pids-limit=9 --ulimit=nofile=64:64 \
            --mount type=bind,source=/srv,target=/data,ro --mount type=volume,source=cache,target=/c \
            --network=none --user=1000 --workdir=/data --env SOLTI_RUN_ID --entrypoint=sh alpine:3 -c echo $A";
        assert_eq!(words.join(" "), expected);
    }

    #[test]
    fn no_value_of_a_variable_is_in_the_command_line() {
        let (words, prepared) = order(
            json!({"image": "a", "env": [
                {"key": "TOKEN", "value": "s3cret\nof two lines"}, {"key": "PATH", "value": "/opt/s3cret"},
                {"key": "https_proxy", "value": "http://s3cret"}, {"key": "S*", "value": "s3cret"},
                {"key": "SOLTI_RUN_ID", "value": "x"}]}),
            ResourceLimits::default(),
            "runc",
        );
        assert!(words.iter().all(|word| !word.contains("s3cret")), "{words:?}");
        let invocation = prepared.invocation;
        assert_eq!(invocation.env[OsStr::new("TOKEN")], "s3cret\nof two lines");
        assert!(!invocation.env.contains_key(OsStr::new("PATH")), "the client has its own");
        let text = "PATH=/opt/s3cret\nS*=s3cret\nhttps_proxy=http://s3cret\n".to_owned();
        assert_eq!(invocation.files, [(ENV_FILE, text)]);
        assert!(words.join(" ").contains("--env SOLTI_RUN_ID --env TOKEN --env-file /data/runs/01j/2/env a"));
    }

    #[test]
    fn a_variable_that_the_engine_would_pass_over_is_refused() {
        let of = |key: &str, value: &str| {
            let task =
                json!({"image": "a", "env": [{"key": "A", "value": ""}, {"key": key, "value": value}]});
            let task: ContainerTask = serde_json::from_value(task).expect("a container");
            variables(&task).map(drop).map_err(|error| error.field)
        };
        for (key, value, field) in [
            ("#X_PROXY", "x", "kind.container.env[1].key"),
            (" X", "x", "kind.container.env[1].key"),
            ("#*", "x", "kind.container.env[1].key"),
            ("X*", "two\nlines", "kind.container.env[1].value"),
            ("X_PROXY", "two\nlines", "kind.container.env[1].value"),
        ] {
            assert_eq!(of(key, value), Err(field.to_owned()), "{key:?}");
        }
        for (key, value) in [("#X", "two\nlines"), ("_#", "x"), ("X_PROXY", "#")] {
            assert_eq!(of(key, value), Ok(()), "{key:?}");
        }
    }

    #[test]
    fn without_limits_it_stays_in_the_control_group_of_its_run_where_the_runtime_can() {
        let has = |runtime| {
            let (words, _) = order(json!({"image": "a"}), ResourceLimits::default(), runtime);
            words.contains(&"--cgroups=disabled".to_owned())
        };
        assert!(has("crun") && !has("runc"));
    }

    #[test]
    fn a_container_is_known_by_its_name() {
        let run: RunId = "01j-x.y/12".parse().expect("a run");
        let name = container_name("0a1b", &run);
        assert_eq!(run_of("0a1b", &name), Some(run));
        assert_eq!(run_of("ffff", &name), None);
        assert_eq!(run_of("0a1b", "solti-0a1b-x"), None);
        assert_eq!(run_of("0a1b", "postgres"), None);
    }
}
