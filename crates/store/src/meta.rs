//! Settings and marks, each a text under a name.

use crate::{Change, StoreError};
use rusqlite::{Connection, OptionalExtension, Transaction, params};

/// Whether all tasks are held.
const ALL_HELD: &str = "all_held";
const HELD: &str = "1";

impl Change {
    /// No task starts by itself, or each may again; [`crate::Store::all_held`] reads it.
    pub fn hold_all(held: bool) -> Self {
        Self::SetMeta { key: ALL_HELD.into(), value: if held { HELD.into() } else { String::new() } }
    }
}

pub(crate) fn all_held(db: &Connection) -> Result<bool, StoreError> {
    Ok(get(db, ALL_HELD)?.is_some_and(|value| value == HELD))
}

pub(crate) fn get(db: &Connection, key: &str) -> Result<Option<String>, StoreError> {
    let mut statement = db.prepare_cached("SELECT value FROM meta WHERE key = ?1")?;
    Ok(statement.query_row([key], |row| row.get(0)).optional()?)
}

/// Those of all names that begin so.
pub(crate) fn beginning_with(db: &Connection, prefix: &str) -> Result<Vec<String>, StoreError> {
    let mut statement =
        db.prepare_cached("SELECT value FROM meta WHERE key >= ?1 AND substr(key, 1, length(?1)) = ?1")?;
    let values = statement.query_map([prefix], |row| row.get(0))?;
    Ok(values.collect::<Result<_, _>>()?)
}

pub(crate) fn set(db: &Transaction<'_>, key: &str, value: &str) -> Result<(), StoreError> {
    db.prepare_cached(
        "INSERT INTO meta (key, value) VALUES (?1, ?2)
         ON CONFLICT DO UPDATE SET value = excluded.value",
    )?
    .execute(params![key, value])?;
    Ok(())
}
