//! Runs on another machine: two engines, each with a data folder of its own, and what happens when either goes away.

mod support;

use rustix::process::Signal;
use serde_json::{Value, json};
use solti_testing::{free_port, wait_until};
use std::fs;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::PathBuf;
use std::process::Command;
use support::{Place, Server, error};

/// This machine, and another one that it has a connection to, `nas`.
struct Two {
    here: Place,
    nas: Place,
    port: u16,
    server: Option<Server>,
    there: Option<Server>,
}

impl Two {
    fn new() -> Self {
        let (here, nas, port) = (Place::new(), Place::new(), free_port());
        let mut two = Self { here, nas, port, server: None, there: None };
        two.nas_is_back();
        two.start();
        two.connect(true);
        two
    }

    fn start(&mut self) {
        self.server = Some(self.here.serve(&[]));
    }

    fn nas_is_back(&mut self) {
        let server = self.nas.serve(&["--http", &format!("127.0.0.1:{}", self.port)]);
        assert!(server.lines.next().starts_with("http://"));
        self.there = Some(server);
    }

    /// Killed, as by a power cut of its engine. Its runs go on.
    fn nas_is_gone(&mut self) {
        self.there = None;
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What adding the connection in the window does, or removing it.
    fn connect(&self, there: bool) {
        let token = fs::read_to_string(self.nas.data_dir().join("api/token")).unwrap();
        let folder = self.here.data_dir().join("connections");
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).unwrap();
        let tokens = folder.join("tokens.json");
        fs::write(&tokens, json!({"nas": {"url": self.url(), "token": token.trim()}}).to_string()).unwrap();
        support::private(&tokens);
        let nas = json!([{"name": "nas", "url": self.url()}]);
        self.set(&json!({"connections": if there { nas } else { json!([]) }}));
    }

    fn set(&self, patch: &Value) {
        self.send("PATCH", "engine/settings", patch);
    }

    fn set_there(&self, patch: &Value) {
        self.send_to(&self.nas, "PATCH", "engine/settings", patch);
    }

    fn send(&self, method: &str, path: &str, body: &Value) -> Vec<u8> {
        self.send_to(&self.here, method, path, body)
    }

    /// To the engine of a place, by what the command line has no words for.
    fn send_to(&self, place: &Place, method: &str, path: &str, body: &Value) -> Vec<u8> {
        let socket = place.data_dir().join("api/solti.sock");
        let mut curl = Command::new("curl");
        curl.args(["-fsS", "-X", method, "-H", "Content-Type: application/json", "-d", &body.to_string()]);
        curl.arg("--unix-socket").arg(socket).arg(format!("http://localhost/api/v1/{path}"));
        let output = curl.output().unwrap();
        assert!(output.status.success(), "{}", error(&output));
        output.stdout
    }

    /// The id of a task that is run there and not waited for.
    fn run(&self, script: &str) -> String {
        self.run_with(&[], script)
    }

    fn run_with(&self, words: &[&str], script: &str) -> String {
        let words = [&["run", "--machine", "nas"], words, &["--", "sh", "-c", script]].concat();
        self.here.ok(&words).trim().to_owned()
    }

    fn task(&self, id: &str) -> Value {
        self.here.json(&["show", "--json", id])["task"].clone()
    }

    fn phase(&self, id: &str) -> String {
        self.task(id)["status"]["phase"].as_str().unwrap().to_owned()
    }

    fn until(&self, id: &str, phase: &str) {
        wait_until(&format!("{id} is {phase}"), || {
            let now = self.phase(id);
            assert!(
                now == phase || !["failed", "timeout", "canceled", "exhausted"].contains(&&*now),
                "{}",
                self.task(id)
            );
            now == phase
        });
    }

    /// As the list shows it.
    fn row(&self, id: &str) -> String {
        let listed = self.here.ok(&["list"]);
        listed.lines().find(|line| line.starts_with(id)).unwrap().to_owned()
    }

