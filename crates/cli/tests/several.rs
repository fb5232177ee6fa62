//! Commands that take several ids or names, ids and options that are wrong, and what is said of tasks that wait.

mod support;

use rustix::process::Signal;
use serde_json::{Value, json};
use solti_testing::wait_until;
use std::process::Stdio;
use support::{Place, Server, ended, error, lines, send, stderr_of};

fn phase(place: &Place, id: &str) -> Value {
    place.json(&["show", "--json", id])["task"]["status"]["phase"].clone()
}

/// A place where nothing starts, and what waits there.
fn held() -> (Place, Server) {
    let place = Place::new();
    let server = place.serve(&[]);
    place.ok(&["hold", "--all"]);
    (place, server)
}

#[test]
fn what_fails_of_several_is_told_and_the_others_are_done() {
    let place = Place::new();
    let _server = place.serve(&[]);
    let over = place.task("true");
    place.ok(&["wait", &over]);
    let runs = [place.task("sleep 600"), place.task("sleep 600")];
    let stopped = place.run(&["stop", &runs[0], &over, "zzz", &runs[1]]);
    let said = error(&stopped);
    assert_eq!((stopped.status.code(), said.lines().count()), (Some(1), 2), "{said}");
    assert!(said.contains(&over) && said.contains("begins with zzz"), "{said}");
    for id in &runs {
        assert_eq!(place.run(&["wait", id]).status.code(), Some(130));
    }

    place.ok(&["hold", "--all"]);
    let waits = [place.task("true"), place.task("true")];
    for word in ["hold", "run-now", "retry", "suspend", "resume"] {
        let refused = place.run(&[word, &over, "zzz"]);
        let said = error(&refused);
        assert!(refused.status.code() == Some(1) && said.contains("zzz"), "{word}: {said}");
    }
    assert_eq!(place.run(&["hold", &waits[0], &over, &waits[1]]).status.code(), Some(1));
    let released = place.run(&["release", &over, &waits[1], &waits[0]]);
    assert_eq!(released.status.code(), Some(1));

    assert_eq!(place.run(&["delete", &waits[0], "zzz", &waits[1]]).status.code(), Some(1));
    let left = place.json(&["list", "--json"])["total"].clone();
    assert_eq!(left, 3, "both were deleted");
}

#[test]
fn what_cannot_be_waited_for_keeps_nobody_from_waiting_for_the_others() {
    let place = Place::new();
    let _server = place.serve(&[]);
    place.gate("gate");
    let (well, bad) = (place.task("read x < gate"), place.task("exit 3"));
    let mut wait = place.command(&["wait", &well, "nosuch", &bad, "gone"]).spawn().unwrap();
    let told = support::errors(&mut wait);
    for missing in ["nosuch", "gone"] {
        let said = format!("solti: no task has an id that begins with {missing}; `solti list` shows them");
        assert_eq!(told.next(), said);
    }
    place.open_gate("gate");
    assert_eq!((ended(&mut wait), told.rest()), (Some(125), vec![format!("solti: {bad} failed: exit 3")]));
    let first = place.run(&["wait", "--json", &bad, "nosuch", &well]);
    let tasks: Value = serde_json::from_slice(&first.stdout).unwrap();
    assert_eq!((first.status.code(), tasks["tasks"].as_array().unwrap().len()), (Some(3), 2));
}

#[test]
fn what_fails_of_several_names_is_told_and_the_others_are_done() {
    let place = Place::new();
    let _server = place.serve(&[]);
    for name in ["a", "b"] {
        place.ok(&["hooks", "set", name, "--", "true"]);
        let job = json!({"name": name, "spec": {"slot": name, "kind": {"subprocess": {"mode": {"command": {"command": "true"}}}}}});
        std::fs::write(place.work().join("job.json"), job.to_string()).unwrap();
        place.ok(&["job", "save", "job.json"]);
    }
    assert_eq!(place.run(&["hooks", "delete", "a", "nosuch", "b"]).status.code(), Some(1));
    assert_eq!(place.json(&["hooks", "--json"])["hooks"], json!([]));
    assert_eq!(place.run(&["job", "delete", "a", "nosuch", "b"]).status.code(), Some(1));
    assert_eq!(place.json(&["job", "list", "--json"])["total"], 0);
}

