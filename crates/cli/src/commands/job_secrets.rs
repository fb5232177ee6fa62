//! Secret parameters of jobs: taken from the keyring, a file or a terminal; never from a word of the command line, which others on the
//! machine can see.

use super::{job_named, of_option, print, print_json};
use crate::args::{JobSecret, Options};
use crate::error::CliError;
use crate::order;
use crate::table::{self, Cell};
use crate::terminal::{harmless, say};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use serde_json::json;
use solti_api::operations::{ForgetJobSecret, KeepJobSecret, ListJobSecrets, Operations as _};
use solti_http::HttpClient;
use solti_model::{Job, JobName, JobSecrets};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::Path;

/// The terminal of this program, also where its standard input is something else.
const TERMINAL: &str = "/dev/tty";

pub(super) async fn secret(
    options: &Options,
    client: &HttpClient,
    command: JobSecret,
) -> Result<u8, CliError> {
    match command {
        JobSecret::List { job } => list(options, client, &job).await?,
        JobSecret::Set { job, parameter, file } => {
            let known = of_secret(client, job, &parameter).await?;
            let value = match file {
                Some(file) => read(&file).await?,
                None => asked(&known, &parameter, "--file FILE, or --file - for standard input").await?,
            };
            let keep = KeepJobSecret { name: known.name.clone(), parameter: parameter.clone(), value };
            client.ask(keep).await?;
            done_with(options, &known.name, &parameter)?;
        }
        JobSecret::Delete { job, parameter } => {
            let known = of_secret(client, job, &parameter).await?;
            let forget = ForgetJobSecret { name: known.name.clone(), parameter: parameter.clone() };
            client.ask(forget).await?;
            done_with(options, &known.name, &parameter)?;
        }
    }
    Ok(0)
}

fn done_with(options: &Options, job: &JobName, parameter: &str) -> Result<(), CliError> {
    match options.json {
        true => print_json(&json!({"job": job, "parameter": parameter})),
        false => Ok(()),
    }
}

/// The job, of which this is a secret parameter.
async fn of_secret(client: &HttpClient, job: String, parameter: &str) -> Result<Job, CliError> {
    let known = job_named(client, &job, None).await?.job;
    let is_there = known.secret_names().any(|name| name == parameter);
    match is_there {
        true => Ok(known),
        false => Err(CliError::NoSuchSecret { job, parameter: parameter.to_owned() }),
    }
}

async fn list(options: &Options, client: &HttpClient, job: &str) -> Result<(), CliError> {
    let job = job_named(client, job, None).await?.job;
    let found = client.ask(ListJobSecrets { name: job.name.clone() }).await?;
    if options.json {
        return print_json(&found);
    }
    let standing = |name: &str| match found.kept.iter().any(|kept| kept == name) {
        true => "in the keyring",
        false if found.why_not.is_some() => "not known",
        false if job.needs(name) => "asked for at each run; a schedule cannot run it",
        false => "left out, unless it is given",
    };
    let rows: Vec<_> = job.secret_names().map(|name| [Cell::new(name), Cell::new(standing(name))]).collect();
    table::print(["SECRET", ""], 1, &rows)?;
    match &found.why_not {
        Some(why) => print(&format!("The keyring cannot be asked: {}\n", harmless(why))),
        None => Ok(()),
    }
}

/// The parameters of a run, with the secrets that have to be asked for. What is kept is put in where the job is run.
pub(super) async fn with_secrets(
    client: &HttpClient,
    job: &Job,
    mut given: BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, CliError> {
    if job.secret_names().next().is_none() {
        return Ok(given);
    }
    for name in job.secret_names() {
        if let Some(value) = given.get_mut(name) {
            let file = value.strip_prefix('@').ok_or_else(|| CliError::SecretWord(name.to_owned()))?;
            let secret = read(Path::new(file)).await;
            *value = secret
                .map_err(|error| of_option(&format!("--{name}"), &format!("parameters.{name}"), &error))?;
        }
    }
    let found = client.ask(ListJobSecrets { name: job.name.clone() }).await?;
    for name in to_ask(job, &found, &given) {
        if let Some(why) = &found.why_not {
            say!("The keyring cannot be asked: {}", harmless(why));
        }
        let instead = format!("--{name}=@FILE or --{name}=@-, or keep it with `solti job secret set`");
        given.insert(name.to_owned(), asked(job, name, &instead).await?);
    }
    Ok(given)
}

/// Those that a run needs, that nobody gave and that are not kept.
fn to_ask<'a>(job: &'a Job, found: &JobSecrets, given: &BTreeMap<String, String>) -> Vec<&'a str> {
    let missing = |name: &&str| {
        job.needs(name) && !given.contains_key(*name) && !found.kept.iter().any(|kept| kept == name)
    };
    job.secret_names().filter(missing).collect()
}

/// A line end behind it is that of the editor, and not its own.
async fn read(file: &Path) -> Result<String, CliError> {
    let (_, text) = order::text_of(file).await?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

/// Asks at the terminal, which does not show what is typed. `instead` is what to write where there is none.
async fn asked(job: &Job, name: &str, instead: &str) -> Result<String, CliError> {
    let not_asked =
        |source| CliError::NotAsked { name: name.to_owned(), instead: instead.to_owned(), source };
    let mut terminal = OpenOptions::new().read(true).write(true).open(TERMINAL).map_err(not_asked)?;
    let unseen = Unseen::on(&terminal).map_err(not_asked)?;
    // Not before: what is typed at once would be shown.
    write!(terminal, "{name} of job {}: ", job.name).map_err(not_asked)?;
    let typed = terminal.try_clone().map_err(not_asked)?;
    let reading = tokio::task::spawn_blocking(move || {
        let mut line = String::new();
        match BufReader::new(typed).read_line(&mut line)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(line.trim_end_matches(['\r', '\n']).to_owned()),
        }
    });
    let line = tokio::select! {
        line = reading => line.unwrap_or_else(|error| Err(io::Error::other(error))),
        // By itself this would leave the terminal as it is.
        _ = tokio::signal::ctrl_c() => Err(io::ErrorKind::Interrupted.into()),
    };
    drop(unseen);
    writeln!(terminal).map_err(not_asked)?;
    line.map_err(not_asked)
}

/// A terminal that does not show what is typed, until this is dropped.
struct Unseen {
    terminal: File,
    before: Termios,
}

impl Unseen {
    fn on(terminal: &File) -> io::Result<Self> {
        let before = tcgetattr(terminal)?;
        let mut modes = before.clone();
        modes.local_modes.remove(LocalModes::ECHO);
        tcsetattr(terminal, OptionalActions::Flush, &modes)?;
        Ok(Self { terminal: terminal.try_clone()?, before })
    }
}

impl Drop for Unseen {
    fn drop(&mut self) {
        // A terminal that is gone shows nothing.
        tcsetattr(&self.terminal, OptionalActions::Now, &self.before).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_needed_and_neither_given_nor_kept_is_asked_for() {
        let secret =
            |name: &str, required: bool| json!({"name": name, "type": "secret", "required": required});
        let job: Job = serde_json::from_value(json!({
            "name": "j", "spec": {"slot": "s", "kind": {"wasm": {"module": "/m"}}},
            "parameters": [secret("a", true), secret("b", true), secret("c", true), secret("d", false),
                {"name": "e", "type": "text", "required": true}],
        }))
        .expect("legal");
        let found = JobSecrets { kept: vec!["b".into()], why_not: None };
        let given = BTreeMap::from([("c".to_owned(), "x".to_owned())]);
        assert_eq!(to_ask(&job, &found, &given), ["a"]);
    }
}