    fn log(&self, id: &str) -> String {
        self.here.ok(&["logs", id])
    }

    /// The tasks of that machine.
    fn tasks_there(&self) -> Vec<Value> {
        let listed = self.nas.json(&["list", "--json"]);
        listed["tasks"].as_array().unwrap_or_else(|| panic!("{listed}")).clone()
    }

    fn gate(&self, name: &str) -> PathBuf {
        self.nas.gate(name);
        self.nas.work().join(name)
    }

    fn open(&self, name: &str) {
        self.nas.open_gate(name);
    }

    /// The client of a run, by its command line.
    fn client(&self, id: &str) -> Option<rustix::process::Pid> {
        let run = format!("{id}/1");
        let processes = fs::read_dir("/proc").unwrap().map_while(Result::ok);
        processes.into_iter().find_map(|process| {
            let line = fs::read_to_string(process.path().join("cmdline")).ok()?;
            let words: Vec<&str> = line.split('\0').collect();
            let own = words.get(1) == Some(&"relay") && words.iter().any(|word| word.ends_with(&run));
            rustix::process::Pid::from_raw(process.file_name().to_str()?.parse().ok()?).filter(|_| own)
        })
    }
}

#[test]
fn a_run_elsewhere_is_a_run_like_others() {
    let two = Two::new();
    let script =
        "printf 'a\\377b\\n'; echo err >&2; printf 'no end'; echo $GREETING >&2; pwd >&2; cat >&2; exit 3";
    let mut command = two.here.command(&[
        "run",
        "--machine",
        "nas",
        "--wait",
        "--name",
        "far",
        "--label",
        "team=x",
        "--env",
        "GREETING=hi",
        "--cwd",
        "/",
        "--",
        "sh",
        "-c",
        script,
    ]);
    fs::write(two.here.work().join("input"), "given").unwrap();
    let input = fs::File::open(two.here.work().join("input")).unwrap();
    let output = command.stdin(input).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", error(&output));
    assert_eq!(output.stdout, b"a\xffb\nno end");
    let said = error(&output);
    let printed: Vec<&str> = said.lines().collect();
    assert_eq!(printed[..3], ["err", "hi", "/"], "{said}");
    assert!(printed[3].starts_with("given"), "{said}");

    let there = two.tasks_there();
    let [task] = &there[..] else { panic!("{there:?}") };
    assert_eq!(
        (&task["spec"]["labels"]["name"], &task["spec"]["labels"]["team"]),
        (&json!("far"), &json!("x"))
    );
    let listed = two.here.json(&["list", "--json"]);
    let id = listed["tasks"][0]["metadata"]["id"].as_str().unwrap().to_owned();
    assert!(
        task["spec"]["labels"]["solti-origin"].as_str().unwrap().ends_with(&format!("/{id}/1")),
        "{task}"
    );
    let runs = two.here.json(&["runs", "--json", &id]);
    assert_eq!(runs["runs"][0]["runner"], "machine:nas", "{runs}");
    assert!(runs["runs"][0]["usage"]["cpuMs"].is_u64(), "{runs}");
    let of_run = two.here.data_dir().join("runs").join(&id);
    wait_until("nothing of the order is left", || {
        let files = Command::new("grep").args(["-rl", "team"]).arg(&of_run).output().unwrap();
        files.stdout.is_empty()
    });
    let runners = two.here.json(&["runners", "--json"]);
    let names: Vec<_> =
        runners["runners"].as_array().unwrap().iter().map(|runner| runner["name"].clone()).collect();
    assert!(names.contains(&json!("machine:nas")), "{runners}");
}

