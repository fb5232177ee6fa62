//! `show`: one task and its runs.

use super::{print, print_json};
use crate::args::Options;
use crate::error::CliError;
use crate::table::{self, Cell};
use crate::terminal::harmless;
use crate::{server, show, task_ids};
use anstyle::Style;
use serde_json::json;
use solti_api::{ApiHandler as _, TaskFeed as _};
use solti_model::{SubprocessTask, TaskKind, TaskRow, TaskRun};

pub async fn show(options: &Options, id: &str) -> Result<u8, CliError> {
    let client = server::client(options).await?;
    let id = task_ids::resolve(&client, id).await?;
    let gone = || CliError::NoSuchTask(id.to_string());
    let runs = client.list_task_runs(&id).await?;
    if options.json {
        let task = client.get_task_status(&id).await?.ok_or_else(gone)?;
        print_json(&json!({"task": task, "runs": runs}))?;
        return Ok(0);
    }
    let row = client.get_task_row(&id).await?.ok_or_else(gone)?;
    print(&facts(&row))?;
    if !runs.is_empty() {
        print("\n")?;
        let rows: Vec<_> = runs.iter().map(cells).collect();
        table::print(["RUN", "STATUS", "STARTED", "TOOK", "REMARK"], 4, &rows)?;
    }
    Ok(0)
}

fn facts(row: &TaskRow) -> String {
    let (task, dim) = (&row.task, Style::new().dimmed());
    let phase = task.status.phase;
    let mut text = String::new();
    let mut fact = |name: &str, value: &str| {
        text.push_str(&format!("{dim}{name:<10}{dim:#}{}\n", harmless(value)));
    };
    fact("id", task.metadata.id.as_str());
    fact("name", &task.spec.display_name());
    fact("command", &task.spec.kind.summary());
    fact("lane", task.spec.slot.as_str());
    if let TaskKind::Subprocess(SubprocessTask { cwd: Some(cwd), .. }) = &task.spec.kind {
        fact("directory", cwd);
    }
    for (key, value) in task.spec.labels.iter().filter(|(key, _)| *key != "name") {
        fact("label", &format!("{key}={value}"));
    }
    fact("created", &show::time(task.metadata.created_at));
    if let Some(error) = &task.status.error {
        fact("error", error);
    }
    if let Some(main_ended) = &row.main_ended {
        fact("running", &main_ended.text);
    }
    if let Some(remark) = &row.remark {
        fact("remark", remark);
    }
    let style = show::style(phase);
    text.push_str(&format!(
        "{dim}{:<10}{dim:#}{style}{}{style:#}\n",
        "status",
        show::status(row).into_text()
    ));
    text
}

fn cells(run: &TaskRun) -> [Cell; 5] {
    let took = run.finished_at.unwrap_or_else(show::now_ms).saturating_sub(run.started_at);
    [
        Cell::new(run.attempt.to_string()),
        Cell::styled(run.phase.word(), show::style(run.phase)),
        Cell::new(show::time(run.started_at)),
        Cell::new(show::span(took)),
        Cell::new([&run.error, &run.remark].into_iter().flatten().cloned().collect::<Vec<_>>().join("; ")),
    ]
}
