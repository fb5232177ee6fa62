//! A task there, from its submission to its end.

use super::end_of;
use super::link::{Link, Unasked};
use super::log::{self, LogCopy, Printed};
use super::there::{end_there, found};
use super::wishes::Wishes;
use crate::error::CliError;
use crate::terminal::say;
use solti_api::operations::{
    GetSummary, ListTasks, Operations as _, ResumeTask, RunNow, StopTask, SuspendTask,
};
use solti_api::{ApiError, ApiHandler as _, in_full};
use solti_model::{ListQuery, StopMode, TaskId, TaskPhase};
use solti_relay::{End, ORIGIN_LABEL, Wish};
use std::collections::BTreeMap;
use std::time::Duration;

/// At a task that is about to end.
const BETWEEN_LOOKS: Duration = Duration::from_millis(200);
/// For a machine to take a task that another one may take. The lane has found it there a moment ago.
const TO_TAKE: Duration = Duration::from_secs(10);
/// Those of one origin; more than one is there only where an answer was lost.
const MOST_OF_ONE_ORIGIN: u32 = 100;

pub(super) struct RemoteTask<'a> {
    link: &'a Link,
    wishes: &'a Wishes,
}

impl<'a> RemoteTask<'a> {
    pub(super) fn new(link: &'a Link, wishes: &'a Wishes) -> Self {
        Self { link, wishes }
    }

    pub(super) async fn until_its_end(&self) -> Result<End, CliError> {
        let Self { link, wishes } = self;
        let (id, instance) = tokio::select! {
            submitted = submitted(link) => match submitted {
                Ok(submitted) => submitted,
                Err(unasked) => return Ok(before_start(link, unasked)),
            },
            // What is there, or still comes, does not start.
            () = wishes.stop() => {
                link.try_once(async |client| tidy(client, link, None).await).await.ok();
                return Ok(End::NeverRan);
            }
            // The same: what was submitted all the same stays unstarted.
            () = link.silence(TO_TAKE), if link.order.gives_back => {
                let silent = || format!("no answer within {} s", TO_TAKE.as_secs());
                return Ok(End::NotTaken { why: link.progress().trouble.unwrap_or_else(silent) });
            }
        };
        // Before it is asked for: who finds this looks there.
        link.note(|progress| {
            (progress.task, progress.instance, progress.released) = (Some(id.clone()), instance, true);
        })?;
        tokio::select! {
            end = self.followed(&id) => end,
            never = self.carry_over(&id) => match never {},
        }
    }

    async fn followed(&self, id: &TaskId) -> Result<End, CliError> {
        let link = self.link;
        let mut copy = match LogCopy::of(link, id).await {
            Ok(copy) => copy,
            Err(unasked) => return gone(link, unasked),
        };
        loop {
            match self.run(id, &mut copy).await {
                Ok(end) => return end,
                Err(unasked @ (Unasked::Removed | Unasked::Refused(ApiError::TaskNotFound { .. }))) => {
                    return gone(link, unasked);
                }
                // It runs there, whatever is refused of it.
                Err(Unasked::Refused(error)) => {
                    link.trouble(Some(in_full(&error)));
                    link.rest().await;
                }
            }
        }
    }

    async fn run(&self, id: &TaskId, copy: &mut LogCopy) -> Result<Result<End, CliError>, Unasked> {
        let link = self.link;
        loop {
            match link.ask(async |client| client.ask(RunNow { id: id.clone() }).await).await {
                Ok(()) => break,
                Err(Unasked::Refused(ApiError::Conflict { .. } | ApiError::TaskNotFound { .. })) => {
                    let status = found(link, id).await?.status;
                    // It runs, or is over: an answer was lost, or somebody has stopped it.
                    if status.phase != TaskPhase::Pending || status.attempt > 0 {
                        break;
                    }
                    link.rest().await;
                }
                Err(unasked) => return Err(unasked),
            }
        }
        match log::print(link, id, copy).await? {
            Ok(Printed::Whole) => {}
            Ok(Printed::Unread(error)) => {
                // A program whose output nobody takes would end.
                say!("solti: the output cannot be written: {error}");
                stop(link, id, StopMode::Graceful).await?;
                until_over(link, id).await?;
            }
            Err(error) => return Ok(Err(error)),
        }
        // One that is gone by now may have gone before all of its log was here.
        found(link, id).await?;
        let end = match link.progress().over {
            Some(end) => end,
            None => end_there(link, id).await?,
        };
        link.try_once(async |client| tidy(client, link, Some(id)).await).await.ok();
        Ok(Ok(end))
    }

