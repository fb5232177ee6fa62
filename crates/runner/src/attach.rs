//! Finds a run again after a restart of the app. Nothing is guessed: a lock says alive, a final record says finished, and a
//! free lock without one says lost, unless the shim is there all the same: another file may have taken the place of the one that it
//! has locked, as when a backup of the folder is put over it. Whatever could not be looked at is an error, and says nothing.

use std::io;
use std::path::Path;
use std::time::Duration;

use solti_model::RunId;
use solti_shim::cgroup::Unenforced;
use solti_shim::control::{Reply, Request};
use solti_shim::tree::Process;
use tokio::time::{Instant, sleep, timeout_at};

use crate::connection::{Connection, Heard, SUBSCRIBE};
use crate::force::shim_of;
use crate::run_dir::RunDir;
use crate::settle::{read_record, settle};
use crate::shim_process::ShimProcess;
use crate::watch::{Watched, watch};
use crate::{AttachError, Attached, LostReason, RunOutcome};

/// A living shim answers within milliseconds; one that is just starting, or writing its last record, may need longer.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// Between two looks at a shim that has the lock, but no socket: it is between two steps of its start or its end.
const BETWEEN_LOOKS: Duration = Duration::from_millis(10);

pub(crate) async fn attach(run_dir: &Path, run: &RunId) -> Result<Attached, AttachError> {
    let Some(dir) = RunDir::open_existing(run_dir)? else {
        return Ok(Attached::Lost(LostReason::NeverStarted));
    };
    dir.leaves_room().map_err(|source| AttachError::RunDir { path: run_dir.to_owned(), source })?;
    let give_up = Instant::now() + ANSWER_WITHIN;
    loop {
        // A final record is the last word, also while its shim is not quite gone.
        let record = read_record(&dir, run)?;
        if let Some(outcome) = record.as_ref().and_then(RunOutcome::from_record) {
            return Ok(Attached::Finished(outcome));
        }
        let lock = dir.try_lock()?;
        if let Some(answered) = ask(&dir, give_up).await? {
            return follow(&dir, run, answered);
        }
        if let Some(lock) = lock
            && find_shim(&dir, run)?.is_none()
        {
            let attached = settle(&dir, run)?;
            drop(lock);
            return Ok(attached);
        }
        if Instant::now() >= give_up {
            return Err(AttachError::NoAnswer { path: dir.path().to_owned() });
        }
        sleep(BETWEEN_LOOKS).await;
    }
}

fn find_shim(dir: &RunDir, run: &RunId) -> Result<Option<Process>, AttachError> {
    shim_of(dir, run).map_err(|source| AttachError::Processes { run: run.clone(), source })
}

struct Answered {
    connection: Connection,
    shim_pid: u32,
    child_pid: u32,
    started_at_ms: u64,
    suspends: bool,
    suspended: bool,
}

/// Asks the shim for its status and subscribes; `None` when it is not there to answer.
async fn ask(dir: &RunDir, give_up: Instant) -> Result<Option<Answered>, AttachError> {
    let mut connection = match Connection::open(dir).await {
        Ok(connection) => connection,
        Err(error) if is_absence(&error) => return Ok(None),
        Err(source) => return Err(AttachError::Connect { path: dir.path().to_owned(), source }),
    };
    for request in [Request::Status, SUBSCRIBE] {
        if connection.send(request).await.is_err() {
            return Ok(None);
        }
    }
    loop {
        match timeout_at(give_up, connection.next()).await {
            Ok(Heard::Reply(Reply::Status {
                shim_pid,
                child_pid,
                started_at_ms,
                suspends,
                suspended,
                ..
            })) => {
                return Ok(Some(Answered {
                    connection,
                    shim_pid,
                    child_pid,
                    started_at_ms,
                    suspends,
                    suspended,
                }));
            }
            Ok(Heard::Reply(_)) => {}
            Ok(Heard::Garbled(source)) => {
                return Err(AttachError::Protocol { path: dir.path().to_owned(), source });
            }
            Ok(Heard::Closed) => return Ok(None),
            Err(_) => return Err(AttachError::NoAnswer { path: dir.path().to_owned() }),
        }
    }
}

/// Nobody listens (yet, or any more: a shim that ends resets who was just about to be heard), which is told from what keeps us from
/// asking.
fn is_absence(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionRefused, ConnectionReset, NotFound};
    matches!(error.kind(), NotFound | ConnectionRefused | ConnectionReset)
}

fn follow(dir: &RunDir, run: &RunId, answered: Answered) -> Result<Attached, AttachError> {
    let Answered { connection, shim_pid, child_pid, started_at_ms, suspends, suspended } = answered;
    let shim = ShimProcess::Other { pid: shim_pid };
    let place = dir.place().map_err(|source| AttachError::RunDir { path: dir.path().to_owned(), source })?;
    let (handle, watch) = watch(Watched {
        place,
        id: run.clone(),
        shim,
        child_pid,
        started_at_ms,
        unenforced: Unenforced::default(),
        suspends,
        suspended,
    });
    tokio::spawn(watch.follow(Some(connection)));
    Ok(Attached::Running(handle))
}
