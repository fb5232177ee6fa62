//! `edit`: a task that has not been started is given another spec, as it was written into a file or in an editor. Whoever changed
//! it meanwhile is not overwritten: the version that was read goes with it.

use super::done_with;
use crate::args::Options;
use crate::ending::status_words;
use crate::error::CliError;
use crate::terminal::say;
use crate::{order, server, task_ids};
use solti_api::operations::{EditTask, Operations as _, UncheckedSpec};
use solti_api::{ApiError, ApiHandler as _};
use solti_model::TaskPhase;
use std::io::{self, Write as _};
use std::path::Path;
use tokio::process::Command;

pub async fn edit(options: &Options, id: &str, file: Option<&Path>) -> Result<u8, CliError> {
    let client = server::client(options).await?;
    let id = task_ids::resolve(&client, id).await?;
    let task = client.get_task_status(&id).await?.ok_or_else(|| CliError::NoSuchTask(id.to_string()))?;
    let phase = task.status.phase;
    if phase != TaskPhase::Pending {
        // Before somebody has written for nothing.
        let how = if phase.is_terminal() { "is over" } else { "is running" };
        let reason = format!(
            "task {id} {how}, and only a task that has not been started can be edited; `solti rerun {id}` submits it again"
        );
        return Err(ApiError::Conflict { reason }.into());
    }
    let resource_version = task.metadata.resource_version;
    let given = |spec| EditTask { id: id.clone(), spec, resource_version };
    if let Some(file) = file {
        client.ask(given(UncheckedSpec::from(&order::from_file(file).await?))).await?;
        return done_with(options, &id);
    }
    let before = format!("{}\n", serde_json::to_string_pretty(&task.spec)?);
    let draft =
        tempfile::Builder::new().prefix("solti-").suffix(".json").tempfile().map_err(CliError::Editor)?;
    draft.as_file().write_all(before.as_bytes()).map_err(CliError::Editor)?;
    open_editor(draft.path()).await.map_err(CliError::Editor)?;
    let after = tokio::fs::read_to_string(draft.path()).await.map_err(CliError::Editor)?;
    if after == before {
        say!("solti: nothing was changed");
        return done_with(options, &id);
    }
    let done = async {
        let spec = order::from_file(draft.path()).await?;
        client.ask(given(UncheckedSpec::from(&spec))).await.map_err(CliError::from)
    };
    if let Err(error) = done.await {
        let (_, kept) = draft.keep().map_err(|error| CliError::Editor(error.error))?;
        say!("solti: what you have written is in {}", kept.display());
        return Err(error);
    }
    done_with(options, &id)
}

/// As git and crontab do it: the variable may hold arguments.
async fn open_editor(file: &Path) -> io::Result<()> {
    let mut named = ["VISUAL", "EDITOR"].into_iter().filter_map(std::env::var_os);
    let editor = named.find(|editor| !editor.is_empty()).unwrap_or_else(|| "vi".into());
    let mut line = editor.clone();
    line.push(r#" "$@""#);
    // Wherever programs are looked for: what is missing then is the editor, and the shell says so.
    let status = Command::new("/bin/sh").arg("-c").arg(line).arg(&editor).arg(file).status().await?;
    match status.success() {
        true => Ok(()),
        // What a shell says of a program that it has not found.
        false if status.code() == Some(127) => {
            Err(io::Error::other(format!("there is no program {}", editor.display())))
        }
        false => Err(io::Error::other(format!("{} has failed: {}", editor.display(), status_words(status)))),
    }
}