#[test]
fn who_waits_for_a_task_that_is_not_started_is_told_why() {
    let (place, _server) = held();
    let mut run = place.command(&["run", "--wait", "--", "true"]).spawn().unwrap();
    let told = support::errors(&mut run);
    assert_eq!(told.next(), "solti: all tasks are held; `solti release --all` lets them start");
    // When that is over, the next reason is told too.
    let id = place.json(&["list", "--json"])["tasks"][0]["metadata"]["id"].as_str().unwrap().to_owned();
    place.ok(&["hold", &id]);
    place.ok(&["hold", "--all"]);
    place.ok(&["release", "--all"]);
    assert_eq!(ended(&mut run), Some(0));

    place.ok(&["lanes", "set", "etl", "--pause"]);
    let mut run = place.command(&["run", "--wait", "--lane", "etl", "--", "true"]).spawn().unwrap();
    let told = support::errors(&mut run);
    assert_eq!(told.next(), "solti: lane etl is paused; `solti lanes set etl --resume` lets it go on");
    place.ok(&["lanes", "set", "etl", "--resume"]);
    assert_eq!(ended(&mut run), Some(0));
}

#[test]
fn that_all_tasks_are_held_is_said_wherever_they_are_looked_at() {
    let (place, _server) = held();
    let id = place.task("true");
    let said = "solti: all tasks are held; `solti release --all` lets them start\n";
    for words in [
        &["list"][..],
        &["lanes"],
        &["digest"],
        &["show", id.as_str()],
        &["hold", id.as_str()],
        &["release", id.as_str()],
    ] {
        let output = place.run(words);
        let expected = if words[0] == "hold" { "" } else { said };
        assert_eq!((output.status.code(), error(&output)), (Some(0), expected.into()), "{words:?}");
    }
    place.ok(&["release", "--all"]);
    assert_eq!(place.run(&["wait", &id]).status.code(), Some(0));
    assert_eq!(error(&place.run(&["list"])), "");
}

#[test]
fn errors_of_ids_and_names_are_json_where_that_is_asked_for() {
    let place = Place::new();
    let _server = place.serve(&[]);
    for (words, code, field) in [
        (&["show", "--json", "zzz"][..], "TaskNotFound", Value::Null),
        (&["stop", "--json", "nope"], "TaskNotFound", Value::Null),
        (&["rerun", "--json", "nope"], "TaskNotFound", Value::Null),
        (&["logs", "--json", "nope"], "TaskNotFound", Value::Null),
        (&["job", "show", "--json", "nope"], "InvalidRequest", json!("name")),
        (&["job", "history", "--json", "nope"], "InvalidRequest", json!("name")),
        (&["hooks", "test", "--json", "nope"], "InvalidRequest", json!("name")),
        (&["job", "rename", "--json", "nope", "x"], "InvalidRequest", json!("name")),
        (&["job", "save", "--json", "/dev/null"], "InvalidRequest", json!("body")),
        (&["submit", "--json", "/dev/null"], "InvalidRequest", json!("body")),
        (&["submit", "--json", "no-such-file"], "InvalidRequest", json!("file")),
    ] {
        let refused = place.run(words);
        let body: Value = serde_json::from_slice(&refused.stderr)
            .unwrap_or_else(|_| panic!("{words:?}: {}", error(&refused)));
        assert_eq!(
            (refused.status.code(), &body["error"], &body["field"]),
            (Some(1), &json!(code), &field),
            "{words:?}"
        );
    }
}

#[test]
fn some_of_many_matches_are_not_told_as_all() {
    let (place, _server) = held();
    let ids: Vec<_> = (0..6).map(|_| place.task("true")).collect();
    let common =
        (0..ids[0].len()).take_while(|n| ids.iter().all(|id| id[..*n] == ids[0][..*n])).last().unwrap();
    let refused = error(&place.run(&["show", &ids[0][..common]]));
    assert!(refused.contains(", or others: give more of it"), "{refused}");
}

