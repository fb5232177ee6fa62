//! What holds for every engine of a container that runs.

use std::process::Command;
use std::time::Duration;

use solti_model::{ResourceLimits, Stdin};
use solti_runner::{ContainerTrouble, RunEnd, RunRequest, Runner, StopMode};
use solti_testing::{TEST_IMAGE, TestEngine, on_each_engine, until, within};

use crate::common::{env, shim_of, wait};
use crate::support::{Containers, run, sh, trouble, volume};

on_each_engine! { run:
    a_container_prints_and_ends_with_its_own_code,
    what_an_engine_ends_with_is_the_programs_own_where_it_ran,
    variables_are_handed_on_and_nobody_reads_them_in_the_process_table,
    a_container_sees_of_the_machine_what_it_is_given,
    a_volume_is_made_by_its_name_and_stays,
    a_program_hears_of_a_stop_once_and_its_children_not_at_all,
    a_container_that_is_ended_is_gone_when_its_end_is_told,
    one_that_somebody_has_paused_ends_and_is_gone_all_the_same,
    all_processes_of_a_container_end_with_it,
    a_limit_of_open_files_reaches_the_program,
    an_engine_says_what_it_is_and_which_images_it_has,
    what_a_crash_has_left_is_swept_and_nothing_else,
}

async fn a_container_prints_and_ends_with_its_own_code(it: Containers) {
    let (outcome, output) = it.sh("seven", "echo out; echo err >&2; exit 7").await;
    assert_eq!(outcome.end, RunEnd::Exited { code: 7 });
    assert!(output.contains("out\n") && output.contains("err\n"), "{output}");
    assert_eq!(it.sh("good", "true").await.0.end, RunEnd::Exited { code: 0 });
    it.nothing_is_left().await;
}

async fn what_an_engine_ends_with_is_the_programs_own_where_it_ran(it: Containers) {
    for code in [1, 125, 126, 127, 137] {
        let script = format!("echo 'Error: mine' >&2; exit {code}");
        let (outcome, _) = it.sh(&format!("own{code}"), &script).await;
        assert_eq!(outcome.end, RunEnd::Exited { code });
        assert!(!outcome.flags.oom_killed, "{code}");
    }
    it.nothing_is_left().await;
}

async fn variables_are_handed_on_and_nobody_reads_them_in_the_process_table(it: Containers) {
    let mut task = sh("echo \"[$TOKEN][$PATH][$SOLTI_RUN_ID]\"; echo on; sleep 600");
    // Tests of other engines run beside this one.
    let secret = format!("s3cret-{}", std::process::id());
    task.env =
        vec![env("TOKEN", &format!("{secret}\nof two lines")), env("PATH", &format!("/bin:/{secret}"))];
    let request = it.request("env", task);
    let run = request.run.clone();
    let mut handle = it.on(request).await;
    let expected = format!("[{secret}\nof two lines][/bin:/{secret}][{run}]\non\n");
    assert_eq!(it.runs.output("env"), expected);
    for process in std::fs::read_dir("/proc").unwrap().flatten() {
        let words = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
        assert!(!String::from_utf8_lossy(&words).contains(&secret), "{:?}", process.path());
    }
    handle.controller().stop(StopMode::Graceful).await;
    assert!(matches!(wait(&mut handle).await.end, RunEnd::Stopped { .. }));
}

async fn a_container_sees_of_the_machine_what_it_is_given(it: Containers) {
    let data = tempfile::tempdir().unwrap();
    std::fs::write(data.path().join("in"), "given\n").unwrap();
    let mut task = sh(
        "pwd; cat in; touch no 2>/dev/null || echo locked; touch /out/made; cat; id -u; ls /sys/class/net",
    );
    task.volumes = vec![volume(data.path(), "/in", true), volume(data.path(), "/out", false)];
    task.workdir = Some("/in".into());
    task.user = Some("0:0".into());
    let request = RunRequest { stdin: Stdin::Text("read\n".into()), ..it.request("seen", task) };
    assert_eq!(it.run(request).await.end, RunEnd::Exited { code: 0 });
    assert_eq!(it.runs.output("seen"), "/in\ngiven\nlocked\nread\n0\nlo\n");
    assert!(data.path().join("made").exists());

    let mut task = sh("id -u; id -g");
    task.user = Some("1000:1001".into());
    assert_eq!(it.run(it.request("user", task)).await.end, RunEnd::Exited { code: 0 });
    assert_eq!(it.runs.output("user"), "1000\n1001\n");
}

