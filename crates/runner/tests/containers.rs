//! Containers by a real podman: what their programs get, how they end, why they do not start, and that nothing of them is left.

mod common;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use common::{Runs, env, runner, wait};
use solti_model::{ContainerTask, PullPolicy, RunId, Stdin, TaskKind, TaskSpec, Volume};
use solti_runner::{
    Attached, ContainerRunner, ContainerTrouble, EngineKind, RunEnd, RunOutcome, RunRequest, Runner,
    StartCause, StopMode,
};
use solti_testing::{TEST_IMAGE, path_with_podman, until, within};

/// A data folder whose containers are run by podman.
struct Containers {
    runs: Runs,
    runner: ContainerRunner,
    env: BTreeMap<OsString, OsString>,
}

impl Containers {
    /// `None` where no container can be started.
    fn new() -> Option<Self> {
        let mut env: BTreeMap<OsString, OsString> = std::env::vars_os().collect();
        env.insert("PATH".into(), path_with_podman()?.into());
        let runs = Runs::new();
        let runner = ContainerRunner::new(EngineKind::Podman, runner(), env.clone(), runs.dir.path());
        Some(Self { runs, runner, env })
    }

    fn request(&self, task: &str, container: ContainerTask) -> RunRequest {
        let request = self.runs.request(task, TaskKind::Container(container));
        RunRequest { base_env: self.env.clone(), ..request }
    }

    async fn run(&self, request: RunRequest) -> RunOutcome {
        let mut handle = self.runner.start(request).await.unwrap();
        wait(&mut handle).await
    }

    /// The end of a shell in a container, and what it has printed.
    async fn sh(&self, task: &str, script: &str) -> (RunOutcome, String) {
        let outcome = self.run(self.request(task, sh(script))).await;
        (outcome, self.runs.output(task))
    }

    fn podman(&self, words: &[&str]) -> String {
        let mut podman = Command::new("podman");
        podman.args(words).env_clear().envs(&self.env);
        String::from_utf8(podman.output().unwrap().stdout).unwrap()
    }

    /// The containers that are left of these runs.
    fn left(&self) -> Vec<String> {
        let folder = self.runs.dir.path().file_name().unwrap().to_str().unwrap().to_owned();
        let names = self.podman(&["ps", "--all", "--format", "{{.Names}}"]);
        names.lines().filter(|name| name.contains(&folder)).map(str::to_owned).collect()
    }

    async fn nothing_is_left(&self) {
        until("the container is gone", || self.left().is_empty()).await;
    }

    fn folder(&self) -> impl Fn(&RunId) -> PathBuf + Send + use<> {
        let root = self.runs.dir.path().to_owned();
        move |run: &RunId| {
            let task = run.task.as_str();
            let short = task.rsplit('-').next().unwrap_or(task);
            root.join("runs").join(short).join(run.attempt.to_string())
        }
    }
}

fn sh(script: &str) -> ContainerTask {
    ContainerTask {
        command: vec!["sh".into(), "-c".into()],
        args: vec![script.into()],
        network: Some("none".into()),
        ..ContainerTask::of(TEST_IMAGE)
    }
}

