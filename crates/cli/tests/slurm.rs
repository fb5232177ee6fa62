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

/// The doctor's look at the shared folder. It may find something else that is wrong on this machine, and then fails.
fn checks(place: &Place, cluster: &TestCluster, line: &str) {
    let output = shell(place, cluster, line);
    let text = String::from_utf8_lossy(&output.stdout);
    let seen = format!(" wrote into {} is seen here", cluster.shared.display());
    assert!(
        text.contains("Shared folder of the cluster: a file that node n") && text.contains(&seen),
        "{text}"
    );
}

/// The line of the document, where there is what stands for a GPU; and one that the cluster would refuse.
fn previews(place: &Place, cluster: &TestCluster, line: &str) {
    let jobs = || cluster.ask("squeue", &["-h", "-t", "all", "-o", "%i"]).lines().count();
    let before = jobs();
    let output = shell(place, cluster, line);
    match cluster.ask("sinfo", &["-h", "-o", "%G"]).contains("gpu") {
        true => assert_eq!(
            String::from_utf8_lossy(&output.stdout),
            "would start at once on n1, partition main\n",
            "{}",
            error(&output)
        ),
        false => {
            assert!(error(&output).contains("--gpus: the cluster refuses it"), "{}", error(&output))
        }
    }
    let json = shell(place, cluster, "solti --json run --slurm --partition closed --preview -- true");
    let json: Value = serde_json::from_slice(&json.stdout).unwrap();
    let waits =
        serde_json::json!({"outlook": "waits", "why": "partition closed is down", "partition": "closed"});
    assert_eq!(json, waits);
    let refused = shell(place, cluster, "solti run --slurm --partition nosuch --preview -- true");
    assert_eq!(refused.status.code(), Some(2));
    assert!(error(&refused).contains("--partition: the cluster refuses it"), "{}", error(&refused));
    assert_eq!(jobs(), before, "nothing was handed over");
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
    let [setting, check, session] = blocks()[..] else { panic!("three blocks") };
    let refused = shell(&place, &cluster, "solti run --slurm -- true");
    assert!(error(&refused).contains("no Slurm cluster is set up here"), "{}", error(&refused));
    said(setting);
    checks(&place, &cluster, check);
    let lines: Vec<&str> = session.lines().collect();
    let [runners, first, preview, asked, waits, list] = lines[..] else { panic!("{lines:?}") };
    assert!(said(runners).contains("partitions main, short, closed, low"));
    assert_eq!(said(first).trim(), cluster.ask("hostname", &[]));
    previews(&place, &cluster, preview);
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
