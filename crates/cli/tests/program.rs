//! The program as a person and a script use it: real server, real tasks, exit codes and what is printed where.

mod support;

use rustix::process::Signal;
use serde_json::json;
use std::io::Write as _;
use std::process::Stdio;
use support::{Place, ended, error, lines, send};

#[test]
fn a_run_that_is_waited_for_prints_and_ends_as_its_command() {
    let place = Place::new();
    let _server = place.serve(&[]);
    let output = place.run(&["run", "--wait", "--", "sh", "-c", "echo out; pwd; echo err >&2; exit 7"]);
    assert_eq!(output.status.code(), Some(7));
    let work = place.work().canonicalize().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), format!("out\n{}\n", work.display()));
    assert_eq!(error(&output), "err\nsolti: failed: exit 7\n");

    assert_eq!(place.run(&["run", "--wait", "true"]).status.code(), Some(0));
    let late = place.run(&["run", "--wait", "--timeout", "200ms", "--", "sleep", "600"]);
    assert_eq!((late.status.code(), error(&late)), (Some(124), "solti: timed out after 200 ms\n".into()));
    let nothing = place.run(&["run", "--wait", "--", "no-such-program-anywhere"]);
    assert_eq!(nothing.status.code(), Some(127));
    assert!(error(&nothing).contains("no-such-program-anywhere"), "{}", error(&nothing));
}

#[test]
fn variables_labels_and_lanes_reach_the_task() {
    let place = Place::new();
    let _server = place.serve(&[]);
    let words =
        ["run", "--wait", "--env", "A=1 2", "--env", "FROM_HERE", "--name", "n", "--label", "team=red"];
    let mut command = place.command(&words);
    command.args(["--lane", "etl", "--", "sh", "-c", "echo $A$FROM_HERE"]).env("FROM_HERE", " 3");
    assert_eq!(command.output().unwrap().stdout, b"1 2 3\n");
    let listed =
        place.json(&["list", "--json", "--lane", "etl", "--label", "team=red", "--status", "succeeded"]);
    assert_eq!((&listed["total"], &listed["tasks"][0]["spec"]["labels"]["name"]), (&json!(1), &json!("n")));
    assert_eq!(
        place.json(&["list", "--json", "--status", "failed,timeout"]),
        json!({"tasks": [], "total": 0})
    );
}

#[test]
fn tasks_are_listed_shown_and_named_by_the_beginning_of_their_id() {
    let place = Place::new();
    let _server = place.serve(&[]);
    let ids = [place.task("echo one"), place.task("echo two; exit 3")];
    assert_eq!(place.run(&["wait", &ids[0], &ids[1]]).status.code(), Some(3));
    let table = place.ok(&["list"]);
    let lines: Vec<_> = table.lines().collect();
    assert!(lines[0].starts_with("ID") && lines.len() == 3, "{table}");
    assert!(lines[1].contains(&ids[1]) && lines[1].contains("failed (3)"), "newest first: {table}");
    assert!(!table.contains('\u{1b}'), "no colours where nobody sees them");

    let listed = place.json(&["list", "--json", "--limit", "1"]);
    assert_eq!((&listed["total"], &listed["tasks"][0]["metadata"]["id"]), (&json!(2), &json!(ids[1])));
    let beginning = &ids[1][..ids[1].len() - 1];
    let shown = place.json(&["show", "--json", beginning]);
    assert_eq!(
        (&shown["task"]["metadata"]["id"], &shown["runs"][0]["exitCode"]),
        (&json!(ids[1]), &json!(3))
    );
    assert!(place.ok(&["show", beginning]).contains("echo two; exit 3"));
    assert_eq!(place.ok(&["logs", beginning]), "two\n");

    let both = place.run(&["show", &ids[0][..2]]);
    assert!(error(&both).contains(&ids[0]) && error(&both).contains("give more of it"), "{}", error(&both));
    let none = place.run(&["show", "zzz"]);
    assert_eq!((none.status.code(), error(&none).lines().count()), (Some(1), 1));
}

