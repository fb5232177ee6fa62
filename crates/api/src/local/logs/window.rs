//! The log of one attempt as a window reads it: its extent, ranges of rows, and when it has grown.

use super::encodings::Encodings;
use super::growth::{Growth, News};
use super::rows::{MAX_ROWS, text_rows};
use super::run_log::{LogPlace, blocking, pick};
use crate::operations::{GetLogInfo, ItemStream, Perform, Provide, ReadLog, SetLogEncoding, WatchLog};
use crate::{ApiError, Pauses, SupervisorApiAdapter};
use solti_logstore::TextEncoding;
use solti_model::{LogInfo, LogRows, MAX_ROW_BYTES, RunId, TaskPhase};
use solti_supervisor::Supervisor;

async fn info(supervisor: &Supervisor, encodings: &Encodings, of: &RunId) -> Result<LogInfo, ApiError> {
    let (run, attempts) = pick(supervisor, &of.task, of.attempt).await?;
    let Some(run) = run else {
        let (phase, live) = (TaskPhase::Pending, true);
        return Ok(LogInfo {
            attempt: of.attempt,
            rows: 0,
            bytes: 0,
            live,
            phase,
            exit_code: None,
            error: None,
            remark: None,
            started_at: 0,
            finished_at: None,
            suspension: None,
            attempts,
            encoding: None,
            encoding_chosen: false,
        });
    };
    let log = encodings.of(LogPlace::of(supervisor, &of.task, &run)).await?;
    let encoding = (!log.encoding.is_utf8()).then(|| log.encoding.name().to_owned());
    let encoding_chosen = encodings.is_chosen(&log);
    let live = !log.over;
    let extent = blocking(move || log.view()?.extent()).await?;
    Ok(LogInfo {
        attempt: run.attempt,
        rows: extent.rows,
        bytes: extent.bytes,
        live,
        phase: run.phase,
        exit_code: run.exit_code,
        error: run.error,
        remark: run.remark,
        started_at: run.started_at,
        finished_at: run.finished_at,
        suspension: run.suspension,
        attempts,
        encoding,
        encoding_chosen,
    })
}

impl Perform<GetLogInfo> for SupervisorApiAdapter {
    async fn perform(&self, GetLogInfo { run }: GetLogInfo) -> Result<LogInfo, ApiError> {
        info(self.supervisor(), &self.encodings, &run).await
    }
}

impl Perform<SetLogEncoding> for SupervisorApiAdapter {
    async fn perform(&self, SetLogEncoding { run, encoding }: SetLogEncoding) -> Result<LogInfo, ApiError> {
        let named = |name: String| {
            let unknown = || ApiError::invalid("encoding", format!("{name:?} is not a known encoding"));
            TextEncoding::named(&name).ok_or_else(unknown)
        };
        let chosen = encoding.map(named).transpose()?;
        let log = LogPlace::find(self.supervisor(), &run).await?;
        self.encodings.choose(&log, chosen);
        info(self.supervisor(), &self.encodings, &run).await
    }
}

impl Perform<ReadLog> for SupervisorApiAdapter {
    async fn perform(&self, ReadLog { run, from, count }: ReadLog) -> Result<LogRows, ApiError> {
        let log = self.log(&run).await?;
        blocking(move || {
            let mut view = log.view()?;
            let total = view.extent()?.rows;
            let rows = view.rows(from, count.min(MAX_ROWS) as usize, MAX_ROW_BYTES)?;
            Ok(LogRows { from, total, rows: text_rows(&mut view, rows)? })
        })
        .await
    }
}

impl Provide<WatchLog> for SupervisorApiAdapter {
    async fn provide(&self, WatchLog { run }: WatchLog) -> Result<ItemStream<LogInfo>, ApiError> {
        let supervisor = self.supervisor().clone();
        let growth = Growth::of(&supervisor, &run.task).await?;
        let encodings = self.encodings.clone();
        let first = info(&supervisor, &encodings, &run).await?;
        let watch = LogWatch { supervisor, encodings, run, growth, shown: None };
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
}

/// What a watcher waits on between two looks.
struct LogWatch {
    supervisor: Supervisor,
    encodings: Encodings,
    /// As asked for: attempt 0 follows the latest.
    run: RunId,
    growth: Growth,
    shown: Option<LogInfo>,
}

impl LogWatch {
    /// Where the log stands; `None` when its task or the supervisor is gone. What else goes wrong may pass.
    async fn look(&self) -> Option<LogInfo> {
        let mut pauses = Pauses::FOLLOWING;
        loop {
            match info(&self.supervisor, &self.encodings, &self.run).await {
                Ok(info) => return Some(info),
                // With InvalidRequest, the attempt is not kept any more.
                Err(ApiError::TaskNotFound { .. } | ApiError::InvalidRequest { .. }) => return None,
                Err(_) if self.supervisor.is_shut_down() => return None,
                Err(error) => tracing::warn!("a log cannot be looked at, trying again: {error}"),
            }
            tokio::time::sleep(pauses.next()).await;
        }
    }

    /// Waits for something new; `None` when nothing can come any more.
    async fn next(&mut self) -> Option<LogInfo> {
        loop {
            let news = self.growth.news().await;
            let info = self.look().await?;
            if self.shown.as_ref() != Some(&info) {
                return Some(info);
            }
            if news == News::Over {
                return None;
            }
        }
    }
}
