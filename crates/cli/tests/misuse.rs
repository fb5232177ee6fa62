//! What a person gets wrong, or what goes wrong meanwhile, and what is said of it.

mod support;

use rustix::process::Signal;
use serde_json::json;
use solti_testing::wait_until;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;
use support::{Place, ended, error, lines, send, stderr_of};

/// Saves a job that prints its parameter.
fn save(place: &Place, name: &str, parameter: &str) {
    let argument = format!("{{{{{parameter}}}}}");
    let job = json!({
        "name": name, "parameters": [{"name": parameter, "type": "text", "required": true}],
        "spec": {"slot": name, "admission": "queue", "kind": {"subprocess": {
            "mode": {"command": {"command": "echo", "args": [argument]}}}}},
    });
    std::fs::write(place.work().join("job.json"), job.to_string()).unwrap();
    place.ok(&["job", "save", "job.json"]);
}

#[test]
fn a_parameter_with_the_name_of_an_option_reaches_its_job() {
    let place = Place::new();
    let _server = place.serve(&[]);
    for name in ["token", "url", "data-dir", "json"] {
        save(&place, name, name);
        let parameter = format!("--{name}=abc");
        assert_eq!(place.ok(&["job", "run", name, &parameter, "--wait"]), "abc\n");
    }
    let behind = place.run(&["job", "run", "token", "--json"]);
    assert!(error(&behind).contains("--json is not a parameter"), "{}", error(&behind));
}

#[test]
fn a_job_that_is_not_there_is_not_deleted_in_silence() {
    let place = Place::new();
    let _server = place.serve(&[]);
    save(&place, "old", "x");
    place.ok(&["job", "rename", "old", "new"]);
    for (name, said) in [
        ("nosuch", "solti: there is no job nosuch; `solti job list` shows them\n"),
        ("old", "solti: name: job old is called new now\n"),
    ] {
        let refused = place.run(&["job", "delete", name]);
        assert_eq!((refused.status.code(), error(&refused)), (Some(1), said.into()));
    }
    place.ok(&["job", "delete", "new"]);
    assert_eq!(place.json(&["job", "list", "--json"])["total"], 0);
}

#[test]
fn who_waits_for_a_task_that_is_deleted_is_told_so() {
    let place = Place::new();
    let _server = place.serve(&[]);
    place.ok(&["hold", "--all"]);
    let mut run = place.command(&["run", "--wait", "--", "true"]).spawn().unwrap();
    let listed = || place.json(&["list", "--json"])["tasks"].as_array().unwrap().clone();
    wait_until("the task is there", || !listed().is_empty());
    let id = listed()[0]["metadata"]["id"].as_str().unwrap().to_owned();
    place.ok(&["delete", &id]);
    let said = format!("solti: task {id} was deleted\n");
    let told = (ended(&mut run), stderr_of(&mut run));
    // It is canceled on its way out, which may be what is seen of it last.
    let canceled = (Some(130), "solti: canceled\n".to_owned());
    assert!(told == (Some(125), said) || told == canceled, "{told:?}");
}

#[test]
fn a_program_that_was_told_to_end_is_not_told_of_ctrl_c() {
    let place = Place::new();
    let _server = place.serve(&[]);
    for (signal, ctrl_c) in [(Signal::TERM, false), (Signal::HUP, false), (Signal::INT, true)] {
        let mut run =
            place.command(&["run", "--wait", "--", "sh", "-c", "echo on; sleep 600"]).spawn().unwrap();
        assert_eq!(lines(&mut run).next(), "on");
        send(&run, signal);
        assert_eq!(ended(&mut run), Some(130));
        let said = stderr_of(&mut run);
        assert!(said.contains("solti: stopping") && said.contains("Ctrl-C") == ctrl_c, "{signal:?}: {said}");
    }
}

