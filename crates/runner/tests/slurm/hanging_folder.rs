//! A shared folder that does not answer: a file system whose program is stopped.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use solti_model::ClusterRequest;
use solti_runner::{AttachError, CheckFailure, RunEnd, Runner as _, StartError};
use solti_testing::{TestCluster, within};

use crate::common::sh;
use crate::support::{Slurm, begun, ended};

/// Mounted over the folder that the nodes share with this machine, which here is one.
struct Mount {
    program: Child,
    at: PathBuf,
    _behind: tempfile::TempDir,
}

impl Mount {
    /// `None`, with a word of why, where there can be none.
    fn over(at: &Path) -> Option<Self> {
        let behind = tempfile::tempdir().unwrap();
        let folder = |name: &str| {
            let folder = behind.path().join(name);
            std::fs::create_dir(&folder).unwrap();
            folder.display().to_string()
        };
        let options =
            format!("lowerdir={},upperdir={},workdir={}", folder("lower"), folder("upper"), folder("work"));
        let mut program = Command::new("fuse-overlayfs");
        program.args(["-f", "-o", &options]).arg(at).stdout(Stdio::null()).stderr(Stdio::null());
        let Ok(program) = program.spawn() else {
            println!("skipped: fuse-overlayfs is not installed");
            return None;
        };
        let mut this = Self { program, at: at.to_owned(), _behind: behind };
        let mut there = false;
        solti_testing::wait_until("it is mounted, or cannot be", || {
            there = this.is_mounted();
            there || this.program.try_wait().unwrap().is_some()
        });
        if !there {
            println!("skipped: fuse-overlayfs cannot mount here");
        }
        there.then_some(this)
    }

    fn is_mounted(&self) -> bool {
        let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap();
        mounts.lines().any(|line| line.split(' ').nth(1) == self.at.to_str())
    }

    fn signal(&self, signal: &str) {
        let said = Command::new("kill").args([signal, &self.program.id().to_string()]).status().unwrap();
        assert!(said.success());
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        // Whoever hangs goes on, so that the test can end.
        self.signal("-CONT");
        Command::new("umount").args(["-l"]).arg(&self.at).status().ok();
        self.program.kill().ok();
        self.program.wait().ok();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_does_not_answer_loses_nothing_and_keeps_nobody_waiting() {
    let Some(cluster) = TestCluster::start(&[]) else { return };
    let Some(mount) = Mount::over(&cluster.shared) else { return };
    let slurm = Slurm::on(cluster);
    let lines = 100;
    let text = format!("for i in $(seq {lines}); do echo $i; sleep 0.1; done");
    let mut handle = slurm.submit("goes-on", sh(&text), ClusterRequest::default()).await;
    slurm.printed("goes-on", "3\n").await;
    begun(&handle).await;
    mount.signal("-STOP");

    let mut trouble = handle.trouble();
    within("word of it", trouble.wait_for(Option::is_some)).await.unwrap();
    assert_eq!(trouble.borrow().as_deref(), Some("the shared folder does not answer"));
    // Nothing is said of it by who looks for it anew, and nothing of one that cannot be begun.
    let (dir, run) = (slurm.run_dir("goes-on"), slurm.run("goes-on"));
    let attached = slurm.runner.attach(&dir, &run).await;
    assert!(matches!(&attached, Err(AttachError::Cluster { .. })), "{attached:?}");
    let request = slurm.request("late", sh("echo ran"), ClusterRequest::default());
    let late = slurm.runner.start(request).await;
    assert!(matches!(&late, Err(StartError::Unknown(AttachError::Cluster { .. }))), "{late:?}");
    let checked = slurm.runner.check_folder().await;
    let Err(CheckFailure::Wrong(why)) = checked else { panic!("{checked:?}") };
    assert!(why.ends_with("the shared folder does not answer"), "{why}");
    // For longer than a run may be missing in every other place.
    let lost = tokio::time::timeout(Duration::from_secs(5), handle.wait()).await;
    assert!(lost.is_err(), "{lost:?}");

    mount.signal("-CONT");
    within("it answers again", trouble.wait_for(Option::is_none)).await.unwrap();
    assert_eq!(ended(&mut handle).await.end, RunEnd::Exited { code: 0 });
    let expected: String = (1..=lines).map(|n| format!("{n}\n")).collect();
    assert_eq!(slurm.output("goes-on"), expected, "no line is lost");
    // What was given up is never handed over later.
    let (dir, run) = (slurm.run_dir("late"), slurm.run("late"));
    let attached = slurm.runner.attach(&dir, &run).await;
    assert!(
        matches!(&attached, Ok(solti_runner::Attached::Lost(solti_runner::LostReason::NeverStarted))),
        "{attached:?}"
    );
    assert_eq!(slurm.output("late"), "");
}
