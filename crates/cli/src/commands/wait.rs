//! `wait`: until tasks are over.

use super::print_json;
use crate::args::{OWN_FAILURE, Options};
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

/// What has become of one of those that are waited for.
enum Awaited {
    Open(TaskId),
    Over(Box<Task>),
    /// It cannot be waited for, which was told.
    Failed,
}

impl Awaited {
    fn failed(error: &CliError, options: &Options) -> Self {
        error.print(options.json);
        Self::Failed
    }
}

/// Waits for every one of `ids`, in whatever order they end: what cannot be waited for is told, and the others are waited for all the
/// same.
async fn until_over(options: &Options, client: &HttpClient, ids: &[String]) -> Result<u8, CliError> {
    // Before the tasks are read: what ends in between is heard of.
    let mut changes = client.open(WatchTasks::all()).await?;
    let mut all = Vec::with_capacity(ids.len());
    for id in ids {
        all.push(match task_ids::resolve(client, id).await {
            Ok(id) => Awaited::Open(id),
            // Of a server that cannot be reached the others would say the same.
            Err(error @ CliError::Api(ApiError::Unavailable { .. })) => return Err(error),
            Err(error) => Awaited::failed(&error, options),
        });
    }
    look(options, client, &mut all).await;
    while all.iter().any(|one| matches!(one, Awaited::Open(_))) {
        let change = changes.next().await.ok_or(CliError::Disconnected)?;
        let heard_of = |one: &Awaited| match one {
            Awaited::Open(id) => {
                change.deleted.contains(id) || change.changed.iter().any(|row| row.task.metadata.id == *id)
            }
            Awaited::Over(_) | Awaited::Failed => false,
        };
        if change.resync || all.iter().any(heard_of) {
            look(options, client, &mut all).await;
        }
    }
    let ended = || {
        all.iter().filter_map(|one| match one {
            Awaited::Over(task) => Some(task),
            Awaited::Open(_) | Awaited::Failed => None,
        })
    };
    if options.json {
        print_json(&json!({"tasks": ended().collect::<Vec<_>>()}))?;
    } else {
        for task in ended() {
            if let Some(end) = show::bad_end(&task.status) {
                say!("solti: {} {end}", task.metadata.id);
            }
        }
    }
    let code = |one: &Awaited| match one {
        Awaited::Over(task) => task.status.shell_code(),
        Awaited::Open(_) | Awaited::Failed => OWN_FAILURE,
    };
    Ok(all.iter().map(code).find(|code| *code != 0).unwrap_or(0))
}

/// Finds out what is over.
async fn look(options: &Options, client: &HttpClient, all: &mut [Awaited]) {
    for one in all {
        let Awaited::Open(id) = one else { continue };
        *one = match client.get_task_status(id).await {
            Ok(Some(task)) if task.status.phase.is_terminal() => Awaited::Over(Box::new(task)),
            // A server that went away is waited for like the task; when it is back, everything is looked at again.
            Ok(Some(_)) | Err(ApiError::Unavailable { .. }) => continue,
            Ok(None) => Awaited::failed(&CliError::Deleted(id.clone()), options),
            Err(error) => Awaited::failed(&error.into(), options),
        };
    }
}
