//! The lanes that tasks share, those used last first.

use crate::StoreError;
use crate::number::Number;
use rusqlite::{Transaction, params};
use solti_model::Slot;

/// So many are known; those used last stay.
const KNOWN: u32 = 200;
/// Tasks of a lane come by the thousand: its time is written anew when it is so much later.
const PACE_MS: u64 = 60_000;

/// A task has gone into the lane.
pub(crate) fn used(db: &Transaction<'_>, slot: &Slot, at: u64) -> Result<(), StoreError> {
    let new = db
        .prepare_cached("INSERT OR IGNORE INTO shared_lanes (slot, used_at) VALUES (?1, ?2)")?
        .execute(params![slot.as_str(), Number(at)])?;
    if new == 0 {
        db.prepare_cached("UPDATE shared_lanes SET used_at = ?2 WHERE slot = ?1 AND used_at + ?3 < ?2")?
            .execute(params![slot.as_str(), Number(at), Number(PACE_MS)])?;
        return Ok(());
    }
    db.prepare_cached(
        "DELETE FROM shared_lanes WHERE slot IN
             (SELECT slot FROM shared_lanes ORDER BY used_at DESC, slot LIMIT -1 OFFSET ?1)",
    )?
    .execute([KNOWN])?;
    Ok(())
}

pub(crate) fn forget(db: &Transaction<'_>, slot: &Slot) -> Result<(), StoreError> {
    db.prepare_cached("DELETE FROM shared_lanes WHERE slot = ?1")?.execute([slot.as_str()])?;
    Ok(())
}

pub(crate) fn all(db: &Transaction<'_>) -> Result<Vec<Slot>, StoreError> {
    let mut statement = db.prepare_cached("SELECT slot FROM shared_lanes ORDER BY used_at DESC, slot")?;
    let names = statement.query_map([], |row| row.get::<_, String>(0))?;
    // A name that is none was not written by us.
    Ok(names.collect::<Result<Vec<_>, _>>()?.into_iter().filter_map(|name| Slot::new(name).ok()).collect())
}