#[test]
fn a_log_is_printed_as_far_as_it_is_and_followed_to_its_end() {
    let place = Place::new();
    let _server = place.serve(&[]);
    place.gate("gate");
    let id = place.task("echo first; read x < gate; echo last >&2; echo more");
    let mut follower = place.command(&["logs", "-f", &id]).spawn().unwrap();
    let followed = lines(&mut follower);
    assert_eq!(followed.next(), "first");
    assert_eq!(place.ok(&["logs", &id]), "first\n", "a live log is not waited for");
    place.open_gate("gate");
    assert_eq!(followed.rest(), ["more"]);
    assert_eq!(ended(&mut follower), Some(0));
    assert_eq!(support::stderr_of(&mut follower), "last\n");

    assert_eq!(place.ok(&["logs", "--stream", "stderr", &id]), "");
    let events = place.ok(&["logs", "--json", &id]);
    let events: Vec<serde_json::Value> =
        events.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&events[0]["type"], &events[4]["exitCode"]), (&json!("runStarted"), &json!(0)));
    assert_eq!(place.ok(&["logs", "--since", "2000-01-01T00:00:00Z", &id]), "first\nmore\n");
    assert_eq!(place.ok(&["logs", "--since", "2199-01-01T00:00:00Z", &id]), "");
    let none = place.run(&["logs", "--attempt", "7", &id]);
    assert!(error(&none).starts_with("solti: --attempt: "), "{}", error(&none));
    assert_eq!(none.status.code(), Some(2));
}

#[test]
fn lines_of_a_log_are_chosen_by_their_fields() {
    let place = Place::new();
    let _server = place.serve(&[]);
    let lines =
        ["level=info msg=a", "level=error msg=\"b c\"", "no record", "{\"level\":\"error\",\"n\":1.10}"];
    let id = place.task(&format!("printf '%s\\n' '{}'", lines.join("' '")));
    place.ok(&["wait", &id]);
    for (fields, expected) in [
        (vec!["level=error"], vec![1, 3]),
        (vec!["level=error", "msg=b c"], vec![1]),
        (vec!["level!=error"], vec![0, 2]),
        (vec!["n=1.10"], vec![3]),
    ] {
        let args =
            ["logs", id.as_str()].into_iter().chain(fields.iter().flat_map(|field| ["--field", *field]));
        let expected: String = expected.into_iter().map(|n| format!("{}\n", lines[n])).collect();
        assert_eq!(place.ok(&args.collect::<Vec<_>>()), expected, "{fields:?}");
    }
    assert_eq!(place.run(&["logs", &id, "--field", "level"]).status.code(), Some(2));
}

#[test]
fn tasks_are_stopped_rerun_and_deleted() {
    let place = Place::new();
    let _server = place.serve(&[]);
    let ids = [place.task("sleep 600"), place.task("trap '' TERM; sleep 600; sleep 600")];
    place.ok(&["stop", &ids[0]]);
    place.ok(&["stop", "--kill", &ids[1]]);
    for id in &ids {
        let waited = place.run(&["wait", id]);
        assert_eq!(waited.status.code(), Some(130));
        assert!(error(&waited).contains("canceled"), "{}", error(&waited));
    }
    assert!(error(&place.run(&["stop", &ids[0]])).starts_with("solti: "));
    let again = place.json(&["rerun", "--json", &ids[0]])["taskId"].as_str().unwrap().to_owned();
    place.ok(&["delete", &again, &ids[0]]);
    assert_eq!(place.json(&["list", "--json"])["total"], 1);
}

