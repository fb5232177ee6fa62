//! `job`: saved jobs, what has become of them, and when they are run by themselves.

use super::job_secrets::{secret, with_secrets};
use super::run::{attend, tell};
use super::{be_there, each, in_options, in_words, job_named, print, print_json};
use crate::args::{Job as Command, JobOrder, Options};
use crate::error::CliError;
use crate::table::{self, Cell};
use crate::terminal::{harmless, say};
use crate::{order, server, show, time};
use serde::Serialize;
use serde_json::json;
use solti_api::ApiError;
use solti_api::operations::{
    DeleteJob, GetJob, JobHistory, ListJobs, Operations as _, PreviewSchedule, RenameJob, RunJob, SaveJob,
    SkipNext, Upcoming,
};
use solti_http::HttpClient;
use solti_model::{
    FieldError, Job, JobDetail, JobName, JobQuery, JobRow, JobRun, MAX_TIME_MS, Parameter, ParameterType,
    Schedule, TaskPhase, TaskRow, counted, not_run, read_whole, words,
};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// Rows of one request; more are asked for page by page.
const PAGE: u32 = 500;
const HOUR_MS: u64 = 3_600_000;
const DAY_MS: u64 = 24 * HOUR_MS;

pub async fn job(options: &Options, command: Command) -> Result<u8, CliError> {
    let client = server::client(options).await?;
    match command {
        Command::List { text, limit } => list(options, &client, text, limit).await,
        Command::Show { name, revision } => show(options, &client, &name, revision).await,
        Command::Save { file, expect } => save(options, &client, &file, expect).await,
        Command::Run { wait, words } => {
            let JobOrder { name, parameters, wait } = JobOrder::of(wait, &words);
            let job = job_named(&client, &name, None).await?.job;
            let parameters = with_secrets(&client, &job, values(&job, &parameters)?).await?;
            let order = RunJob { name: job.name, parameters };
            if wait {
                return attend(options, &client, order).await.map_err(|error| match error {
                    CliError::Api(error) => in_parameters(error),
                    other => other,
                });
            }
            tell(options, &client.ask(order).await.map_err(in_parameters)?)
        }
        Command::Rename { name, to } => {
            be_there(&client, &name).await?;
            let refused = |error: ApiError| in_options(error, &[("to", "<TO>")]);
            let name = JobName::new(name)?;
            let to =
                JobName::new(to).map_err(|error| refused(FieldError::new("to", error.message).into()))?;
            let renamed = client.ask(RenameJob { name, to }).await.map_err(refused)?;
            match options.json {
                true => print_json(&renamed)?,
                false => print(&format!("{}\n", renamed.name))?,
            }
            Ok(0)
        }
        Command::Secret { command } => secret(options, &client, command).await,
        Command::Delete { names } => {
            each(options, "names", names, async |name| {
                be_there(&client, &name).await?;
                client.ask(DeleteJob { name: JobName::new(&name)? }).await?;
                Ok(name)
            })
            .await
        }
        Command::History { name, limit } => history(options, &client, &name, limit).await,
        Command::Next { name: Some(name), skip: true, .. } => {
            be_there(&client, &name).await?;
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

/// Words as `--date=2026-11-01`, and what else can mean nothing but that: `--date 2026-11-01`, and `--dry-run` alone of what is true or false.
fn values(job: &Job, words: &[String]) -> Result<BTreeMap<String, String>, CliError> {
    let mut values = BTreeMap::new();
    let mut put = |name: &str, value: String| match values.insert(name.to_owned(), value) {
        Some(_) => Err(CliError::TwoValues(name.to_owned())),
        None => Ok(()),
    };
    let mut words = words.iter().peekable();
    while let Some(word) = words.next() {
        let unknown = || CliError::JobParameter(word.clone());
        let named = word.strip_prefix("--").ok_or_else(unknown)?;
        if let Some((name, value)) = named.split_once('=') {
            put(name, value.to_owned())?;
            continue;
        }
        let parameter = job.parameters.iter().find(|of| of.name == named).ok_or_else(unknown)?;
        let is_value = |next: &&String| match parameter.kind {
            ParameterType::Number => !next.starts_with('-') || next.parse::<f64>().is_ok(),
            _ => !next.starts_with('-'),
        };
        let value = match words.next_if(is_value) {
            Some(value) => value.clone(),
            // Behind it there is another parameter, or nothing.
            None if parameter.kind == ParameterType::Boolean
                && words.peek().is_none_or(|next| next.starts_with("--")) =>
            {
                "true".to_owned()
            }
            None => return Err(CliError::NoValue(named.to_owned())),
        };
        put(named, value)?;
    }
    Ok(values)
}

/// What the API says of a parameter, as the command line writes that.
fn in_parameters(error: ApiError) -> CliError {
    in_words(error, |field| field.strip_prefix("parameters.").map(|name| format!("--{name}")))
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
fn facts(JobDetail { job, schedules, stats, firings, warnings }: &JobDetail) -> String {
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
        let default = parameter.default.as_ref().map(|default| format!(", default {default}"));
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
            let (median, p95) = (words::took(median), words::took(p95));
            format!("; median {median}, 95 % within {p95}")
        });
        let last =
            format!("{} of the last {} succeeded{}", stats.succeeded, stats.runs, took.unwrap_or_default());
        fact("result", &last);
    }
    for firing in firings.iter().filter(|firing| firing.left_a_time_out()).take(3) {
        let why = not_run(firing.outcome, firing.reason.as_deref(), firing.left_out);
        fact("left out", &format!("{}: {why}", time::written(firing.due)));
    }
    for warning in warnings {
        fact("warning", &warning.to_string());
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

async fn save(
    options: &Options,
    client: &HttpClient,
    file: &Path,
    expected_revision: Option<u32>,
) -> Result<u8, CliError> {
    let (what, text) = order::text_of(file).await?;
    let job = job_of(what.clone(), &text)?;
    let before = client.ask(GetJob { name: job.name.clone(), revision: None }).await.ok().flatten();
    let saved = client.ask(SaveJob { job, expected_revision }).await;
    let saved = saved.map_err(|error| match error.inside("job") {
        Ok(error) => CliError::NoJob { what, error: Box::new(error) },
        Err(other) => other.into(),
    })?;
    let before = before.map_or_else(Vec::new, |before| before.job.schedules);
    let warnings = warnings(client, &saved, &before).await;
    if options.json {
        let warnings = warnings.as_ref().ok();
        print_json(&SavedJob { saved: &saved, warnings })?;
    } else {
        print(&format!("{} revision {}\n", saved.name, saved.revision))?;
    }
    match warnings {
        Ok(_) if options.json => {}
        Ok(warnings) => {
            for Warning { schedule, field, text } in warnings {
                let schedule = schedule.map(|schedule| format!("schedule {schedule}"));
                let of = schedule.or(field).unwrap_or_default();
                eprintln!("{}: {}", harmless(&of), harmless(&text));
            }
        }
        Err(error) => {
            eprintln!("The job is saved; its warnings could not be read: {error}")
        }
    }
    Ok(0)
}

/// A job as it was saved, and what `job save` says of it; `null` where that could not be found out.
#[derive(Serialize)]
struct SavedJob<'a> {
    #[serde(flatten)]
    saved: &'a Job,
    warnings: Option<&'a Vec<Warning>>,
}

/// What a person may not expect of a schedule, or of a field.
#[derive(Serialize)]
struct Warning {
    #[serde(skip_serializing_if = "Option::is_none")]
    schedule: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    text: String,
}

/// What the window says of the job, and in its preview of each schedule that was not among those `before`.
async fn warnings(client: &HttpClient, job: &Job, before: &[Schedule]) -> Result<Vec<Warning>, ApiError> {
    let detail = client.ask(GetJob { name: job.name.clone(), revision: None }).await?;
    let of_fields = detail.map(|detail| detail.warnings).unwrap_or_default().into_iter();
    let mut all: Vec<_> = of_fields
        .map(|FieldError { field, message }| Warning { schedule: None, field: Some(field), text: message })
        .collect();
    for schedule in new_ones(&job.schedules, before) {
        let ask = PreviewSchedule { schedule: schedule.clone(), from: None, count: Some(1) };
        let name = schedule.id.as_ref().map(ToString::to_string);
        let told = client.ask(ask).await?.warnings;
        all.extend(told.into_iter().map(|text| Warning { schedule: name.clone(), field: None, text }));
    }
    Ok(all)
}

/// Those that were not there before, whatever their ids: one that is written without an id gets another each time.
fn new_ones<'a>(all: &'a [Schedule], before: &[Schedule]) -> impl Iterator<Item = &'a Schedule> {
    let nameless = |schedule: &Schedule| Schedule { id: None, ..schedule.clone() };
    let known: Vec<Schedule> = before.iter().map(nameless).collect();
    all.iter().filter(move |schedule| !known.contains(&nameless(schedule)))
}

