//! Ends a run whose shim does not do it: it was stopped, hangs, or its socket is gone. What is signalled carries the run's mark,
//! descends from its shim, or is that shim, so nobody else can be hit; and only a free lock is believed to be the end.

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use solti_model::RunId;
use solti_shim::tree::Process;

use crate::clock::now_ms;
use crate::run_dir::RunDir;
use crate::settle::until_free;
use crate::sweep::end_members;
use crate::{AttachError, Attached, EndFlags, RunEnd, RunOutcome, StopMode};

/// From TERM to KILL, where nobody knows the run's own.
const GRACE: Duration = Duration::from_secs(5);
/// A shim that only could not be asked notices the end of its processes and records it.
const SHIM_ENDS_WITHIN: Duration = Duration::from_secs(3);
/// After KILL; what is there then is stuck in the kernel.
const KILLED_WITHIN: Duration = Duration::from_secs(1);

/// Lets the shim go on if it was stopped: then it can be asked again.
pub(crate) fn was_roused(run_dir: &Path, run: &RunId) -> bool {
    let dir = RunDir::open_existing(run_dir).ok().flatten();
    let shim = dir.and_then(|dir| shim_of(&dir, run).ok().flatten());
    shim.is_some_and(|shim| rouse(&shim))
}

/// Ends the run without asking its shim. One that was stopped goes on meanwhile: it reads what is left of the output, and may
/// record the end.
///
/// # Errors
/// It may be alive.
pub(crate) async fn end(run_dir: &Path, run: &RunId, mode: StopMode) -> Result<Attached, AttachError> {
    // Without its folder the marks are all there is; they say whether anything of it lives.
    let (dir, unseen) = match RunDir::open_existing(run_dir) {
        Ok(dir) => (dir, None),
        Err(error) => (None, Some(error)),
    };
    // One that cannot be found now is looked for again below.
    let shim = dir.as_ref().and_then(|dir| shim_of(dir, run).ok().flatten());
    if let Some(shim) = &shim {
        rouse(shim);
    }
    let grace = if mode == StopMode::Kill { Duration::ZERO } else { GRACE };
    end_members(run, shim.map(|shim| shim.pid), grace).await?;
    let Some(dir) = dir else {
        if let Some(error) = unseen {
            tracing::warn!(%run, %error, "ended by the mark of its processes alone");
        }
        return Ok(Attached::Finished(stopped()));
    };
    if let Some(attached) = until_free(&dir, run, SHIM_ENDS_WITHIN).await? {
        return Ok(ended_by_us(attached));
    }
    if let Ok(Some(shim)) = shim_of(&dir, run) {
        // One that is gone meanwhile has let go of its lock.
        shim.signal(libc::SIGKILL).ok();
        // It may have started the program in the very last moment.
        end_members(run, None, Duration::ZERO).await?;
    }
    match until_free(&dir, run, KILLED_WITHIN).await? {
        Some(attached) => Ok(ended_by_us(attached)),
        None => Err(AttachError::NoAnswer { path: dir.path().to_owned() }),
    }
}

/// How it ended is known, also when nobody has recorded that.
fn ended_by_us(found: Attached) -> Attached {
    match found {
        Attached::Lost(_) => Attached::Finished(stopped()),
        known => known,
    }
}

/// The shim by its record, if the process with that number works in the run's folder, as shims do.
///
/// # Errors
/// That of what could not be looked at: it may be there.
pub(crate) fn shim_of(dir: &RunDir, run: &RunId) -> io::Result<Option<Process>> {
    let Some(record) = dir.record(run)? else { return Ok(None) };
    let Some(shim) = Process::look_for(record.shim_pid)? else { return Ok(None) };
    Ok(dir.place()?.is_where(shim.pid)?.then_some(shim))
}

/// Lets a stopped process go on; whether it was one.
pub(crate) fn rouse(shim: &Process) -> bool {
    state(shim) == Some('T') && shim.signal(libc::SIGCONT).unwrap_or(false)
}

/// Whether a process was stopped, or is held by a debugger, which alone can let it go on.
pub(crate) fn stands_still(process: &Process) -> bool {
    matches!(state(process), Some('T' | 't'))
}

/// The letter of proc_pid_stat(5).
fn state(process: &Process) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{}/stat", process.pid)).ok()?;
    stat[stat.rfind(')')?..].chars().nth(2)
}

fn stopped() -> RunOutcome {
    RunOutcome {
        end: RunEnd::Stopped { code: None, signal: Some(libc::SIGKILL) },
        started_at_ms: None,
        finished_at_ms: now_ms(),
        duration: Duration::ZERO,
        flags: EndFlags::default(),
        usage: None,
    }
}
