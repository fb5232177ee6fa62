//! The log of a task there onto this program's own streams, byte for byte, behind where it was left off.

use super::link::{Link, Unasked};
use super::there;
use crate::error::CliError;
use crate::log_printer::{LogOptions, LogPrinter};
use futures::StreamExt as _;
use solti_api::{LogAccess as _, LogPosition, LogReading};
use solti_http::{HttpClient, Reachability};
use solti_model::{OutputEvent, TaskId, unix_ms};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::time::sleep;

/// Between two looks whether the machine is elsewhere.
const BETWEEN_LOOKS: Duration = Duration::from_secs(2);

/// How the log was left.
pub(super) enum Printed {
    /// All of it is printed, and the task is over.
    Whole,
    /// Nobody reads it.
    Unread(io::Error),
}

/// What is printed of a log so far.
pub(super) struct LogCopy {
    printer: LogPrinter,
    /// Behind what was taken.
    position: Arc<Mutex<LogPosition>>,
}

impl LogCopy {
    pub(super) async fn of(link: &Link, id: &TaskId) -> Result<Self, Unasked> {
        let client = link.ask(async |client| Ok(client)).await?;
        // All that is printed here is the task's own.
        let options = LogOptions { silent: true, ..LogOptions::default() };
        Ok(Self { printer: LogPrinter::new(options, &client, id), position: Arc::default() })
    }
}

/// Prints the log until the task is over. A stream goes on by itself where its connection broke; one that has ended is opened again
/// until the machine has said both that the task is over and that there is no more.
pub(super) async fn print(
    link: &Link,
    id: &TaskId,
    LogCopy { printer, position }: &mut LogCopy,
) -> Result<Result<Printed, CliError>, Unasked> {
    let at = |position: &Mutex<LogPosition>| *position.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        let over = there::found(link, id).await?.status.phase.is_terminal();
        if over {
            // The log may take longer to come than the task is kept there.
            let end = there::end_there(link, id).await?;
            if let Err(error) = link.note(|progress| progress.over = Some(end)) {
                return Ok(Err(error));
            }
        }
        let how = LogReading { after: at(position), unfinished: true, follow: true };
        let (client, log) =
            link.ask(async |client| Ok((client.clone(), client.read_log(id, how).await?))).await?;
        let reached = Arc::clone(position);
        let mut log = log
            .map(move |(behind, event)| {
                *reached.lock().unwrap_or_else(PoisonError::into_inner) = behind;
                event
            })
            .boxed();
        let lost = AtomicBool::new(false);
        let whole = {
            let telling = tell_of_breaks(link, &client, &lost);
            tokio::pin!(telling);
            loop {
                tokio::select! {
                    event = printer.next(&mut log) => match event {
                        Ok(Some(OutputEvent::RunStarted { .. })) => {
                            if let Err(error) = began(link) {
                                return Ok(Err(error));
                            }
                        }
                        Ok(Some(OutputEvent::Lagged { .. })) => {
                            if let Err(error) = link.note(|progress| progress.log_incomplete = true) {
                                return Ok(Err(error));
                            }
                        }
                        Ok(Some(_)) => {}
                        Ok(None) => break !lost.load(Ordering::Relaxed),
                        Err(error) => return Ok(Ok(Printed::Unread(error))),
                    },
                    () = &mut telling => {}
                    () = sleep(BETWEEN_LOOKS) => if link.has_moved(lost.load(Ordering::Relaxed)) { break false },
                }
            }
        };
        if whole && over {
            return Ok(Ok(Printed::Whole));
        }
        if !whole {
            link.renew()?;
            link.rest().await;
        }
    }
}

/// Its program runs.
pub(super) fn began(link: &Link) -> Result<(), CliError> {
    let now = unix_ms(SystemTime::now());
    link.note(|progress| progress.started_at = progress.started_at.or(Some(now)))
}

/// Says so when the machine goes away and when it is back, for as long as a stream waits for it.
async fn tell_of_breaks(link: &Link, client: &HttpClient, lost: &AtomicBool) {
    let mut reachability = client.reachability();
    while reachability.changed().await.is_ok() {
        let why = match &*reachability.borrow_and_update() {
            Reachability::Lost(why) => Some(why.clone()),
            Reachability::Reached | Reachability::Unknown => None,
        };
        lost.store(why.is_some(), Ordering::Relaxed);
        link.trouble(why);
    }
    std::future::pending().await
}