/// What a field says is what is shown of it; what is printed are the bytes.
#[test]
fn lines_of_a_log_in_another_encoding_are_chosen_by_what_their_fields_say() {
    let place = Place::new();
    let _server = place.serve(&[]);
    let failed = "\u{43e}\u{448}\u{438}\u{431}\u{43a}\u{430} \u{447}\u{442}\u{435}\u{43d}\u{438}\u{44f} \u{444}\u{430}\u{439}\u{43b}\u{430}";
    let began = "\u{43f}\u{440}\u{43e}\u{433}\u{440}\u{430}\u{43c}\u{43c}\u{430} \u{43d}\u{430}\u{447}\u{430}\u{43b}\u{430} \u{440}\u{430}\u{431}\u{43e}\u{442}\u{443}";
    let line = |level: &str, text: &str| format!("level={level} msg=\"{text}\"\n");
    let error = line("error", failed);
    let lines = [&line("info", began), &error, &line("info", began)].map(String::as_str).concat();
    let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let letter = |c: char| if c.is_ascii() { c as u8 } else { (c as u32 - 0x430 + 0xe0) as u8 };
    let cyrillic = |text: &str| text.chars().map(letter).collect::<Vec<u8>>();
    for (name, bytes, wanted) in [
        // With a mark, as letters of which no byte is zero need it.
        ("UTF-16LE", utf16(&format!("\u{feff}{lines}")), utf16(&error)),
        ("windows-1251", cyrillic(&lines), cyrillic(&error)),
    ] {
        std::fs::write(place.work().join(name), &bytes).unwrap();
        let id = place.task(&format!("cat {name}"));
        place.ok(&["wait", &id]);
        let of = |field: &str| place.run(&["logs", &id, "--field", field]).stdout;
        assert_eq!(of(&format!("msg={failed}")), wanted, "{name}");
        assert_eq!(of("level=error"), wanted, "{name}");
        assert!(of(&format!("msg={}", &failed[..4])).is_empty(), "{name}");
        let events = place.ok(&["logs", "--json", &id, "--field", "level=error"]);
        assert_eq!(events.lines().filter(|event| event.contains("\"chunk\"")).count(), 1, "{name}: {events}");
    }
}

#[test]
fn jobs_are_saved_run_and_looked_back_at() {
    let place = Place::new();
    let _server = place.serve(&[]);
    let job = json!({
        "name": "greet", "title": "Greet somebody",
        "spec": {"slot": "greet", "admission": "queue", "kind": {"subprocess": {"mode": {"command":
            {"command": "echo", "args": ["hello {{whom}}"]}}}}},
        "parameters": [{"name": "whom", "type": "text", "required": true, "help": "who is greeted"}],
        "schedules": [{"cron": "30 2 1 1 *", "zone": "UTC", "parameters": {"whom": "the new year"}}],
    });
    std::fs::write(place.work().join("job.json"), job.to_string()).unwrap();
    assert_eq!(place.ok(&["job", "save", "job.json"]), "greet revision 1\n");
    let id = place.ok(&["job", "run", "greet", "--whom=you"]).trim().to_owned();
    assert_eq!(place.run(&["wait", &id]).status.code(), Some(0));
    assert_eq!(place.ok(&["logs", &id]), "hello you\n");

    let table = place.ok(&["job", "list"]);
    let rows: Vec<_> = table.lines().collect();
    assert!(rows.len() == 2 && rows[1].starts_with("greet  succeeded"), "{table}");
    assert!(rows[1].ends_with("on the 1st of January at 02:30, UTC"), "{table}");
    let shown = place.ok(&["job", "show", "greet"]);
    assert!(
        shown.contains("--whom, text, required: who is greeted")
            && shown.contains("1 of the last 1 succeeded"),
        "{shown}"
    );
    assert!(place.ok(&["job", "history", "greet"]).lines().nth(1).unwrap().starts_with(&id));
    let next = place.json(&["job", "next", "--within", "400days", "--json", "greet"]);
    assert_eq!(next["times"][0]["job"], "greet");
    assert!(place.ok(&["job", "next", "greet", "--skip"]).starts_with("skipped 20"));
    let later = place.json(&["job", "next", "--within", "400days", "--json", "greet"]);
    assert_ne!(later["times"][0], next["times"][0]);

    // As it was shown.
    std::fs::write(place.work().join("again.json"), place.ok(&["job", "show", "greet", "--json"])).unwrap();
    assert_eq!(
        place.ok(&["job", "save", "again.json", "--expect", "1"]),
        "greet revision 1\n",
        "nothing new"
    );
    for (words, code, said) in [
        (&["job", "run", "greet"][..], 2, "solti: --whom: is required\n"),
        (
            &["job", "run", "greet", "whom=you"],
            2,
            "solti: whom=you is not a parameter: write --NAME=VALUE, and options of solti before the name of the job\n",
        ),
        (&["job", "show", "nobody"], 1, "solti: there is no job nobody; `solti job list` shows them\n"),
        (
            &["job", "save", "job.json", "--expect", "7"],
            1,
            "solti: job greet is at revision 1 now, and was expected at 7\n",
        ),
    ] {
        let output = place.run(words);
        assert_eq!((output.status.code(), error(&output)), (Some(code), said.into()), "{words:?}");
    }
    place.ok(&["job", "delete", "greet"]);
    assert_eq!(place.json(&["job", "list", "--json"])["total"], 0);
    assert_eq!(place.json(&["job", "history", "greet", "--json"])["total"], 1, "its tasks stay");
}

