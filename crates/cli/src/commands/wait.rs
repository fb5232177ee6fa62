//! `wait`: until tasks are over.

use super::print_json;
use crate::args::Options;
use crate::error::CliError;
use crate::terminal::say;
use crate::{server, show, task_ids};
use futures::StreamExt as _;
use serde_json::json;
use solti_api::operations::{Operations as _, WatchTasks};
use solti_api::{ApiError, ApiHandler as _};
use solti_http::HttpClient;
use solti_model::{Task, TaskId};

pub async fn wait(options: &Options, ids: &[String]) -> Result<u8, CliError> {
    let client = server::client(options).await?;
    server::while_there(options, &client, until_over(options, &client, ids)).await
}

async fn until_over(options: &Options, client: &HttpClient, ids: &[String]) -> Result<u8, CliError> {
    // Before the tasks are read: what ends in between is heard of.
    let mut changes = client.open(WatchTasks::all()).await?;
    let (mut open, mut order) = (Vec::new(), Vec::new());
    for id in ids {
        let id = task_ids::resolve(client, id).await?;
        order.push(id.clone());
        open.push(id);
    }
    let mut ended = Vec::new();
    look(client, &mut open, &mut ended).await?;
    while !open.is_empty() {
        let change = changes.next().await.ok_or(CliError::Disconnected)?;
        let heard_of = |id: &TaskId| {
            change.deleted.contains(id) || change.changed.iter().any(|row| row.task.metadata.id == *id)
        };
        if change.resync || open.iter().any(heard_of) {
            look(client, &mut open, &mut ended).await?;
        }
    }
    ended.sort_by_key(|task: &Task| order.iter().position(|id| *id == task.metadata.id));
    if options.json {
        print_json(&json!({"tasks": ended}))?;
    } else {
        for task in &ended {
            if let Some(end) = show::bad_end(task) {
                say!("solti: {} {end}", task.metadata.id);
            }
        }
    }
    Ok(ended.iter().map(|task| task.status.shell_code()).find(|code| *code != 0).unwrap_or(0))
}

/// Moves what is over from `open` to `ended`.
async fn look(client: &HttpClient, open: &mut Vec<TaskId>, ended: &mut Vec<Task>) -> Result<(), CliError> {
    for id in std::mem::take(open) {
        match client.get_task_status(&id).await {
            Ok(Some(task)) if task.status.phase.is_terminal() => ended.push(task),
            // A server that went away is waited for like the task; when it is back, everything is looked at again.
            Ok(Some(_)) | Err(ApiError::Unavailable { .. }) => open.push(id),
            Ok(None) => return Err(CliError::Deleted(id)),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
