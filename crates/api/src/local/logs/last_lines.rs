//! The last line of each of several tasks, for the rows of a list. Only the end of each log is read.

use super::encodings::Encodings;
use super::run_log::{LogPlace, blocking};
use crate::operations::{LastLines, Perform};
use crate::{ApiError, SupervisorApiAdapter};
use solti_logstore::{LogError, LogView, Row, reads_alike};
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

/// The last rows of a log, and what shows them. Its encoding is looked for only where they do not read the same in all of them.
fn last_rows(log: LogPlace, encodings: &Encodings, count: u64) -> Result<(LogView, Vec<Row>), LogError> {
    let settled = encodings.settled(&log.folder);
    let mut view = log.clone().read_in(settled.unwrap_or_default()).view()?;
    let last = |view: &mut LogView| {
        let from = RowNo::new(view.extent()?.rows).saturating_back(count);
        view.rows(from, count as usize, CLIP)
    };
    let mut rows = last(&mut view)?;
    if settled.is_none() && !rows.iter().all(|row| reads_alike(&row.bytes)) {
        view.set_encoding(encodings.follow(&log)?);
        // How many there are depends on it.
        rows = last(&mut view)?;
    }
    Ok((view, rows))
}

fn last_line(log: LogPlace, encodings: &Encodings) -> Result<Option<String>, LogError> {
    let (mut view, rows) = last_rows(log, encodings, ROWS)?;
    for row in rows.iter().rev() {
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
pub(crate) async fn last_lines_of(
    supervisor: &Supervisor,
    encodings: &Encodings,
    id: &TaskId,
    lines: usize,
) -> Vec<String> {
    let Ok(Some(run)) = supervisor.store().latest_run(id).await else { return vec![] };
    let (log, encodings) = (LogPlace::of(supervisor, id, &run.run), encodings.clone());
    blocking(move || Ok(ending(log, &encodings, lines).unwrap_or_default())).await.unwrap_or_default()
}

fn ending(log: LogPlace, encodings: &Encodings, lines: usize) -> Result<Vec<String>, LogError> {
    let (mut view, rows) = last_rows(log, encodings, lines as u64)?;
    let mut said = Vec::new();
    for row in &rows {
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
        let log = |id| Some(LogPlace::of(self.supervisor(), id, &runs.get(id)?.last()?.run));
        let logs: Vec<LogPlace> = ids.iter().filter_map(log).collect();
        let encodings = self.encodings.clone();
        blocking(move || {
            // A log that cannot be read is shown as such when it is opened; here it says nothing.
            let line = |log: LogPlace| {
                let run = log.run.clone();
                let text = last_line(log, &encodings).ok().flatten()?;
                Some(LastLine { task: run.task, attempt: run.attempt, text })
            };
            Ok(logs.into_iter().filter_map(line).collect())
        })
        .await
    }
}
