//! Where nobody holds the data folder the engine is started in the background: once, told, and for good.

mod support;

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use solti_testing::wait_until;
use std::fs;
use std::process::{Command, Output, Stdio};
use support::{Place, ended, error, lines, send};

/// An engine that a command has started; ended with the test.
struct Engine(Pid);

impl Engine {
    /// Whom the command says that it has started.
    fn told_by(output: &Output) -> Option<Self> {
        let said = error(output);
        let (_, rest) = said.split_once("started in the background (process ")?;
        let pid = rest.split_once(')')?.0.parse().expect("a number");
        Pid::from_raw(pid).map(Self)
    }

    fn end(&self) {
        kill_process(self.0, Signal::TERM).ok();
        wait_until("the engine ends", || test_kill_process(self.0).is_err());
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        kill_process(self.0, Signal::KILL).ok();
    }
}

#[test]
fn the_first_command_starts_the_engine_and_says_so_once() {
    let place = Place::new();
    let first = place.run(&["run", "--wait", "--", "echo", "hi"]);
    let engine = Engine::told_by(&first).unwrap_or_else(|| panic!("{}", error(&first)));
    assert_eq!((first.status.code(), &*first.stdout), (Some(0), &b"hi\n"[..]));
    let log = place.data_dir().join("app.log");
    assert!(error(&first).contains(log.to_str().unwrap()) && log.is_file(), "{}", error(&first));

    let second = place.run(&["run", "--wait", "--", "sh", "-c", "echo $SOLTI_TOKEN$SOLTI_URL; pwd"]);
    assert_eq!(error(&second), "");
    engine.end();
    // A task of then is still known to the next one.
    let listed = place.run(&["list", "--json"]);
    let next = Engine::told_by(&listed).expect("another one");
    let rows: serde_json::Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert_eq!(rows["total"], 2, "{rows}");
    next.end();
}

#[test]
fn the_engine_is_ended_by_a_command_and_its_tasks_go_on() {
    let place = Place::new();
    let idle = place.run(&["service", "stop"]);
    assert!(idle.status.success() && error(&idle).contains("no engine runs"), "{}", error(&idle));
    let first = place.run(&["run", "--", "sleep", "600"]);
    let engine = Engine::told_by(&first).unwrap_or_else(|| panic!("{}", error(&first)));
    let stopped = place.run(&["service", "stop"]);
    assert!(stopped.status.success(), "{}", error(&stopped));
    assert!(error(&stopped).contains(&format!("process {}", engine.0.as_raw_pid())), "{}", error(&stopped));
    let listed = place.run(&["list", "--json"]);
    let _next = Engine::told_by(&listed).expect("another one");
    let rows: serde_json::Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert_eq!(rows["tasks"][0]["status"]["phase"], "running", "{rows}");
    let id = rows["tasks"][0]["metadata"]["id"].as_str().unwrap();
    assert!(place.run(&["stop", "--kill", id]).status.success());
    assert!(place.run(&["service", "stop"]).status.success());
}

#[test]
fn what_is_not_to_be_started_is_not_and_has_an_exit_code_of_its_own() {
    let place = Place::new();
    let entries = || fs::read_dir(place.data_dir()).unwrap().count();
    let before = entries();
    for words in [
        &["run", "--no-start", "--", "true"][..],
        &["run", "--no-start", "--wait", "--", "true"],
        &["list", "--no-start"],
    ] {
        let refused = place.run(words);
        assert_eq!(refused.status.code(), Some(69), "{words:?}");
        assert!(error(&refused).contains("--no-start"), "{}", error(&refused));
    }
    assert_eq!(entries(), before, "nothing is made");
}

#[test]
fn a_task_starts_no_engine_that_would_end_with_it() {
    let place = Place::new();
    let bin = place.work().join("bin");
    fs::create_dir(&bin).unwrap();
    let path = |first: &std::path::Path| format!("{}:{}", first.display(), std::env::var("PATH").unwrap());
    let in_task = |words: &[&str]| {
        let mut command = place.command(words);
        command.env("SOLTI_RUN_ID", "t/1").env("PATH", path(&bin)).output().unwrap()
    };
    let manager = |text: &str| {
        let file = bin.join("systemd-run");
        fs::write(&file, format!("#!/bin/sh\n{text}\n")).unwrap();
        fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    };
    manager("exit 1");
    let refused = in_task(&["list"]);
    assert_eq!(refused.status.code(), Some(69));
    assert!(error(&refused).contains("would end with the task"), "{}", error(&refused));
    assert!(!place.data_dir().join("api/solti.sock").exists(), "nothing is started");

    // What is behind its own options, started as a manager does.
    manager(
        "printf '%s\\n' \"$@\" > ordered\nwhile [ \"$1\" != -- ]; do shift; done\nshift\n\
         unset SOLTI_RUN_ID\nsetsid \"$@\" > /dev/null 2>&1 &",
    );
    let listed = in_task(&["list", "--json"]);
    assert!(listed.status.success(), "{}", error(&listed));
    assert!(error(&listed).contains("outside of this task"), "{}", error(&listed));
    let ordered = fs::read_to_string(place.work().join("ordered")).unwrap();
    assert!(ordered.starts_with("--user\n") && !ordered.contains("SOLTI_RUN_ID"), "{ordered}");
    let setting = format!("--setenv=SOLTI_DATA_DIR={}\n", place.data_dir().display());
    assert!(ordered.contains(&setting), "{ordered}");
    assert_eq!(error(&in_task(&["list"])), "", "it is there");
    assert!(place.run(&["service", "stop"]).status.success());
}

