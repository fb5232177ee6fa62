//! Commands on the queue: `hold`, `release`, `priority`, `move`, `run-now`, `retry`, and `suspend`, `resume` of what runs.

use super::lanes::lane_named;
use super::{done_of_each, done_with, each, print_json, tell_of_hold};
use crate::args::{MoveTo, Options};
use crate::error::CliError;
use crate::{server, task_ids};
use serde_json::json;
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
        if options.json {
            print_json(&json!({"held": true}))?;
        }
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
    if let Some(lane) = &lane {
        lane_named(&client, lane).await?;
    }
    let code = match (all, lane) {
        (false, None) => each_task(options, ids, |id| ReleaseTask { id }).await?,
        (_, lane) => {
            let held = held(&client, lane).await?;
            let released = async |id: TaskId| {
                client.ask(ReleaseTask { id: id.clone() }).await?;
                Ok(id.to_string())
            };
            let (code, done) = done_of_each(options, held, released).await?;
            match (options.json, all) {
                (true, true) => print_json(&json!({"held": false, "taskIds": done}))?,
                (true, false) => print_json(&json!({"taskIds": done}))?,
                (false, _) => {}
            }
            code
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
    let id = task_ids::resolve(&client, id).await?;
    client.ask(SetPriority { id: id.clone(), priority }).await?;
    done_with(options, &id)
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
    client.ask(MoveTask { id: id.clone(), before, after, first, last }).await?;
    done_with(options, &id)
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
    each(options, "taskIds", ids, async |id| {
        let id = task_ids::resolve(&client, id).await?;
        client.ask(ask(id.clone())).await?;
        Ok(id.to_string())
    })
    .await
}
