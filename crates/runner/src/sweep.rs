//! Ends what a lost run has left behind. A run with a living shim is ended by the shim, and here only when that cannot be
//! asked (`force`).

use std::collections::HashMap;
use std::io;
use std::time::{Duration, Instant};

use solti_model::RunId;
use solti_shim::cgroup::RunGroup;
use solti_shim::tree::{Membership, Process, descendants};

use crate::AttachError;

/// Between TERM and KILL: short, because nobody reads the output any more and the user waits for the word "lost".
const GRACE: Duration = Duration::from_millis(400);
/// After KILL; a process that is still there then is stuck in the kernel, or not ours to end.
const GIVE_UP: Duration = Duration::from_millis(800);
/// Between two looks at the process table: there is nothing to wait on for processes that are not our children.
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// Ends all processes that carry the mark; returns how many there were at first.
pub(crate) async fn sweep(run: &RunId) -> Result<usize, AttachError> {
    end_members(run, None, GRACE).await
}

/// The same with a grace of the caller's, and with the descendants of the shim where that is known.
pub(crate) async fn end_members(
    run: &RunId,
    shim: Option<u32>,
    grace: Duration,
) -> Result<usize, AttachError> {
    let group = RunGroup::left_behind(&run.to_string());
    let mut left = members(run, shim).await?;
    let count = left.len();
    signal_all(&left, libc::SIGTERM);
    // A stopped process takes its TERM only when it goes on.
    signal_all(&left, libc::SIGCONT);
    // From the signals on: on a machine with many processes a look alone may take longer than all of the grace.
    let (asked, mut killed) = (Instant::now(), None);
    while !left.is_empty() {
        tokio::time::sleep(BETWEEN_LOOKS).await;
        left = members(run, shim).await?;
        if !left.is_empty() && killed.is_some_and(|killed: Instant| killed.elapsed() > GIVE_UP) {
            return Err(AttachError::Survivors { run: run.clone(), left: left.len() });
        }
        if asked.elapsed() > grace {
            if let Some(group) = &group {
                // A kernel without this has the signals.
                group.kill().ok();
            }
            signal_all(&left, libc::SIGKILL);
            killed.get_or_insert_with(Instant::now);
        }
    }
    if let Some(group) = group {
        group.remove();
    }
    Ok(count)
}

/// How many processes carry the mark of each run. A mark that is no run's is not ours.
pub(crate) async fn marks() -> Result<HashMap<RunId, usize>, AttachError> {
    let counted = tokio::task::spawn_blocking(solti_shim::tree::marks).await;
    let counted =
        counted.map_err(io::Error::other).flatten().map_err(|source| AttachError::Marks { source })?;
    Ok(counted.into_iter().filter_map(|(mark, count)| Some((mark.parse().ok()?, count))).collect())
}

/// Reads the whole process table, which takes milliseconds: not on a thread of the runtime.
async fn members(run: &RunId, shim: Option<u32>) -> Result<Vec<Process>, AttachError> {
    let mark = run.to_string();
    let listed = tokio::task::spawn_blocking(move || {
        let mut members = Membership { run_id: &mark, not_before_ticks: 0 }.members()?;
        let tree = shim.map(descendants).transpose()?.unwrap_or_default();
        let unmarked =
            tree.into_iter().filter(|process| members.iter().all(|known| known.pid != process.pid));
        members.extend(unmarked.collect::<Vec<_>>());
        members.extend(shed_the_mark(&mark, &members));
        Ok(members)
    });
    let failed = |source| AttachError::Processes { run: run.clone(), source };
    let members = listed.await.map_err(|error| failed(io::Error::other(error)))?.map_err(failed)?;
    Ok(members.into_iter().filter(|process| !process.zombie).collect())
}

/// Those in the control group of the run that do not carry its mark any more.
fn shed_the_mark(mark: &str, known: &[Process]) -> Vec<Process> {
    let listed = RunGroup::left_behind(mark).map(|group| group.processes()).unwrap_or_default();
    let unknown = listed.into_iter().filter(|pid| known.iter().all(|process| process.pid != *pid));
    // The pid may be anybody's by now: who has it is asked for first, and that it is in the group after that.
    unknown
        .filter_map(Process::find)
        .filter(|process| RunGroup::of_process(process.pid, mark).is_some())
        .collect()
}

/// A process that is gone, or became another user's, shows in the next look.
fn signal_all(processes: &[Process], signal: i32) {
    for process in processes {
        process.signal(signal).ok();
    }
}
