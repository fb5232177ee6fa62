//! Which of the last words in a log are an engine's, on a container that it has not started. Its exit codes tell only that they are its
//! own, and not always that: a program may end with the same.

use std::path::Path;

use solti_logstore::{LogView, RowNo, Stream};

use super::EngineKind;
use super::engine::last_words as last_words_of;
use crate::container_failure::ContainerFailure;

/// So many rows from the end of the log are looked at.
const ROWS: u64 = 24;
/// Of a row that is read.
const CLIP: usize = 4 * 1024;

/// The engine's own last words on a container that it could not start, if these are the last of the log. What a program has printed
/// is none: an engine begins so only where nothing of the program follows. `own`: the task's words, which may be in them.
pub(super) fn engine_words(kind: EngineKind, run_dir: &Path, own: &[String]) -> Option<ContainerFailure> {
    words_among(kind, &last_errors(run_dir)?, own)
}

/// The engine's words on a container that was certainly not started; its last line where none is marked as an error.
pub(super) fn last_words(kind: EngineKind, run_dir: &Path, own: &[String]) -> ContainerFailure {
    let lines = last_errors(run_dir).unwrap_or_default();
    let last = || ContainerFailure::of(lines.last().map_or("", String::as_str), own);
    words_among(kind, &lines, own).unwrap_or_else(last)
}

fn words_among(kind: EngineKind, lines: &[String], own: &[String]) -> Option<ContainerFailure> {
    lines.iter().rev().find_map(|line| error_of(kind, line)).map(|said| ContainerFailure::of(&said, own))
}

/// The word of the process that the engine puts before the program, if it could not start that. Then nobody else has printed anything,
/// but for the engine itself: what a program prints of this kind is its own.
pub(super) fn init_words(run_dir: &Path, own: &[String]) -> Option<ContainerFailure> {
    let mut view = LogView::open(run_dir).ok()?;
    let is_all = view.extent().ok()?.rows <= ROWS;
    init_words_in(&printed_last(&mut view)?, is_all, own)
}

/// `is_all`: there is nothing in the log before.
fn init_words_in(last: &[Printed], is_all: bool, own: &[String]) -> Option<ContainerFailure> {
    let ours = last
        .iter()
        .rev()
        .take_while(|(stream, line)| *stream == Stream::Stderr && (is_inits(line) || is_a_warning(line)));
    let (before, ours) = last.split_at(last.len() - ours.count());
    let is_nobody_elses = match before.last() {
        Some((stream, line)) => *stream == Stream::Stderr && ends_a_pull(line),
        None => is_all,
    };
    let (_, line) = ours.last().filter(|(_, line)| is_nobody_elses && is_inits(line))?;
    Some(ContainerFailure::of(line, own))
}

/// How engines end to tell of a pull.
fn ends_a_pull(line: &str) -> bool {
    ["Writing manifest", "Storing signatures", "Status: "].iter().any(|begin| line.starts_with(begin))
}

fn is_inits(line: &str) -> bool {
    ["ERROR (catatonit:", "[FATAL tini", "[ERROR tini"].iter().any(|begin| line.starts_with(begin))
}

/// Of an engine, before it starts a container.
fn is_a_warning(line: &str) -> bool {
    ["time=", "WARN", "Emulate Docker CLI"].iter().any(|begin| line.starts_with(begin))
}

fn error_of(kind: EngineKind, line: &str) -> Option<String> {
    let said = match kind {
        EngineKind::Podman => line.strip_prefix("Error: "),
        EngineKind::Docker => line
            .strip_prefix("docker: Error response from daemon: ")
            .or_else(|| line.strip_prefix("docker: "))
            .or_else(|| line.strip_prefix("Error response from daemon: ")),
    }?;
    Some(said.trim().trim_end_matches('.').to_owned())
}

/// The last line that was printed as an error.
pub(super) fn last_line(run_dir: &Path) -> Option<String> {
    last_words_of(&last_errors(run_dir)?.join("\n"))
}

/// The last lines of the log that were printed as errors, in order.
fn last_errors(run_dir: &Path) -> Option<Vec<String>> {
    let rows = printed_last(&mut LogView::open(run_dir).ok()?)?;
    Some(rows.into_iter().filter(|(stream, _)| *stream == Stream::Stderr).map(|(_, line)| line).collect())
}

/// Where a line was printed, and what it says.
type Printed = (Stream, String);

fn printed_last(view: &mut LogView) -> Option<Vec<Printed>> {
    let from = RowNo::new(view.extent().ok()?.rows).saturating_back(ROWS);
    printed(view, from)
}

/// Lines that say something.
fn printed(view: &mut LogView, from: RowNo) -> Option<Vec<Printed>> {
    let rows = view.rows(from, ROWS as usize, CLIP).ok()?;
    let lines =
        rows.iter().map(|row| (row.stream, String::from_utf8_lossy(&row.bytes).trim_end().to_owned()));
    Some(lines.filter(|(_, line)| !line.is_empty()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAILED: &str = "ERROR (catatonit:6): failed to exec pid1: No such file or directory";

    #[test]
    fn what_the_init_says_counts_where_nobody_else_has_said_anything() {
        let err = |lines: &[&str]| -> Vec<Printed> {
            lines.iter().map(|line| (Stream::Stderr, (*line).to_owned())).collect()
        };
        let pulled = [
            "Trying to pull localhost/x:1...",
            "Writing manifest to image destination",
            "Storing signatures",
            FAILED,
        ];
        let both = [
            "ERROR (catatonit:1): failed to fork child: Resource temporarily unavailable",
            "ERROR (catatonit:1): failed to spawn pid1: Resource temporarily unavailable",
        ];
        let warned = ["time=\"2026-11-29T15:19:24Z\" level=warning msg=\"x\"", FAILED];
        let docker = [
            "Status: Downloaded newer image for x:1",
            "[FATAL tini (7)] exec x failed: No such file or directory",
        ];
        for lines in [&[FAILED][..], &pulled, &both, &warned, &docker] {
            assert!(init_words_in(&err(lines), true, &[]).is_some(), "{lines:?}");
        }
        for lines in [&["a word of the program", FAILED][..], &[FAILED, "a word of the program"], &[]] {
            assert!(init_words_in(&err(lines), true, &[]).is_none(), "{lines:?}");
        }
        let out = vec![(Stream::Stdout, "on".to_owned()), err(&[FAILED]).remove(0)];
        assert!(init_words_in(&out, true, &[]).is_none(), "it has run");
        assert!(init_words_in(&err(&[FAILED]), false, &[]).is_none(), "it has said more before");
    }
}
