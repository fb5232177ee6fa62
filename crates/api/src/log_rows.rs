//! The log of one attempt as a window reads it: its extent, ranges of rows, and when it has grown.

use crate::ApiError;
use crate::operations::ItemStream;
use solti_logstore::{LogError, LogView, Row, Stream as LogStream};
use solti_model::{
    LogInfo, LogRow, LogRows, MAX_ROW_BYTES, OutputStreamKind, RemovedRows, RowSpan, TaskId, TaskPhase,
    TaskRun,
};
use solti_rows::{Color, Shown};
use solti_supervisor::{LiveRun, LiveTask, Supervisor, SupervisorError};
use std::time::Duration;
use tokio::sync::watch;

/// Rows in one answer.
pub(crate) const MAX_ROWS: u32 = 1_000;

/// The stored attempt of that number.
pub async fn stored_run(
    supervisor: &Supervisor,
    id: &TaskId,
    attempt: u32,
) -> Result<Option<TaskRun>, ApiError> {
    let stored = supervisor.store().run(id, attempt).await.map_err(SupervisorError::from)?;
    Ok(stored.map(|stored| stored.run))
}

/// The attempt that is meant, and the number of the latest one. `None` while a task has no attempt yet.
pub(crate) async fn pick(
    supervisor: &Supervisor,
    id: &TaskId,
    attempt: u32,
) -> Result<(Option<TaskRun>, u32), ApiError> {
    let latest = supervisor.store().latest_run(id).await.map_err(SupervisorError::from)?;
    let Some(latest) = latest.map(|stored| stored.run) else {
        return match supervisor.store().task(id).await.map_err(SupervisorError::from)? {
            Some(_) => Ok((None, 0)),
            None => Err(ApiError::TaskNotFound { id: id.clone() }),
        };
    };
    let number = latest.attempt;
    if attempt == 0 || attempt == number {
        return Ok((Some(latest), number));
    }
    match stored_run(supervisor, id, attempt).await? {
        Some(run) => Ok((Some(run), number)),
        None => Err(ApiError::InvalidRequest {
            field: "attempt".into(),
            message: format!("task {id} has {number} attempts, none is number {attempt}"),
        }),
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, LogError> + Send + 'static,
) -> Result<T, ApiError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(ApiError::internal(&error)),
        Err(error) => Err(ApiError::internal(&error)),
    }
}

pub async fn info(supervisor: &Supervisor, id: &TaskId, attempt: u32) -> Result<LogInfo, ApiError> {
    let (run, attempts) = pick(supervisor, id, attempt).await?;
    let Some(run) = run else {
        let (phase, live) = (TaskPhase::Pending, true);
        let nothing = LogInfo {
            attempt,
            rows: 0,
            bytes: 0,
            live,
            phase,
            exit_code: None,
            error: None,
            remark: None,
            started_at: 0,
            finished_at: None,
            attempts,
        };
        return Ok(nothing);
    };
    let (folder, over) = (supervisor.folders().run(id, run.attempt), run.finished_at.is_some());
    let extent = blocking(move || {
        let mut view = LogView::open(&folder)?;
        view.set_final(over);
        view.extent()
    })
    .await?;
    Ok(LogInfo {
        attempt: run.attempt,
        rows: extent.rows,
        bytes: extent.bytes,
        live: !over,
        phase: run.phase,
        exit_code: run.exit_code,
        error: run.error,
        remark: run.remark,
        started_at: run.started_at,
        finished_at: run.finished_at,
        attempts,
    })
}

pub async fn read(
    supervisor: &Supervisor,
    id: &TaskId,
    attempt: u32,
    from: u64,
    count: u32,
) -> Result<LogRows, ApiError> {
    let (run, _) = pick(supervisor, id, attempt).await?;
    let Some(run) = run else { return Ok(LogRows { from, total: 0, rows: vec![] }) };
    let (folder, over) = (supervisor.folders().run(id, run.attempt), run.finished_at.is_some());
    blocking(move || {
        let mut view = LogView::open(&folder)?;
        view.set_final(over);
        let total = view.extent()?.rows;
        let rows = view.rows(from, count.min(MAX_ROWS) as usize, MAX_ROW_BYTES)?;
        Ok(LogRows { from, total, rows: text_rows(&mut view, rows)? })
    })
    .await
}

/// The rows, which are in order, as a window shows them.
pub(crate) fn text_rows(view: &mut LogView, rows: Vec<Row>) -> Result<Vec<LogRow>, LogError> {
    let shown = view.shown_rows(&rows, MAX_ROW_BYTES)?;
    Ok(rows.into_iter().zip(shown).map(|(row, shown)| text_row(row, shown)).collect())
}

