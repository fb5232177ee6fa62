//! Hands on the queue: `hold`, `release`, `priority`, `move`, `run-now`, `retry`, and `suspend`, `resume` of what runs.

use super::{each, tell_of_hold};
use crate::args::{MoveTo, Options};
use crate::error::CliError;
use crate::{server, task_ids};
use solti_api::operations::{
    Ask, HoldAll, HoldTask, ListTasks, MoveTask, Operations as _, ReleaseTask, ResumeTask, RetryNow, RunNow,
    SetPriority, SuspendTask,
};
use solti_http::HttpClient;
use solti_model::{ListQuery, Slot, TaskId, TaskPhase, Waiting};

/// Rows of one request.
const PAGE: u32 = 500;

pub async fn hold(options: &Options, ids: &[String], all: bool) -> Result<u8, CliError> {
    if all {
        server::client(options).await?.ask(HoldAll { held: true }).await?;
        return Ok(0);
    }
    each_task(options, ids, |id| HoldTask { id }).await
}

pub async fn release(
    options: &Options,
    ids: &[String],
    all: bool,
    lane: Option<Slot>,
) -> Result<u8, CliError> {
    let client = server::client(options).await?;
    if all {
        client.ask(HoldAll { held: false }).await?;
    }
    let code = match (all, lane) {
        (false, None) => each_task(options, ids, |id| ReleaseTask { id }).await?,
        (_, lane) => {
            let held = held(&client, lane).await?;
            each(options, held, async |id| Ok(client.ask(ReleaseTask { id }).await?)).await?
        }
    };
    // They wait all the same.
    tell_of_hold(&client).await?;
    Ok(code)
}

/// Those that are held, in all lanes or one, the oldest first.
async fn held(client: &HttpClient, slot: Option<Slot>) -> Result<Vec<TaskId>, CliError> {
    let phases = vec![TaskPhase::Pending];
    let mut query = ListQuery { phases, slot, limit: Some(PAGE), ..ListQuery::default() };
    let mut found = Vec::new();
    loop {
        let page = client.ask(ListTasks { query: query.clone() }).await?;
        let held = page.rows.into_iter().filter(|row| row.waiting == Some(Waiting::Held));
        found.extend(held.map(|row| row.task.metadata.id));
        query.cursor = page.next_cursor;
        if query.cursor.is_none() {
            found.reverse();
            return Ok(found);
        }
    }
}

pub async fn priority(options: &Options, id: &str, priority: i32) -> Result<u8, CliError> {
    let client = server::client(options).await?;
    client.ask(SetPriority { id: task_ids::resolve(&client, id).await?, priority }).await?;
    Ok(0)
}

pub async fn move_task(options: &Options, id: &str, to: MoveTo) -> Result<u8, CliError> {
    let client = server::client(options).await?;
    let MoveTo { first, last, before, after } = to;
    let id = task_ids::resolve(&client, id).await?;
    let mut others = [None, None];
    for (place, given) in others.iter_mut().zip([before, after]) {
        if let Some(given) = given {
            *place = Some(task_ids::resolve(&client, &given).await?);
        }
    }
    let [before, after] = others;
    client.ask(MoveTask { id, before, after, first, last }).await?;
    Ok(0)
}

pub async fn run_now(options: &Options, ids: &[String]) -> Result<u8, CliError> {
    each_task(options, ids, |id| RunNow { id }).await
}

pub async fn retry(options: &Options, ids: &[String]) -> Result<u8, CliError> {
    each_task(options, ids, |id| RetryNow { id }).await
}

pub async fn suspend(options: &Options, ids: &[String]) -> Result<u8, CliError> {
    each_task(options, ids, |id| SuspendTask { id }).await
}

pub async fn resume(options: &Options, ids: &[String]) -> Result<u8, CliError> {
    each_task(options, ids, |id| ResumeTask { id }).await
}

async fn each_task<A: Ask<Answer = ()>>(
    options: &Options,
    ids: &[String],
    ask: impl Fn(TaskId) -> A,
) -> Result<u8, CliError> {
    let client = server::client(options).await?;
    each(options, ids, async |id| Ok(client.ask(ask(task_ids::resolve(&client, id).await?)).await?)).await
}
