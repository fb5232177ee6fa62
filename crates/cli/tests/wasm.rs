//! The session of `docs/wasm.md`, with the real programs.

mod support;

use serde_json::json;
use solti_testing::{wasi, wasm_of_c};
use std::path::Path;
use std::process::Command;
use support::{Place, Server, error};

fn serve(place: &Place) -> Server {
    place.serve_with(&[], &[("SOLTI_WASI", wasi().to_str().unwrap()), ("SHELL", "/bin/false")])
}

/// The commands of the session as it is printed.
fn session() -> String {
    let doc = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/wasm.md");
    let doc = std::fs::read_to_string(doc).unwrap();
    let (_, from) = doc.split_once("```sh\n").expect("a session");
    from.split_once("```").expect("its end").0.to_owned()
}

#[test]
fn from_nothing_to_a_running_module() {
    let place = Place::new();
    if !wasm_of_c("int main(void) { return 0; }", &place.work().join("probe.wasm")) {
        return;
    }
    let _server = serve(&place);
    let solti = Path::new(env!("CARGO_BIN_EXE_solti")).parent().unwrap();
    let path = format!("{}:{}", solti.display(), std::env::var("PATH").unwrap());
    let run = |text: &str| {
        let mut shell = Command::new("sh");
        shell.args(["-euc", text]).current_dir(place.work()).env("PATH", &path);
        let output = shell.env("SOLTI_DATA_DIR", place.data_dir()).output().unwrap();
        assert!(output.status.success(), "{text}: {}", error(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    let session = session();
    let (before, after) = session.split_once("solti show").expect("it looks at the task");
    let said = run(before);
    assert!(said.contains("engine=wasmtime, runner=wasmtime"), "{said}");
    assert!(said.contains(wasi().to_str().unwrap()), "{said}");
    assert!(said.ends_with("hello, world\nI see no files\nhello, you\nI can read my source\n"), "{said}");

    let tasks = place.json(&["list", "--json"]);
    let id = tasks["tasks"][0]["metadata"]["id"].as_str().unwrap();
    let said = run(&format!("solti show{}", after.replace("ID", id)));
    assert!(said.contains("hello.wasm") && said.contains("wasmtime"), "{said}");
    let folder = format!("{} as /src, read only", place.work().display());
    assert!(said.contains(&folder), "{said}");
    assert!(said.ends_with("hello, you\nI can read my source\n"), "{said}");
    assert_eq!(place.json(&["show", "--json", id])["runs"][0]["runner"], "wasmtime");
}

#[test]
fn what_does_not_start_and_what_traps_ends_as_a_shell_would_have_it() {
    let place = Place::new();
    let _server = serve(&place);
    let run = |module: &str| place.run(&["run", "--wait", "--wasm", module]);
    let missing = run("missing.wasm");
    assert_eq!(missing.status.code(), Some(127), "{}", error(&missing));
    let sentence =
        format!("solti: failed: the module does not exist: {}/missing.wasm", place.work().display());
    assert!(error(&missing).contains(&sentence), "{}", error(&missing));
    std::fs::write(place.work().join("script"), "#!/bin/sh\n").unwrap();
    assert_eq!(run("script").status.code(), Some(126));

    let divides = "int main(int argc, char **argv) { volatile int zero = 0; return argc / zero; }";
    if wasm_of_c(divides, &place.work().join("divides.wasm")) {
        let trapped = run("divides.wasm");
        assert_eq!(trapped.status.code(), Some(134), "{}", error(&trapped));
        let sentence = "trapped: it divided a whole number by zero";
        assert!(error(&trapped).contains(sentence), "{}", error(&trapped));
    }
}

#[test]
fn without_its_program_a_module_is_refused_by_a_sentence() {
    let place = Place::new();
    let _server = place.serve_with(&[], &[("SOLTI_WASI", "/nowhere/solti-wasi"), ("SHELL", "/bin/false")]);
    let refused = place.run(&["run", "--wasm", "m.wasm"]);
    assert!(error(&refused).contains("/nowhere/solti-wasi is missing"), "{}", error(&refused));
    let runners = place.json(&["runners", "--json"]);
    let runners = runners["runners"].as_array().unwrap();
    let wasm = runners.iter().find(|runner| runner["name"] == "wasmtime").unwrap();
    assert_eq!(wasm["kinds"], json!(["wasm"]));
    assert!(wasm["unavailable"].as_str().unwrap().starts_with("/nowhere/solti-wasi is missing"), "{wasm}");
}
