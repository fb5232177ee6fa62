//! The last line of each of several tasks, for the rows of a list. Only the end of each log is read.

use super::run_log::{RunLog, blocking};
use crate::operations::{LastLines, Perform};
use crate::{ApiError, SupervisorApiAdapter};
use solti_logstore::LogError;
use solti_model::{FieldError, LastLine, RowNo, TaskId};
use solti_rows::Style;
use solti_supervisor::{Supervisor, SupervisorError};

/// Tasks in one request: more than a window shows.
const MAX_TASKS: usize = 100;
/// So many rows from the end are looked at for one that says something.
const ROWS: u64 = 8;
/// Of a row that is read, and of a line that is told.
const CLIP: usize = 4 * 1024;
const MAX_LINE: usize = 240;

fn last_line(log: &RunLog) -> Result<Option<String>, LogError> {
    let mut view = log.view()?;
    let from = RowNo::new(view.extent()?.rows).saturating_back(ROWS);
    for row in view.rows(from, ROWS as usize, CLIP)?.iter().rev() {
        let mut text = view.shown(row, Style::default(), CLIP)?.text;
        text.truncate(text.trim_end().len());
        let said = text.trim_start();
        if !said.is_empty() {
            return Ok(Some(said[..said.floor_char_boundary(MAX_LINE)].to_owned()));
        }
    }
    Ok(None)
}

/// The last lines of a task that say something, as far as its log can be read; fewer where there are fewer.
pub(crate) async fn last_lines_of(supervisor: &Supervisor, id: &TaskId, lines: usize) -> Vec<String> {
    let Ok(Some(run)) = supervisor.store().latest_run(id).await else { return vec![] };
    let log = RunLog::of(supervisor, id, &run.run);
    blocking(move || Ok(ending(&log, lines).unwrap_or_default())).await.unwrap_or_default()
}

fn ending(log: &RunLog, lines: usize) -> Result<Vec<String>, LogError> {
    let mut view = log.view()?;
    let from = RowNo::new(view.extent()?.rows).saturating_back(lines as u64);
    let mut said = Vec::new();
    for row in &view.rows(from, lines, CLIP)? {
        let text = view.shown(row, Style::default(), CLIP)?.text;
        let text = text.trim_end();
        if !text.is_empty() {
            said.push(text[..text.floor_char_boundary(MAX_LINE)].to_owned());
        }
    }
    Ok(said)
}

impl Perform<LastLines> for SupervisorApiAdapter {
    async fn perform(&self, LastLines { ids }: LastLines) -> Result<Vec<LastLine>, ApiError> {
        if ids.len() > MAX_TASKS {
            return Err(FieldError::new("ids", format!("must be at most {MAX_TASKS}")).into());
        }
        let runs = self.supervisor().store().recent_runs(&ids, 1).await.map_err(SupervisorError::from)?;
        let log = |id| Some(RunLog::of(self.supervisor(), id, &runs.get(id)?.last()?.run));
        let logs: Vec<RunLog> = ids.iter().filter_map(log).collect();
        blocking(move || {
            // A log that cannot be read is shown as such when it is opened; here it says nothing.
            let line = |log: RunLog| {
                let text = last_line(&log).ok().flatten()?;
                Some(LastLine { task: log.run.task, attempt: log.run.attempt, text })
            };
            Ok(logs.into_iter().filter_map(line).collect())
        })
        .await
    }
}
