//! `show`: one task and its runs. How runs are printed is in runs.rs.

use super::runs::print_runs;
use super::{print, print_json, tell_of_hold};
use crate::args::Options;
use crate::error::CliError;
use crate::terminal::harmless;
use crate::{server, show, task_ids, time};
use anstyle::Style;
use serde_json::json;
use solti_api::ApiHandler as _;
use solti_api::operations::{GetTaskRow, Operations as _};
use solti_model::{
    AttemptsNotKept, ContainerTask, SubprocessTask, Task, TaskKind, TaskRow, TaskRun, Volume, Waiting,
    WasmDir,
};

pub async fn show(options: &Options, id: &str) -> Result<u8, CliError> {
    let client = server::client(options).await?;
    let id = task_ids::resolve(&client, id).await?;
    let gone = || CliError::NoSuchTask(id.to_string());
    let runs = client.list_task_runs(&id).await?;
    let task = client.get_task_status(&id).await?.ok_or_else(gone)?;
    if options.json {
        print_json(&json!({"task": task, "runs": runs}))?;
        return Ok(0);
    }
    let row = client.ask(GetTaskRow { id: id.clone() }).await?.ok_or_else(gone)?;
    print(&facts(&row, &task, runs.last()))?;
    if row.waiting == Some(Waiting::Held) {
        tell_of_hold(&client).await?;
    }
    if !runs.is_empty() {
        print("\n")?;
        print_runs(&runs, AttemptsNotKept::among(&runs))?;
    }
    Ok(0)
}

fn facts(row: &TaskRow, task: &Task, last: Option<&TaskRun>) -> String {
    let dim = Style::new().dimmed();
    let phase = task.status.phase;
    let mut text = String::new();
    let mut fact = |name: &str, value: &str| {
        text.push_str(&format!("{dim}{name:<10}{dim:#}{}\n", harmless(value)));
    };
    fact("id", task.metadata.id.as_str());
    fact("name", &task.spec.display_name());
    fact("command", &task.spec.kind.command_text());
    fact("lane", task.spec.slot.as_str());
    let rights = |read_only| if read_only { ", read only" } else { "" };
    match &task.spec.kind {
        TaskKind::Subprocess(SubprocessTask { cwd, .. }) => cwd.iter().for_each(|cwd| fact("directory", cwd)),
        TaskKind::Container(container) => {
            fact("image", &container.image);
            for Volume { source, target, read_only } in &container.volumes {
                fact("volume", &format!("{source} at {target}{}", rights(*read_only)));
            }
            let ContainerTask { network, user, workdir, .. } = container;
            for (name, value) in [("network", network), ("user", user), ("directory", workdir)] {
                value.iter().for_each(|value| fact(name, value));
            }
        }
        TaskKind::Wasm(wasm) => {
            fact("module", &wasm.module);
            for WasmDir { host, guest, read_only } in &wasm.dirs {
                fact("folder", &format!("{host} as {guest}{}", rights(*read_only)));
            }
        }
    }
    if let Some(TaskRun { runner: Some(runner), node, .. }) = last {
        let node = node.as_ref().map(|node| format!(", node {node}")).unwrap_or_default();
        fact("runs on", &format!("{runner}{node}"));
    }
    for (key, value) in task.spec.labels.iter().filter(|(key, _)| *key != "name") {
        fact("label", &format!("{key}={value}"));
    }
    if let Some(not_before) = task.spec.not_before {
        fact("starts at", &time::written(not_before));
    }
    if task.spec.priority != 0 {
        fact("priority", &task.spec.priority.to_string());
    }
    for after in &task.spec.after {
        fact("after", &format!("{}:{}", after.task, after.when.word()));
    }
    fact("created", &time::written(task.metadata.created_at));
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