#[test]
fn what_is_wrong_with_an_option_is_told_of_the_option() {
    let place = Place::new();
    let _server = place.serve(&[]);
    for (words, code, option) in [
        (&["run", "--lane", "a b", "true"][..], 2, "--lane"),
        (&["run", "--silence", "0s", "true"], 2, "--silence"),
        (&["run", "--timeout", "-5", "true"], 2, "--timeout"),
        (&["run", "--timeout", "0s", "true"], 2, "--timeout"),
        (&["run", "--label", " =x", "true"], 2, "--label"),
        (&["run", "--slurm", "true"], 2, "--slurm"),
        (&["run", "--slurm", "--gpus", "-1", "true"], 2, "--gpus"),
        (&["logs", "-a", "-1", "01a"], 2, "--attempt"),
        (&["list", "-n", "-1"], 2, "--limit"),
        (&["lanes", "set", "etl", "--load-below", "0"], 2, "--load-below"),
        (&["lanes", "set", "etl", "--idle", "1s"], 2, "--idle"),
        (&["runs", "01a", "--after", "5", "--before", "3"], 2, "--before"),
        (&["lanes", "set", "etl", "--machine", "nas=2"], 2, "solti: --machine: there is no connection nas"),
        (&["lanes", "set", "etl", "--machine", "here=1", "--machine", "here=2"], 2, "solti: --machine: "),
        (&["run", "--machine", "", "true"], 2, "must be the name of a connection of the settings"),
        (&["run", "--env", "", "true"], 2, "--env: the name of the variable is missing"),
        (&["logs", ""], 2, "the id is empty"),
        (&["show", " "], 2, "the id is empty"),
        (&["logs", "01a", "--since", "2026-11-23T10:00:00+24:00"], 2, "--since"),
        (&["list", "--label", "a=b", "--label", "a=c"], 2, "--label: a has two values"),
        (&["job", "delete", ".."], 2, "name"),
    ] {
        let id = place.task("true");
        let words: Vec<_> =
            words.iter().map(|word| if *word == "01a" { id.as_str() } else { *word }).collect();
        let refused = place.run(&words);
        let said = error(&refused);
        assert_eq!(refused.status.code(), Some(code), "{words:?}: {said}");
        assert!(said.contains(option) && !said.contains("use '--"), "{words:?}: {said}");
    }
    let far = error(&place.run(&["run", "--at", "9999-12-31", "true"]));
    assert!(far.contains("must be before 2200-01-01"), "{far}");
    for wait in [&[][..], &["--wait"]] {
        let run = |words: &[&str]| place.run(&[&["run"], wait, words, &["--", "true"]].concat());
        let hook = run(&["--hook", "nosuch"]);
        assert_eq!(error(&hook), "solti: --hook: there is no hook nosuch; `solti hooks` shows them\n");
        assert_eq!(hook.status.code(), Some(2));
        let after = run(&["--after", "nosuch"]);
        assert!(error(&after).starts_with("solti: --after: no task has an id that begins with nosuch"));
        assert_eq!(after.status.code(), Some(2));
        let blank = place.run(&[&["run"], wait, &["--", ""]].concat());
        assert_eq!(
            (blank.status.code(), error(&blank)),
            (Some(2), "solti: <COMMAND>: the command must not be blank\n".into())
        );
    }
    let field = |words: &[&str]| {
        let refused = place.run(&[&["--json"], words].concat());
        serde_json::from_slice::<Value>(&refused.stderr).unwrap()["field"].clone()
    };
    assert_eq!(field(&["run", "--hook", "nosuch", "true"]), "notify.hooks");
    assert_eq!(field(&["run", "--after", "nosuch", "true"]), "after");
    let none = place.run(&["job", "history", "nosuch"]);
    assert_eq!((none.status.code(), error(&none).contains("there is no job nosuch")), (Some(1), true));
}

#[test]
fn all_that_is_wrong_with_a_task_is_told_together() {
    let place = Place::new();
    let _server = place.serve(&[]);
    let task = json!({"slot": "a b", "timeout": -5, "bogus": 1, "stall": {"silentMs": 60_000, "bogus": 1},
        "kind": {"subprocess": {"mode": {"command": {"command": "true"}}}}});
    std::fs::write(place.work().join("task.json"), task.to_string()).unwrap();
    let refused = place.run(&["submit", "task.json"]);
    let said = error(&refused);
    for field in
        ["slot: may hold", "timeout: must be from 1", "bogus: is not a field", "stall.bogus: is not a field"]
    {
        assert!(said.contains(field), "{field}: {said}");
    }
    assert_eq!((refused.status.code(), said.lines().count()), (Some(1), 4), "{said}");
}

#[test]
fn ctrl_backslash_stops_the_task_too() {
    let place = Place::new();
    let _server = place.serve(&[]);
    let mut run = place.command(&["run", "--wait", "--", "sh", "-c", "echo on; sleep 600"]).spawn().unwrap();
    assert_eq!(lines(&mut run).next(), "on");
    send(&run, Signal::QUIT);
    assert_eq!((ended(&mut run), stderr_of(&mut run).contains("stopping the task")), (Some(130), true));
    let id = place.json(&["list", "--json"])["tasks"][0]["metadata"]["id"].as_str().unwrap().to_owned();
    wait_until("it is over", || phase(&place, &id) == "canceled");
}