/// A job as it is written, or what is wrong with it and where.
fn job_of(what: String, text: &str) -> Result<Job, CliError> {
    let mut json = order::json_of(what.clone(), "a job", text)?;
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
    read_whole(json, "").map_err(|errors| CliError::NoJob { what, error: Box::new(errors.into()) })
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
    let job = match &name {
        Some(name) => Some(job_named(client, name, None).await?),
        None => None,
    };
    let name = job.as_ref().map(|detail| detail.job.name.clone());
    let coming = client.ask(Upcoming { name, from, to }).await?;
    if options.json {
        print_json(&coming)?;
        return Ok(0);
    }
    if coming.times.is_empty() {
        print(&format!("{}\n", nothing_due(job.as_ref(), from, within)))?;
        return Ok(0);
    }
    let cells = |time: &solti_model::ComingRun| {
        let left = words::took(time.at.saturating_sub(from));
        [
            Cell::whole(time::written(time.at)),
            Cell::new(format!("in {left}")),
            Cell::new(time.job.as_str()),
            Cell::new(time.schedule.as_str()),
        ]
    };
    let rows: Vec<_> = coming.times.iter().map(cells).collect();
    table::print_leaving(["AT", "", "JOB", "SCHEDULE"], 2, &[3, 1, 2], &rows)?;
    if coming.more {
        say!("the first 1,000; fewer with --within");
    }
    Ok(0)
}

