//! The database: whether it is sound, what copies there are, and what was kept of damaged ones.

use crate::words::age;
use rustix::fs::{Access, access};
use solti_model::words::bytes;
use solti_model::{Finding, counted};
use solti_store::{
    DAMAGED_KEPT, DATABASE_FILE, Inspection, StoreError, backups, damaged, inspect, sqlite_version,
};
use std::error::Error;
use std::path::Path;

/// How the database is, and what it holds that keeps tasks from starting.
pub(crate) fn look(dir: &Path) -> Vec<Finding> {
    let inspected = inspect(dir);
    let held = matches!(inspected, Ok(Some(Inspection { all_held: true, .. })));
    let held = held.then(|| {
        Finding::warning(
            "Queue",
            "all tasks are held: none starts by itself",
            "Let them start in the window, or by `solti release --all`.",
        )
    });
    std::iter::once(state(dir, inspected)).chain(held).collect()
}

fn state(dir: &Path, inspected: Result<Option<Inspection>, StoreError>) -> Finding {
    const WHAT: &str = "Database";
    match inspected {
        Ok(None) => Finding::ok(WHAT, "none yet"),
        Ok(Some(_)) if access(dir.join(DATABASE_FILE), Access::WRITE_OK).is_err() => Finding::problem(
            WHAT,
            "sound, but it cannot be written to: nothing can be submitted",
            "Check the permissions and the disk of the data folder.",
        ),
        Ok(Some(found)) => Finding::ok(
            WHAT,
            format!(
                "sound, {}, {}, SQLite {}",
                bytes(found.bytes),
                counted(found.tasks, "task"),
                sqlite_version()
            ),
        ),
        Err(StoreError::Corrupt(_)) => Finding::problem(
            WHAT,
            "damaged",
            "Start the app again: it keeps the damaged file, puts the newest sound copy in its place, and takes up what the \
             logs show.",
        ),
        Err(error @ StoreError::TooNew { .. }) => {
            Finding::problem(WHAT, error.to_string(), "Use the later version of the app.")
        }
        Err(error) => {
            let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
            Finding::problem(
                WHAT,
                format!("{error}{cause}"),
                "Check the permissions and the disk of the data folder.",
            )
        }
    }
}

pub(crate) fn copies(dir: &Path) -> Finding {
    const WHAT: &str = "Copies";
    match backups(dir).as_deref() {
        Ok([]) => Finding::ok(WHAT, "none yet; the first is made when the app has been idle for a moment"),
        Ok([latest, ..]) => {
            let all = backups(dir).map_or(1, |all| all.len());
            Finding::ok(WHAT, format!("{all}, the latest taken {}", age(latest.taken_at)))
        }
        Err(error) => Finding::problem(
            WHAT,
            format!("cannot be read: {error}"),
            "Check the permissions of the folder `backups` in the data folder.",
        ),
    }
}

/// What was kept of damaged databases, if anything was.
pub(crate) fn set_aside(dir: &Path) -> Option<Finding> {
    let kept: Vec<String> = damaged(dir)
        .ok()?
        .iter()
        .map(|damaged| {
            let name = damaged.path.file_name().unwrap_or_default().to_string_lossy();
            format!("{name} ({})", bytes(damaged.bytes))
        })
        .collect();
    (!kept.is_empty()).then(|| {
        Finding::warning(
            "Damaged database",
            format!("kept as {}", kept.join(", ")),
            format!(
                "The app does not need it; delete it when you have no use for it. The latest {DAMAGED_KEPT} are kept."
            ),
        )
    })
}
