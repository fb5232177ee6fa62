//! A step between two formats of the file: the name of the runner that an attempt was given to; NULL is not known.

use crate::StoreError;
use rusqlite::Transaction;

pub(crate) fn add(db: &Transaction<'_>) -> Result<(), StoreError> {
    if !db.prepare("SELECT 1 FROM pragma_table_info('runs') WHERE name = 'runner'")?.exists([])? {
        db.execute_batch("ALTER TABLE runs ADD COLUMN runner TEXT")?;
    }
    Ok(())
}