#[test]
fn many_callers_at_once_start_one_engine() {
    let place = Place::new();
    let callers: Vec<_> = (0..6).map(|_| place.command(&["run", "--", "true"]).spawn().unwrap()).collect();
    let outputs: Vec<_> = callers.into_iter().map(|caller| caller.wait_with_output().unwrap()).collect();
    let engines: Vec<_> = outputs.iter().filter_map(Engine::told_by).collect();
    assert!(outputs.iter().all(|output| output.status.success()), "{outputs:?}");
    assert_eq!(engines.len(), 1, "{outputs:?}");
    assert_eq!(place.json(&["list", "--json"])["total"], 6);
    engines[0].end();
}

#[test]
fn an_engine_that_cannot_start_says_why() {
    let place = Place::new();
    let mut command = place.command(&["list"]);
    let output = command.env("SOLTI_SHIM", place.work().join("none")).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        error(&output).contains("could not be started") && error(&output).contains("is missing"),
        "{}",
        error(&output)
    );
}

#[test]
fn whoever_waits_for_an_engine_that_was_ended_for_good_is_told_so() {
    let place = Place::new();
    place.gate("gate");
    place.gate("other");
    let server = place.serve(&[]);
    let id = place.task("echo up; read x < gate");
    let words: [&[&str]; 2] =
        [&["logs", "-f", &id], &["run", "--wait", "-n", "--", "sh", "-c", "echo up; read x < other"]];
    let waits = words.map(|words| {
        let mut command = place.command(words);
        let mut wait = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // It is connected.
        assert_eq!(lines(&mut wait).next(), "up");
        wait
    });
    server.signal(Signal::TERM);
    assert_eq!(server.ended(), Some(0));
    for (wait, code) in waits.into_iter().zip([1, 125]) {
        let output = wait.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{}", error(&output));
        assert!(
            error(&output).contains("the engine was ended, and nobody has started it"),
            "{}",
            error(&output)
        );
    }
    let _server = place.serve(&[]);
    place.open_gate("gate");
    place.open_gate("other");
    assert_eq!(place.run(&["wait", &id]).status.code(), Some(0));
}

#[test]
fn a_copy_of_the_data_folder_leaves_what_runs_to_the_original() {
    let (place, other) = (Place::new(), Place::new());
    let _server = place.serve(&[]);
    let work = place.work();
    let lines_of = |name: &str| fs::read(work.join(name)).map_or(0, |text| text.len());
    let script =
        |name: &str| format!("trap 'exit 7' TERM; while [ ! -e go ]; do echo >> {name}; sleep 0.02; done");
    let runs = place.ok(&["run", "--lane", "one", "--", "sh", "-c", &script("ticks")]).trim().to_owned();
    let waits = place.ok(&["run", "--lane", "one", "--", "sh", "-c", "echo >> ran"]).trim().to_owned();
    wait_until("it runs", || lines_of("ticks") > 0);
    fs::remove_dir_all(other.data_dir()).unwrap();
    let copied = Command::new("cp").arg("-a").arg(place.data_dir()).arg(other.data_dir()).status();
    assert!(copied.unwrap().success());

    let phase = |place: &Place, id: &str| place.json(&["show", "--json", id])["task"]["status"].clone();
    for start in 1..=2 {
        let server = other.serve(&[]);
        wait_until("it is lost there", || phase(&other, &runs)["phase"] == "failed");
        let why = phase(&other, &runs)["error"].as_str().unwrap().to_owned();
        assert!(why.contains("belongs to the data folder that this one was copied from"), "{start}: {why}");
        assert_eq!(phase(&other, &waits)["phase"], "pending");
        assert!(other.ok(&["list"]).contains("held"), "{}", other.ok(&["list"]));
        server.signal(Signal::TERM);
        assert_eq!(server.ended(), Some(0));
    }
    let ticks = lines_of("ticks");
    wait_until("it goes on", || lines_of("ticks") > ticks);
    assert_eq!((phase(&place, &runs)["phase"].as_str(), lines_of("ran")), (Some("running"), 0));
    fs::write(work.join("go"), "").unwrap();
    assert_eq!(place.run(&["wait", &runs, &waits]).status.code(), Some(0));
    assert_eq!(lines_of("ran"), 1);
    // What is submitted there runs, and what is held when somebody lets it go.
    let _server = other.serve(&[]);
    assert_eq!(other.run(&["run", "--wait", "--", "true"]).status.code(), Some(0));
    other.ok(&["release", &waits]);
    assert_eq!(other.run(&["wait", &waits]).status.code(), Some(0));
}

#[test]
fn an_engine_that_stands_by_takes_the_folder_over_with_what_runs() {
    let place = Place::new();
    place.gate("gate");
    let first = place.serve(&[]);
    let id = place.task("read x < gate; echo $x");
    let mut standby = place.command(&["serve", "--standby"]).spawn().unwrap();
    let said = lines(&mut standby);
    // A line that is asked for while the first one lives comes from it.
    assert_eq!(place.json(&["list", "--json"])["total"], 1);
    first.signal(Signal::TERM);
    assert_eq!(first.ended(), Some(0));
    assert!(said.next().starts_with("unix://"));
    place.open_gate("gate");
    assert_eq!(place.ok(&["logs", "-f", &id]), "go\n");
    send(&standby, Signal::TERM);
    assert_eq!(ended(&mut standby), Some(0));

    // One that waits for nobody's end ends when it is told to.
    let _other = place.serve(&[]);
    let mut waiting = place.command(&["serve", "--standby"]).spawn().unwrap();
    let locks = || fs::read_to_string("/proc/locks").unwrap();
    let waits = format!(" {} ", waiting.id());
    wait_until("it waits", || locks().lines().any(|line| line.contains("->") && line.contains(&waits)));
    send(&waiting, Signal::TERM);
    assert_eq!(ended(&mut waiting), Some(0));
}