#[test]
fn what_cannot_run_there_is_told_in_that_machines_words_and_not_tried_again() {
    let two = Two::new();
    let unknown = two.here.run(&["run", "--machine", "lab", "--", "true"]);
    assert!(error(&unknown).contains("--machine: there is no connection lab"), "{}", error(&unknown));
    let words = ["run", "--machine", "nas", "--retries", "5", "--wait", "--", "no-such-program-here"];
    let output = two.here.run(&words);
    assert!(error(&output).contains("program not found: no-such-program-here"), "{}", error(&output));
    assert_eq!(output.status.code(), Some(127));
    let spec = json!({"slot": "odd", "kind": {"subprocess": {"mode": {"command": {"command": "true"}}}},
        "runnerSelector": {"matchLabels": {"machine": "nas", "runner": "of-nobody"}}});
    fs::write(two.here.work().join("odd.json"), spec.to_string()).unwrap();
    let id = two.here.ok(&["submit", "odd.json"]).trim().to_owned();
    assert_eq!(two.here.run(&["wait", &id]).status.code(), Some(1));
    let why = two.task(&id)["status"]["error"].as_str().unwrap().to_owned();
    assert!(why.starts_with("nas refuses it: ") && why.contains("no runner of this machine"), "{why}");
}

#[test]
fn a_stop_is_carried_over_and_its_end_is_that_of_the_program() {
    let two = Two::new();
    let polite = two.run("trap 'echo bye; exit 7' TERM; echo up; while :; do sleep 0.05; done");
    let deaf = two.run("trap '' TERM; echo up; while :; do sleep 0.05; done");
    for id in [&polite, &deaf] {
        wait_until("it runs", || two.log(id).contains("up"));
    }
    two.here.ok(&["stop", &polite]);
    two.here.run(&["wait", &polite]);
    assert_eq!((two.phase(&polite), two.log(&polite)), ("canceled".to_owned(), "up\nbye\n".to_owned()));
    two.here.ok(&["stop", "--kill", &deaf]);
    two.here.run(&["wait", &deaf]);
    assert_eq!(two.phase(&deaf), "canceled");
    let phases: Vec<_> = two.tasks_there().iter().map(|task| task["status"]["phase"].clone()).collect();
    assert_eq!(phases, ["canceled", "canceled"]);
    let slow = two.run_with(&["--timeout", "300ms"], "sleep 600");
    two.here.run(&["wait", &slow]);
    assert_eq!(two.phase(&slow), "timeout");
}

#[test]
fn a_machine_that_goes_away_within_a_run_loses_nothing_of_it() {
    let mut two = Two::new();
    two.gate("go");
    let script =
        format!("seq 1 5000; read x < {}; seq 5001 10000; exit 4", two.nas.work().join("go").display());
    let id = two.run(&script);
    wait_until("half of it is here", || two.log(&id).lines().count() == 5000);
    for _ in 0..2 {
        two.nas_is_gone();
        wait_until("it is said", || two.row(&id).contains("cannot be reached"));
        assert_eq!(two.phase(&id), "running");
        two.nas_is_back();
        wait_until("it is there again", || !two.row(&id).contains("cannot be reached"));
    }
    two.nas_is_gone();
    // It ends while nobody there knows.
    two.open("go");
    two.nas_is_back();
    assert_eq!(two.here.run(&["wait", &id]).status.code(), Some(4));
    let whole: String = (1..=10_000).map(|n| format!("{n}\n")).collect();
    assert_eq!(two.log(&id), whole);
    assert_eq!(two.tasks_there().len(), 1);
}

#[test]
fn a_machine_that_is_not_there_yet_is_waited_for_in_words() {
    let mut two = Two::new();
    two.nas_is_gone();
    let (first, second) = (two.run("echo late"), two.run("echo never"));
    for id in [&first, &second] {
        wait_until("it waits in words", || two.row(id).contains("nas cannot take it yet"));
        assert_eq!(two.phase(id), "pending");
    }
    two.here.ok(&["stop", &second]);
    two.here.run(&["wait", &second]);
    assert_eq!(two.phase(&second), "canceled");
    // Somebody kills the client of the other: it waits on, with a new one.
    let client = two.client(&first).expect("it waits");
    rustix::process::kill_process(client, Signal::KILL).unwrap();
    wait_until("its client is gone", || two.client(&first).is_none());
    two.nas_is_back();
    two.until(&first, "succeeded");
    assert_eq!(two.log(&first), "late\n");
    let there = two.tasks_there();
    assert_eq!(there.len(), 1, "what was stopped before never came: {there:?}");
}