#[test]
fn a_help_that_cannot_be_written_is_a_failure() {
    let place = Place::new();
    for words in [&["--help"][..], &["--version"], &["run", "--help"]] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = place.command(words).stdout(Stdio::from(full)).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{words:?}");
        assert!(error(&output).starts_with("solti: the output cannot be written: "), "{}", error(&output));
        assert_eq!(place.run(words).status.code(), Some(0), "{words:?}");
    }
}

#[test]
fn a_lane_that_is_misspelt_is_not_taken_for_one() {
    let place = Place::new();
    let _server = place.serve(&[]);
    let id = place.ok(&["run", "--lane", "used", "--", "true"]).trim().to_owned();
    place.ok(&["wait", &id]);
    for words in [
        &["release", "--lane"][..],
        &["queue"],
        &["lanes", "set", "--resume"],
        &["lanes", "set", "--no-conditions"],
        &["lanes", "set", "--here-alone"],
        &["lanes", "set"],
    ] {
        let of = |lane: &'static str| place.run(&[words, &[lane]].concat());
        let refused = of("typo");
        let said = "solti: there is no lane typo: it was never used or set up; `solti lanes` shows them\n";
        assert_eq!((refused.status.code(), error(&refused)), (Some(1), said.into()), "{words:?}");
        assert_eq!(of("used").status.code(), Some(0), "{words:?}");
    }
    place.ok(&["lanes", "set", "new", "--capacity", "2"]);
    assert_eq!(place.run(&["queue", "new"]).status.code(), Some(0));
}

#[test]
fn what_was_done_is_a_document_for_programs() {
    let (place, _server) = held();
    let ids = [place.task("true"), place.task("true")];
    let [one, other] = &ids;
    assert_eq!(place.json(&["hold", "--json", one]), json!({"taskIds": [one]}));
    assert_eq!(place.json(&["release", "--json", one]), json!({"taskIds": [one]}));
    assert_eq!(place.json(&["priority", "--json", one, "3"]), json!({"taskId": one}));
    assert_eq!(place.json(&["move", "--json", one, "--first"]), json!({"taskId": one}));
    place.ok(&["hold", one]);
    assert_eq!(place.json(&["release", "--json", "--all"])["held"], false);
    assert_eq!(place.json(&["hold", "--json", "--all"]), json!({"held": true}));
    let partly = place.run(&["delete", "--json", one, "nosuch", other]);
    let done: Value = serde_json::from_slice(&partly.stdout).unwrap();
    assert_eq!((partly.status.code(), done), (Some(1), json!({"taskIds": ids})));
    let stopped = place.task("true");
    assert_eq!(place.json(&["stop", "--json", &stopped]), json!({"taskIds": [stopped]}));
}

#[test]
fn a_task_that_is_over_is_not_opened_in_an_editor() {
    let place = Place::new();
    let _server = place.serve(&[]);
    let id = place.task("true");
    place.ok(&["wait", &id]);
    let refused = place.command(&["edit", &id]).env("VISUAL", "touch opened; false").output().unwrap();
    let said = format!("solti: task {id} is over, and only a task that has not been started can be edited");
    assert!(error(&refused).starts_with(&said), "{}", error(&refused));
    assert_eq!((refused.status.code(), place.work().join("opened").exists()), (Some(1), false));
}

#[test]
fn a_line_without_its_end_is_told_in_json_too() {
    let place = Place::new();
    let _server = place.serve(&[]);
    place.gate("gate");
    let id = place.task("echo whole; printf half; read x < gate");
    wait_until("it is printed", || place.ok(&["logs", &id]) == "whole\nhalf");
    let printed = place.ok(&["logs", "--json", &id]);
    let events: Vec<Value> = printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let last = events.iter().rfind(|event| event["line"] == "half").expect("it is there");
    assert_eq!(last["unfinished"], true, "{printed}");
    place.open_gate("gate");
    place.ok(&["wait", &id]);
}

#[test]
fn input_that_is_no_text_is_told_what_takes_it() {
    use std::io::Write as _;
    let place = Place::new();
    let _server = place.serve(&[]);
    let mut run = place.command(&["run", "--stdin", "-", "--", "cat"]).stdin(Stdio::piped()).spawn().unwrap();
    run.stdin.take().unwrap().write_all(b"\xff").unwrap();
    let code = ended(&mut run);
    let said = stderr_of(&mut run);
    assert!(
        said.contains("it is not UTF-8 text. With --wait it may be anything, --stdin FILE names a file"),
        "{said}"
    );
    assert_eq!(code, Some(1));
}
