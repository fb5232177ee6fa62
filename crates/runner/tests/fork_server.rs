//! A fork server that does not do its work. One test, as it looks for the server among the children of this process.

mod common;

use std::path::Path;

use common::{Runs, runner, sh, wait};
use solti_runner::{RunEnd, Runner};
use solti_shim::tree::{Process, children};
use solti_testing::until;

fn servers() -> Vec<Process> {
    let is_server = |pid: &u32| {
        std::fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|words| words.ends_with(b"--fork-server\0"))
    };
    children(std::process::id()).unwrap().into_iter().filter(is_server).filter_map(Process::find).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fork_server_that_hangs_is_replaced_and_no_run_fails_or_runs_twice() {
    let runs = Runs::new();
    let runner = runner();
    runner.warm_up().await;
    // It has its words a moment after it has begun.
    until("the server", || servers().len() == 1).await;
    let hung = servers()[0];
    assert!(hung.signal(libc::SIGSTOP).unwrap());

    let noted = runs.dir.path().join("noted");
    let all = (0..5).map(|n| {
        let (runner, request) =
            (runner.clone(), runs.request(&format!("r{n}"), sh(&format!("echo {n} >> {}", noted.display()))));
        tokio::spawn(async move { runner.start(request).await })
    });
    for start in all.collect::<Vec<_>>() {
        let mut handle = start.await.unwrap().expect("it starts all the same");
        assert_eq!(wait(&mut handle).await.end, RunEnd::Exited { code: 0 });
    }
    let mut lines: Vec<_> = std::fs::read_to_string(&noted).unwrap().lines().map(str::to_owned).collect();
    lines.sort();
    assert_eq!(lines, ["0", "1", "2", "3", "4"]);

    let mut handle = runner.start(runs.request("after", sh("exit 3"))).await.unwrap();
    assert_eq!(wait(&mut handle).await.end, RunEnd::Exited { code: 3 });
    until("another server", || servers().iter().any(|server| server.pid != hung.pid)).await;
    until("the end of the one that hung", || !Path::new(&format!("/proc/{}", hung.pid)).exists()).await;
}
