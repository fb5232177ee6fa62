//! `logs`: what a task has printed, and with `-f` what it prints.

use super::in_options;
use crate::args::{Logs, Options};
use crate::ending::reader_gone;
use crate::error::CliError;
use crate::log_printer::{LogOptions, LogPrinter};
use crate::{server, task_ids};
use futures::StreamExt as _;
use solti_api::operations::{GetLogInfo, Operations as _};
use solti_api::{ApiError, ApiHandler as _, LogAccess as _, LogPosition, LogReading};
use solti_http::HttpClient;
use solti_logstore::{RowFilter, SearchQuery};
use solti_model::{OutputEvent, RunId};

/// Which option sets what the API calls so.
const OPTIONS: [(&str, &str); 2] = [("attempt", "--attempt"), ("field", "--field")];

pub async fn logs(options: &Options, logs: Logs) -> Result<u8, CliError> {
    let client = server::client(options).await?;
    server::while_there(options, &client, print_log(options, &client, logs)).await
}

async fn print_log(options: &Options, client: &HttpClient, logs: Logs) -> Result<u8, CliError> {
    let id = task_ids::resolve(client, &logs.id).await?;
    if let Some(attempt) = logs.attempt {
        // Says that there is no such attempt before it is waited for.
        let found = client.ask(GetLogInfo { run: RunId::new(id.clone(), attempt) }).await;
        found.map_err(|error| in_options(error, &OPTIONS))?;
    }
    // What lies before the attempt is not read.
    let after = match logs.attempt {
        Some(attempt) if attempt > 1 => LogPosition::ended(attempt - 1),
        _ => LogPosition::default(),
    };
    let fields = match logs.fields.is_empty() {
        true => None,
        false => {
            let query = SearchQuery { fields: logs.fields.join(" "), ..SearchQuery::default() };
            let compiled = query.compile().map_err(|error| ApiError::invalid("field", error.to_string()));
            Some(RowFilter::new(compiled.map_err(|error| in_options(error, &OPTIONS))?))
        }
    };
    // Of a part of a line nobody knows yet what its fields are, and a program that follows wants a line to be an event.
    let whole_lines = fields.is_some() || options.json && logs.follow;
    let how = LogOptions {
        as_json: options.json,
        timestamps: logs.timestamps,
        since_ms: logs.since.map(solti_model::unix_ms),
        attempt: logs.attempt,
        stream: logs.stream,
        fields,
        silent: false,
    };
    let mut printer = LogPrinter::new(how, client, &id);
    let how = LogReading { after, unfinished: !whole_lines, follow: logs.follow };
    let mut log = client.read_log(&id, how).await?.map(|(_, event)| event).boxed();
    let reader_gone = reader_gone();
    tokio::pin!(reader_gone);
    let mut code = 0;
    loop {
        let event = tokio::select! {
            event = printer.next(&mut log) => event?,
            // As if it had been written to.
            () = &mut reader_gone => return Ok(0),
        };
        let passed = match event {
            None => break,
            Some(OutputEvent::RunFinished { attempt, .. }) => {
                logs.attempt.is_some_and(|only| only <= attempt)
            }
            Some(OutputEvent::RunStarted { attempt, .. }) => logs.attempt.is_some_and(|only| only < attempt),
            Some(OutputEvent::Lagged { reason: Some(_), .. }) => {
                code = 1;
                false
            }
            Some(_) => false,
        };
        if passed {
            printer.finish()?;
            return Ok(code);
        }
    }
    // A log that is followed ends with its task, or the connection is gone for good.
    match client.get_task_status(&id).await? {
        Some(task) if logs.follow && !task.status.phase.is_terminal() => Err(CliError::Disconnected),
        None if logs.follow => Err(CliError::Deleted(id)),
        Some(_) | None => Ok(code),
    }
}
