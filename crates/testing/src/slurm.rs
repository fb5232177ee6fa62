//! A Slurm cluster of a test's own: three nodes that are this machine, started and ended by `scripts/slurm.sh`.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// It ends with this.
#[derive(Debug)]
pub struct TestCluster {
    dir: TempDir,
    /// What this machine and the nodes share.
    pub shared: PathBuf,
}

impl TestCluster {
    /// `None`, with a word of why, where there is none. `settings` are those of the script, as `("ACCOUNTS", "1")`.
    pub fn start(settings: &[(&str, &str)]) -> Option<Self> {
        let dir = tempfile::tempdir().expect("a folder can be made");
        let shared = dir.path().join("shared");
        std::fs::create_dir(&shared).expect("a folder can be made");
        let this = Self { dir, shared };
        let Output { status, stderr, .. } = this.script("up", &[], settings);
        if status.success() {
            return Some(this);
        }
        println!("skipped: {}", String::from_utf8_lossy(&stderr).trim());
        None
    }

    fn script(&self, what: &str, more: &[&str], settings: &[(&str, &str)]) -> Output {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut command = Command::new(root.join("scripts/slurm.sh"));
        command.arg(what).arg(self.dir.path()).args(more).envs(settings.iter().copied());
        command.stdin(Stdio::null()).output().expect("the script is started")
    }

    /// That of a user of this cluster.
    pub fn env(&self) -> BTreeMap<OsString, OsString> {
        let is_own =
            |key: &OsString| !["SLURM", "SBATCH"].iter().any(|word| key.to_string_lossy().starts_with(word));
        let conf = self.dir.path().join("slurm.conf").into();
        std::env::vars_os().filter(|(key, _)| is_own(key)).chain([("SLURM_CONF".into(), conf)]).collect()
    }

    /// What one of its programs answers, which has to be asked well.
    pub fn ask(&self, program: &str, words: &[&str]) -> String {
        let said = Command::new(program).args(words).env_clear().envs(self.env()).output();
        let said = said.expect("it is started");
        let (out, err) = (String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
        assert!(said.status.success(), "{program} {words:?}: {out}{err}");
        out.trim().to_owned()
    }

    /// Waits until the controller has written down how its jobs stand. One that is killed before remembers a running job as waiting,
    /// and has it ended when its node reports it.
    pub fn until_saved(&self) {
        let saved =
            || std::fs::metadata(self.dir.path().join("state/job_state")).and_then(|file| file.modified());
        let before = saved().ok();
        for job in self.ask("squeue", &["--noheader", "--format", "%i"]).lines() {
            self.ask("scontrol", &["update", &format!("JobId={job}"), "Comment=saved"]);
        }
        crate::wait_until("the controller saves its jobs", || saved().ok() > before);
    }

    /// Kills the controller, or the daemon of a node (`slurmd.n1`), at once.
    pub fn kill(&self, daemon: &str) {
        let file = self.dir.path().join(format!("{daemon}.pid"));
        let pid = std::fs::read_to_string(file).expect("it runs");
        let killed = Command::new("kill").args(["-KILL", pid.trim()]).status().expect("kill is started");
        assert!(killed.success(), "{daemon}");
        crate::wait_until("it is gone", || {
            let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
            !stat.contains(") S") && !stat.contains(") R") && !stat.contains(") D")
        });
    }

    /// Starts the controller again.
    pub fn start_controller(&self) {
        assert!(self.script("ctld", &[], &[]).status.success());
    }
}

impl Drop for TestCluster {
    fn drop(&mut self) {
        self.script("down", &[], &[]);
    }
}