fn trouble(outcome: &RunOutcome) -> (ContainerTrouble, String) {
    match &outcome.end {
        RunEnd::StartFailed(failure) => match &failure.cause {
            StartCause::Container(container) => (container.trouble, failure.to_string()),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_prints_and_ends_with_its_own_code() {
    let Some(it) = Containers::new() else { return };
    let (outcome, output) = it.sh("seven", "echo out; echo err >&2; exit 7").await;
    assert_eq!(outcome.end, RunEnd::Exited { code: 7 });
    assert!(output.contains("out\n") && output.contains("err\n"), "{output}");
    assert_eq!(it.sh("good", "true").await.0.end, RunEnd::Exited { code: 0 });
    it.nothing_is_left().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_engine_ends_with_is_the_programs_own_where_it_ran() {
    let Some(it) = Containers::new() else { return };
    for code in [1, 125, 126, 127] {
        let (outcome, _) =
            it.sh(&format!("own{code}"), &format!("echo 'Error: mine' >&2; exit {code}")).await;
        assert_eq!(outcome.end, RunEnd::Exited { code });
    }
    it.nothing_is_left().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn variables_are_handed_on_and_nobody_reads_them_in_the_process_table() {
    let Some(it) = Containers::new() else { return };
    let mut task = sh("echo \"[$TOKEN][$PATH][$SOLTI_RUN_ID]\"; sleep 600");
    task.env = vec![env("TOKEN", "s3cret\nof two lines"), env("PATH", "/bin:/s3cret")];
    let request = it.request("env", task);
    let run = request.run.clone();
    let mut handle = it.runner.start(request).await.unwrap();
    let expected = format!("[s3cret\nof two lines][/bin:/s3cret][{run}]");
    until("it prints", || it.runs.output("env").contains(&expected)).await;
    for process in std::fs::read_dir("/proc").unwrap().flatten() {
        let words = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
        assert!(!String::from_utf8_lossy(&words).contains("s3cret"), "{:?}", process.path());
    }
    handle.controller().stop(StopMode::Graceful).await;
    assert!(matches!(wait(&mut handle).await.end, RunEnd::Stopped { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_sees_of_the_machine_what_it_is_given() {
    let Some(it) = Containers::new() else { return };
    let data = tempfile::tempdir().unwrap();
    std::fs::write(data.path().join("in"), "given\n").unwrap();
    let mut task = sh(
        "pwd; cat in; touch no 2>/dev/null || echo locked; touch /out/made; cat; id -u; ls /sys/class/net",
    );
    let volume = |target: &str, read_only| Volume {
        source: data.path().to_str().unwrap().to_owned(),
        target: target.to_owned(),
        read_only,
    };
    task.volumes = vec![volume("/in", true), volume("/out", false)];
    task.workdir = Some("/in".into());
    task.user = Some("0:0".into());
    let request = RunRequest { stdin: Stdin::Text("read\n".into()), ..it.request("seen", task) };
    assert_eq!(it.run(request).await.end, RunEnd::Exited { code: 0 });
    assert_eq!(it.runs.output("seen"), "/in\ngiven\nlocked\nread\n0\nlo\n");
    assert!(data.path().join("made").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_that_is_ended_is_gone_when_its_end_is_told() {
    let Some(it) = Containers::new() else { return };
    let mut handle = it.runner.start(it.request("stop", sh("echo on; sleep 600"))).await.unwrap();
    until("it runs", || it.runs.output("stop").contains("on")).await;
    handle.controller().stop(StopMode::Graceful).await;
    assert!(matches!(wait(&mut handle).await.end, RunEnd::Stopped { .. }));
    assert_eq!(it.left(), Vec::<String>::new());

    let deaf = it.request("deaf", sh("trap '' TERM; echo on; while :; do sleep 1; done"));
    let deaf =
        RunRequest { timeout: Some(Duration::from_secs(5)), grace: Duration::from_millis(300), ..deaf };
    let outcome = it.run(deaf).await;
    assert!(matches!(outcome.end, RunEnd::TimedOut { .. }), "{outcome:?}");
    assert_eq!(it.left(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn why_a_container_does_not_start_is_told_in_a_sentence() {
    let Some(it) = Containers::new() else { return };
    let image = |image: &str, pull| ContainerTask { pull, ..ContainerTask::of(image) };
    let program = |program: &str| ContainerTask {
        command: vec![program.into()],
        network: Some("none".into()),
        ..ContainerTask::of(TEST_IMAGE)
    };
    let mut volume = sh("true");
    volume.volumes = vec![Volume { source: "/no/such".into(), target: "/x".into(), read_only: false }];
    let mut user = sh("true");
    user.user = Some("nobody-knows".into());
    let mut workdir = sh("true");
    workdir.workdir = Some("/no/such".into());
    let mut network = sh("true");
    network.network = Some("no-such".into());
    for (task, container, expected) in [
        ("absent", image("localhost/absent:1", PullPolicy::Never), ContainerTrouble::ImageAbsent),
        ("registry", image("127.0.0.1:1/x:1", PullPolicy::Missing), ContainerTrouble::RegistryUnreachable),
        ("missing", program("no-such-program"), ContainerTrouble::ProgramMissing),
        ("text", program("/etc/no-program"), ContainerTrouble::ProgramNotExecutable),
        ("volume", volume, ContainerTrouble::VolumeMissing),
        ("user", user, ContainerTrouble::UserUnknown),
        ("workdir", workdir, ContainerTrouble::WorkdirMissing),
        ("network", network, ContainerTrouble::NetworkUnknown),
    ] {
        let outcome = it.run(it.request(task, container)).await;
        let (found, sentence) = trouble(&outcome);
        assert_eq!(found, expected, "{task}: {sentence}");
        assert!(!sentence.contains('\n') && sentence.len() < 700, "{sentence}");
    }
    assert_eq!(it.left(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_engine_the_field_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let env = BTreeMap::from([("PATH".into(), dir.path().into())]);
    let none = ContainerRunner::new(EngineKind::Podman, runner(), env, dir.path());
    let spec = TaskSpec::new("s".parse().unwrap(), TaskKind::Container(sh("true")));
    let refused = none.accepts(&spec).unwrap_err();
    assert_eq!(refused.field, "kind.container");
    assert!(refused.message.starts_with("podman is not installed"), "{}", refused.message);
    assert!(none.about().await.unavailable.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_says_what_it_is_and_which_images_it_has() {
    let Some(it) = Containers::new() else { return };
    let about = it.runner.about().await;
    let engine = about.engine.unwrap_or_else(|| panic!("{:?}", about.unavailable));
    assert!(engine.version.starts_with(|c: char| c.is_ascii_digit()), "{engine:?}");
    let images = it.runner.images("podman").await.unwrap();
    assert!(images.iter().any(|image| image.name == TEST_IMAGE && image.size.is_some()), "{images:?}");
}

#[test]
fn a_container_is_taken_away_also_while_the_app_is_away() {
    let Some(it) = Containers::new() else { return };
    let runtime = || tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let request = it.request("away", sh("echo on; while [ ! -e /in/go ]; do sleep 0.05; done; exit 3"));
    let data = tempfile::tempdir().unwrap();
    let RunRequest { kind: TaskKind::Container(mut task), run_dir, run, .. } = request.clone() else {
        panic!()
    };
    task.volumes =
        vec![Volume { source: data.path().to_str().unwrap().into(), target: "/in".into(), read_only: true }];
    let first = runtime();
    first.block_on(async {
        let request = RunRequest { kind: TaskKind::Container(task), ..request };
        it.runner.start(request).await.unwrap();
        until("it runs", || it.runs.output("away").contains("on")).await;
    });
    first.shutdown_background();
    std::fs::write(data.path().join("go"), "").unwrap();
    solti_testing::wait_until("the container is gone", || it.left().is_empty());
    let attached = runtime().block_on(it.runner.attach(&run_dir, &run)).unwrap();
    let Attached::Finished(outcome) = attached else { panic!("{attached:?}") };
    assert_eq!(outcome.end, RunEnd::Exited { code: 3 });
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_crash_has_left_is_swept_and_nothing_else() {
    let Some(it) = Containers::new() else { return };
    let request = it.request("lost", sh("echo on; exec sleep 600"));
    let mut handle = it.runner.start(request).await.unwrap();
    until("it runs", || it.runs.output("lost").contains("on")).await;
    // Another data folder's, and a run that is alive.
    let other = Containers::new().unwrap();
    let mut alive = other.runner.start(other.request("alive", sh("echo on; exec sleep 600"))).await.unwrap();
    until("it runs", || other.runs.output("alive").contains("on")).await;

    // The shim is killed, and with it whoever could have cleaned up; what is found then is swept by the runner itself.
    let shim = common::shim_of(handle.pid);
    Command::new("kill").args(["-9", &shim.to_string()]).status().unwrap();
    let outcome = within("its loss is noticed", handle.wait()).await;
    assert!(matches!(outcome.end, RunEnd::Lost { .. }), "{outcome:?}");
    assert_eq!(it.left(), Vec::<String>::new());

    // As it would be after a crash of everything: a container of this folder without a shim.
    let name = it.runner.container_of(&"gone/7".parse().unwrap());
    let label = format!("solti.instance={}", name.split('-').nth(1).unwrap());
    it.podman(&["create", "--name", &name, "--label", &label, "--network=none", TEST_IMAGE, "true"]);
    let there = || it.podman(&["ps", "--all", "--format", "{{.Names}}"]).contains(&name);
    assert!(there());
    it.runner.sweep_left(it.folder()).await;
    assert!(!there());
    other.runner.sweep_left(other.folder()).await;
    assert_eq!(other.left().len(), 1, "a run that is alive stays");
    alive.controller().stop(StopMode::Kill).await;
    wait(&mut alive).await;
}

/// A program in docker's place that says what the real one says, as it was recorded of 20.10 and 28.2.
const DOCKER: &str = r#"#!/bin/sh
case "$1" in
info) echo '{"ServerVersion":"28.2.2","CgroupVersion":"2","DefaultRuntime":"runc","SecurityOptions":["name=rootless"]}' ;;
images) printf 'alpine|3|8.3MB\n<none>|<none>|1MB\n' ;;
container) echo "Error response from daemon: No such container: x" >&2; exit 1 ;;
rm) echo "$*" >>"$0.removed" ;;
run)
    case "$*" in
    *absent*)
        echo "Unable to find image 'absent:1' locally" >&2
        echo "docker: Error response from daemon: manifest for absent:1 not found: manifest unknown: manifest unknown." >&2
        echo >&2
        echo "Run 'docker run --help' for more information" >&2
        exit 125 ;;
    esac
    echo "ran"; exit 4 ;;
esac
"#;

#[tokio::test(flavor = "multi_thread")]
async fn docker_is_understood_as_podman_is() {
    let runs = Runs::new();
    let bin = tempfile::tempdir().unwrap();
    let docker = bin.path().join("docker");
    std::fs::write(&docker, DOCKER).unwrap();
    std::fs::set_permissions(&docker, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let mut env: BTreeMap<OsString, OsString> = std::env::vars_os().collect();
    env.insert("PATH".into(), format!("{}:/usr/bin:/bin", bin.path().display()).into());
    let runner = ContainerRunner::new(EngineKind::Docker, runner(), env.clone(), runs.dir.path());
    let engine = runner.about().await.engine.expect("usable");
    assert_eq!((engine.version.as_str(), engine.rootless), ("28.2.2", true));
    assert_eq!(engine.cgroups.as_deref(), Some("v2"));
    let images = runner.images("docker").await.unwrap();
    assert_eq!(images.iter().map(|image| image.name.as_str()).collect::<Vec<_>>(), ["alpine:3"]);

    let request = |task: &str, image: &str| RunRequest {
        base_env: env.clone(),
        ..runs.request(task, TaskKind::Container(ContainerTask::of(image)))
    };
    let run = async |request| {
        let mut handle = runner.start(request).await.unwrap();
        wait(&mut handle).await
    };
    assert_eq!(run(request("four", "alpine:3")).await.end, RunEnd::Exited { code: 4 });
    let (found, sentence) = trouble(&run(request("absent", "absent:1")).await);
    assert_eq!(found, ContainerTrouble::ImageUnknown, "{sentence}");
    let removed = || std::fs::read_to_string(bin.path().join("docker.removed")).unwrap_or_default();
    until("both are removed", || removed().lines().count() == 2).await;
    assert!(removed().starts_with("rm --force --volumes solti-"), "{}", removed());
}