#[test]
fn an_engine_that_is_killed_finds_its_runs_elsewhere_again() {
    let mut two = Two::new();
    two.gate("one");
    two.gate("two");
    let script =
        |gate: &str| format!("echo a; read x < {}; echo b; exit 5", two.nas.work().join(gate).display());
    let (first, second) = (two.run(&script("one")), two.run(&script("two")));
    for id in [&first, &second] {
        wait_until("it runs", || two.log(id) == "a\n");
    }
    two.server = None;
    two.open("one");
    wait_until("it ends while nobody is here", || two.client(&first).is_none());
    two.start();
    assert_eq!(two.here.run(&["wait", &first]).status.code(), Some(5));
    two.until(&second, "running");
    // Both at once.
    two.server = None;
    two.nas_is_gone();
    two.start();
    two.nas_is_back();
    two.open("two");
    assert_eq!(two.here.run(&["wait", &second]).status.code(), Some(5));
    for id in [&first, &second] {
        assert_eq!(two.log(id), "a\nb\n");
    }
    assert_eq!(two.tasks_there().len(), 2, "nothing ran twice");
}

#[test]
fn a_run_whose_client_is_killed_is_over_when_it_is_over_there() {
    let mut two = Two::new();
    let id = two.run("echo up; exec sleep 600");
    wait_until("it runs", || two.log(&id) == "up\n");
    two.nas_is_gone();
    let client = two.client(&id).expect("it follows");
    rustix::process::kill_process(client, Signal::KILL).unwrap();
    wait_until("it is not known", || two.row(&id).contains("whether it goes on is not known"));
    assert_eq!(two.phase(&id), "running");
    two.server = None;
    two.start();
    assert_eq!(two.phase(&id), "running");
    two.nas_is_back();
    wait_until("the proof is there", || two.phase(&id) == "failed");
    assert_eq!(two.tasks_there()[0]["status"]["phase"], "canceled");

    let id = two.run("echo up; exec sleep 600");
    wait_until("it runs", || two.log(&id) == "up\n");
    two.nas_is_gone();
    two.connect(false);
    two.here.run(&["wait", &id]);
    let task = two.task(&id);
    assert!(
        task["status"]["error"]
            .as_str()
            .unwrap()
            .contains("the connection to the machine that it ran on was removed"),
        "{task}"
    );
}

#[test]
fn what_a_machine_of_a_lane_does_not_take_goes_to_another() {
    let mut two = Two::new();
    two.here.ok(&["lanes", "set", "wide", "--machine", "nas=1", "--machine", "here=1"]);
    // One that takes longer to answer than anybody waits would be passed over.
    wait_until("it has answered", || !two.here.ok(&["runners"]).contains("not answered"));
    two.gate("first");
    let first = ["run", "--lane", "wide", "--", "sh", "-c"];
    let holds = format!("read x < {}", two.nas.work().join("first").display());
    let first = two.here.ok(&[&first[..], &[&holds]].concat()).trim().to_owned();
    two.until(&first, "running");
    two.open("first");
    two.until(&first, "succeeded");
    // It has answered a moment ago, which counts.
    two.nas_is_gone();
    let id = two.here.ok(&["run", "--lane", "wide", "--", "echo", "somewhere"]).trim().to_owned();
    two.until(&id, "succeeded");
    assert_eq!(two.log(&id), "somewhere\n");
    let runs = two.here.json(&["runs", "--json", &id]);
    let runs = runs["runs"].as_array().unwrap().clone();
    let runners: Vec<_> = runs.iter().map(|run| run["runner"].as_str().unwrap()).collect();
    assert_eq!(runners, ["machine:nas", "local"]);
    let why = runs[0]["error"].as_str().unwrap();
    assert!(why.starts_with("nas has not taken it: ") && why.contains("cannot be reached"), "{why}");
    two.nas_is_back();
    assert_eq!(two.tasks_there().len(), 1, "it never came there");
}