#[test]
fn a_saved_job_says_what_is_unexpected_of_its_schedules_in_the_words_of_the_preview() {
    let place = Place::new();
    let _server = place.serve(&[]);
    let mut job = json!({
        "name": "night",
        "spec": {"slot": "s", "kind": {"subprocess": {"mode": {"command": {"command": "true"}}}}},
        "schedules": [
            {"id": "leap", "cron": "0 0 29 2 *", "zone": "UTC"},
            {"id": "past", "at": 1_000},
            {"id": "plain", "cron": "0 4 * * *", "zone": "UTC"},
        ],
    });
    let write =
        |job: &serde_json::Value| std::fs::write(place.work().join("job.json"), job.to_string()).unwrap();
    write(&job);
    let saved = place.run(&["job", "save", "job.json"]);
    assert_eq!(saved.status.code(), Some(0), "{}", error(&saved));
    assert_eq!(String::from_utf8(saved.stdout.clone()).unwrap(), "night revision 1\n");
    assert_eq!(
        error(&saved),
        "schedule leap: 29 February comes in leap years only.\nschedule past: This time is past: it does not run again.\n"
    );
    // Of what is as it was nothing is said again.
    job["title"] = json!("Nightly");
    write(&job);
    assert_eq!(error(&place.run(&["job", "save", "job.json"])), "");
    job["schedules"][1]["at"] = json!(2_000);
    write(&job);
    let saved = place.json(&["job", "save", "job.json", "--json"]);
    assert_eq!((&saved["name"], &saved["revision"]), (&json!("night"), &json!(3)));
    assert_eq!(
        saved["warnings"],
        json!([{"schedule": "past", "text": "This time is past: it does not run again."}])
    );
    // What was printed can be saved, and one of which there is nothing to say says so.
    let mut again = saved;
    again["schedules"] = json!([again["schedules"][2]]);
    write(&again);
    assert_eq!(place.json(&["job", "save", "job.json", "--json"])["warnings"], json!([]));
}

#[test]
fn a_job_that_names_a_hook_that_is_not_there_is_saved_and_says_so() {
    let place = Place::new();
    let _server = place.serve(&[]);
    let kind = json!({"subprocess": {"mode": {"command": {"command": "true"}}}});
    let job = json!({"name": "j", "spec": {"slot": "j", "kind": kind, "notify": {"hooks": ["nohook"]}}});
    std::fs::write(place.work().join("job.json"), job.to_string()).unwrap();
    let saved = place.run(&["job", "save", "job.json"]);
    assert_eq!(saved.status.code(), Some(0));
    assert_eq!(error(&saved), "spec.notify.hooks[0]: there is no hook nohook to be called\n");
    let saved = place.json(&["job", "save", "job.json", "--json"]);
    let said = json!({"field": "spec.notify.hooks[0]", "text": "there is no hook nohook to be called"});
    assert_eq!(saved["warnings"], json!([said]));
}

#[test]
fn lanes_are_set_and_queue() {
    let place = Place::new();
    let _server = place.serve(&[]);
    let lane = place.json(&["lanes", "set", "etl", "--capacity", "2", "--pause", "--json"]);
    assert_eq!((&lane["capacity"], &lane["paused"]), (&json!(2), &json!(true)));
    let id = place.ok(&["run", "--lane", "etl", "true"]).trim().to_owned();
    let table = place.ok(&["lanes"]);
    assert!(table.contains("0 of 2") && table.contains("paused"), "{table}");
    assert!(place.ok(&["list"]).contains("lane paused"));
    place.ok(&["lanes", "set", "etl", "--resume"]);
    assert_eq!(place.run(&["wait", &id]).status.code(), Some(0));
}