/// That no job, or not this one, is run by itself so soon.
fn nothing_due(job: Option<&JobDetail>, now: u64, within_ms: u64) -> String {
    let when = match () {
        () if within_ms == 0 => "now".to_owned(),
        () if within_ms.is_multiple_of(DAY_MS) => format!("within {}", counted(within_ms / DAY_MS, "day")),
        () if within_ms.is_multiple_of(HOUR_MS) => format!("within {}", counted(within_ms / HOUR_MS, "hour")),
        () => format!("within {}", words::took(within_ms)),
    };
    let further =
        format!("--within {}days looks further", (within_ms.div_ceil(DAY_MS)).max(1).saturating_mul(4));
    let Some(JobDetail { job, schedules, .. }) = job else {
        return format!("nothing is due {when}; {further}");
    };
    // No clock tells when that is.
    let with_engine = |of: &Schedule| of.on_start && !of.paused && of.until.is_none_or(|until| until >= now);
    let has_time = schedules.iter().any(|schedule| schedule.next_at.is_some());
    match () {
        () if job.schedules.is_empty() => format!("job {} has no schedule", job.name),
        () if job.schedules.iter().all(|schedule| schedule.paused) => {
            format!("the schedules of job {} are paused", job.name)
        }
        () if has_time => format!("job {} is not due {when}; {further}", job.name),
        () if job.schedules.iter().any(with_engine) => {
            format!("job {} runs whenever Solti's engine starts", job.name)
        }
        () => format!("job {} has no time to come", job.name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use solti_model::{JobStats, ScheduleId, ScheduleState};

    #[test]
    fn parameters_are_words_with_a_value() {
        let read = |line: &[&str]| {
            let words: Vec<_> = line.iter().map(|word| (*word).to_owned()).collect();
            super::values(&job(&[("t", "text"), ("n", "number"), ("b", "boolean")], &[]), &words)
        };
        let values = read(&["--date=2026-11-01", "--empty=", "--list=a=b"]).expect("legal");
        assert_eq!(values["date"], "2026-11-01");
        assert_eq!((values["empty"].as_str(), values["list"].as_str()), ("", "a=b"));
        for bad in ["date=1", "--date", "-d=1"] {
            assert!(matches!(read(&[bad]), Err(CliError::JobParameter(word)) if word == bad));
        }
        for (line, name, value) in [
            (&["--t", "x"][..], "t", "x"),
            (&["--n", "-5"], "n", "-5"),
            (&["--b"], "b", "true"),
            (&["--b", "--t=x"], "b", "true"),
            (&["--b", "false"], "b", "false"),
            (&["--t=-x", "--b"], "t", "-x"),
        ] {
            assert_eq!(read(line).expect("legal")[name], value, "{line:?}");
        }
        for (line, name) in [
            (&["--t", "-x"][..], "t"),
            (&["--t"], "t"),
            (&["--t", "--b"], "t"),
            (&["--n", "-x"], "n"),
            (&["--b", "-x"], "b"),
        ] {
            let refused = read(line).expect_err("no value").to_string();
            assert_eq!(refused, format!("--{name} needs a value: write --{name}=VALUE"), "{line:?}");
        }
        for twice in [&["--t=1", "--t=2"][..], &["--t", "1", "--t=1"], &["--t=1", "--b", "--t", "2"]] {
            let refused = read(twice).expect_err("two values");
            assert_eq!(refused.to_string(), "--t is there twice; a parameter has one value", "{twice:?}");
            assert_eq!(refused.exit_code(), Some(2));
        }
        let required = in_parameters(ApiError::invalid("parameters.t", "is required"));
        assert_eq!((required.to_string(), required.exit_code()), ("--t: is required".into(), Some(2)));
    }

    /// With parameters of these types, and schedules that are paused or not.
    fn job(parameters: &[(&str, &str)], paused: &[bool]) -> Job {
        let parameters: Vec<_> =
            parameters.iter().map(|(name, kind)| json!({"name": name, "type": kind})).collect();
        let schedules: Vec<_> =
            paused.iter().map(|paused| json!({"cron": "@yearly", "paused": paused})).collect();
        let spec = json!({"slot": "s", "kind": {"wasm": {"module": "/m"}}});
        let job = json!({"name": "j", "spec": spec, "parameters": parameters, "schedules": schedules});
        serde_json::from_value(job).expect("a job")
    }

    #[test]
    fn where_nothing_is_due_that_is_said_and_what_looks_further() {
        let week = 7 * DAY_MS;
        assert_eq!(nothing_due(None, 0, week), "nothing is due within 7 days; --within 28days looks further");
        assert_eq!(nothing_due(None, 0, 0), "nothing is due now; --within 4days looks further");
        let hours = nothing_due(None, 0, 43_200_000);
        assert_eq!(hours, "nothing is due within 12 hours; --within 4days looks further");
        let said_of = |job: Job, next_at| {
            let id = ScheduleId::new("s").expect("legal");
            let schedules =
                job.schedules.iter().map(|_| ScheduleState { id: id.clone(), words: String::new(), next_at });
            let (schedules, stats) = (schedules.collect(), JobStats::default());
            let detail = JobDetail { job, schedules, stats, firings: vec![], warnings: vec![] };
            nothing_due(Some(&detail), 5, DAY_MS)
        };
        let said = |paused: &[bool]| said_of(job(&[], paused), Some(9));
        assert_eq!(said(&[true, false]), "job j is not due within 1 day; --within 4days looks further");
        assert_eq!(said(&[true, true]), "the schedules of job j are paused");
        assert_eq!(said(&[]), "job j has no schedule");
        let with = |schedule: Value| {
            let schedules = vec![serde_json::from_value(schedule).expect("a schedule")];
            said_of(Job { schedules, ..job(&[], &[]) }, None)
        };
        assert_eq!(with(json!({"onStart": true, "until": 5})), "job j runs whenever Solti's engine starts");
        for past in [json!({"onStart": true, "until": 4}), json!({"at": 1})] {
            assert_eq!(with(past), "job j has no time to come");
        }
    }

    #[test]
    fn schedules_that_are_as_they_were_are_not_spoken_of_again() {
        let read =
            |schedules: Value| -> Vec<Schedule> { serde_json::from_value(schedules).expect("schedules") };
        let before = read(json!([{"id": "a", "cron": "0 0 29 2 *"}, {"id": "b", "at": 5}]));
        let after = read(json!([{"cron": "0 0 29 2 *"}, {"id": "b", "at": 6}, {"id": "c", "at": 5}]));
        let spoken_of: Vec<_> = new_ones(&after, &before).map(|schedule| schedule.at).collect();
        assert_eq!(spoken_of, [Some(6)]);
        assert_eq!(new_ones(&after, &[]).count(), 3);
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
        ] {
            let refused = job_of("j.json".into(), &text).expect_err("refused").to_string();
            assert!(refused.starts_with(&format!("j.json is not a job: {said}")), "{text}: {refused}");
            assert_eq!(refused.matches("name: ").count(), said.matches("name: ").count(), "{refused}");
        }
        let refused = job_of("j.json".into(), "").expect_err("refused").to_string();
        assert_eq!(refused, "j.json is not a job in JSON: the document is empty");
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
