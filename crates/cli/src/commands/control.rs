//! `stop`, `rerun`, `delete`.

use super::each;
use super::run::tell;
use crate::args::Options;
use crate::error::CliError;
use crate::{server, task_ids};
use solti_api::ApiHandler as _;
use solti_api::operations::{Operations as _, RerunTask, StopTask};
use solti_model::StopMode;

pub async fn stop(options: &Options, ids: &[String], kill: bool) -> Result<u8, CliError> {
    let client = server::client(options).await?;
    let mode = if kill { StopMode::Kill } else { StopMode::Graceful };
    each(options, "taskIds", ids, async |id| {
        let id = task_ids::resolve(&client, id).await?;
        client.ask(StopTask { id: id.clone(), mode }).await?;
        Ok(id.to_string())
    })
    .await
}

pub async fn rerun(options: &Options, id: &str) -> Result<u8, CliError> {
    let client = server::client(options).await?;
    let again = client.ask(RerunTask { id: task_ids::resolve(&client, id).await? }).await?;
    tell(options, &again)
}

pub async fn delete(options: &Options, ids: &[String]) -> Result<u8, CliError> {
    let client = server::client(options).await?;
    each(options, "taskIds", ids, async |id| {
        let id = task_ids::resolve(&client, id).await?;
        client.delete_task(&id).await?;
        Ok(id.to_string())
    })
    .await
}
