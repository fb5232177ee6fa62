//! What a lane asks of the machine, as it is stored: one text, so that a rule of a later version is no further column. And the
//! steps between two formats of the file that add it, and what a lane has beside it.

use crate::StoreError;
use rusqlite::{Row, Transaction};
use solti_model::{LaneRules, stored_lane_rules};

/// Nothing for none.
pub(crate) fn text(rules: &LaneRules) -> Result<Option<String>, StoreError> {
    if *rules == LaneRules::default() {
        return Ok(None);
    }
    serde_json::to_string(rules).map(Some).map_err(StoreError::LaneRules)
}

pub(crate) fn read(row: &Row<'_>) -> Result<LaneRules, StoreError> {
    match row.get::<_, Option<String>>("rules")? {
        Some(text) => stored_lane_rules(&text).map_err(StoreError::LaneRules),
        None => Ok(LaneRules::default()),
    }
}

pub(crate) fn add(db: &Transaction<'_>) -> Result<(), StoreError> {
    add_column(db, "rules", "TEXT")
}

pub(crate) fn add_own_capacity(db: &Transaction<'_>) -> Result<(), StoreError> {
    add_column(db, "own_capacity", "INTEGER")
}

fn add_column(db: &Transaction<'_>, name: &str, of: &str) -> Result<(), StoreError> {
    if !db.prepare("SELECT 1 FROM pragma_table_info('lanes') WHERE name = ?1")?.exists([name])? {
        db.execute_batch(&format!("ALTER TABLE lanes ADD COLUMN {name} {of}"))?;
    }
    Ok(())
}
