//! `digest`: what has happened meanwhile.

use super::{print, print_json, tell_of_hold};
use crate::args::Options;
use crate::error::CliError;
use crate::terminal::harmless;
use crate::{server, time};
use solti_api::operations::{Operations as _, ReadDigest};
use solti_model::{Digest, DigestTask, MAX_DIGEST_NAMED, SortBy, TaskPhase, counted, grouped, words};
use std::time::SystemTime;

/// The phases of what a digest calls failed.
const FAILED: [TaskPhase; 3] = [TaskPhase::Failed, TaskPhase::Timeout, TaskPhase::Exhausted];

pub async fn digest(options: &Options, since: SystemTime) -> Result<u8, CliError> {
    let client = server::client(options).await?;
    let digest = client.ask(ReadDigest { since: solti_model::unix_ms(since) }).await?;
    match options.json {
        true => print_json(&digest)?,
        false => {
            print(&text(&digest))?;
            tell_of_hold(&client).await?;
        }
    }
    Ok(0)
}

fn text(digest: &Digest) -> String {
    let mut lines = Vec::new();
    for sleep in digest.slept.iter().rev() {
        let slept = words::took(sleep.to.saturating_sub(sleep.from));
        lines.push(format!("The machine slept from {} for {slept}.", time::written(sleep.from)));
    }
    let count = |phase| digest.ended.get(&phase).copied().unwrap_or(0);
    let failures = FAILED.into_iter().map(count).sum();
    lines.push(ended(count(TaskPhase::Succeeded), failures, count(TaskPhase::Canceled)));
    lines.extend(digest.failed.iter().map(|task| line(task, task.phase.word())));
    let more = |all: u64, named: usize| all.saturating_sub(named as u64);
    let failed = more(failures, digest.failed.len());
    if failed > 0 {
        let phases = FAILED.map(TaskPhase::word).join(",");
        let failed = grouped(failed);
        // The latest to end first, as here: of all of them, these.
        let list =
            format!("solti list --status {phases} --sort {} --limit {failures}", SortBy::Changed.word());
        lines.push(format!("  and {failed} more: `{list}`"));
    }
    match digest.missed_count {
        0 => {}
        1 => lines.push("1 scheduled time has passed without a run.".into()),
        missed => lines.push(format!("{} have passed without a run.", counted(missed, "scheduled time"))),
    }
    for missed in &digest.missed {
        let why = because(missed.reason.as_deref());
        lines.push(format!("  {} {}{why}", time::written(missed.due), missed.job));
    }
    // One line may be of several times: how many are not named cannot be told.
    if digest.missed.len() >= MAX_DIGEST_NAMED {
        lines.push("  Those are the latest; `solti job show NAME` tells more of a job.".into());
    }
    match digest.held_count {
        0 => {}
        1 => lines.push("1 task is held, for you to release.".into()),
        held => lines.push(format!("{} are held, for you to release.", counted(held, "task"))),
    }
    lines.extend(digest.held.iter().map(|task| line(task, "held")));
    let held = more(digest.held_count, digest.held.len());
    if held > 0 {
        let (held, pending) = (grouped(held), TaskPhase::Pending.word());
        lines.push(format!("  and {held} more, among all that waits: `solti list --status {pending}`"));
    }
    lines.into_iter().map(|line| line + "\n").collect()
}

fn ended(well: u64, failed: u64, canceled: u64) -> String {
    let tasks = |number: u64| counted(number, "task");
    match (well, failed, canceled) {
        (0, 0, 0) => "Nothing has ended.".into(),
        (1, 0, 0) => "1 task has succeeded.".into(),
        (0, 1, 0) => "1 task has ended without success.".into(),
        (0, 0, 1) => "1 task was canceled.".into(),
        (well, 0, 0) => format!("{} have ended, and all have succeeded.", tasks(well)),
        (0, failed, 0) => format!("{} have ended, and none has succeeded.", tasks(failed)),
        (0, 0, canceled) => format!("{} were canceled.", tasks(canceled)),
        _ => {
            let was = if canceled == 1 { "was" } else { "were" };
            let parts = [
                (well, format!("{} succeeded", grouped(well))),
                (failed, format!("{} failed", grouped(failed))),
                (canceled, format!("{} {was} canceled", grouped(canceled))),
            ];
            let parts: Vec<_> =
                parts.into_iter().filter(|(count, _)| *count > 0).map(|(_, words)| words).collect();
            format!("{} have ended: {}.", tasks(well + failed + canceled), parts.join(", "))
        }
    }
}

