//! Looking at a database from outside, whether the app has it open or not, and without changing it.

use crate::number::Number;
use crate::schema::side_file;
use crate::{StoreError, backup, meta, schema};
use rusqlite::Connection;
use solti_model::TaskId;
use std::collections::HashSet;
use std::path::Path;

/// What is to be said of a sound database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inspection {
    /// Of the main file and of what is written but not in it yet, its WAL.
    pub bytes: u64,
    /// Stored tasks in any phase.
    pub tasks: u64,
    /// No task starts by itself, as a person has said so.
    pub all_held: bool,
}

/// Reads the whole database in `dir`; `None` when there is none.
///
/// # Errors
/// `Corrupt` when it is damaged, `TooNew` when a later version wrote it, or why it cannot be read.
pub fn inspect(dir: &Path) -> Result<Option<Inspection>, StoreError> {
    let Some(connection) = open(dir)? else { return Ok(None) };
    let path = dir.join(schema::FILE_NAME);
    let bytes = path.metadata().map_err(|source| StoreError::Open { path: path.clone(), source })?.len();
    // Where there is none, all is in the main file.
    let wal = side_file(&path, "-wal").metadata().map_or(0, |wal| wal.len());
    schema::check_version(&connection)?;
    backup::check(&path)?;
    let Number(tasks) = connection.query_row("SELECT count(*) FROM tasks", [], |row| row.get(0))?;
    let all_held = meta::all_held(&connection)?;
    Ok(Some(Inspection { bytes: bytes + wal, tasks, all_held }))
}

/// The ids of all stored tasks; `None` when there is no database.
///
/// # Errors
/// Why it cannot be read.
pub fn known_tasks(dir: &Path) -> Result<Option<HashSet<TaskId>>, StoreError> {
    let Some(connection) = open(dir)? else { return Ok(None) };
    let mut statement = connection.prepare("SELECT id FROM tasks")?;
    let ids = statement.query_map([], |row| row.get::<_, String>(0))?;
    let mut known = HashSet::new();
    for id in ids {
        // One that is no id has no folder either.
        known.extend(TaskId::new(id?).ok());
    }
    Ok(Some(known))
}

fn open(dir: &Path) -> Result<Option<Connection>, StoreError> {
    let path = dir.join(schema::FILE_NAME);
    if path.exists() { schema::open_reader(&path).map(Some) } else { Ok(None) }
}