#[test]
fn what_a_machine_of_a_lane_lacks_goes_to_another() {
    if Command::new("sbatch").arg("--version").output().is_err() {
        return println!("skipped: there is no sbatch");
    }
    let two = Two::new();
    two.here.ok(&["lanes", "set", "wide", "--machine", "nas=1", "--machine", "here=1"]);
    let nas = || {
        let runners = two.here.json(&["runners", "--json"])["runners"].as_array().unwrap().clone();
        runners.into_iter().find(|one| one["name"] == "machine:nas").unwrap()
    };
    wait_until("it has said what it has", || nas()["there"].is_array());
    let there = nas()["there"].as_array().unwrap().clone();
    assert_eq!((&there[0]["name"], &nas()["kinds"][0]), (&json!("local"), &json!("subprocess")), "{there:?}");
    // Whether there is a cluster, it is set up here alone.
    two.set(&json!({"slurm": {"enabled": true, "folder": two.here.work()}}));
    let spec = json!({"slot": "wide", "kind": {"subprocess": {"mode": {"command": {"command": "true"}}}},
        "cluster": {}});
    fs::write(two.here.work().join("job.json"), spec.to_string()).unwrap();
    let id = two.here.ok(&["submit", "job.json"]).trim().to_owned();
    let runs = || two.here.json(&["runs", "--json", &id])["runs"].as_array().unwrap().clone();
    wait_until("it is on another", || !runs().is_empty());
    assert_eq!(runs()[0]["runner"], "slurm");
    // Where no other is left, it goes there, and the last one says why.
    two.here.ok(&["lanes", "set", "narrow", "--machine", "nas=1"]);
    let spec = spec.to_string().replace("wide", "narrow");
    fs::write(two.here.work().join("job.json"), spec).unwrap();
    let id = two.here.ok(&["submit", "job.json"]).trim().to_owned();
    two.here.run(&["wait", &id]);
    let why = two.task(&id)["status"]["error"].as_str().unwrap().to_owned();
    assert!(why.starts_with("nas refuses it: ") && why.contains("Slurm"), "{why}");
}

#[test]
fn another_solti_in_the_place_of_a_machine_ends_nothing() {
    let mut two = Two::new();
    two.gate("go");
    let id = two.run(&format!("echo a; read x < {}; echo b; exit 3", two.nas.work().join("go").display()));
    wait_until("it runs", || two.log(&id) == "a\n");
    let (data, aside) = (two.nas.data_dir(), two.nas.work().join("aside"));
    two.nas_is_gone();
    fs::rename(&data, &aside).unwrap();
    fs::DirBuilder::new().recursive(true).mode(0o700).create(data.join("api")).unwrap();
    fs::copy(aside.join("api/token"), data.join("api/token")).unwrap();
    two.nas_is_back();
    wait_until("it is told", || two.row(&id).contains("nas is another Solti"));
    assert_eq!(two.phase(&id), "running");
    two.nas_is_gone();
    fs::remove_dir_all(&data).unwrap();
    fs::rename(&aside, &data).unwrap();
    two.nas_is_back();
    wait_until("it is that one again", || !two.row(&id).contains("another Solti"));
    two.open("go");
    assert_eq!(two.here.run(&["wait", &id]).status.code(), Some(3));
    assert_eq!(two.log(&id), "a\nb\n");
    // What that one itself has deleted is over.
    two.gate("more");
    let id = two.run(&format!("read x < {}", two.nas.work().join("more").display()));
    two.until(&id, "running");
    let there = two.tasks_there();
    let running = there.iter().find(|task| task["status"]["phase"] == "running").unwrap();
    two.nas.ok(&["delete", running["metadata"]["id"].as_str().unwrap()]);
    two.here.run(&["wait", &id]);
    assert_eq!(two.phase(&id), "canceled");
}