pub(crate) fn text_row(row: Row, shown: Shown) -> LogRow {
    LogRow {
        row: row.row,
        stream: match row.stream {
            LogStream::Stdout => OutputStreamKind::Stdout,
            LogStream::Stderr => OutputStreamKind::Stderr,
        },
        ts: row.ts_ms,
        spans: spans(&shown),
        // Of a gap there is none: what stands for it is the page's to say.
        text: shown.text,
        more: shown.more,
        full_len: row.full_len,
        partial: row.partial,
        continued: row.continued,
        gap: row.gap,
        removed: row.removed.map(|removed| RemovedRows { rows: removed.rows, bytes: removed.bytes }),
    }
}

fn spans(shown: &Shown) -> Vec<RowSpan> {
    let color = |color: Color| match color {
        Color::Indexed(index) => u32::from(index),
        Color::True([r, g, b]) => u32::from_be_bytes([1, r, g, b]),
    };
    let mut at = 0;
    let span = |span: &solti_rows::Span| {
        let text = &shown.text[at..at + span.len];
        at += span.len;
        let style = span.style;
        RowSpan {
            len: if text.is_ascii() { text.len() } else { text.encode_utf16().count() } as u32,
            fg: style.fg.map(color),
            bg: style.bg.map(color),
            bold: style.bold(),
            dim: style.dim(),
            italic: style.italic(),
            underline: style.underline(),
            strike: style.strike(),
            inverse: style.inverse(),
            control: span.control,
            link: span.link.as_deref().map(str::to_owned),
        }
    };
    shown.spans.iter().map(span).collect()
}

/// What a watcher waits on between two looks.
struct Watch {
    supervisor: Supervisor,
    id: TaskId,
    /// As asked for: 0 follows the latest attempt.
    attempt: u32,
    live: Option<watch::Receiver<LiveTask>>,
    run: Option<LiveRun>,
    shown: Option<LogInfo>,
}

pub async fn watch(
    supervisor: &Supervisor,
    id: &TaskId,
    attempt: u32,
) -> Result<ItemStream<LogInfo>, ApiError> {
    let live = supervisor.follow(id).await?;
    let first = info(supervisor, id, attempt).await?;
    let watch =
        Watch { supervisor: supervisor.clone(), id: id.clone(), attempt, live, run: None, shown: None };
    let later = futures::stream::unfold((watch, Some(first)), |(mut watch, first)| async move {
        let info = match first {
            Some(first) => first,
            None => watch.next().await?,
        };
        watch.shown = Some(info.clone());
        Some((info, (watch, None)))
    });
    Ok(Box::pin(later))
}

/// Before what could not be read is tried again, and at most between two tries.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

impl Watch {
    /// Where the log stands; `None` when its task or the supervisor is gone. What else goes wrong may pass.
    async fn look(&self) -> Option<LogInfo> {
        let mut pause = PAUSES.0;
        loop {
            match info(&self.supervisor, &self.id, self.attempt).await {
                Ok(info) => return Some(info),
                // With InvalidRequest, the attempt is not kept any more.
                Err(ApiError::TaskNotFound { .. } | ApiError::InvalidRequest { .. }) => return None,
                Err(_) if self.supervisor.is_shut_down() => return None,
                Err(error) => tracing::warn!("a log cannot be looked at, trying again: {error}"),
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSES.1);
        }
    }

    /// Waits for something new; `None` when nothing can come any more.
    async fn next(&mut self) -> Option<LogInfo> {
        loop {
            let ended = match &mut self.live {
                None => true,
                Some(live) => {
                    let state = live.borrow_and_update().clone();
                    if self.run.as_ref().map(|run| run.attempt) != state.run.as_ref().map(|run| run.attempt) {
                        self.run = state.run;
                    }
                    match &mut self.run {
                        _ if state.over => true,
                        Some(run) => tokio::select! {
                            rung = run.doorbell.rung() => {
                                if rung.is_none() {
                                    // The run is over; its end is news as soon as it is stored.
                                    live.changed().await.is_err()
                                } else {
                                    false
                                }
                            }
                            changed = live.changed() => changed.is_err(),
                        },
                        None => live.changed().await.is_err(),
                    }
                }
            };
            if ended {
                self.live = None;
            }
            let info = self.look().await?;
            if self.shown.as_ref() != Some(&info) {
                return Some(info);
            }
            if ended {
                return None;
            }
        }
    }
}
