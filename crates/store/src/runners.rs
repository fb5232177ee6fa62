//! Steps between two formats of the file: the name of the runner that an attempt was given to, and of the cluster's node that it was on;
//! NULL is not known.

use crate::StoreError;
use rusqlite::Transaction;

pub(crate) fn add(db: &Transaction<'_>) -> Result<(), StoreError> {
    add_column(db, "runner")
}

pub(crate) fn add_node(db: &Transaction<'_>) -> Result<(), StoreError> {
    add_column(db, "node")
}

fn add_column(db: &Transaction<'_>, name: &str) -> Result<(), StoreError> {
    if !db.prepare("SELECT 1 FROM pragma_table_info('runs') WHERE name = ?1")?.exists([name])? {
        db.execute_batch(&format!("ALTER TABLE runs ADD COLUMN {name} TEXT"))?;
    }
    Ok(())
}