fn line(task: &DigestTask, what: &str) -> String {
    format!("  {what} {} {}{}", task.id, harmless(&task.name), because(task.error.as_deref()))
}

fn because(why: Option<&str>) -> String {
    why.map(|why| format!(": {}", harmless(why))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(ended: serde_json::Value, named: usize, missed: u64, held: u64) -> Vec<String> {
        told_with(ended, named, (missed, usize::from(missed > 0)), held)
    }

    /// With so many times that have passed, in so many lines.
    fn told_with(
        ended: serde_json::Value,
        named: usize,
        (missed, lines): (u64, usize),
        held: u64,
    ) -> Vec<String> {
        let task =
            |phase: &str| json!({"id": "01a", "name": "build\u{1b}[2J", "phase": phase, "error": "exit 3"});
        let digest = json!({
            "since": 1_764_336_000_000u64, "until": 1_764_339_600_000u64, "ended": ended,
            "failed": vec![task("failed"); named],
            "missed": vec![json!({"job": "nightly", "due": 1_764_336_000_000u64}); lines],
            "missedCount": missed,
            "held": vec![task("pending"); usize::from(held > 0)], "heldCount": held,
        });
        let digest: Digest = serde_json::from_value(digest).expect("a digest");
        text(&digest).lines().map(str::to_owned).collect()
    }

    #[test]
    fn what_is_not_named_is_counted_with_where_it_is_found() {
        let lines = told(json!({"succeeded": 3, "failed": 11, "timeout": 2, "canceled": 1}), 10, 3, 2);
        assert_eq!(lines[0], "17 tasks have ended: 3 succeeded, 13 failed, 1 was canceled.");
        assert_eq!(lines[1], "  failed 01a build␛[2J: exit 3");
        assert_eq!(
            lines[11..13],
            [
                "  and 3 more: `solti list --status failed,timeout,exhausted --sort changed --limit 13`",
                "3 scheduled times have passed without a run."
            ]
        );
        assert_eq!(lines[14], "2 tasks are held, for you to release.", "one line may be of three times");
        assert_eq!(lines[16], "  and 1 more, among all that waits: `solti list --status pending`");
        let many = told_with(json!({}), 0, (40, MAX_DIGEST_NAMED), 0);
        let last = "  Those are the latest; `solti job show NAME` tells more of a job.";
        assert_eq!(many.last().map(String::as_str), Some(last));
    }

    #[test]
    fn nothing_and_one_are_told_as_such() {
        assert_eq!(told(json!({}), 0, 0, 0), ["Nothing has ended."]);
        let lines = told(json!({"failed": 1}), 1, 1, 1);
        assert_eq!(lines[0], "1 task has ended without success.");
        assert_eq!(lines[2], "1 scheduled time has passed without a run.");
        assert_eq!(lines[4], "1 task is held, for you to release.");
        assert_eq!(lines.len(), 6, "nothing is left out: {lines:?}");
        assert_eq!(told(json!({"succeeded": 1}), 0, 0, 0), ["1 task has succeeded."]);
        assert_eq!(told(json!({"succeeded": 2}), 0, 0, 0), ["2 tasks have ended, and all have succeeded."]);
        let many = told(json!({"succeeded": 12_198, "failed": 2}), 2, 4_118, 0);
        assert_eq!(many[0], "12,200 tasks have ended: 12,198 succeeded, 2 failed.");
        assert_eq!(many[3], "4,118 scheduled times have passed without a run.");
        assert_eq!(told(json!({"timeout": 2}), 2, 0, 0)[0], "2 tasks have ended, and none has succeeded.");
        assert_eq!(told(json!({"canceled": 2}), 0, 0, 0), ["2 tasks were canceled."]);
        assert_eq!(told(json!({"canceled": 1}), 0, 0, 0), ["1 task was canceled."]);
        let both = told(json!({"succeeded": 51, "canceled": 7}), 0, 0, 0);
        assert_eq!(both, ["58 tasks have ended: 51 succeeded, 7 were canceled."]);
    }
}
