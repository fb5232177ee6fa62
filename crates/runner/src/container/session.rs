//! The process that podman without the rights of the superuser leaves between its commands: it holds the user's namespaces, and the first
//! command that finds none starts one.
//!
//! That must not be the command of a run. The process would then be one of the run's, and end with it; and podman, once it finds
//! neither that process nor one of the containers that it believes to run, refuses every further command. So each start sees to it
//! beforehand that there is one.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::fd::OwnedFd;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use tokio::sync::Mutex;

use super::engine::{Engine, last_words};

#[derive(Debug, Default)]
pub(super) struct Session {
    /// Those that were there when it was looked last; `None` before that.
    held: Mutex<Option<Vec<OwnedFd>>>,
}

impl Session {
    /// Has podman start one where there is none any more.
    ///
    /// # Errors
    /// Why podman cannot, in a sentence.
    pub(super) async fn hold(&self, engine: &Engine) -> Result<(), String> {
        let mut held = self.held.lock().await;
        if held.as_ref().is_some_and(|held| held.iter().all(is_alive)) {
            return Ok(());
        }
        let name = engine.kind.word();
        let said = engine.ask(&["unshare", "true"]).await;
        let said = said.map_err(|error| format!("{name} cannot be asked: {error}"))?;
        if !said.well {
            let why = last_words(&said.err).unwrap_or_else(|| "it does not say why".to_owned());
            return Err(format!("{name} cannot be used: {why}"));
        }
        // Where none is found, this version may need none: it is not asked again and again.
        *held = Some(tokio::task::spawn_blocking(pauses).await.unwrap_or_default());
        Ok(())
    }
}

fn is_alive(pidfd: &OwnedFd) -> bool {
    let mut poll_fd = [PollFd::new(pidfd, PollFlags::IN)];
    // It can be read once the process has ended.
    !matches!(poll(&mut poll_fd, Some(&Timespec::default())), Ok(ended) if ended > 0)
}

/// Those of all users; that another one's ends costs a question to podman.
fn pauses() -> Vec<OwnedFd> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let pauses = pids.filter(|pid| is_pause(*pid).unwrap_or(false)).filter_map(Pid::from_raw);
    pauses.filter_map(|pid| pidfd_open(pid, PidfdFlags::empty()).ok()).collect()
}

/// `catatonit -P`, or podman itself under another name where it has none.
fn is_pause(pid: i32) -> io::Result<bool> {
    let words = fs::read(format!("/proc/{pid}/cmdline"))?;
    let mut words = words.split(|&byte| byte == 0);
    let is_catatonit = words.next().is_some_and(|program| {
        let name = program.rsplit(|&byte| byte == b'/').next();
        name.is_some_and(|name| name == b"catatonit")
    });
    if is_catatonit && words.next() == Some(b"-P") {
        return Ok(true);
    }
    Ok(OsStr::new(fs::read_to_string(format!("/proc/{pid}/comm"))?.trim_end()) == "podman pause")
}
