//! `runs`: the runs of a task by the page, for one that has had very many.

use super::print_json;
use crate::args::{Options, Runs};
use crate::error::CliError;
use crate::table::{self, Cell};
use crate::terminal::say;
use crate::{server, show, task_ids, time};
use serde_json::json;
use solti_api::operations::{Operations as _, PageRuns};
use solti_model::{AttemptsNotKept, HistoryQuery, TaskRun, counted, words};

pub async fn runs(options: &Options, runs: Runs) -> Result<u8, CliError> {
    let client = server::client(options).await?;
    let id = task_ids::resolve(&client, &runs.id).await?;
    if let (Some(after), Some(before)) = (runs.after, runs.before)
        && after >= before
    {
        return Err(CliError::Range { option: "--before", said: "must be greater than --after".into() });
    }
    let query = HistoryQuery { after: runs.after, before: runs.before, limit: Some(runs.limit) };
    let page = client.ask(PageRuns { id: id.clone(), query }).await?;
    if options.json {
        print_json(&json!({"runs": page.runs, "more": page.more, "notKept": page.not_kept}))?;
        return Ok(0);
    }
    print_runs(&page.runs, page.not_kept)?;
    let (first, last) = (page.runs.first(), page.runs.last());
    match (first, last) {
        (_, Some(last)) if page.more && runs.after.is_some() => {
            say!("more with --after {}", last.attempt);
        }
        (Some(first), _) if page.more => say!("earlier ones with --before {}", first.attempt),
        _ => {}
    }
    Ok(0)
}

/// A table of the runs, with a line where some are not kept.
pub fn print_runs(runs: &[TaskRun], not_kept: Option<AttemptsNotKept>) -> Result<(), CliError> {
    let mut rows = Vec::with_capacity(runs.len() + 1);
    let mut before = None;
    for run in runs {
        if let Some(gap) = not_kept
            && run.attempt > gap.after
            && before.is_none_or(|before| before <= gap.after)
            && run.attempt == gap.after + gap.count + 1
        {
            let words = format!("{} not kept", counted(gap.count, "attempt"));
            rows.push([Cell::new("…"), Cell::new(""), Cell::new(""), Cell::new(""), Cell::new(words)]);
        }
        rows.push(cells(run));
        before = Some(run.attempt);
    }
    Ok(table::print(["RUN", "STATUS", "STARTED", "TOOK", "REMARK"], 4, &rows)?)
}

fn cells(run: &TaskRun) -> [Cell; 5] {
    let node = run.node.as_ref().map(|node| format!("on node {node}"));
    let now = run.finished_at.unwrap_or_else(show::now_ms);
    let still = run.suspension.map(|suspension| suspension.until(now)).filter(|still| *still > 0);
    let still = still.map(|still| format!("suspended for {}", words::took(still)));
    let remarks = [&node, &run.error, &run.remark, &still].into_iter().flatten().cloned();
    [
        Cell::whole(run.attempt.to_string()),
        Cell::styled(run.phase.word(), show::style(run.phase)),
        Cell::whole(time::written(run.started_at)),
        Cell::new(words::took(run.ran_ms(now))),
        Cell::new(remarks.collect::<Vec<_>>().join("; ")),
    ]
}