#[test]
fn a_busy_lane_queues_refuses_or_is_taken_over() {
    let place = Place::new();
    let _server = place.serve(&[]);
    let in_lane = |when: &str, argv: &[&str]| {
        let words = [&["run", "--lane", "etl", "--when-busy", when, "--"], argv].concat();
        place.run(&words)
    };
    let id = |output: std::process::Output| String::from_utf8(output.stdout).unwrap().trim().to_owned();
    let first = id(in_lane("refuse", &["sleep", "600"]));
    let refused = in_lane("refuse", &["true"]);
    assert_eq!(error(&refused), format!("solti: lane etl is busy with task {first}\n"));
    let queued = id(in_lane("queue", &["true"]));
    assert!(place.ok(&["list"]).contains("1 in the queue"));
    let replacing = id(in_lane("replace", &["true"]));
    assert_eq!(place.run(&["wait", &first]).status.code(), Some(130));
    assert_eq!(place.run(&["wait", &queued, &replacing]).status.code(), Some(0));
}

#[test]
fn tasks_outlive_their_server_however_it_ends() {
    for signal in [Signal::TERM, Signal::KILL] {
        let place = Place::new();
        place.gate("gate");
        let server = place.serve(&[]);
        let id = place.task("echo before; read x < gate; echo survived");
        let mut follower = place.command(&["logs", "-f", &id]).spawn().unwrap();
        assert_eq!(lines(&mut follower).next(), "before");
        follower.kill().unwrap();
        follower.wait().unwrap();
        server.signal(signal);
        assert_eq!(server.ended(), (signal == Signal::TERM).then_some(0));

        let _server = place.serve(&[]);
        assert_eq!(place.json(&["show", "--json", &id])["task"]["status"]["phase"], "running");
        place.open_gate("gate");
        assert_eq!(place.run(&["wait", &id]).status.code(), Some(0));
        assert_eq!(place.ok(&["logs", &id]), "before\nsurvived\n");
    }
}

#[test]
fn who_waits_for_a_task_goes_on_when_its_server_is_killed_and_started_again() {
    let place = Place::new();
    place.gate("gate");
    let server = place.serve(&[]);
    let script = "echo before; read x < gate; echo after; exit 5";
    let mut runner = place.command(&["run", "--wait", "--", "sh", "-c", script]).spawn().unwrap();
    let printed = lines(&mut runner);
    assert_eq!(printed.next(), "before");
    server.signal(Signal::KILL);
    server.ended();
    let _server = place.serve(&[]);
    place.open_gate("gate");
    assert_eq!(printed.rest(), ["after"]);
    assert_eq!(ended(&mut runner), Some(5));
    let said = support::stderr_of(&mut runner);
    assert!(said.contains("trying again") && said.contains("solti: connected again"), "{said}");
}

#[test]
fn a_folder_has_one_server_and_the_second_says_whose_it_is() {
    let place = Place::new();
    let server = place.serve(&[]);
    let second = place.run(&["serve"]);
    assert_eq!(second.status.code(), Some(1));
    assert!(error(&second).contains("solti serve (process"), "{}", error(&second));
    assert_eq!(place.json(&["list", "--json"])["total"], 0, "the first serves on");

    // Somebody has tidied up what looks like left-overs.
    for file in [place.data_dir().join("app.lock"), solti_doors::socket(&place.data_dir())] {
        std::fs::remove_file(file).unwrap();
    }
    assert_eq!(place.run(&["serve"]).status.code(), Some(1));
    assert_eq!(place.json(&["list", "--json"])["total"], 0, "it can be reached again");
    drop(server);
    drop(place.serve(&[]));
}

#[test]
fn a_server_outlives_signals_that_are_not_meant_for_it() {
    let place = Place::new();
    let server = place.serve(&[]);
    for signal in [Signal::USR1, Signal::USR2, Signal::ALARM, Signal::VTALARM, Signal::PROF, Signal::IO] {
        server.signal(signal);
    }
    assert_eq!(place.json(&["list", "--no-start", "--json"])["total"], 0);
}

#[test]
fn the_socket_of_a_server_that_was_killed_is_no_server() {
    let place = Place::new();
    let server = place.serve(&[]);
    server.signal(Signal::KILL);
    server.ended();
    let output = place.run(&["list", "--no-start"]);
    assert_eq!(output.status.code(), Some(69));
    let error = error(&output);
    assert!(error.contains("no Solti is running here") && error.lines().count() == 1, "{error}");
}

