//! Follows the tasks and takes from their changes what is told.

use crate::rules::{Announced, Notice};
use futures::stream::{Stream, StreamExt as _, unfold};
use solti_api::operations::{LastLines, ListTasks, Operations as _};
use solti_api::{DesktopApi, lasting_changes};
use solti_model::{LastLine, ListQuery, Settings, TaskPhase, TaskRow, unix_ms};
use std::time::SystemTime;
use tokio::sync::watch;

/// Tasks that are looked at when some were missed.
const LOOKED_BACK: u32 = 200;

/// For each change of the tasks what is to be told of it, which may be nothing. A task is told of once, also when whoever reads
/// this shows it to nobody. Does not end by itself.
pub fn notices<'a, A: DesktopApi + ?Sized>(
    api: &'a A,
    settings: watch::Receiver<Settings>,
) -> impl Stream<Item = Vec<Notice>> + 'a {
    let state = (Box::pin(lasting_changes(api)), Announced::default(), now_ms());
    unfold(state, move |(mut changes, mut reported, mut heard_at)| {
        let settings = settings.clone();
        async move {
            let mut change = changes.next().await?;
            if change.resync {
                change.changed = ended_since(api, heard_at).await;
            }
            heard_at = now_ms();
            let wanted = settings.borrow().notifications.clone();
            let mut notices = reported.notices(&change, &wanted);
            add_last_lines(api, &mut notices).await;
            Some((notices, (changes, reported, heard_at)))
        }
    })
}

/// What a task has printed last often says more than how it ended.
async fn add_last_lines(api: &(impl DesktopApi + ?Sized), notices: &mut [Notice]) {
    let ids: Vec<_> = notices.iter().filter_map(|notice| notice.last_line_of().cloned()).collect();
    if ids.is_empty() {
        return;
    }
    // A machine of an earlier release knows none; the rest is told all the same.
    let lines = api.ask(LastLines { ids }).await.unwrap_or_default();
    for notice in notices {
        let line = lines.iter().find(|line| Some(&line.task) == notice.last_line_of());
        let Some(LastLine { text, .. }) = line.filter(|line| !notice.body.contains(&line.text)) else {
            continue;
        };
        if !notice.body.is_empty() {
            notice.body.push('\n');
        }
        notice.body.push_str(text);
    }
}

/// What has ended while nobody heard of it, as far as it is among the latest.
async fn ended_since(api: &(impl DesktopApi + ?Sized), at: u64) -> Vec<TaskRow> {
    let phases = TaskPhase::ALL.into_iter().filter(|phase| phase.is_terminal()).collect();
    let query = ListQuery { phases, limit: Some(LOOKED_BACK), ..ListQuery::default() };
    let mut rows = api.ask(ListTasks { query }).await.map(|list| list.rows).unwrap_or_default();
    rows.retain(|row| row.finished_at.is_some_and(|finished| finished >= at));
    rows
}

fn now_ms() -> u64 {
    unix_ms(SystemTime::now())
}
