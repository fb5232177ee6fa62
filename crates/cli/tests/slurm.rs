//! The session of `docs/slurm.md` by a real cluster, command by command. Where none can be started, the test says why and passes.

mod support;

use serde_json::Value;
use solti_testing::{TestCluster, wait_until};
use std::process::{Command, Output, Stdio};
use support::{Place, error, shim};

/// The fenced blocks of shell commands in the document.
fn blocks() -> Vec<&'static str> {
    let text = include_str!("../../../docs/slurm.md");
    let blocks = text.split("```").skip(1).step_by(2).filter_map(|block| block.split_once('\n'));
    blocks.filter(|(word, _)| *word == "sh").map(|(_, block)| block).collect()
}

/// As a person types it.
fn shell(place: &Place, cluster: &TestCluster, line: &str) -> Output {
    let solti = std::path::Path::new(env!("CARGO_BIN_EXE_solti")).parent().unwrap();
    let path = format!("{}:{}", solti.display(), std::env::var("PATH").unwrap());
    let mut shell = Command::new("sh");
    shell.args(["-c", line]).current_dir(place.work()).stdin(Stdio::null()).env("PATH", path);
    shell.env("SOLTI_DATA_DIR", place.data_dir()).env("SOLTI_SHIM", shim());
    shell.env("HOME", &cluster.shared).env_remove("SOLTI_URL").output().unwrap()
}

#[test]
fn from_nothing_to_a_running_job() {
    let Some(cluster) = TestCluster::start(&[]) else { return };
    let place = Place::new();
    let conf = cluster.env()[std::ffi::OsStr::new("SLURM_CONF")].to_str().unwrap().to_owned();
    let _server = place.serve_with(&[], &[("SLURM_CONF", &conf), ("SHELL", "/bin/false")]);
    let said = |line: &str| {
        let output = shell(&place, &cluster, line);
        assert!(output.status.success(), "{line}: {}", error(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    let [setting, session] = blocks()[..] else { panic!("two blocks") };
    let refused = shell(&place, &cluster, "solti run --slurm -- true");
    assert!(error(&refused).contains("no Slurm cluster is set up here"), "{}", error(&refused));
    said(setting);
    let lines: Vec<&str> = session.lines().collect();
    let [runners, first, asked, waits, list] = lines[..] else { panic!("{lines:?}") };
    assert!(said(runners).contains("partitions main, short, closed, low"));
    assert_eq!(said(first).trim(), cluster.ask("hostname", &[]));
    let asked = said(asked).trim().to_owned();
    let waits = said(waits).trim().to_owned();
    wait_until("both are where they belong", || {
        let listed = said(list);
        listed.contains("running") && listed.contains("pending (partition closed is down)")
    });
    let shown: Value = place.json(&["show", "--json", &asked]);
    assert_eq!(shown["task"]["spec"]["cluster"]["timeMinutes"], 7, "{shown}");
    assert_eq!(
        cluster.ask("squeue", &["-h", "-n", &format!("solti-{asked}-1"), "-o", "%P %C %m %l"]),
        "main 2 64M 7:00"
    );
    said(&format!("solti stop {asked} {waits}"));
    shell(&place, &cluster, &format!("solti wait {asked} {waits}"));
    for id in [&asked, &waits] {
        assert_eq!(place.json(&["show", "--json", id])["task"]["status"]["phase"], "canceled");
    }
}
