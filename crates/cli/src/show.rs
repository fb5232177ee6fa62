//! Words and colours for what a task is and does.

use crate::table::Cell;
use crate::terminal::harmless;
use anstyle::{AnsiColor, Style};
use solti_model::{Task, TaskPhase, TaskRow, Waiting};
use std::time::{SystemTime, UNIX_EPOCH};

pub fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

pub fn style(phase: TaskPhase) -> Style {
    let color = match phase {
        TaskPhase::Pending => return Style::new().dimmed(),
        TaskPhase::Running => AnsiColor::Blue,
        TaskPhase::Succeeded => AnsiColor::Green,
        TaskPhase::Failed | TaskPhase::Exhausted => AnsiColor::Red,
        TaskPhase::Timeout => AnsiColor::Yellow,
        TaskPhase::Canceled => AnsiColor::Magenta,
    };
    Style::new().fg_color(Some(color.into()))
}

/// The phase, and what a person would ask next: why it waits, with which code it ended.
pub fn status(row: &TaskRow) -> Cell {
    let status = &row.task.status;
    let mut text = status.phase.word().to_owned();
    let trouble = row.trouble.as_deref().map(harmless);
    let more = trouble.or_else(|| match (&row.waiting, status.exit_code) {
        (Some(Waiting::Lane { position, .. }), _) => Some(format!("{position} in the queue")),
        (Some(Waiting::Backoff { until }), _) => {
            Some(format!("again in {}", span(until.saturating_sub(now_ms()))))
        }
        (Some(Waiting::LanePaused), _) => Some("lane paused".into()),
        (Some(Waiting::Starting), _) => Some("starting".into()),
        (Some(Waiting::Held), _) => Some("held".into()),
        (Some(Waiting::NotBefore { until }), _) => {
            Some(format!("in {}", span(until.saturating_sub(now_ms()))))
        }
        (Some(Waiting::Dependency { on, when, .. }), _) => Some(format!("after {on}:{}", when.word())),
        (Some(Waiting::Cluster { why, about }), _) => {
            let about = about.map(|at| format!(", about {}", span(at.saturating_sub(now_ms()))));
            Some(harmless(&format!("{why}{}", about.unwrap_or_default())))
        }
        (Some(Waiting::Condition { what }), _) => Some(format!("waits for {}", harmless(what))),
        (Some(_), _) => None,
        (None, _) if row.stopping => Some("stopping".into()),
        (None, _) if row.suspended => Some("suspended".into()),
        (None, _) if row.silent_since.is_some() => {
            let since = row.silent_since.unwrap_or_default();
            Some(format!("no output for {}", span(now_ms().saturating_sub(since))))
        }
        (None, _) if row.main_ended.is_some() => Some("main program ended".into()),
        (None, Some(code)) if code != 0 => Some(code.to_string()),
        (None, _) => None,
    });
    if let Some(more) = more {
        text = format!("{text} ({more})");
    }
    Cell::styled(text, style(status.phase))
}

/// How long the latest attempt took, or has taken so far.
pub fn duration(row: &TaskRow) -> String {
    let end = match row.task.status.phase {
        TaskPhase::Running => Some(now_ms()),
        TaskPhase::Pending => None,
        _ => row.finished_at,
    };
    row.started_at.zip(end).map_or_else(String::new, |(start, end)| span(end.saturating_sub(start)))
}

pub fn ago(ms: u64) -> String {
    format!("{} ago", span(now_ms().saturating_sub(ms)))
}

/// A span of time in its two largest units.
pub fn span(ms: u64) -> String {
    let seconds = ms / 1_000;
    match seconds {
        0 => format!("{ms} ms"),
        1..60 => format!("{}.{} s", seconds, ms % 1_000 / 100),
        60..3_600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        3_600..86_400 => format!("{} h {:02} min", seconds / 3_600, seconds % 3_600 / 60),
        _ => format!("{} d {:02} h", seconds / 86_400, seconds % 86_400 / 3_600),
    }
}

/// One line on how a task ended, for who waited for it; `None` when it went well.
pub fn bad_end(task: &Task) -> Option<String> {
    let status = &task.status;
    let why = status.error.as_deref().map(|error| format!(": {}", harmless(error))).unwrap_or_default();
    (status.phase != TaskPhase::Succeeded).then(|| format!("{}{why}", status.phase.word()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_two_units() {
        for (ms, words) in [
            (0, "0 ms"),
            (999, "999 ms"),
            (4_260, "4.2 s"),
            (60_000, "1 min 00 s"),
            (3_725_000, "1 h 02 min"),
            (93_600_000, "1 d 02 h"),
        ] {
            assert_eq!(span(ms), words);
        }
    }
}