async fn a_volume_is_made_by_its_name_and_stays(it: Containers) {
    let name =
        format!("solti-test-{}", it.runs.dir.path().file_name().unwrap().to_str().unwrap().trim_matches('.'));
    let with = |script: &str, read_only| {
        let mut task = sh(script);
        task.volumes = vec![volume(name.as_ref(), "/kept", read_only)];
        task
    };
    let written = it.run(it.request("first", with("echo kept >/kept/it", false))).await;
    assert_eq!(written.end, RunEnd::Exited { code: 0 });
    // Its container is removed with the volumes that have no name.
    it.nothing_is_left().await;
    let script = "cat /kept/it; touch /kept/no 2>/dev/null || echo locked";
    let read = it.run(it.request("second", with(script, true))).await;
    assert_eq!(read.end, RunEnd::Exited { code: 0 });
    assert_eq!(it.runs.output("second"), "kept\nlocked\n");
    it.nothing_is_left().await;
    it.asked(&["volume", "rm", &name]);
}

async fn a_program_hears_of_a_stop_once_and_its_children_not_at_all(it: Containers) {
    // It goes on for a second, as long as which it would hear more.
    let script = "trap 'n=$((n+1)); echo heard $n' TERM
        (trap 'echo too' TERM; while :; do sleep 0.05; done) &
        echo on
        i=0
        while [ $i -lt 10 ]; do
            sleep 0.1
            [ -z \"$n\" ] || i=$((i+1))
        done
        exit 3";
    let mut handle = it.on(it.request("once", sh(script))).await;
    handle.controller().stop(StopMode::Graceful).await;
    let outcome = wait(&mut handle).await;
    let RunEnd::Stopped { code, signal: None } = outcome.end else { panic!("{outcome:?}") };
    // A rootless podman that has passed on a TERM may end well whatever the program did.
    assert!(code == Some(3) || code == Some(0) && it.engine == TestEngine::Rootless, "{code:?}");
    assert_eq!(it.runs.output("once"), "on\nheard 1\n");
}

async fn a_container_that_is_ended_is_gone_when_its_end_is_told(it: Containers) {
    let mut handle = it.on(it.request("stop", sh("echo on; sleep 600"))).await;
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

async fn one_that_somebody_has_paused_ends_and_is_gone_all_the_same(it: Containers) {
    for mode in [StopMode::Graceful, StopMode::Kill] {
        let request = it.request(&format!("paused-{mode:?}").to_lowercase(), sh("echo on; exec sleep 600"));
        let request = RunRequest { grace: Duration::from_millis(300), ..request };
        let (run, mut handle) = (request.run.clone(), it.on(request).await);
        if !it.client(&["pause", &it.runner.container_of(&run)]).status.success() {
            // Without control groups no engine can.
            assert_eq!(it.engine, TestEngine::Rootless);
            handle.controller().stop(StopMode::Kill).await;
            wait(&mut handle).await;
            continue;
        }
        handle.controller().stop(mode).await;
        let outcome = wait(&mut handle).await;
        assert!(matches!(outcome.end, RunEnd::Stopped { .. }), "{outcome:?}");
        assert!(!outcome.flags.survivors, "{outcome:?}");
        assert!(it.left().is_empty(), "{:?}", it.left());
        assert_eq!(it.processes(&run), 0);
    }
}

async fn all_processes_of_a_container_end_with_it(it: Containers) {
    // In the background, in a session of its own, and deaf.
    let script = "trap '' TERM; sleep 600 & busybox setsid sleep 600 & (sleep 600; :) & echo on; wait";
    let request = RunRequest { grace: Duration::from_millis(300), ..it.request("tree", sh(script)) };
    let run = request.run.clone();
    let mut handle = it.on(request).await;
    until("all of them live", || it.processes(&run) >= 4).await;
    handle.controller().stop(StopMode::Graceful).await;
    assert!(matches!(wait(&mut handle).await.end, RunEnd::Stopped { .. }));
    assert_eq!(it.processes(&run), 0);
    assert_eq!(it.left(), Vec::<String>::new());
}

async fn a_limit_of_open_files_reaches_the_program(it: Containers) {
    let limits = ResourceLimits { open_files: Some(99), ..ResourceLimits::default() };
    let request = RunRequest { limits, ..it.request("files", sh("ulimit -n; ulimit -Hn")) };
    let outcome = it.run(request).await;
    // Podman asks for more processes then than a superuser of some machines may have.
    if it.engine == TestEngine::Podman && !may_raise_limits() {
        assert_eq!(trouble(&outcome).0, ContainerTrouble::LimitRefused);
        return;
    }
    assert_eq!(outcome.end, RunEnd::Exited { code: 0 }, "{}", it.runs.output("files"));
    assert_eq!(it.runs.output("files"), "99\n99\n");
}

/// Whether this process has `CAP_SYS_RESOURCE`.
fn may_raise_limits() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let has = status.lines().find_map(|line| line.strip_prefix("CapEff:")).unwrap().trim();
    u64::from_str_radix(has, 16).unwrap() >> 24 & 1 == 1
}

async fn an_engine_says_what_it_is_and_which_images_it_has(it: Containers) {
    let about = it.runner.about().await;
    let engine = about.engine.unwrap_or_else(|| panic!("{:?}", about.unavailable));
    assert!(engine.version.starts_with(|c: char| c.is_ascii_digit()), "{engine:?}");
    assert_eq!(engine.rootless, it.engine == TestEngine::Rootless, "{engine:?}");
    assert!(engine.cgroups.as_deref().is_some_and(|version| ["v1", "v2"].contains(&version)), "{engine:?}");
    let images = it.runner.images("here").await.unwrap();
    let image = images.iter().find(|image| image.name == TEST_IMAGE).unwrap_or_else(|| panic!("{images:?}"));
    assert!(image.size.is_some() && image.runner == "here", "{image:?}");
}

async fn what_a_crash_has_left_is_swept_and_nothing_else(it: Containers) {
    let mut handle = it.on(it.request("lost", sh("echo on; exec sleep 600"))).await;
    // Another data folder's, and a run that is alive.
    let other = it.another(&[]);
    let mut alive = other.on(other.request("alive", sh("echo on; exec sleep 600"))).await;

    // The shim is killed, and with it whoever could have cleaned up; what is found then is swept by the runner itself.
    let shim = shim_of(handle.pid);
    Command::new("kill").args(["-9", &shim.to_string()]).status().unwrap();
    let outcome = within("its loss is noticed", handle.wait()).await;
    assert!(matches!(outcome.end, RunEnd::Lost { .. }), "{outcome:?}");
    assert_eq!(it.left(), Vec::<String>::new());

    // As it would be after a crash of everything: a container of this folder without a shim.
    let name = it.runner.container_of(&"gone/7".parse().unwrap());
    let label = format!("solti.instance={}", name.split('-').nth(1).unwrap());
    it.asked(&["create", "--name", &name, "--label", &label, "--network=none", TEST_IMAGE, "true"]);
    let there = || it.asked(&["ps", "--all", "--format", "{{.Names}}"]).contains(&name);
    assert!(there());
    it.runner.sweep_left(it.folder()).await;
    assert!(!there());
    other.runner.sweep_left(other.folder()).await;
    assert_eq!(other.left().len(), 1, "a run that is alive stays");
    alive.controller().stop(StopMode::Kill).await;
    wait(&mut alive).await;
}
