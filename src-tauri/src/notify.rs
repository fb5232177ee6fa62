//! Tells the desktop of tasks of this machine that failed, or finished after a while, when nobody looks at the app. Without a notification
//! service nobody hears it, which is no error.

use crate::{changes::lasting, commands::SettingsDoor, machines::Machines};
use futures::StreamExt;
use notify_rust::Notification;
use solti_api::DesktopApi;
use solti_api::operations::{ListTasks, Operations as _};
use solti_model::{ListQuery, NotificationSettings, TaskChange, TaskId, TaskPhase, TaskRow};
use std::{
    collections::VecDeque,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};
use tauri::{AppHandle, Manager, Runtime, async_runtime::spawn};

/// A task that took so long is not waited for by looking at it.
const LONG_MS: u64 = 30_000;
/// More that end at once are told in one sentence.
const AT_ONCE: usize = 3;
/// Tasks that were told of, so that a later change of one does not repeat it.
const REMEMBERED: usize = 1_000;
/// Tasks that are looked at when some were missed.
const LOOKED_BACK: u32 = 200;

#[derive(Debug, Clone, PartialEq, Eq)]
struct Message {
    title: String,
    body: String,
}

/// Follows the tasks until the engine ends.
pub fn start<R: Runtime>(app: &AppHandle<R>) {
    let app = app.clone();
    spawn(async move {
        let api = Arc::clone(app.state::<Arc<Machines>>().here());
        let mut changes = std::pin::pin!(lasting(&*api));
        let mut told = Told::default();
        let mut heard_at = now_ms();
        while let Some(mut change) = changes.next().await {
            if change.resync {
                change.changed = ended_since(&*api, heard_at).await;
            }
            heard_at = now_ms();
            let settings = app.state::<SettingsDoor>().settings().notifications;
            // Also what is not said now is told: it must not come later, when the person has turned away.
            let messages = told.messages(&change, &settings);
            let looked_at = app.webview_windows().values().any(|window| window.is_focused().unwrap_or(false));
            if !looked_at {
                for message in messages {
                    show(message).await;
                }
            }
        }
    });
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
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

async fn show(Message { title, body }: Message) {
    let shown =
        Notification::new().appname("Solti").summary(&title).body(&as_markup(&body)).show_async().await;
    if let Err(error) = shown {
        tracing::debug!("no notification service: {error}");
    }
}

/// A text as the markup that the body of a notification is: what a task has written must not become links and pictures.
fn as_markup(text: &str) -> String {
    let mut markup = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => markup.push_str("&amp;"),
            '<' => markup.push_str("&lt;"),
            '>' => markup.push_str("&gt;"),
            '\n' | '\t' => markup.push(c),
            c if c.is_control() => markup.push('\u{fffd}'),
            c => markup.push(c),
        }
    }
    markup
}

#[derive(Default)]
struct Told(VecDeque<TaskId>);

impl Told {
    fn messages(&mut self, change: &TaskChange, settings: &NotificationSettings) -> Vec<Message> {
        let mut failed = Vec::new();
        let mut finished = Vec::new();
        for row in &change.changed {
            let id = &row.task.metadata.id;
            let phase = row.task.status.phase;
            if !phase.is_terminal() || self.0.contains(id) {
                continue;
            }
            if self.0.len() == REMEMBERED {
                self.0.pop_front();
            }
            self.0.push_back(id.clone());
            match phase {
                TaskPhase::Failed | TaskPhase::Timeout | TaskPhase::Exhausted => failed.push(row),
                TaskPhase::Succeeded if took_ms(row) > LONG_MS => finished.push(row),
                _ => {}
            }
        }
        let mut messages = Vec::new();
        if settings.failures {
            messages.extend(summed_up(&failed, "failed", |row| {
                row.task.status.error.clone().unwrap_or_else(|| exit(row))
            }));
        }
        if settings.long_runs {
            messages
                .extend(summed_up(&finished, "finished", |row| format!("after {}", length(took_ms(row)))));
        }
        messages
    }
}

