//! Where in a log to look first.

use futures::StreamExt as _;
use solti_api::DesktopApi;
use solti_api::operations::{GetLogInfo, OpenSearch, Operations as _};
use solti_model::{LogQuery, RowKey, RowNo, RunId, Severity};
use std::time::Duration;
use tokio::time::timeout;

/// Somebody has clicked and waits for a window. Searches go from the end back, so that of a huge log the end is looked through.
const PATIENCE: Duration = Duration::from_millis(800);

/// The last row of a run's log that says it is an error; `None` where none does, or none is found within a moment.
pub async fn last_error(api: &(impl DesktopApi + ?Sized), run: &RunId) -> Option<RowKey> {
    let rows = api.ask(GetLogInfo { run: run.clone() }).await.ok()?.rows;
    let near = RowNo::new(rows.checked_sub(1)?);
    let query = LogQuery { severity: Some(Severity::Error), ignore_ansi: true, ..LogQuery::default() };
    let mut search = api.search(OpenSearch { run: run.clone(), query, near }).await.ok()?;
    let mut nearest = None;
    let looked = async {
        while let Some(progress) = search.progress.next().await {
            nearest = progress.nearest.or(nearest);
            if progress.complete {
                break;
            }
        }
    };
    timeout(PATIENCE, looked).await.ok();
    nearest
}
