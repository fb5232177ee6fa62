//! Files that a log names, in the editor of the person's choice.

use super::{
    answer::Answer,
    args::{Api, Arg},
};
use crate::editor::{self, EditorError};
use solti_api::{ApiError, SettingsAccess};
use solti_machines::Machine;
use solti_model::{InheritedEnvironment, TaskId, TaskKind};
use std::{path::PathBuf, sync::Arc};
use tauri::{State, command};

/// Opens a file that a line in the log of task `id` names; a relative name is one of the folder in which the task runs. Whatever a
/// program prints, nothing is started by it but the editor that the settings name, and that only with a file that is there.
#[command]
#[allow(clippy::too_many_arguments, reason = "each is one of the page's, or what it takes")]
pub async fn open_file(
    settings: State<'_, Arc<dyn SettingsAccess>>,
    environment: State<'_, InheritedEnvironment>,
    api: Api,
    id: Arg<TaskId>,
    path: Arg<String>,
    line: Arg<u32>,
    column: Arg<Option<u32>>,
) -> Answer<()> {
    if api.machine != Machine::Here {
        return Err(ApiError::Conflict { reason: "the file is on another machine".into() });
    }
    let editor = settings.settings().editor;
    if editor.command.is_empty() {
        return Err(ApiError::Conflict { reason: "no editor is chosen in the settings".into() });
    }
    let Some(task) = api.get_task_status(&id.0).await? else {
        return Err(ApiError::TaskNotFound { id: id.0 });
    };
    let home = dirs::home_dir().unwrap_or_default();
    let folder = match &task.spec.kind {
        TaskKind::Subprocess(kind) => kind.cwd.as_ref().map(PathBuf::from),
        _ => None,
    };
    let file = editor::resolve(&path.0, &folder.unwrap_or_else(|| home.clone()), &home);
    let search = environment.variables.iter().find(|variable| variable.name == "PATH");
    let search = search.and_then(|path| path.value.clone());
    let opened = editor::open(&editor, file, line.0.max(1), column.0.unwrap_or(1).max(1), search).await;
    opened.map_err(|error| match error {
        EditorError::NoFile(_) => ApiError::invalid("path", error.to_string()),
        EditorError::NotStarted { .. } | EditorError::Failed { .. } => {
            ApiError::Unavailable { reason: error.to_string() }
        }
    })
}
