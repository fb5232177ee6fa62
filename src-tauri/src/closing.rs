//! What closing the last window does while there is work on this machine: as the setting says, or as the person at the page
//! answers. Tasks never end because a window closes, unless one of the two says so; a signal or a logout asks nothing and stops nothing
//! (shutdown.rs).
//!
//! Where the tray shows the app (tray.rs), it goes on there without a window, so that waiting tasks start too. Elsewhere it
//! would be out of reach, and ends; what runs goes on with its shim, and what waits starts when the app is opened again.

use crate::{commands::SettingsDoor, events::Frame, machines::Machines, tray::TrayPresence, window};
use futures::stream::{BoxStream, StreamExt};
use serde::{Deserialize, Serialize};
use serde_json::json;
use solti_api::operations::{GetSummary, ListTasks, Operations as _, StopTask, WatchTasks};
use solti_api::{ApiError, DesktopApi};
use solti_model::{Closing, ListQuery, StopMode, TaskPhase};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tauri::{AppHandle, CloseRequestApi, Manager, Runtime, Window, async_runtime::spawn};
use tokio::{sync::watch, time::timeout};

/// Stops under way at a time.
const STOPS: usize = 32;
/// Longer than tasks have from TERM to KILL; what is left after it is ended by its shim all the same.
const ENDING: Duration = Duration::from_secs(8);

/// The question that is open, if one is, and whether the app goes on without a window.
#[derive(Default)]
pub struct CloseGate {
    asked: watch::Sender<Option<Busy>>,
    resident: AtomicBool,
}

/// What there is to do as the last window is about to close.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Busy {
    running: u64,
    waiting: u64,
    leads: Leads,
}

/// What follows when tasks are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
enum Leads {
    /// The app goes on in the tray, and waiting tasks start.
    ToTray,
    /// It ends, and waiting tasks wait.
    ToEnd,
}

/// Why the app may have to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Occasion {
    LastWindow,
    /// Said in the tray's menu.
    Quit,
}

impl Busy {
    /// Whether it matters to a task what becomes of the app.
    fn matters(&self) -> bool {
        self.running > 0 || (self.waiting > 0 && self.leads == Leads::ToTray)
    }
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
    /// What the page is asked: the tasks there are, or `None` when there is no question any more.
    pub fn questions(&self) -> BoxStream<'static, Option<Busy>> {
        let asked = self.asked.subscribe();
        futures::stream::unfold((asked, true), |(mut asked, first)| async move {
            if !first {
                asked.changed().await.ok()?;
            }
            let now = *asked.borrow_and_update();
            Some((now, (asked, false)))
        })
        .boxed()
    }

    /// Puts the question, unless it is owed an answer already: then this is the answer.
    fn ask(&self, busy: Busy) -> bool {
        self.asked.send_if_modified(|asked| {
            let free = asked.is_none();
            if free {
                *asked = Some(busy);
            }
            free
        })
    }

    /// Whether a page hears what is asked.
    fn is_heard(&self) -> bool {
        self.asked.receiver_count() > 0
    }

    fn open(&self) -> Option<Busy> {
        *self.asked.borrow()
    }

    fn withdraw(&self) {
        self.asked.send_if_modified(|asked| asked.take().is_some());
    }

    /// Whether the app goes on although its last window is gone.
    pub fn is_resident(&self) -> bool {
        self.resident.load(Ordering::Relaxed)
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
    if window::open_windows(app).nth(1).is_some() {
        return;
    }
    request.prevent_close();
    let app = app.clone();
    spawn(async move { decide(&app, Occasion::LastWindow).await });
}

/// The person wants the app to end, also when it would go on in the tray.
pub async fn quit<R: Runtime>(app: &AppHandle<R>) {
    decide(app, Occasion::Quit).await;
}

