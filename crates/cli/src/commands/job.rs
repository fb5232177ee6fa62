//! `job`: saved jobs, what has become of them, and when they are run by themselves.

use super::job_secrets::{secret, with_secrets};
use super::run::{attend, tell};
use super::{each, job_named, print, print_json};
use crate::args::{Job as Command, JobOrder, Options};
use crate::error::CliError;
use crate::table::{self, Cell};
use crate::terminal::{harmless, say};
use crate::{order, server, show, time};
use serde::Serialize;
use serde_json::{Value, json};
use solti_api::ApiError;
use solti_api::operations::{
    DeleteJob, JobHistory, ListJobs, Operations as _, PreviewSchedule, RenameJob, RunJob, SaveJob, SkipNext,
    Upcoming,
};
use solti_http::HttpClient;
use solti_model::{
    Firing, FiringOutcome, Job, JobDetail, JobName, JobQuery, JobRow, JobRun, MAX_TIME_MS, Parameter,
    ParameterType, SpecErrors, TaskPhase, TaskRow, read_whole,
};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// Rows of one request; more are asked for page by page.
const PAGE: u32 = 500;

pub async fn job(options: &Options, command: Command) -> Result<u8, CliError> {
    let client = server::client(options).await?;
    match command {
        Command::List { text, limit } => list(options, &client, text, limit).await,
        Command::Show { name, revision } => show(options, &client, &name, revision).await,
        Command::Save { file, expect } => save(options, &client, &file, expect).await,
        Command::Run { wait, words } => {
            let JobOrder { name, parameters, wait } = JobOrder::of(wait, &words);
            let parameters = with_secrets(&client, &name, values(&parameters)?).await?;
            let order = RunJob { name: JobName::new(name)?, parameters };
            if wait {
                return attend(options, &client, order).await;
            }
            tell(options, &client.ask(order).await?)
        }
        Command::Rename { name, to } => {
            let renamed = client.ask(RenameJob { name: JobName::new(name)?, to: JobName::new(to)? }).await?;
            match options.json {
                true => print_json(&renamed)?,
                false => print(&format!("{}\n", renamed.name))?,
            }
            Ok(0)
        }
        Command::Secret { command } => secret(options, &client, command).await,
        Command::Delete { names } => {
            each(options, names, async |name| {
                be_there(&client, &name).await?;
                Ok(client.ask(DeleteJob { name: JobName::new(name)? }).await?)
            })
            .await
        }
        Command::History { name, limit } => history(options, &client, &name, limit).await,
        Command::Next { name: Some(name), skip: true, .. } => {
            let skipped = client.ask(SkipNext { name: JobName::new(name)?, schedule: None }).await?;
            match options.json {
                true => print_json(&skipped)?,
                false => print(&format!("skipped {}\n", time::written(skipped.at)))?,
            }
            Ok(0)
        }
        Command::Next { name, within, .. } => next(options, &client, name, within).await,
    }
}

