//! What closing the last window does while tasks of this machine run: as the setting says, or as the person at the page answers. Tasks never
//! end because a window closes, unless one of the two says so; a signal or a logout asks nothing and stops nothing
//! (shutdown.rs).

use crate::{commands::SettingsDoor, events::Frame, machines::Machines, window};
use futures::stream::{BoxStream, StreamExt};
use serde::{Deserialize, Serialize};
use serde_json::json;
use solti_api::{ApiError, DesktopApi};
use solti_model::{Closing, ListQuery, StopMode, TaskPhase};
use std::{sync::Arc, time::Duration};
use tauri::{AppHandle, CloseRequestApi, Manager, Runtime, Window, async_runtime::spawn};
use tokio::{sync::watch, time::timeout};

/// Stops under way at a time.
const STOPS: usize = 32;
/// Longer than tasks have from TERM to KILL; what is left after it is ended by its shim all the same.
const ENDING: Duration = Duration::from_secs(8);

/// The question that is open, if one is.
#[derive(Default)]
pub struct CloseGate(watch::Sender<Option<Busy>>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Busy {
    running: u64,
    waiting: u64,
}

/// What the person answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CloseAnswer {
    Cancel,
    Background,
    StopAll,
}

impl CloseGate {
    /// What the page is asked: the tasks that run, or `None` when there is no question any more.
    pub fn questions(&self) -> BoxStream<'static, Option<Busy>> {
        let asked = self.0.subscribe();
        futures::stream::unfold((asked, true), |(mut asked, first)| async move {
            if !first {
                asked.changed().await.ok()?;
            }
            let now = *asked.borrow_and_update();
            Some((now, (asked, false)))
        })
        .boxed()
    }

    /// Whether the page was asked just now: not without a page, and not again while it owes an answer.
    fn ask(&self, busy: Busy) -> bool {
        let unanswered = self.0.borrow().is_some();
        if unanswered || self.0.receiver_count() == 0 {
            return false;
        }
        self.0.send_replace(Some(busy));
        true
    }

    fn withdraw(&self) {
        self.0.send_if_modified(|asked| asked.take().is_some());
    }
}

/// One message about the open question.
#[derive(Debug, Serialize)]
pub struct CloseFrame {
    frame: u64,
    asked: Option<Busy>,
}

impl Frame for CloseFrame {
    type Item = Option<Busy>;

    fn first(asked: Option<Busy>) -> Self {
        Self { frame: 0, asked }
    }

    fn fold(&mut self, asked: Option<Busy>) {
        self.asked = asked;
    }

    fn seal(&mut self, frame: u64) {
        self.frame = frame;
    }
}

/// A window is about to close. The last one waits until it is known what becomes of the tasks.
pub fn requested<R: Runtime>(window: &Window<R>, request: &CloseRequestApi) {
    let app = window.app_handle();
    if app.webview_windows().len() > 1 {
        return;
    }
    request.prevent_close();
    let app = app.clone();
    spawn(async move { decide(&app).await });
}

async fn decide<R: Runtime>(app: &AppHandle<R>) {
    // An engine that does not answer must not keep the window open.
    let Ok(summary) = app.state::<Arc<Machines>>().here().summary().await else { return app.exit(0) };
    let count = |phase| summary.by_phase.get(&phase).copied().unwrap_or(0);
    let busy = Busy { running: count(TaskPhase::Running), waiting: count(TaskPhase::Pending) };
    let closing = app.state::<SettingsDoor>().settings().closing;
    match closing {
        _ if busy.running == 0 => app.exit(0),
        Closing::Background => app.exit(0),
        Closing::StopAll => stop_and_leave(app).await,
        Closing::Ask => {
            // The log window that was left cannot ask.
            let asked = app.get_webview_window(window::MAIN).is_some() && app.state::<CloseGate>().ask(busy);
            if !asked {
                // Closed again without an answer, or by a page that is not there: tasks go on.
                app.exit(0);
            }
        }
    }
}

/// The person has answered; `remember` makes the answer the setting.
///
/// # Errors
/// When it cannot be remembered, or a task cannot be stopped: the window then stays.
pub async fn answered<R: Runtime>(
    app: &AppHandle<R>,
    answer: CloseAnswer,
    remember: bool,
) -> Result<(), ApiError> {
    let kept = match answer {
        CloseAnswer::Cancel => None,
        CloseAnswer::Background => Some("background"),
        CloseAnswer::StopAll => Some("stopAll"),
    };
    if let Some(kept) = kept.filter(|_| remember) {
        app.state::<SettingsDoor>().set_settings(json!({ "closing": kept })).await?;
    }
    match answer {
        CloseAnswer::Cancel => app.state::<CloseGate>().withdraw(),
        CloseAnswer::Background => app.exit(0),
        CloseAnswer::StopAll => {
            stop_all(&**app.state::<Arc<Machines>>().here()).await?;
            app.exit(0);
        }
    }
    Ok(())
}

async fn stop_and_leave<R: Runtime>(app: &AppHandle<R>) {
    if let Err(error) = stop_all(&**app.state::<Arc<Machines>>().here()).await {
        tracing::warn!("not every task was stopped before the app ended: {error}");
    }
    app.exit(0);
}

/// Stops everything that is not over, and waits until nothing runs any more.
async fn stop_all(api: &dyn DesktopApi) -> Result<(), ApiError> {
    let mut cursor = None;
    loop {
        let phases = vec![TaskPhase::Pending, TaskPhase::Running];
        let page = api.list_tasks(ListQuery { phases, cursor, ..ListQuery::default() }).await?;
        let mut stops = futures::stream::iter(page.rows)
            .map(|row| async move { api.stop_task(&row.task.metadata.id, StopMode::Graceful).await })
            .buffer_unordered(STOPS);
        while let Some(stopped) = stops.next().await {
            match stopped {
                // Over in the meantime.
                Ok(()) | Err(ApiError::Conflict { .. } | ApiError::TaskNotFound { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    let mut changes = api.watch_tasks().await?;
    let ended = async {
        while let Some(change) = changes.next().await {
            if change.summary.by_phase.get(&TaskPhase::Running).copied().unwrap_or(0) == 0 {
                break;
            }
        }
    };
    if timeout(ENDING, ended).await.is_err() {
        tracing::warn!("some tasks are still ending; their shims see to it");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUSY: Busy = Busy { running: 2, waiting: 1 };

    #[tokio::test]
    async fn the_page_is_asked_once_and_may_withdraw() {
        let gate = CloseGate::default();
        assert!(!gate.ask(BUSY), "asked a page that is not there");
        let mut questions = gate.questions();
        assert_eq!(questions.next().await, Some(None));
        assert!(gate.ask(BUSY));
        assert_eq!(questions.next().await, Some(Some(BUSY)));
        assert!(!gate.ask(BUSY), "a second close without an answer is the answer");
        gate.withdraw();
        assert_eq!(questions.next().await, Some(None));
        assert!(gate.ask(BUSY));
    }
}
