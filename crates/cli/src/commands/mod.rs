//! One command a file. Each prints its result and returns the exit code.

mod connect;
mod control;
mod digest;
mod doctor;
mod edit;
mod forecast;
mod hooks;
mod job;
mod job_secrets;
mod lanes;
mod list;
mod logs;
mod manual;
mod preview;
mod queue;
mod run;
mod runners;
mod runs;
mod serve;
mod service;
mod show;
mod wait;

use crate::args::{Cli, Command, Options};
use crate::error::CliError;
use crate::terminal::{harmless_json, say};
use serde::Serialize;
use serde_json::json;
use solti_api::ApiError;
use solti_api::operations::{GetJob, GetSummary, Operations as _};
use solti_http::HttpClient;
use solti_model::{JobDetail, JobName, TaskId};
use std::io::Write as _;

pub async fn carry_out(cli: Cli) -> Result<u8, CliError> {
    let Cli { options, command } = cli;
    match command {
        Command::Run(run) => run::run(&options, run).await,
        Command::Submit { file } => run::submit(&options, &file).await,
        Command::List(list) => list::list(&options, list).await,
        Command::Show { id } => show::show(&options, &id).await,
        Command::Runs(runs) => runs::runs(&options, runs).await,
        Command::Logs(logs) => logs::logs(&options, logs).await,
        Command::Wait { ids } => wait::wait(&options, &ids).await,
        Command::Stop { ids, kill } => control::stop(&options, &ids, kill).await,
        Command::Hold { ids, all } => queue::hold(&options, &ids, all).await,
        Command::Release { ids, all, lane } => queue::release(&options, &ids, all, lane).await,
        Command::Priority { id, priority } => queue::priority(&options, &id, priority).await,
        Command::Move { id, to } => queue::move_task(&options, &id, to).await,
        Command::RunNow { ids } => queue::run_now(&options, &ids).await,
        Command::Retry { ids } => queue::retry(&options, &ids).await,
        Command::Edit { id, file } => edit::edit(&options, &id, file.as_deref()).await,
        Command::Suspend { ids } => queue::suspend(&options, &ids).await,
        Command::Resume { ids } => queue::resume(&options, &ids).await,
        Command::Rerun { id } => control::rerun(&options, &id).await,
        Command::Delete { ids } => control::delete(&options, &ids).await,
        Command::Runners => runners::runners(&options).await,
        Command::Queue { lane } => forecast::queue(&options, lane).await,
        Command::Lanes { command } => lanes::lanes(&options, command).await,
        Command::Hooks { command } => hooks::hooks(&options, command).await,
        Command::Digest { since } => digest::digest(&options, since).await,
        Command::Job { command } => job::job(&options, command).await,
        Command::Serve(serve) => serve::serve(&options, serve).await,
        Command::Service { command } => service::service(&options, command).await,
        Command::Connect => connect::connect(&options).await,
        Command::Relay(relay) => crate::relay::relay(&relay).await,
        Command::Doctor { cluster } => doctor::doctor(&options, cluster).await,
        Command::Completions { shell } => manual::completions(shell),
        Command::Man { dir } => manual::man(dir.as_deref()),
    }
}

/// Does `act` for every one of `given`, as rm(1) and kill(1) do: what fails is told, the others are done all the same. The exit code
/// is then 1, or 2 for a value that cannot be meant. In JSON, what was done is told under the name of `list`.
async fn each<T>(
    options: &Options,
    list: &str,
    given: impl IntoIterator<Item = T>,
    act: impl AsyncFnMut(T) -> Result<String, CliError>,
) -> Result<u8, CliError> {
    let (code, done) = done_of_each(options, given, act).await?;
    if options.json {
        print_json(&json!({list: done}))?;
    }
    Ok(code)
}

async fn done_of_each<T>(
    options: &Options,
    given: impl IntoIterator<Item = T>,
    mut act: impl AsyncFnMut(T) -> Result<String, CliError>,
) -> Result<(u8, Vec<String>), CliError> {
    let (mut code, mut done) = (0, Vec::new());
    for one in given {
        match act(one).await {
            Ok(one) => done.push(one),
            // Of a server that cannot be reached the others would say the same, each after its own wait.
            Err(error @ CliError::Api(ApiError::Unavailable { .. })) => return Err(error),
            Err(error) => {
                error.print(options.json);
                code = code.max(error.exit_code().unwrap_or(1));
            }
        }
    }
    Ok((code, done))
}

/// The same of one task.
fn done_with(options: &Options, id: &TaskId) -> Result<u8, CliError> {
    if options.json {
        print_json(&json!({"taskId": id}))?;
    }
    Ok(0)
}

/// An error of fields as one of the options that have set them: on a command line nobody has written a field.
fn in_options(error: ApiError, options: &[(&str, &'static str)]) -> CliError {
    in_words(error, |field| option_of(field, options))
}

fn option_of(field: &str, options: &[(&str, &'static str)]) -> Option<String> {
    let field = field.strip_prefix("spec.").unwrap_or(field);
    let is_of = |name: &str| {
        field.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    options.iter().find(|(name, _)| is_of(name)).map(|(_, option)| (*option).to_owned())
}

/// What is wrong with the value of an option, and which field of the API that sets.
fn of_option(option: &str, field: &str, error: &CliError) -> CliError {
    let said = format!("{option}: {}", crate::error::in_full(error));
    CliError::Option { said, error: Box::new(ApiError::invalid(field, crate::error::in_full(error))) }
}

/// An error of fields as one of the words that have set them, a line for each. A field that no word sets keeps its name.
fn in_words(error: ApiError, word_of: impl Fn(&str) -> Option<String>) -> CliError {
    let ApiError::InvalidRequest { field, message, others } = &error else { return error.into() };
    let fields = || std::iter::once((field, message)).chain(others.iter().map(|o| (&o.field, &o.message)));
    if fields().all(|(field, _)| word_of(field).is_none()) {
        return error.into();
    }
    let lines = fields().map(|(field, message)| {
        let word = word_of(field);
        format!("{}: {message}", word.as_ref().unwrap_or(field))
    });
    CliError::Option { said: lines.collect::<Vec<_>>().join("\n"), error: Box::new(error) }
}

/// That there is a job of this name: what an operation says of one that is not there names no command, and one that is deleted twice says
/// nothing.
async fn be_there(client: &HttpClient, name: &str) -> Result<(), CliError> {
    match job_named(client, name, None).await {
        // One that cannot be read is there.
        Ok(_) | Err(CliError::Api(ApiError::Conflict { .. })) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Says so where nothing starts because all tasks are held: a row does not tell that from a hold of its own.
async fn tell_of_hold(client: &HttpClient) -> Result<(), CliError> {
    if client.ask(GetSummary {}).await?.held {
        say!("solti: {}", crate::show::ALL_HELD);
    }
    Ok(())
}

/// One document, as programs read it.
fn print_json(value: &impl Serialize) -> Result<(), CliError> {
    let mut text = harmless_json(serde_json::to_string_pretty(value)?);
    text.push('\n');
    print(&text)
}

fn print(text: &str) -> Result<(), CliError> {
    let mut out = anstream::stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}

/// A saved job, as it is or as it was at a revision.
async fn job_named(client: &HttpClient, name: &str, revision: Option<u32>) -> Result<JobDetail, CliError> {
    let job = client.ask(GetJob { name: JobName::new(name)?, revision }).await;
    let job = job.map_err(|error| in_options(error, &[("revision", "--revision")]))?;
    job.ok_or_else(|| CliError::NoSuchJob(name.into()))
}
