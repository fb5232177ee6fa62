//! Which of the last words in a log are an engine's, on a container that it has not started. Its exit codes tell only that they are its
//! own, and not always that: a program may end with the same.

use std::path::Path;

use solti_logstore::{LogView, RowNo, Stream};

use super::EngineKind;
use crate::container_failure::ContainerFailure;

/// So many rows from the end of the log are looked at.
const ROWS: u64 = 24;
/// Of a row that is read.
const CLIP: usize = 4 * 1024;

/// The engine's own last words on a container that it could not start, if these are the last of the log. What a program has printed
/// is none: an engine begins so only where nothing of the program follows.
pub(super) fn engine_words(kind: EngineKind, run_dir: &Path) -> Option<ContainerFailure> {
    words_among(kind, &last_errors(run_dir)?)
}

/// The engine's words on a container that was certainly not started; its last line where none is marked as an error.
pub(super) fn last_words(kind: EngineKind, run_dir: &Path) -> ContainerFailure {
    let lines = last_errors(run_dir).unwrap_or_default();
    let last = || ContainerFailure::of(lines.last().map_or("", String::as_str));
    words_among(kind, &lines).unwrap_or_else(last)
}

fn words_among(kind: EngineKind, lines: &[String]) -> Option<ContainerFailure> {
    lines.iter().rev().find_map(|line| error_of(kind, line)).map(|said| ContainerFailure::of(&said))
}

/// The word of the process that the engine puts before the program, if it could not execute that.
pub(super) fn init_words(run_dir: &Path) -> Option<ContainerFailure> {
    let lines = last_errors(run_dir)?;
    let last = lines.last()?;
    (last.starts_with("ERROR (catatonit:") && last.contains("failed to exec pid1")
        || last.starts_with("[FATAL tini"))
    .then(|| ContainerFailure::of(last))
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

/// The last lines of the log that were printed as errors, in order.
fn last_errors(run_dir: &Path) -> Option<Vec<String>> {
    let mut view = LogView::open(run_dir).ok()?;
    let from = RowNo::new(view.extent().ok()?.rows).saturating_back(ROWS);
    let rows = view.rows(from, ROWS as usize, CLIP).ok()?;
    let errors = rows.iter().filter(|row| row.stream == Stream::Stderr);
    let lines = errors.map(|row| String::from_utf8_lossy(&row.bytes).trim_end().to_owned());
    Some(lines.filter(|line| !line.is_empty()).collect())
}