fn summed_up(rows: &[&TaskRow], verb: &str, body: impl Fn(&TaskRow) -> String) -> Vec<Message> {
    if rows.len() > AT_ONCE {
        let names: Vec<String> = rows.iter().take(AT_ONCE).map(|row| name(row)).collect();
        let title = format!("{} tasks {verb}", rows.len());
        return vec![Message { title, body: format!("{} and others", names.join(", ")) }];
    }
    rows.iter().map(|row| Message { title: format!("{} {verb}", name(row)), body: body(row) }).collect()
}

fn name(row: &TaskRow) -> String {
    const LONGEST: usize = 60;
    let name = &row.task.spec.name;
    if name.chars().count() <= LONGEST {
        return name.clone();
    }
    name.chars().take(LONGEST - 1).chain(['…']).collect()
}

fn exit(row: &TaskRow) -> String {
    row.task.status.exit_code.map_or_else(String::new, |code| format!("exit {code}"))
}

fn took_ms(row: &TaskRow) -> u64 {
    row.finished_at.unwrap_or(0).saturating_sub(row.started_at.unwrap_or(u64::MAX))
}

fn length(ms: u64) -> String {
    let seconds = ms / 1000;
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds:02} s"),
        (hours, minutes, _) => format!("{hours} h {minutes:02} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn row(id: &str, phase: &str, took_ms: u64) -> TaskRow {
        let task = json!({
            "metadata": {"id": id, "resourceVersion": 1, "createdAt": 1, "updatedAt": 1},
            "spec": {"slot": "s", "name": id, "command": "true"},
            "status": {"phase": phase, "attempt": 1, "exitCode": 3}
        });
        serde_json::from_value(json!({"task": task, "stopping": false, "recentRuns": [],
            "startedAt": 1_000, "finishedAt": 1_000 + took_ms}))
        .expect("a row")
    }

    fn change(changed: Vec<TaskRow>) -> TaskChange {
        let summary = json!({"byPhase": {}, "lanes": [], "labels": [], "resourceVersion": 1,
            "logBytes": 0, "storage": "ok"});
        TaskChange {
            resource_version: 1,
            changed,
            unmatched: Default::default(),
            deleted: vec![],
            summary: serde_json::from_value(summary).expect("a summary"),
            resync: false,
        }
    }

    fn titles(told: &mut Told, rows: Vec<TaskRow>) -> Vec<String> {
        let messages = told.messages(&change(rows), &NotificationSettings::default());
        messages.into_iter().map(|message| message.title).collect()
    }

    #[test]
    fn a_failure_is_told_once_and_a_long_run_when_it_finishes() {
        let mut told = Told::default();
        assert_eq!(titles(&mut told, vec![row("build", "running", 0)]), Vec::<String>::new());
        assert_eq!(titles(&mut told, vec![row("build", "failed", 10)]), ["build failed"]);
        assert_eq!(titles(&mut told, vec![row("build", "failed", 10)]), Vec::<String>::new());
        let ended = vec![
            row("quick", "succeeded", 29_000),
            row("slow", "succeeded", 31_000),
            row("stopped", "canceled", 90_000),
        ];
        assert_eq!(titles(&mut told, ended), ["slow finished"]);
    }

    #[test]
    fn what_a_task_says_is_no_markup() {
        let said = "<img src=\"file:///etc/passwd\"/> & <a href='x'>y</a>\x1b[31m\n2 > 1";
        let shown = "&lt;img src=\"file:///etc/passwd\"/&gt; &amp; &lt;a href='x'&gt;y&lt;/a&gt;\u{fffd}[31m\n2 &gt; 1";
        assert_eq!(as_markup(said), shown);
    }

    #[test]
    fn many_at_once_are_one_message() {
        let failed: Vec<_> = (0..50).map(|n| row(&format!("t{n}"), "failed", 10)).collect();
        let messages = Told::default().messages(&change(failed), &NotificationSettings::default());
        assert_eq!(messages.len(), 1);
        assert_eq!(messages[0].title, "50 tasks failed");
    }

    #[test]
    fn what_is_switched_off_is_not_told() {
        let off = NotificationSettings { failures: false, long_runs: false };
        let rows = vec![row("a", "failed", 10), row("b", "succeeded", 90_000)];
        assert_eq!(Told::default().messages(&change(rows), &off), []);
    }

    #[test]
    fn lengths_read_well() {
        assert_eq!([31_000, 62_000, 7_320_000].map(length), ["31 s", "1 min 02 s", "2 h 02 min"]);
    }
}