#[test]
fn an_end_that_is_not_fetched_yet_is_not_swept() {
    let two = Two::new();
    two.set_there(&json!({"finished": {"keepTasks": 1}}));
    two.gate("go");
    let id = two.run(&format!("read x < {}; exit 5", two.nas.work().join("go").display()));
    two.until(&id, "running");
    let client = two.client(&id).unwrap();
    rustix::process::kill_process(client, Signal::STOP).unwrap();
    two.open("go");
    for _ in 0..3 {
        two.nas.ok(&["run", "--wait", "--", "true"]);
    }
    wait_until("the others are swept", || two.tasks_there().len() == 2);
    rustix::process::kill_process(client, Signal::CONT).unwrap();
    assert_eq!(two.here.run(&["wait", &id]).status.code(), Some(5));
}

#[test]
fn a_log_of_which_a_part_is_gone_there_has_a_remark_here_and_no_words_of_ours() {
    let two = Two::new();
    two.set_there(&json!({"logs": {"runBytes": 1_000_000, "keepHeadBytes": 10_000}}));
    two.gate("go");
    let id = two.run(&format!("echo a; read x < {}; seq 1 600000", two.nas.work().join("go").display()));
    wait_until("it runs", || two.log(&id) == "a\n");
    let client = two.client(&id).unwrap();
    rustix::process::kill_process(client, Signal::STOP).unwrap();
    two.open("go");
    wait_until("it is over there", || two.tasks_there()[0]["status"]["phase"] == "succeeded");
    let there = two.tasks_there()[0]["metadata"]["id"].as_str().unwrap().to_owned();
    wait_until("a part is gone", || two.nas.ok(&["logs", &there]).lines().count() < 600_001);
    rustix::process::kill_process(client, Signal::CONT).unwrap();
    two.until(&id, "succeeded");
    let log = two.log(&id);
    assert!(log.lines().all(|line| line == "a" || line.parse::<u32>().is_ok()), "only what it has printed");
    assert!(log.lines().count() < 600_001);
    let runs = two.here.json(&["runs", "--json", &id]);
    let remark = runs["runs"][0]["remark"].as_str().unwrap_or_default();
    assert!(remark.contains("some of its output is not in the log"), "{runs}");
}

#[test]
fn a_run_elsewhere_stands_still_and_goes_on_there() {
    let two = Two::new();
    let ticks = two.nas.work().join("ticks");
    let id = two.run(&format!("while :; do echo >> {}; sleep 0.02; done", ticks.display()));
    let count = || fs::read(&ticks).map_or(0, |ticks| ticks.len());
    wait_until("it runs", || count() > 0);
    two.until(&id, "running");
    two.here.ok(&["suspend", &id]);
    wait_until("it stands still there", || {
        let there = two.tasks_there()[0]["metadata"]["id"].as_str().unwrap().to_owned();
        two.nas.ok(&["list"]).lines().any(|row| row.starts_with(&there) && row.contains("suspended"))
    });
    let still = count();
    assert!(two.row(&id).contains("suspended"), "{}", two.row(&id));
    assert_eq!(count(), still);
    two.here.ok(&["resume", &id]);
    wait_until("it goes on", || count() > still);
    two.here.ok(&["stop", "--kill", &id]);
    two.here.run(&["wait", &id]);
    assert_eq!(two.phase(&id), "canceled");
}

