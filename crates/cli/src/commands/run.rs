//! `run` and `submit`; with `run --wait` this program stands for the task: its output, its exit code, its Ctrl-C.

use super::{print, print_json};
use crate::args::{Options, Run};
use crate::error::CliError;
use crate::log_printer::{LogOptions, LogPrinter};
use crate::terminal::harmless;
use crate::{order, server, show};
use serde_json::json;
use solti_api::ApiHandler as _;
use solti_api::operations::{GetTaskRow, Operations as _, StopTask};
use solti_http::HttpClient;
use solti_model::{StopMode, TaskId};
use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};

pub async fn run(options: &Options, run: Run) -> Result<u8, CliError> {
    let client = server::client(options).await?;
    // Elsewhere there need not be such a directory.
    let here = match options.url.as_deref().unwrap_or_default() {
        "" => Some(std::env::current_dir().map_err(CliError::CurrentDir)?),
        _elsewhere => None,
    };
    let wait = run.wait;
    let spec = order::from_words(run, here.as_deref())?;
    // Before the task is there: an early Ctrl-C must not end this program alone.
    let interrupts = match wait {
        true => Some(signal(SignalKind::interrupt()).map_err(|error| CliError::Signal("Ctrl-C", error))?),
        false => None,
    };
    let id = client.submit_task(spec).await?;
    match interrupts {
        Some(interrupts) => stand_for(&client, &id, options.json, interrupts).await,
        None => tell(options, &id),
    }
}

pub async fn submit(options: &Options, file: &Path) -> Result<u8, CliError> {
    let client = server::client(options).await?;
    let id = client.submit_task(order::from_file(file).await?).await?;
    tell(options, &id)
}

/// Says which task was made.
pub fn tell(options: &Options, id: &TaskId) -> Result<u8, CliError> {
    match options.json {
        true => print_json(&json!({"taskId": id}))?,
        false => print(&format!("{id}\n"))?,
    }
    Ok(0)
}

/// A log that is quiet for so long may be one whose main program has ended: who waits for it is told what for. A stream of changes
/// would take one of the server's few places for as long as the task runs.
const QUIET: Duration = Duration::from_secs(2);

/// What Ctrl-C led to so far.
enum Stopping {
    No,
    Asked,
    Killed,
}

enum Answer {
    Stop,
    Detach,
    GoOn,
}

async fn stand_for(
    client: &HttpClient,
    id: &TaskId,
    as_json: bool,
    mut interrupts: Signal,
) -> Result<u8, CliError> {
    if io::stderr().is_terminal() {
        eprintln!("solti: task {id}");
    }
    let _telling = server::tell_of_breaks(client);
    let mut log = client.stream_task_logs(id).await?;
    let mut printer = LogPrinter::new(LogOptions { as_json, ..LogOptions::default() });
    let mut stopping = Stopping::No;
    let mut main_ended = None;
    loop {
        tokio::select! {
            () = tokio::time::sleep(QUIET) => {
                let said = client.ask(GetTaskRow { id: id.clone() }).await.ok().flatten().and_then(|row| row.main_ended);
                if let Some(now) = said.filter(|said| main_ended.as_ref() != Some(said)) {
                    printer.flush()?;
                    eprintln!("solti: {}", harmless(&now.text));
                    main_ended = Some(now);
                }
            }
            event = printer.next(&mut log) => {
                if event?.is_none() {
                    break;
                }
            }
            Some(()) = interrupts.recv() => {
                printer.flush()?;
                let answer = match stopping {
                    Stopping::No if io::stdin().is_terminal() && io::stderr().is_terminal() => {
                        ask(&mut interrupts).await?
                    }
                    _ => Answer::Stop,
                };
                match answer {
                    Answer::GoOn => {}
                    Answer::Detach => {
                        eprintln!("solti: task {id} goes on; `solti logs -f {id}` follows it");
                        return Ok(0);
                    }
                    Answer::Stop => stopping = stop(client, id, stopping).await?,
                }
            }
        }
    }
    let task = client.get_task_status(id).await?.ok_or(CliError::Disconnected)?;
    if !task.status.phase.is_terminal() {
        return Err(CliError::Disconnected);
    }
    if let Some(end) = show::bad_end(&task) {
        eprintln!("solti: {end}");
    }
    Ok(show::exit_code(&task))
}

/// Asks for the end, and harder each time.
async fn stop(client: &HttpClient, id: &TaskId, stopping: Stopping) -> Result<Stopping, CliError> {
    let (mode, next) = match stopping {
        Stopping::No => (StopMode::Graceful, Stopping::Asked),
        Stopping::Asked | Stopping::Killed => (StopMode::Kill, Stopping::Killed),
    };
    match (client.ask(StopTask { id: id.clone(), mode }).await, &next) {
        (Ok(()), Stopping::Asked) => eprintln!("solti: stopping; Ctrl-C again kills"),
        (Ok(()), _) => {}
        // It ended meanwhile: its log says the rest.
        (Err(solti_api::ApiError::Conflict { .. }), _) => {}
        (Err(error), _) => return Err(error.into()),
    }
    Ok(next)
}

/// Asks the person at the terminal. Another Ctrl-C is an answer too.
async fn ask(interrupts: &mut Signal) -> Result<Answer, CliError> {
    eprint!("\nsolti: [s]top the task, [d]etach from it and let it go on, or Enter to keep waiting? ");
    io::stderr().flush()?;
    let line = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        io::stdin().read_line(&mut line).map(|_| line)
    });
    let answer = tokio::select! {
        line = line => line.map_err(io::Error::other)??,
        _ = interrupts.recv() => {
            eprintln!();
            return Ok(Answer::Stop);
        }
    };
    Ok(match answer.trim().chars().next() {
        Some('s' | 'S' | 'y' | 'Y') => Answer::Stop,
        Some('d' | 'D') => Answer::Detach,
        _ => Answer::GoOn,
    })
}