    /// Has the task do what is wished, as often as that changes.
    async fn carry_over(&self, id: &TaskId) -> std::convert::Infallible {
        let (link, mut wishes) = (self.link, self.wishes.clone());
        let (mut done, mut wish) = (Wish::default(), wishes.now());
        loop {
            if let Some(mode) = wish.stop.filter(|_| wish.stop != done.stop) {
                // What is answered otherwise is found by who follows it.
                stop(link, id, mode).await.ok();
            }
            if wish.suspended != done.suspended {
                let asked = link.ask(async |client| match wish.suspended {
                    true => client.ask(SuspendTask { id: id.clone() }).await,
                    false => client.ask(ResumeTask { id: id.clone() }).await,
                });
                asked.await.ok();
            }
            done = wish;
            wish = wishes.changed().await;
        }
    }
}

/// The tasks of this run there, the oldest first.
async fn of_origin(client: &solti_http::HttpClient, link: &Link) -> Result<Vec<TaskId>, ApiError> {
    let labels = BTreeMap::from([(ORIGIN_LABEL.to_owned(), link.order.origin.clone())]);
    let query = ListQuery { labels, limit: Some(MOST_OF_ONE_ORIGIN), ..ListQuery::default() };
    let page = client.ask(ListTasks { query }).await?;
    let mut ids: Vec<TaskId> = page.rows.into_iter().map(|row| row.task.metadata.id).collect();
    ids.sort();
    Ok(ids)
}

/// Submits the task, which does not start by itself, and answers which it is, and of which data folder. After a submit of which nothing
/// was heard it is looked up: one that comes later than that is never chosen, and never starts.
async fn submitted(link: &Link) -> Result<(TaskId, Option<String>), Unasked> {
    loop {
        let there = link.ask(async |client| of_origin(&client, link).await).await?;
        if let Some(oldest) = there.into_iter().next() {
            let summary = link.ask(async |client| client.ask(GetSummary {}).await).await?;
            return Ok((oldest, summary.instance));
        }
        // The oldest is what is looked up: another one may have come before.
        link.try_once(async |client| client.submit_task((*link.order.spec).clone()).await).await?;
    }
}

/// Removes what a submit of which nothing was heard has left.
async fn tidy(client: solti_http::HttpClient, link: &Link, but: Option<&TaskId>) -> Result<(), ApiError> {
    for id in of_origin(&client, link).await?.iter().filter(|id| Some(*id) != but) {
        client.delete_task(id).await?;
    }
    Ok(())
}

async fn stop(link: &Link, id: &TaskId, mode: StopMode) -> Result<(), Unasked> {
    match link.ask(async |client| client.ask(StopTask { id: id.clone(), mode }).await).await {
        // It is over.
        Ok(()) | Err(Unasked::Refused(ApiError::Conflict { .. })) => Ok(()),
        Err(unasked) => Err(unasked),
    }
}

async fn until_over(link: &Link, id: &TaskId) -> Result<(), Unasked> {
    while !found(link, id).await?.status.phase.is_terminal() {
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
    Ok(())
}

/// What an answer means that came before anything was started there.
fn before_start(link: &Link, unasked: Unasked) -> End {
    match (end_of(unasked), link.order.gives_back) {
        (End::Refused { why, .. }, given_back) => End::Refused { why, given_back },
        (End::Removed, true) => End::NotTaken { why: "its connection was removed".to_owned() },
        (end, _) => end,
    }
}

/// The end of a task that is not there any more: what the machine has said of it while it was, or what its absence means.
fn gone(link: &Link, unasked: Unasked) -> Result<End, CliError> {
    let Some(end) = link.progress().over else { return Ok(end_of(unasked)) };
    // Nobody knows whether all of its log had come.
    link.note(|progress| progress.log_incomplete = true)?;
    Ok(end)
}

/// Ends the run of a client that is gone, and answers how it ended.
pub(super) async fn end(link: &Link) -> Result<End, CliError> {
    let Some(id) = link.progress().task else { return Ok(End::NeverRan) };
    let ended = async {
        stop(link, &id, StopMode::Kill).await?;
        until_over(link, &id).await?;
        end_there(link, &id).await
    };
    Ok(match ended.await {
        // One that was stopped before it was started there.
        Ok(End::Over { phase: TaskPhase::Canceled, started: false, .. }) => End::NeverRan,
        Ok(end) => end,
        Err(unasked @ (Unasked::Removed | Unasked::Refused(ApiError::TaskNotFound { .. }))) => {
            gone(link, unasked)?
        }
        // It may run there.
        Err(Unasked::Refused(error)) => return Err(error.into()),
    })
}