#[test]
fn a_dash_is_standard_input() {
    let place = Place::new();
    let _server = place.serve(&[]);
    let fed = |words: &[&str]| {
        let mut child = place.command(words).stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(b"fed\n").unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", error(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(fed(&["run", "--wait", "--stdin", "-", "--", "cat"]), "fed\n");
    let id = fed(&["run", "--stdin", "-", "--", "cat"]);
    assert_eq!(place.run(&["wait", id.trim()]).status.code(), Some(0));
    assert_eq!(place.ok(&["logs", id.trim()]), "fed\n");
}

#[test]
fn an_empty_variable_names_no_editor() {
    let place = Place::new();
    let _server = place.serve(&[]);
    place.ok(&["hold", "--all"]);
    let id = place.task("true");
    let edit = place.command(&["edit", &id]).env("VISUAL", "").env("EDITOR", "false").output().unwrap();
    assert_eq!(error(&edit), "solti: the task cannot be edited: false has failed: exit 1\n");
    let edit =
        place.command(&["edit", &id]).env("VISUAL", "").env("EDITOR", "no-such-editor").output().unwrap();
    assert!(error(&edit).contains("there is no program no-such-editor"), "{}", error(&edit));
}

#[test]
fn an_empty_variable_names_no_data_folder() {
    let place = Place::new();
    let mut list = place.command(&["list", "--no-start"]);
    list.env("SOLTI_DATA_DIR", "").env("SOLTI_URL", "").env("SOLTI_TOKEN", "");
    let refused = list.env("XDG_DATA_HOME", place.work()).output().unwrap();
    let said = error(&refused);
    assert_eq!(refused.status.code(), Some(69), "{said}");
    assert!(said.contains(place.work().to_str().unwrap()), "{said}");
}

#[test]
fn a_job_that_is_not_there_is_told_in_one_sentence() {
    let place = Place::new();
    let _server = place.serve(&[]);
    for words in [
        &["job", "rename", "nope", "x"][..],
        &["job", "next", "nope", "--skip"],
        &["job", "next", "nope"],
        &["job", "run", "nope"],
        &["job", "show", "nope"],
        &["job", "delete", "nope"],
        &["job", "secret", "list", "nope"],
    ] {
        let refused = place.run(words);
        let said = "solti: there is no job nope; `solti job list` shows them\n";
        assert_eq!((refused.status.code(), error(&refused)), (Some(1), said.into()), "{words:?}");
    }
    let next = place.ok(&["job", "next"]);
    assert_eq!(next, "nothing is due within 7 days; --within 28days looks further\n");
}

#[test]
fn a_value_that_an_option_cannot_have_is_told_in_words_and_by_one_exit_code() {
    let place = Place::new();
    let _server = place.serve(&[]);
    save(&place, "echo", "t");
    for (words, said) in [
        (&["job", "show", "j", "--revision", "x"][..], "must be a whole number from 1 to 4,294,967,295"),
        (&["list", "-n", "99999999999999999999"], "must be a whole number from 1 to 4,294,967,295"),
        (&["run", "--retries", "x", "true"], "must be a whole number from 1 to 1,000,000,000"),
        (&["priority", "01a", "x"], "must be a whole number from -100 to 100"),
        (&["run", "--wait", "--timeout", "0", "true"], "must be at least 1ms"),
        (&["run", "--wait", "--label", " =x", "true"], "solti: --label: "),
        (&["run", "--wait", "--env", "NO_SUCH_VARIABLE_HERE", "true"], "solti: --env "),
        (
            &["lanes", "set", "l", "--between", "22:00-22:00"],
            "must begin and end at two different times of day",
        ),
        (&["serve", "--http", "localhost"], "must be an IP address and a port"),
        (&["hooks", "set", "h", "--post", "notaurl"], "solti: --post: "),
        (&["--url", "https://", "list"], "solti: https:// "),
        (&["job", "run", "echo", "--wait"], "solti: --t: is required"),
        (&["job", "run", "echo", "--t", "-x"], "solti: --t needs a value: write --t=VALUE"),
    ] {
        let refused = place.run(words);
        assert_eq!(refused.status.code(), Some(2), "{words:?}: {}", error(&refused));
        assert!(error(&refused).contains(said), "{words:?}: {}", error(&refused));
    }
    assert_eq!(place.ok(&["job", "run", "echo", "--t", "given", "--wait"]), "given\n");
}

#[test]
fn one_long_name_makes_no_table_wide() {
    let place = Place::new();
    let _server = place.serve(&[]);
    place.ok(&["hold", "--all"]);
    let name = "n".repeat(250);
    for name in [name.as_str(), "short"] {
        place.ok(&["run", "--name", name, "--", "true"]);
    }
    let narrow = place.command(&["list"]).env("COLUMNS", "90").output().unwrap();
    let table = String::from_utf8(narrow.stdout).unwrap();
    assert!(table.lines().count() == 3 && table.lines().all(|line| line.chars().count() <= 90), "{table}");
    let table = place.ok(&["list"]);
    assert!(table.lines().all(|line| line.chars().count() < 230) && table.contains("n…"), "{table}");
    let listed = place.json(&["list", "--json"]);
    assert_eq!(listed["tasks"][1]["spec"]["labels"]["name"], name.as_str(), "JSON stays whole");
}

#[test]
fn a_variable_is_not_asked_for_as_an_option() {
    let place = Place::new();
    let refused = place.run(&["wait"]);
    assert_eq!(refused.status.code(), Some(2));
    let said = error(&refused);
    assert!(said.contains("Usage: solti wait <ID>...") && !said.contains("--data-dir"), "{said}");
    assert!(place.ok(&["wait", "--help"]).contains("SOLTI_DATA_DIR"));
}

#[test]
fn a_folder_of_manual_pages_is_made_or_named() {
    let place = Place::new();
    place.ok(&["man", "share/man1"]);
    assert!(place.work().join("share/man1/solti.1").exists());
    std::fs::write(place.work().join("file"), "").unwrap();
    let refused = place.run(&["man", "file"]);
    assert!(error(&refused).contains("cannot be written into file"), "{}", error(&refused));
}

#[test]
fn a_file_that_is_no_token_is_named_and_not_to_be_deleted() {
    let place = Place::new();
    let file = place.work().join("passwd");
    std::fs::write(&file, "root:x:0:0\n").unwrap();
    for mode in [0o644, 0o600] {
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        let config = format!("http = \"127.0.0.1:0\"\ntoken-file = \"{}\"\n", file.display());
        std::fs::write(place.data_dir().join("serve.toml"), config).unwrap();
        let refused = place.run(&["serve"]);
        let said = error(&refused);
        let named = format!("solti: {} cannot be the token's file: ", file.display());
        assert!(said.contains(&named) && !said.contains("delete"), "{said}");
    }
}
