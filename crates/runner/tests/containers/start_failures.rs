//! Why a container does not start, in a sentence.

use std::collections::BTreeMap;

use solti_model::{ContainerTask, PullPolicy, ResourceLimits, TaskKind, TaskSpec};
use solti_runner::{
    ContainerRunner, ContainerTrouble, EngineKind, RunEnd, RunRequest, Runner, StartCause, StartError,
};
use solti_testing::{TEST_IMAGE, TestEngine, on_each_engine};

use crate::common::runner;
use crate::support::{Containers, run, sh, trouble, volume};

on_each_engine! { run:
    why_a_container_does_not_start_is_told_in_a_sentence,
    a_limit_is_kept_or_the_container_does_not_start,
}

async fn why_a_container_does_not_start_is_told_in_a_sentence(it: Containers) {
    let image = |image: &str, pull| ContainerTask { pull, ..ContainerTask::of(image) };
    let program = |program: &str| ContainerTask {
        command: vec![program.into()],
        network: Some("none".into()),
        ..ContainerTask::of(TEST_IMAGE)
    };
    let with = |change: fn(&mut ContainerTask)| {
        let mut task = sh("true");
        change(&mut task);
        task
    };
    let nowhere = || with(|task| task.workdir = Some("/no/such".into()));
    let mut cases = vec![
        ("absent", image("localhost/absent:1", PullPolicy::Never), ContainerTrouble::ImageAbsent),
        ("name", image("localhost/Not:A:Name", PullPolicy::Never), ContainerTrouble::ImageMalformed),
        ("missing", program("no-such-program"), ContainerTrouble::ProgramMissing),
        ("text", program("/etc/no-program"), ContainerTrouble::ProgramNotExecutable),
        ("folder", program("/etc"), ContainerTrouble::ProgramNotExecutable),
        (
            "volume",
            with(|task| task.volumes = vec![volume("/no/such".as_ref(), "/x", false)]),
            ContainerTrouble::VolumeMissing,
        ),
        ("user", with(|task| task.user = Some("nobody-knows".into())), ContainerTrouble::UserUnknown),
        ("group", with(|task| task.user = Some("0:no-group".into())), ContainerTrouble::UserUnknown),
        ("network", with(|task| task.network = Some("no-such".into())), ContainerTrouble::NetworkUnknown),
    ];
    if it.engine == TestEngine::Docker {
        // It makes the directory.
        assert_eq!(it.run(it.request("nowhere", nowhere())).await.end, RunEnd::Exited { code: 0 });
    } else {
        cases.push(("nowhere", nowhere(), ContainerTrouble::WorkdirMissing));
    }
    for (task, container, expected) in cases {
        let outcome = it.run(it.request(task, container)).await;
        let (found, sentence) = trouble(&outcome);
        assert_eq!(found, expected, "{task}: {sentence}");
        assert!(!sentence.contains('\n') && sentence.len() < 700, "{sentence}");
    }
    it.nothing_is_left().await;
}

async fn a_limit_is_kept_or_the_container_does_not_start(it: Containers) {
    // More than that many at a time cannot be forked, and the shell says so.
    let script = "for n in 1 2 3 4 5 6 7 8 9; do sleep 3 & done; echo all";
    let limits = ResourceLimits { processes: Some(6), ..ResourceLimits::default() };
    match it.runner.start(RunRequest { limits, ..it.request("forks", sh(script)) }).await {
        Ok(mut handle) => {
            let outcome = crate::common::wait(&mut handle).await;
            assert!(!it.runs.output("forks").contains("all"), "{outcome:?}");
        }
        // Only for want of a control group.
        Err(StartError::Failed(failure)) => {
            assert_eq!(it.engine, TestEngine::Rootless, "{failure}");
            let StartCause::Container(why) = &failure.cause else { panic!("{failure:?}") };
            assert_eq!(why.trouble, ContainerTrouble::LimitRefused);
            assert!(
                failure
                    .to_string()
                    .contains("rootless podman has no control group for the number of processes here")
            );
        }
        Err(other) => panic!("{other:?}"),
    }
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
async fn a_daemon_that_does_not_answer_is_told_in_a_sentence() {
    let Some(path) = TestEngine::Docker.path() else { return };
    let it = Containers::new(
        TestEngine::Docker,
        &[("PATH", &path), ("SOLTI_TEST_DOCKER_HOST", "unix:///no/such")],
    );
    let unavailable = it.runner.about().await.unavailable.expect("no daemon");
    assert!(
        unavailable.starts_with("docker cannot be used: ") && unavailable.contains("daemon"),
        "{unavailable}"
    );
    let Err(StartError::Failed(failure)) = it.runner.start(it.request("none", sh("true"))).await else {
        panic!("started")
    };
    assert_eq!(failure.to_string(), format!("the container engine cannot be used ({unavailable})"));
}
