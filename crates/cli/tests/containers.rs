//! The session of `docs/containers.md` by real engines, command by command, with an image that needs no registry in alpine's place.

mod support;

use serde_json::{Value, json};
use solti_testing::{TEST_IMAGE, TestEngine, on_each_engine};
use std::process::{Command, Output, Stdio};
use support::{Place, Server, error, shim};

on_each_engine! { run:
    from_nothing_to_a_running_container,
    what_does_not_start_ends_as_engines_end,
}

/// What [`on_each_engine!`] gives a test.
struct Session {
    engine: TestEngine,
    place: Place,
    /// With the engine's client on it.
    path: String,
    _server: Server,
}

fn run(engine: TestEngine, path: String, test: fn(&Session)) {
    let place = Place::new();
    // Where docker is to be taken no podman may be found, which comes before it.
    let of_tasks = match engine {
        TestEngine::Docker => path.split(':').next().unwrap(),
        TestEngine::Podman | TestEngine::Rootless => &path,
    };
    // A login shell would have a PATH of its own.
    let server = place.serve_with(&[], &[("PATH", of_tasks), ("SHELL", "/bin/false")]);
    test(&Session { engine, place, path, _server: server });
}

impl Session {
    /// As a person types it, in a directory with a file "here" and with a variable TOKEN.
    fn shell(&self, line: &str) -> Output {
        let solti = std::path::Path::new(env!("CARGO_BIN_EXE_solti")).parent().unwrap();
        let mut shell = Command::new("sh");
        shell.args(["-c", line]).current_dir(self.place.work()).stdin(Stdio::null());
        shell.env("PATH", format!("{}:{}", solti.display(), self.path)).env("TOKEN", "s3cret");
        shell.env("SOLTI_DATA_DIR", self.place.data_dir()).env("SOLTI_SHIM", shim());
        shell.env_remove("SOLTI_URL").output().unwrap()
    }

