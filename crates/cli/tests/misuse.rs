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
    assert!(error(&edit).contains("false has failed"), "{}", error(&edit));
}

#[test]
fn a_variable_is_not_asked_for_as_an_option() {
    let place = Place::new();
    let refused = place.run(&["wait"]);
    assert_eq!(refused.status.code(), Some(2));
    let said = error(&refused);
    assert!(said.contains("Usage: solti wait <IDS>...") && !said.contains("--data-dir"), "{said}");
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