#[test]
fn the_token_is_in_no_command_line_and_no_file_of_a_run() {
    let two = Two::new();
    two.gate("go");
    let id = two.run(&format!("echo up; read x < {}", two.nas.work().join("go").display()));
    wait_until("it runs", || two.log(&id) == "up\n");
    let token = fs::read_to_string(two.nas.data_dir().join("api/token")).unwrap();
    let client = two.client(&id).expect("it follows").as_raw_pid();
    for what in ["cmdline", "environ"] {
        let text = fs::read(format!("/proc/{client}/{what}")).unwrap();
        assert!(!String::from_utf8_lossy(&text).contains(token.trim()), "{what}");
    }
    let runs = two.here.data_dir().join("runs");
    let found = Command::new("grep").args(["-rl", token.trim()]).arg(&runs).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&found.stdout), "");
    let order = runs.join(&id).join("1/relay-order");
    assert_eq!(fs::metadata(order).unwrap().permissions().mode() & 0o777, 0o600);
    two.open("go");
    assert_eq!(two.here.run(&["wait", &id]).status.code(), Some(0));
}

#[test]
fn a_lane_spans_machines_and_tasks_go_to_the_first_that_is_free() {
    let mut two = Two::new();
    two.here.ok(&["lanes", "set", "wide", "--machine", "here=1", "--machine", "nas=2"]);
    let listed = two.here.ok(&["lanes"]);
    assert!(listed.contains("0 of 3") && listed.contains("runs 1 on here and 2 on nas"), "{listed}");
    for name in ["one", "two", "three", "four"] {
        two.gate(name);
    }
    let task = |name: &str| {
        let script = format!("echo {name}; read x < {}", two.nas.work().join(name).display());
        two.here.ok(&["run", "--lane", "wide", "--", "sh", "-c", &script]).trim().to_owned()
    };
    let runner = |id: &str| {
        let runs = two.here.json(&["runs", "--json", id]);
        runs["runs"]
            .as_array()
            .unwrap()
            .last()
            .map_or_else(String::new, |run| run["runner"].as_str().unwrap().to_owned())
    };
    let ids = ["one", "two", "three", "four"].map(task);
    let [one, second, third, fourth] = &ids;
    for id in [one, second, third] {
        two.until(id, "running");
    }
    assert_eq!(
        ids[..3].iter().map(|id| runner(id)).collect::<Vec<_>>(),
        ["local", "machine:nas", "machine:nas"]
    );
    assert_eq!(two.phase(fourth), "pending");
    // The line of time tells them apart.
    let spans = two.send("POST", "desktop/tasks_between", &json!({"from": 0, "to": u32::MAX as u64 * 1_000}));
    let spans: Value = serde_json::from_slice(&spans).unwrap();
    let machines: Vec<_> =
        spans["spans"].as_array().unwrap().iter().map(|span| span["machine"].as_str()).collect();
    assert_eq!(machines, [None, Some("nas"), Some("nas"), None], "newest first: {spans}");
    two.open("two");
    two.until(second, "succeeded");
    two.until(fourth, "running");
    assert_eq!(runner(fourth), "machine:nas");
    for (id, name) in [(one, "one"), (third, "three"), (fourth, "four")] {
        two.open(name);
        two.until(id, "succeeded");
        assert_eq!(two.log(id), format!("{name}\n"));
    }

    // A machine that cannot be reached takes nothing, and is named.
    two.nas_is_gone();
    // What it said a moment ago counts until it is looked at again.
    wait_until("it is found away", || two.here.ok(&["runners"]).contains("cannot be reached"));
    two.gate("five");
    two.gate("six");
    let task = |name: &str| {
        let script = format!("read x < {}; echo {name}", two.nas.work().join(name).display());
        two.here.ok(&["run", "--lane", "wide", "--", "sh", "-c", &script]).trim().to_owned()
    };
    let (fifth, sixth) = (task("five"), task("six"));
    two.until(&fifth, "running");
    wait_until("it is said", || {
        two.row(&sixth).contains("nas (") && two.row(&sixth).contains("cannot be reached")
    });
    assert_eq!(two.phase(&sixth), "pending");
    two.open("five");
    two.until(&sixth, "running");
    two.open("six");
    two.until(&sixth, "succeeded");
    two.nas_is_back();
    let runs = two.here.json(&["runs", "--json", &sixth]);
    assert_eq!(runs["runs"][0]["runner"], "local");
}