async fn decide<R: Runtime>(app: &AppHandle<R>, occasion: Occasion) {
    let gate = app.state::<CloseGate>();
    gate.resident.store(false, Ordering::Relaxed);
    // An engine that does not answer must not keep the window open.
    let Ok(summary) = app.state::<Arc<Machines>>().here().ask(GetSummary {}).await else {
        return app.exit(0);
    };
    let count = |phase| summary.by_phase.get(&phase).copied().unwrap_or(0);
    let leads = match occasion {
        Occasion::LastWindow if app.state::<TrayPresence>().is_shown() => Leads::ToTray,
        Occasion::LastWindow | Occasion::Quit => Leads::ToEnd,
    };
    let busy = Busy { running: count(TaskPhase::Running), waiting: count(TaskPhase::Pending), leads };
    let closing = app.state::<SettingsDoor>().settings().closing;
    match closing {
        _ if !busy.matters() => app.exit(0),
        Closing::Background => keep(app, leads),
        Closing::StopAll if busy.running == 0 => app.exit(0),
        Closing::StopAll => stop_and_leave(app).await,
        Closing::Ask => {
            let can_ask = match occasion {
                // The log window that was left cannot ask, nor can a page that is not there.
                Occasion::LastWindow => app.get_webview_window(window::MAIN).is_some() && gate.is_heard(),
                Occasion::Quit => window::open_main(app).is_ok(),
            };
            // Closed again without an answer: tasks go on.
            if !(can_ask && gate.ask(busy)) {
                keep(app, leads);
            }
        }
    }
}

/// Lets the tasks go on: with the app in the tray, or with their shims alone.
fn keep<R: Runtime>(app: &AppHandle<R>, leads: Leads) {
    let gate = app.state::<CloseGate>();
    gate.withdraw();
    if leads == Leads::ToEnd {
        return app.exit(0);
    }
    gate.resident.store(true, Ordering::Relaxed);
    for (label, window) in app.webview_windows() {
        // Closed for good, not hidden: what its page held is given back.
        if let Err(error) = window.destroy() {
            tracing::warn!("window {label} could not be closed: {error}");
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
    // Without a question it is the second answer to one.
    let Some(asked) = app.state::<CloseGate>().open() else { return Ok(()) };
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
        // As it was promised, also when the tray has gone since.
        CloseAnswer::Background => keep(app, asked.leads),
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
        let page = api.ask(ListTasks { query: ListQuery { phases, cursor, ..ListQuery::default() } }).await?;
        let mut stops = futures::stream::iter(page.rows)
            .map(|row| async move {
                api.ask(StopTask { id: row.task.metadata.id.clone(), mode: StopMode::Graceful }).await
            })
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
    let mut changes = api.open(WatchTasks::all()).await?;
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

    const BUSY: Busy = Busy { running: 2, waiting: 1, leads: Leads::ToEnd };

    #[tokio::test]
    async fn the_page_is_asked_once_and_may_withdraw() {
        let gate = CloseGate::default();
        assert!(!gate.is_heard(), "nobody is there");
        let mut questions = gate.questions();
        assert!(gate.is_heard());
        assert_eq!(questions.next().await, Some(None));
        assert!(gate.ask(BUSY));
        assert_eq!(questions.next().await, Some(Some(BUSY)));
        assert!(!gate.ask(BUSY), "a second close without an answer is the answer");
        assert_eq!(gate.open(), Some(BUSY));
        gate.withdraw();
        assert_eq!(questions.next().await, Some(None));
        assert!(gate.ask(BUSY));
    }

    #[tokio::test]
    async fn a_page_that_comes_later_hears_the_open_question() {
        let gate = CloseGate::default();
        assert!(gate.ask(BUSY));
        assert_eq!(gate.questions().next().await, Some(Some(BUSY)));
    }

    #[test]
    fn waiting_tasks_matter_where_the_app_would_start_them() {
        let busy = |running, waiting, leads| Busy { running, waiting, leads }.matters();
        assert!(busy(1, 0, Leads::ToEnd) && busy(1, 0, Leads::ToTray));
        assert!(busy(0, 1, Leads::ToTray) && !busy(0, 1, Leads::ToEnd));
        assert!(!busy(0, 0, Leads::ToTray));
    }
}