/// That there is a job of this name: it is deleted when it is there no more, and who has misspelt it wants to hear of it.
async fn be_there(client: &HttpClient, name: &str) -> Result<(), CliError> {
    match job_named(client, name, None).await {
        // One that cannot be read is there, and may be deleted.
        Ok(_) | Err(CliError::Api(ApiError::Conflict { .. })) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Words as `--date=2026-11-01`.
fn values(words: &[String]) -> Result<BTreeMap<String, String>, CliError> {
    let value = |word: &String| {
        let (name, value) = word.strip_prefix("--")?.split_once('=')?;
        Some((name.to_owned(), value.to_owned()))
    };
    words.iter().map(|word| value(word).ok_or_else(|| CliError::JobParameter(word.clone()))).collect()
}

async fn list(
    options: &Options,
    client: &HttpClient,
    text: Option<String>,
    limit: u32,
) -> Result<u8, CliError> {
    let (mut jobs, mut total, mut cursor) = (Vec::new(), 0, None);
    while (jobs.len() as u32) < limit {
        let rest = limit - jobs.len() as u32;
        let query = JobQuery { text: text.clone(), cursor, limit: Some(rest.min(PAGE)) };
        let page = client.ask(ListJobs { query }).await?;
        (total, cursor) = (page.total, page.next_cursor);
        jobs.extend(page.jobs);
        if cursor.is_none() {
            break;
        }
    }
    if options.json {
        print_json(&json!({"jobs": jobs, "total": total}))?;
        return Ok(0);
    }
    let rows: Vec<_> = jobs.iter().map(cells).collect();
    table::print(["NAME", "LAST", "NEXT", "WHEN"], 3, &rows)?;
    if total > jobs.len() as u64 {
        say!("{} of {total}; more with --limit", jobs.len());
    }
    Ok(0)
}

fn cells(job: &JobRow) -> [Cell; 4] {
    let last = job.recent.last();
    let phase = last.map_or(TaskPhase::Pending, |run| run.phase);
    let next = match job.next_at {
        Some(at) => time::written(at),
        None if job.paused > 0 => "paused".to_owned(),
        None => String::new(),
    };
    let when = match (&job.unreadable, &job.words, job.schedules) {
        (Some(why), ..) => why.clone(),
        (None, Some(words), 2..) => format!("{words}, and {} more", job.schedules - 1),
        (None, words, _) => words.clone().unwrap_or_default(),
    };
    [
        Cell::new(job.name.as_str()),
        Cell::styled(last.map_or_else(String::new, marks_end), show::style(phase)),
        Cell::whole(next),
        Cell::new(when),
    ]
}

fn marks_end(run: &JobRun) -> String {
    format!("{} {}", run.phase.word(), show::ago(run.created_at))
}

async fn show(
    options: &Options,
    client: &HttpClient,
    name: &str,
    revision: Option<u32>,
) -> Result<u8, CliError> {
    let detail = job_named(client, name, revision).await?;
    match options.json {
        true => print_json(&detail)?,
        false => print(&facts(&detail))?,
    }
    Ok(0)
}

/// What a person would ask of it.
fn facts(JobDetail { job, schedules, stats, firings }: &JobDetail) -> String {
    let mut text = String::new();
    let mut fact = |name: &str, value: &str| {
        text.push_str(&format!("{name:<12}{}\n", harmless(value)));
    };
    fact("job", job.name.as_str());
    if let Some(title) = &job.title {
        fact("title", title);
    }
    fact("revision", &format!("{}, saved {}", job.revision, time::written(job.updated_at)));
    fact("runs", &job.spec.kind.command_text());
    fact("lane", job.spec.slot.as_str());
    for parameter in &job.parameters {
        let default = parameter.default.as_ref().map(|default| format!(", {default} unless given"));
        let needed = if parameter.required && default.is_none() { ", required" } else { "" };
        let help = parameter.help.as_ref().map(|help| format!(": {help}")).unwrap_or_default();
        let (name, values) = (&parameter.name, values_of(parameter));
        fact("parameter", &format!("--{name}, {values}{needed}{}{help}", default.unwrap_or_default()));
    }
    for schedule in schedules {
        let next = schedule.next_at.map(|at| format!("; next {}", time::written(at)));
        let paused = job.schedules.iter().any(|of| of.id.as_ref() == Some(&schedule.id) && of.paused);
        let paused = if paused { "; paused" } else { "" };
        fact("schedule", &format!("{}: {}{paused}{}", schedule.id, schedule.words, next.unwrap_or_default()));
    }
    if stats.runs > 0 {
        let took = stats.median_ms.zip(stats.p95_ms).map(|(median, p95)| {
            format!("; half of them in {}, 95 % in {}", show::span(median), show::span(p95))
        });
        let last =
            format!("{} of the last {} succeeded{}", stats.succeeded, stats.runs, took.unwrap_or_default());
        fact("result", &last);
    }
    for firing in firings.iter().filter(|firing| firing.outcome != FiringOutcome::Started).take(3) {
        fact("not run", &not_run(firing));
    }
    if let Some(notes) = &job.notes {
        fact("notes", notes);
    }
    text
}

/// Which values a parameter takes.
fn values_of(parameter: &Parameter) -> String {
    match parameter.kind {
        ParameterType::Text => match &parameter.pattern {
            Some(pattern) => format!("text that matches {pattern}"),
            None => "text".into(),
        },
        ParameterType::Number => "number".into(),
        ParameterType::Boolean => "true or false".into(),
        ParameterType::Choice => format!("one of {}", parameter.choices.join(", ")),
        ParameterType::Folder => "folder".into(),
        ParameterType::File => "file".into(),
        ParameterType::Secret => "secret".into(),
    }
}

fn not_run(firing: &Firing) -> String {
    let why = match firing.outcome {
        FiringOutcome::Skipped => "skipped".to_owned(),
        FiringOutcome::Missed => "Solti was not there".to_owned(),
        FiringOutcome::Started | FiringOutcome::Refused => firing.reason.clone().unwrap_or_default(),
    };
    format!("{}: {why}", time::written(firing.due))
}

async fn save(
    options: &Options,
    client: &HttpClient,
    file: &Path,
    expected_revision: Option<u32>,
) -> Result<u8, CliError> {
    let (what, text) = order::text_of(file).await?;
    let job = job_of(&text).map_err(|said| CliError::JobJson { what, said })?;
    let saved = client.ask(SaveJob { job, expected_revision }).await?;
    let warnings = warnings(client, &saved).await;
    if options.json {
        let warnings = warnings.as_ref().ok();
        print_json(&SavedJob { saved: &saved, warnings })?;
    } else {
        print(&format!("{} revision {}\n", saved.name, saved.revision))?;
    }
    match warnings {
        Ok(_) if options.json => {}
        Ok(warnings) => {
            for ScheduleWarning { schedule, text } in warnings {
                eprintln!("schedule {}: {}", harmless(&schedule), harmless(&text));
            }
        }
        Err(error) => {
            eprintln!("The job is saved; what its schedules will do could not be looked at: {error}")
        }
    }
    Ok(0)
}

/// A job as it was saved, and what `job save` says of its schedules; `null` where that could not be found out.
#[derive(Serialize)]
struct SavedJob<'a> {
    #[serde(flatten)]
    saved: &'a Job,
    warnings: Option<&'a Vec<ScheduleWarning>>,
}

/// What a person may not expect of a schedule.
#[derive(Serialize)]
struct ScheduleWarning {
    schedule: String,
    text: String,
}

/// What the preview in the window says of the schedules of the job.
async fn warnings(client: &HttpClient, job: &Job) -> Result<Vec<ScheduleWarning>, ApiError> {
    let mut all = Vec::new();
    for schedule in &job.schedules {
        let ask = PreviewSchedule { schedule: schedule.clone(), from: None, count: Some(1) };
        let name = schedule.id.as_ref().map(ToString::to_string).unwrap_or_default();
        let told = client.ask(ask).await?.warnings;
        all.extend(told.into_iter().map(|text| ScheduleWarning { schedule: name.clone(), text }));
    }
    Ok(all)
}

/// A job as it is written, or what is wrong with it and where.
fn job_of(text: &str) -> Result<Job, String> {
    let mut json: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    // As `show --json` prints it.
    if json.get("name").is_none()
        && let Some(job) = json.get_mut("job")
    {
        json = job.take();
    }
    // As `save --json` prints it.
    if let Some(fields) = json.as_object_mut() {
        fields.remove("warnings");
    }
    read_whole(json, "").map_err(|SpecErrors { first, others }| {
        let all = std::iter::once(first).chain(others).map(|error| error.to_string());
        all.collect::<Vec<_>>().join("\n")
    })
}

async fn history(options: &Options, client: &HttpClient, name: &str, limit: u32) -> Result<u8, CliError> {
    let given = name;
    let name = JobName::new(given)?;
    let (mut tasks, mut total, mut cursor): (Vec<TaskRow>, _, _) = (Vec::new(), 0, None);
    let mut stats = None;
    while (tasks.len() as u32) < limit {
        let rest = limit - tasks.len() as u32;
        let ask = JobHistory { name: name.clone(), cursor, limit: Some(rest.min(PAGE)) };
        let page = client.ask(ask).await?;
        (total, cursor) = (page.total, page.next_cursor);
        stats = Some(page.stats);
        tasks.extend(page.rows);
        if cursor.is_none() {
            break;
        }
    }
    if tasks.is_empty() {
        // A job that was deleted has a history too; of one that never was there is none.
        be_there(client, given).await?;
    }
    if options.json {
        print_json(&json!({"tasks": tasks, "total": total, "stats": stats}))?;
        return Ok(0);
    }
    let cells = |row: &TaskRow| {
        let metadata = &row.task.metadata;
        [
            Cell::whole(metadata.id.as_str()),
            show::status(row),
            Cell::whole(time::written(metadata.created_at)),
            Cell::new(show::duration(row)),
        ]
    };
    table::print(["ID", "STATUS", "MADE", "TOOK"], 1, &tasks.iter().map(cells).collect::<Vec<_>>())?;
    if total > tasks.len() as u64 {
        say!("{} of {total}; more with --limit", tasks.len());
    }
    Ok(0)
}

async fn next(
    options: &Options,
    client: &HttpClient,
    name: Option<String>,
    within: Duration,
) -> Result<u8, CliError> {
    let from = show::now_ms();
    let within = u64::try_from(within.as_millis()).unwrap_or(u64::MAX);
    // Nothing is due behind that.
    let to = from.saturating_add(within).min(MAX_TIME_MS);
    let mut coming = client.ask(Upcoming { from, to }).await?;
    if let Some(name) = name {
        // That there is such a job.
        let name = job_named(client, &name, None).await?.job.name;
        coming.times.retain(|time| time.job == name);
    }
    if options.json {
        print_json(&coming)?;
        return Ok(0);
    }
    let cells = |time: &solti_model::ComingRun| {
        let left = show::span(time.at.saturating_sub(from));
        [
            Cell::whole(time::written(time.at)),
            Cell::new(format!("in {left}")),
            Cell::new(time.job.as_str()),
            Cell::new(time.schedule.as_str()),
        ]
    };
    table::print(["AT", "", "JOB", "SCHEDULE"], 2, &coming.times.iter().map(cells).collect::<Vec<_>>())?;
    if coming.more {
        say!("the first 1,000; fewer with --within");
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_words_with_a_value() {
        let words = ["--date=2026-11-01", "--empty=", "--list=a=b"].map(str::to_owned);
        let values = super::values(&words).expect("legal");
        assert_eq!(values["date"], "2026-11-01");
        assert_eq!((values["empty"].as_str(), values["list"].as_str()), ("", "a=b"));
        for bad in ["date=1", "--date", "-d=1"] {
            assert!(
                matches!(super::values(&[bad.to_owned()]), Err(CliError::JobParameter(word)) if word == bad)
            );
        }
    }

    #[test]
    fn what_is_no_job_says_where_and_why() {
        let spec = r#""spec": {"slot": "s", "kind": {"wasm": {"module": "/m"}}}"#;
        for (text, said) in [
            ("[]".to_owned(), "must be an object"),
            (r#"{"name": "a", "spec": []}"#.to_owned(), "spec: must be an object"),
            (format!(r#"{{"name": "a b", {spec}}}"#), "name: may hold "),
            (
                format!(
                    r#"{{"name": "a", {spec}, "parameters": [{{"name": "x", "type": "text", "options": 1}}]}}"#
                ),
                "parameters[0].options: is not a field here; known are: name, ",
            ),
            ("{".to_owned(), "EOF while parsing"),
        ] {
            let refused = job_of(&text).expect_err("refused");
            assert!(refused.starts_with(said), "{text}: {refused}");
            assert_eq!(refused.matches("name: ").count(), said.matches("name: ").count(), "{refused}");
        }
    }

    #[test]
    fn a_parameter_says_which_values_it_takes() {
        let said = |more: Value| {
            let mut json = json!({"name": "x"});
            json.as_object_mut().expect("fields").extend(more.as_object().expect("fields").clone());
            values_of(&serde_json::from_value(json).expect("a parameter"))
        };
        assert_eq!(said(json!({"type": "choice", "choices": ["dev", "live"]})), "one of dev, live");
        assert_eq!(said(json!({"type": "text", "pattern": "\\d+"})), "text that matches \\d+");
        assert_eq!(said(json!({"type": "boolean"})), "true or false");
    }
}
