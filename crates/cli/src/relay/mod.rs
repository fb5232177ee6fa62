//! `relay`: the program of a run that is on another machine. It has the task run there, prints here what that prints, carries what is wished
//! of it over, and ends with its exit code. What it is told and tells is in files of the run folder (`solti-relay`).
//!
//! Nothing runs twice: a task is submitted so that it does not start by itself, the oldest of its origin is chosen, and only that one is
//! started (`task.rs`). A machine that is away is tried for ever (`link.rs`). An end is told when the machine has said it.

mod link;
mod log;
mod task;
mod there;
mod wishes;

use crate::args::Relay;
use crate::error::CliError;
use link::{Link, Unasked};
use solti_api::operations::{GetSummary, ListRunners, Operations as _};
use solti_api::{ApiError, in_full};
use solti_model::TaskStatus;
use solti_relay::{End, Known};
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;
use task::RemoteTask;
use wishes::Wishes;

/// Of a run that has no exit code of a program.
const NO_CODE: u8 = 125;
/// For the end of a run whose client was killed; who wants the proof asks again.
const TO_END: Duration = Duration::from_secs(12);

pub async fn relay(Relay { end, look, runners, folder }: &Relay) -> Result<u8, CliError> {
    match look {
        Some(machine) => look_at(machine, *runners, folder).await,
        None if *end => end_there(folder).await,
        None => run_there(folder).await,
    }
}

async fn run_there(folder: &Path) -> Result<u8, CliError> {
    // Before anything is there to be ended.
    let wishes = Wishes::listen(folder)?;
    let link = Link::open(folder)?;
    let end = RemoteTask::new(&link, &wishes).until_its_end().await;
    wishes::listen_no_more(folder);
    let end = end?;
    let code = code_of(&end);
    link.note(|progress| (progress.end, progress.trouble) = (Some(end), None))?;
    Ok(code)
}

async fn end_there(folder: &Path) -> Result<u8, CliError> {
    wishes::listen_no_more(folder);
    let link = Link::open(folder)?;
    let told = link.progress();
    if told.end.is_some() {
        return Ok(0);
    }
    if !told.released {
        // What is there, or still comes, does not start.
        link.note(|progress| progress.end = Some(End::NeverRan))?;
        return Ok(0);
    }
    match tokio::time::timeout(TO_END, task::end(&link)).await {
        Ok(end) => {
            let end = end?;
            link.note(|progress| (progress.end, progress.trouble) = (Some(end), None))?;
            Ok(0)
        }
        Err(_) => {
            let silent = || format!("no answer within {} s", TO_END.as_secs());
            let why = link.progress().trouble.unwrap_or_else(silent);
            Err(CliError::OtherMachine { machine: link.machine().to_owned(), why })
        }
    }
}

async fn look_at(machine: &str, runners: bool, data_dir: &Path) -> Result<u8, CliError> {
    let known =
        Known::of(data_dir).map_err(|source| CliError::RelayFile { path: data_dir.to_owned(), source })?;
    let known = known.unwrap_or_default();
    let connection = known.named(machine).ok_or_else(|| CliError::OtherMachine {
        machine: machine.to_owned(),
        why: "there is no connection of that name".to_owned(),
    })?;
    let client = solti_machines::client_of(data_dir, connection)?;
    match runners {
        true => {
            let runners = serde_json::to_string(&client.ask(ListRunners {}).await?)?;
            std::io::stdout().write_all(runners.as_bytes())?;
        }
        false => drop(client.ask(GetSummary {}).await?),
    }
    Ok(0)
}

fn code_of(end: &End) -> u8 {
    match end {
        End::Over { phase, exit_code, error, .. } => {
            TaskStatus { phase: *phase, attempt: 1, exit_code: *exit_code, error: error.clone() }.shell_code()
        }
        End::Refused { .. } | End::NotTaken { .. } | End::Deleted | End::Removed | End::NeverRan => NO_CODE,
    }
}

/// What an answer means that is no answer to be waited for.
fn end_of(unasked: Unasked) -> End {
    match unasked {
        Unasked::Removed => End::Removed,
        Unasked::Refused(ApiError::TaskNotFound { .. }) => End::Deleted,
        Unasked::Refused(error) => End::Refused { why: in_full(&error), given_back: false },
    }
}
