//! The session of `docs/containers.md`, with a real podman and an image that needs no registry.

mod support;

use serde_json::json;
use solti_testing::{TEST_IMAGE, path_with_podman};
use support::{Place, Server, error};

/// A server whose tasks find a podman that works here; `None` where there is none.
fn serve(place: &Place) -> Option<Server> {
    // A login shell would have a PATH of its own.
    let path = path_with_podman()?;
    Some(place.serve_with(&[], &[("PATH", &path), ("SHELL", "/bin/false")]))
}

#[test]
fn from_nothing_to_a_running_container() {
    let place = Place::new();
    let Some(_server) = serve(&place) else { return };
    let runners = place.ok(&["runners"]);
    assert!(runners.lines().next().unwrap().starts_with("RUNNER"), "{runners}");
    assert!(
        runners.contains("engine=podman, runner=podman") && runners.contains("/bin/podman "),
        "{runners}"
    );
    let listed = place.json(&["runners", "--json"]);
    assert_eq!(listed["runners"][0]["name"], "local");
    assert_eq!(listed["runners"][1]["kinds"], json!(["container"]));

    let run = |words: &[&str], command: &[&str]| {
        let first = ["run", "--wait", "--image", TEST_IMAGE, "--network", "none"];
        place.run(&[&first, words, &["--"], command].concat())
    };
    let hello = run(&[], &["echo", "hello"]);
    assert_eq!((String::from_utf8_lossy(&hello.stdout), error(&hello)), ("hello\n".into(), String::new()));

    std::fs::write(place.work().join("here"), "").unwrap();
    let listed = run(&["--volume", ".:/work:ro", "--workdir", "/work"], &["ls"]);
    assert_eq!(String::from_utf8_lossy(&listed.stdout), "here\n", "{}", error(&listed));
    let secret = run(&["--env", "TOKEN=s3cret"], &["sh", "-c", "echo $TOKEN; exit 7"]);
    assert_eq!((secret.stdout.as_slice(), secret.status.code()), (&b"s3cret\n"[..], Some(7)));

    let tasks = place.json(&["list", "--json"]);
    let id = tasks["tasks"][0]["metadata"]["id"].as_str().unwrap();
    let shown = place.ok(&["show", id]);
    assert!(shown.contains(TEST_IMAGE) && shown.contains("podman"), "{shown}");
    assert!(!shown.contains("s3cret"), "{shown}");
    assert_eq!(place.json(&["show", "--json", id])["runs"][0]["runner"], "podman");
    assert_eq!(place.ok(&["logs", id]), "s3cret\n");
}

#[test]
fn what_does_not_start_ends_as_engines_end() {
    let place = Place::new();
    let Some(_server) = serve(&place) else { return };
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
