//! What the form asks of this program while a person writes; no engine is asked.

use super::{answer::Answer, args::Arg};
use serde::Serialize;
use tauri::command;
use ts_rs::TS;

/// A command line as a shell would take it.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LineReading {
    /// Why the line is for a shell, in a sentence; nothing where it needs none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    advice: Option<String>,
    /// What keeps a shell from reading it, and where.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    flaw: Option<String>,
}

#[command]
pub async fn read_command_line(line: Arg<String>) -> Answer<LineReading> {
    let solti_shell_line::ShellReading { advice, flaw } = solti_shell_line::read_line(&line.0);
    Ok(LineReading { advice, flaw })
}
