//! `run --wait` while it is asked to end: at a terminal, without its server, and by signals that are ignored.

mod support;

use rustix::process::Signal;
use std::io::Write as _;
use std::process::{Child, Command, Stdio};
use support::{Place, Shown, ended, error, lines, send, stderr_of};

/// `run --wait` of a script at a terminal of its own: our side of that, and what is shown there.
fn at_terminal(place: &Place, script: &str) -> (Child, std::fs::File, Shown) {
    let (ours, theirs) = support::terminal();
    let mut command = place.command(&["run", "--wait", "--", "sh", "-c", script]);
    let end = || Stdio::from(theirs.try_clone().unwrap());
    let run = command.stdin(end()).stdout(end()).stderr(end()).spawn().unwrap();
    drop((command, theirs));
    let shown = Shown::by(ours.try_clone().unwrap());
    (run, ours, shown)
}

const QUESTION: &str = "[s]top the task, [d]etach";

#[test]
fn output_and_the_end_of_the_task_are_not_kept_waiting_for_an_answer() {
    let place = Place::new();
    let _server = place.serve(&[]);
    place.gate("gate");
    let (mut run, _ours, shown) = at_terminal(&place, "echo on; read x < gate; echo goes on; exit 3");
    shown.wait_for("on\r\n");
    send(&run, Signal::INT);
    shown.wait_for(QUESTION);
    place.open_gate("gate");
    shown.wait_for("\r\ngoes on\r\n");
    assert_eq!(ended(&mut run), Some(3));
    let told = shown.until_its_end();
    assert!(told.contains("solti: the task has ended\r\nsolti: failed: exit 3\r\n"), "{told:?}");
}

#[test]
fn an_answer_is_taken_whenever_it_comes() {
    let place = Place::new();
    let _server = place.serve(&[]);
    let (mut run, mut ours, shown) = at_terminal(&place, "echo on; sleep 600");
    shown.wait_for("on\r\n");
    send(&run, Signal::INT);
    shown.wait_for(QUESTION);
    ours.write_all(b"s\n").unwrap();
    shown.wait_for("solti: stopping; Ctrl-C again kills");
    assert_eq!(ended(&mut run), Some(130));
    // Another signal is an answer too.
    let (mut run, _ours, shown) = at_terminal(&place, "echo on; sleep 600");
    shown.wait_for("on\r\n");
    send(&run, Signal::INT);
    shown.wait_for(QUESTION);
    send(&run, Signal::INT);
    assert_eq!(ended(&mut run), Some(130));
}

#[test]
fn a_stop_that_the_server_did_not_hear_is_asked_for_when_it_is_back() {
    let place = Place::new();
    let server = place.serve(&[]);
    let mut run = place.command(&["run", "--wait", "--", "sh", "-c", "echo on; sleep 600"]).spawn().unwrap();
    let told = support::errors(&mut run);
    assert_eq!(lines(&mut run).next(), "on");
    server.signal(Signal::KILL);
    server.ended();
    send(&run, Signal::TERM);
    while !told.next().contains("the server does not answer; the task is stopped when it does") {}
    let _server = place.serve(&[]);
    assert_eq!(ended(&mut run), Some(130));
    let told = told.rest();
    assert!(told.iter().any(|line| line == "solti: stopping the task and waiting for its end"), "{told:?}");
}

#[test]
fn signals_that_are_ignored_stay_so() {
    let place = Place::new();
    let _server = place.serve(&[]);
    place.gate("gate");
    let task = "echo on; read x < gate; echo over";
    // As a shell without job control starts what it has in the background.
    let script = format!("trap '' INT QUIT; exec \"$0\" run --wait -- sh -c '{task}'");
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(script).arg(env!("CARGO_BIN_EXE_solti")).env("SOLTI_DATA_DIR", place.data_dir());
    let mut run =
        shell.current_dir(place.work()).stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let output = lines(&mut run);
    assert_eq!(output.next(), "on");
    send(&run, Signal::INT);
    send(&run, Signal::QUIT);
    place.open_gate("gate");
    assert_eq!((output.next().as_str(), ended(&mut run)), ("over", Some(0)));
}

#[test]
fn words_of_this_program_begin_on_a_line_of_their_own() {
    let place = Place::new();
    let _server = place.serve(&[]);
    let run = |script: &str| place.run(&["run", "--wait", "--", "sh", "-c", script]);
    assert_eq!(error(&run("printf e >&2; exit 3")), "e\nsolti: failed: exit 3\n");
    assert_eq!(error(&run("echo e >&2; exit 3")), "e\nsolti: failed: exit 3\n");
    // Of what stands on standard output it says nothing, and adds nothing there.
    let apart = run("printf o; exit 3");
    assert_eq!((&apart.stdout[..], error(&apart).as_str()), (&b"o"[..], "solti: failed: exit 3\n"));
    let together = Command::new("sh")
        .args([
            "-c",
            "exec \"$@\" 2>&1",
            "sh",
            env!("CARGO_BIN_EXE_solti"),
            "run",
            "--wait",
            "--",
            "sh",
            "-c",
        ])
        .arg("printf o; exit 3")
        .env("SOLTI_DATA_DIR", place.data_dir())
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&together.stdout), "o\nsolti: failed: exit 3\n");
}

#[test]
fn a_task_that_is_left_running_is_named_with_what_stops_it() {
    let place = Place::new();
    let server = place.serve(&[]);
    let mut run = place.command(&["run", "--wait", "--", "sh", "-c", "echo on; sleep 600"]).spawn().unwrap();
    assert_eq!(lines(&mut run).next(), "on");
    let id = place.json(&["list", "--json"])["tasks"][0]["metadata"]["id"].as_str().unwrap().to_owned();
    server.signal(Signal::KILL);
    server.ended();
    assert_eq!(ended(&mut run), Some(125));
    let said = stderr_of(&mut run);
    assert!(said.ends_with(&format!("Task {id} goes on; `solti stop {id}` stops it\n")), "{said}");
    let _server = place.serve(&[]);
    place.ok(&["stop", "--kill", &id]);
    place.run(&["wait", &id]);
}