#[test]
fn bad_input_is_refused_with_the_reason() {
    let place = Place::new();
    let _server = place.serve(&[]);
    let submit = |text: &str, more: &[&str]| {
        let mut words = vec!["submit", "-"];
        words.extend(more);
        let mut child = place.command(&words).stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    };
    assert!(error(&submit("{", &[])).contains("standard input is not a task in JSON"));
    let unknown = r#"{"slot":"s","kind":{"subprocess":{"mode":{"command":{"command":"x"}}}},"colour":"red"}"#;
    assert!(error(&submit(unknown, &[])).contains("colour"));
    let bad = r#"{"slot":"s","kind":{"subprocess":{"mode":{"command":{"command":"x"}}}},"timeout":0}"#;
    let refusal = submit(bad, &["--json"]);
    let body: serde_json::Value = serde_json::from_slice(&refusal.stderr).unwrap();
    assert_eq!((refusal.status.code(), &body["field"]), (Some(1), &json!("timeout")));
    let good = submit(&bad.replace("0}", "60000}").replace("\"x\"", "\"true\""), &[]);
    assert_eq!(place.run(&["wait", String::from_utf8_lossy(&good.stdout).trim()]).status.code(), Some(0));

    assert!(error(&place.run(&["submit", "no-such-file"])).contains("no-such-file"));
    for words in
        [&["run"][..], &["list", "--status", "done"], &["logs"], &["lanes", "set", "a", "--capacity", "0"]]
    {
        assert_eq!(place.run(words).status.code(), Some(2), "{words:?}");
    }
}

#[test]
fn an_interrupt_without_a_terminal_stops_the_task() {
    let place = Place::new();
    let _server = place.serve(&[]);
    let mut runner =
        place.command(&["run", "--wait", "--", "sh", "-c", "echo on; sleep 600"]).spawn().unwrap();
    assert_eq!(lines(&mut runner).next(), "on");
    send(&runner, Signal::INT);
    assert_eq!(ended(&mut runner), Some(130));
    assert_eq!(place.json(&["list", "--json"])["tasks"][0]["status"]["phase"], "canceled");
}

#[test]
fn connect_speaks_to_the_socket() {
    let place = Place::new();
    let _server = place.serve(&[]);
    let mut child = place.command(&["connect"]).stdin(Stdio::piped()).spawn().unwrap();
    let request = "GET /api/v1/tasks HTTP/1.1\r\nHost: solti\r\nConnection: close\r\n\r\n";
    child.stdin.take().unwrap().write_all(request.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let answer = String::from_utf8_lossy(&output.stdout);
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains(r#""total":0"#), "{answer}");
    drop(_server);
    assert!(error(&place.run(&["connect"])).contains("solti serve"));
}

#[test]
fn over_the_network_the_token_opens() {
    let place = Place::new();
    let server = place.serve(&["--http", "127.0.0.1:0", "--grpc", "127.0.0.1:0"]);
    let (url, grpc) = (server.lines.next(), server.lines.next());
    assert!(url.starts_with("http://127.0.0.1:") && grpc.starts_with("grpc://127.0.0.1:"), "{url} {grpc}");
    let token = std::fs::read_to_string(place.data_dir().join("api/token")).unwrap();
    let list = |token: Option<&str>| {
        let mut command = place.command(&["--url", &url, "list", "--json"]);
        command.envs(token.map(|token| ("SOLTI_TOKEN", token))).output().unwrap()
    };
    assert!(list(Some(token.trim())).status.success());
    for wrong in [None, Some("wrong")] {
        let output = list(wrong);
        assert_eq!(output.status.code(), Some(1));
        assert!(error(&output).contains("Unauthenticated"), "{}", error(&output));
    }
    server.signal(Signal::TERM);
    assert_eq!(server.ended(), Some(0));
}

#[test]
fn a_package_gets_completions_manual_pages_and_a_doctor() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish"] {
        assert!(place.ok(&["completions", shell]).contains("when-busy"), "{shell}");
    }
    assert!(place.ok(&["man"]).contains("solti"));
    place.ok(&["man", place.work().to_str().unwrap()]);
    assert!(place.work().join("solti-run.1").exists());
    let server = place.serve(&[]);
    let diagnosis = place.json(&["doctor", "--json"]);
    assert!(diagnosis["findings"].as_array().is_some_and(|findings| !findings.is_empty()), "{diagnosis}");
    drop(server);
}
