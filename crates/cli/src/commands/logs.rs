//! `logs`: what a task has printed, and with `-f` what it prints.

use crate::args::{Logs, Options};
use crate::error::CliError;
use crate::log_printer::{LogOptions, LogPrinter};
use crate::{server, task_ids};
use solti_api::ApiHandler as _;
use solti_api::operations::{GetLogInfo, Operations as _};
use solti_model::{OutputEvent, RunId};
use std::time::{Duration, UNIX_EPOCH};

/// Without `-f`: how long a live log may be silent before what there is has been printed.
const SILENCE: Duration = Duration::from_millis(300);

pub async fn logs(options: &Options, logs: Logs) -> Result<u8, CliError> {
    let client = server::client(options).await?;
    let id = task_ids::resolve(&client, &logs.id).await?;
    if let Some(attempt) = logs.attempt {
        // Says that there is no such attempt before it is waited for.
        client.ask(GetLogInfo { run: RunId::new(id.clone(), attempt) }).await?;
    }
    let since_ms = logs.since.map(|since| {
        let since = since.duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    });
    let mut printer = LogPrinter::new(LogOptions {
        as_json: options.json,
        timestamps: logs.timestamps,
        since_ms,
        attempt: logs.attempt,
        stream: logs.stream,
    });
    // What there is now: of a live log more would come all the time.
    let now = client.ask(GetLogInfo { run: RunId::new(id.clone(), 0) }).await?;
    let live = now.live && !logs.follow;
    let mut printed = 0;
    let _telling = server::tell_of_breaks(&client);
    let mut log = client.stream_task_logs(&id).await?;
    loop {
        let next = printer.next(&mut log);
        let event = match live {
            false => next.await?,
            true => match tokio::time::timeout(SILENCE, next).await {
                Ok(event) => event?,
                // The beginning of a line without its end is no line yet.
                Err(_) => break,
            },
        };
        match event {
            None => break,
            Some(OutputEvent::RunFinished { attempt, .. })
                if logs.attempt.is_some_and(|only| only <= attempt) =>
            {
                break;
            }
            Some(OutputEvent::Chunk { attempt, line, .. }) if attempt == now.attempt => {
                printed += line.len() as u64 + 1;
                if live && printed >= now.bytes {
                    break;
                }
            }
            Some(OutputEvent::RunStarted { attempt, .. }) if live && attempt > now.attempt => break,
            Some(_) => {}
        }
    }
    printer.flush()?;
    Ok(0)
}