    fn said(&self, line: &str) -> String {
        let output = self.shell(line);
        assert!(output.status.success(), "{line}: {}", error(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    /// The id of the latest task.
    fn latest(&self) -> String {
        let tasks = self.place.json(&["list", "--json"]);
        tasks["tasks"][0]["metadata"]["id"].as_str().unwrap().to_owned()
    }

    /// Submits a task of this kind, waits for its end and has it shown.
    fn submitted(&self, spec: &Value) -> Value {
        let file = self.place.work().join("task.json");
        std::fs::write(&file, spec.to_string()).unwrap();
        let submitted = self.said("solti submit task.json");
        let id = submitted.trim().to_owned();
        self.shell(&format!("solti wait {id}"));
        self.place.json(&["show", "--json", &id])
    }
}

/// The fenced blocks of a language in the document.
fn blocks(language: &str) -> Vec<String> {
    let text = include_str!("../../../docs/containers.md");
    let blocks = text.split("```").skip(1).step_by(2).filter_map(|block| block.split_once('\n'));
    blocks.filter(|(word, _)| *word == language).map(|(_, block)| block.to_owned()).collect()
}

/// What a person is told to type, and part of what comes of it. The first is what `make deps` does.
const SESSION: [(&str, &str); 7] = [
    ("sudo apt install podman", ""),
    ("solti runners", "RUNNER"),
    ("solti run --wait --image docker.io/library/alpine:3 -- echo hello", "hello\n"),
    (
        "solti run --wait --image docker.io/library/alpine:3 --volume .:/src --workdir /src --network none -- ls -l",
        " here\n",
    ),
    (
        "solti run --wait --image docker.io/library/alpine:3 --env TOKEN -- sh -c 'echo \"$TOKEN\" | wc -c'",
        "7\n",
    ),
    ("solti show ID", "docker.io/library/alpine:3"),
    ("solti logs ID", "7\n"),
];

#[test]
fn every_command_of_the_document_is_in_the_session() {
    let documented = blocks("").concat();
    assert_eq!(documented.lines().collect::<Vec<_>>(), SESSION.map(|(line, _)| line));
    assert_eq!(blocks("json").len(), 2);
}

fn from_nothing_to_a_running_container(it: &Session) {
    std::fs::write(it.place.work().join("here"), "").unwrap();
    for (line, expected) in SESSION.iter().skip(1) {
        let said =
            it.said(&if line.contains("ID") { line.replace("ID", &it.latest()) } else { (*line).to_owned() });
        assert!(said.contains(expected), "{line}: {said}");
        assert!(!said.contains("s3cret"), "{line}: {said}");
    }

    let name = it.engine.program();
    let runners = it.said("solti runners");
    assert!(runners.contains(&format!("engine={name}, runner={name}")), "{runners}");
    let listed = it.place.json(&["runners", "--json"]);
    assert_eq!(listed["runners"][0]["name"], "local");
    let runner = listed["runners"].as_array().unwrap().iter().find(|runner| runner["name"] == name).unwrap();
    assert_eq!(
        (&runner["kinds"], &runner["engine"]["rootless"]),
        (&json!(["container"]), &json!(it.engine == TestEngine::Rootless))
    );
    assert_eq!(it.place.json(&["show", "--json", &it.latest()])["runs"][0]["runner"], name);

    // The task as JSON. Its folder is one that a test may make.
    let mut kind: Value = serde_json::from_str(&blocks("json")[0]).unwrap();
    let source = &mut kind["container"]["volumes"][0]["source"];
    assert_eq!(*source, "/srv/data");
    *source = json!(it.place.work());
    kind["container"]["network"] = json!("none");
    let shown = it.submitted(&json!({"slot": "documented", "kind": kind}));
    assert_eq!(shown["runs"][0]["exitCode"], 0, "{shown}");
    assert!(it.said(&format!("solti logs {}", it.latest())).contains(" here\n"));

    // The containers that run, by the engine's own means.
    let line = "podman ps --filter label=solti.run";
    assert!(include_str!("../../../docs/containers.md").contains(line));
    let id = it.said(&format!("solti run --image {TEST_IMAGE} --network none -- sleep 600"));
    let there = || it.said(&line.replace("podman", name)).contains(id.trim());
    solti_testing::wait_until("the container runs", there);
    it.said(&format!("solti stop {}", id.trim()));
    solti_testing::wait_until("the container is gone", || !there());
}

#[test]
fn a_task_goes_to_the_engine_that_its_selector_names() {
    let (Some(docker), Some(podman)) = (TestEngine::Docker.path(), TestEngine::Podman.path()) else { return };
    let both = format!("{}:{podman}", docker.split(':').next().unwrap());
    let place = Place::new();
    let _server = place.serve_with(&[], &[("PATH", &both), ("SHELL", "/bin/false")]);
    let it = Session { engine: TestEngine::Docker, place, path: both, _server };
    let selector: Value = serde_json::from_str(&format!("{{{}}}", blocks("json")[1])).unwrap();
    let kind = json!({"container": {"image": TEST_IMAGE, "args": ["true"], "network": "none"}});
    let shown = it.submitted(&json!({"slot": "first", "kind": kind}));
    assert_eq!(
        (&shown["runs"][0]["runner"], &shown["runs"][0]["exitCode"]),
        (&json!("podman"), &json!(0)),
        "{shown}"
    );
    let spec = json!({"slot": "named", "kind": kind, "runnerSelector": selector["runnerSelector"]});
    let shown = it.submitted(&spec);
    assert_eq!(
        (&shown["runs"][0]["runner"], &shown["runs"][0]["exitCode"]),
        (&json!("docker"), &json!(0)),
        "{shown}"
    );
}

fn what_does_not_start_ends_as_engines_end(it: &Session) {
    let place = &it.place;
    let missing =
        place.run(&["run", "--wait", "--image", TEST_IMAGE, "--network", "none", "--", "no-such-program"]);
    assert_eq!(missing.status.code(), Some(127), "{}", error(&missing));
    assert!(
        error(&missing).contains("solti: failed: the program is not in the image"),
        "{}",
        error(&missing)
    );
    let absent = place.run(&["run", "--wait", "--image", "localhost/absent:1", "--pull", "never"]);
    assert_eq!(absent.status.code(), Some(125), "{}", error(&absent));
    let sentence = "solti: failed: the image is not on this machine, and is not to be pulled";
    assert!(error(&absent).contains(sentence), "{}", error(&absent));
    let other = place.run(&["run", "--image", "-v"]);
    assert!(!other.status.success());
}
