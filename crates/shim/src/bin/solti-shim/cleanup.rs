//! Taking away what a run leaves outside of its processes: a container, of which the processes here only stand for others.
//!
//! What the command is, and whether it is wanted, is the launch spec's word. It can do without us, and its result is nobody's: whoever
//! comes later finds by name what is left.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use solti_shim::exit_record::LeaderStatus;
use solti_shim::launch::{self, LaunchSpec};

use crate::sys;

/// An engine that takes longer hangs; the end of the run has to be told all the same.
const PATIENCE: Duration = Duration::from_secs(15);
/// Between two looks whether it is done. It takes tens of milliseconds.
const BETWEEN_LOOKS: Duration = Duration::from_millis(5);

/// After a time that has failed. What was killed a moment ago may still be ending, and one that stood still is let go on by the first.
const PAUSES: [Duration; 5] = [
    Duration::from_millis(100),
    Duration::from_millis(300),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::ZERO,
];

#[derive(Debug)]
pub struct Cleanup {
    wanted: launch::Cleanup,
    env: Vec<(OsString, OsString)>,
}

impl Cleanup {
    pub fn of(spec: &LaunchSpec) -> Option<Self> {
        Some(Self { wanted: spec.cleanup.clone()?, env: spec.env.clone() })
    }

    /// Whether somebody else is to see first what is left.
    pub fn is_left_after(&self, status: Option<LeaderStatus>) -> bool {
        let code = status.and_then(LeaderStatus::code).and_then(|code| u8::try_from(code).ok());
        code.is_some_and(|code| self.wanted.except_after.contains(&code))
    }

    /// Does it, again while it fails, and returns when it is done or has taken too long.
    pub fn wait_for(&self) {
        let give_up = Instant::now() + PATIENCE;
        for pause in PAUSES {
            let Some(Ok(child)) = self.command().map(|mut command| command.spawn()) else { return };
            if ends_well(child, give_up) || Instant::now() + pause >= give_up {
                return;
            }
            std::thread::sleep(pause);
        }
    }

    /// Has it done in our place. Returns only when it cannot be executed.
    pub fn become_it(&self) {
        if let Some(mut command) = self.command() {
            // Whatever this says, nothing is left to be done.
            drop(command.exec());
        }
    }

    fn command(&self) -> Option<Command> {
        let (program, args) = self.wanted.argv.split_first()?;
        let mut command = Command::new(program);
        command.args(args).env_clear().envs(self.env.iter().map(|(key, value)| (key, value)));
        command.current_dir("/").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        // SAFETY: one system call, which allocates nothing and locks nothing.
        unsafe { command.pre_exec(sys::unblock_signals) };
        Some(command)
    }
}

/// Whether it has exited with 0 by then; else it is killed.
fn ends_well(mut child: Child, give_up: Instant) -> bool {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return status.success(),
            Ok(None) if Instant::now() < give_up => std::thread::sleep(BETWEEN_LOOKS),
            Ok(None) | Err(_) => {
                child.kill().ok();
                child.wait().ok();
                return false;
            }
        }
    }
}
