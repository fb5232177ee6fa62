//! What became of a run that nobody supervises any more, as its folder says.

use std::time::Duration;

use solti_model::RunId;
use solti_shim::exit_record::{ExitRecord, boot_id_hash};
use tokio::time::{Instant, sleep};

use crate::run_dir::RunDir;
use crate::{AttachError, Attached, LostReason, RunOutcome};

const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// Waits for the lock, and says what was found then; `None` when somebody still has it.
pub(crate) async fn until_free(
    dir: &RunDir,
    run: &RunId,
    within: Duration,
) -> Result<Option<Attached>, AttachError> {
    let give_up = Instant::now() + within;
    loop {
        if let Some(lock) = dir.try_lock()? {
            let settled = settle(dir, run)?;
            drop(lock);
            return Ok(Some(settled));
        }
        if Instant::now() >= give_up {
            return Ok(None);
        }
        sleep(BETWEEN_LOOKS).await;
    }
}

/// The lock is ours, so nobody supervises this run; taking the launch file away keeps a late shim from starting it.
pub(crate) fn settle(dir: &RunDir, run: &RunId) -> Result<Attached, AttachError> {
    let source = |source| AttachError::RunDir { path: dir.path().to_owned(), source };
    // A shim makes its record before it takes the launch file: without both, the app has died before there was a shim.
    let never_began = dir.remove(c"launch").map_err(source)? || !dir.has_record().map_err(source)?;
    let record = read_record(dir, run)?;
    if let Some(outcome) = record.as_ref().and_then(RunOutcome::from_record) {
        return Ok(Attached::Finished(outcome));
    }
    Ok(Attached::Lost(match record {
        _ if never_began => LostReason::NeverStarted,
        Some(record) if record.boot_id_hash != boot_id_hash() => LostReason::Rebooted,
        Some(_) | None => LostReason::ShimGone,
    }))
}

pub(crate) fn read_record(dir: &RunDir, run: &RunId) -> Result<Option<ExitRecord>, AttachError> {
    dir.record(run).map_err(|source| AttachError::ExitRecord { path: dir.path().to_owned(), source })
}
