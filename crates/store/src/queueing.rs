//! A step between two formats of the file: what keeps a waiting task from starting, and whether a running one stands still; and
//! the counters of lanes follow a task that is moved to another one.

use crate::StoreError;
use rusqlite::Transaction;
use std::collections::BTreeSet;

/// What keeps a task from starting beside its lane, and whether its processes stand still.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Queueing {
    /// It does not start until a person releases it.
    pub held: bool,
    /// Its processes stand still until they are resumed.
    pub suspended: bool,
    /// Which of the conditions in its `after` are fulfilled, by their places. One whose task is gone stays so.
    pub fulfilled: BTreeSet<u32>,
}

impl Queueing {
    /// As it is stored: nothing for none.
    pub(crate) fn fulfilled_text(&self) -> Option<String> {
        let places: Vec<String> = self.fulfilled.iter().map(ToString::to_string).collect();
        (!places.is_empty()).then(|| places.join(" "))
    }

    pub(crate) fn read_fulfilled(text: Option<&str>) -> BTreeSet<u32> {
        text.unwrap_or_default().split(' ').filter_map(|place| place.parse().ok()).collect()
    }
}

const COLUMNS: [(&str, &str); 3] = [
    ("held", "INTEGER NOT NULL DEFAULT 0"),
    ("suspended", "INTEGER NOT NULL DEFAULT 0"),
    ("fulfilled", "TEXT"),
];

pub(crate) fn add(db: &Transaction<'_>) -> Result<(), StoreError> {
    for (name, kind) in COLUMNS {
        if !db.prepare("SELECT 1 FROM pragma_table_info('tasks') WHERE name = ?1")?.exists([name])? {
            db.execute_batch(&format!("ALTER TABLE tasks ADD COLUMN {name} {kind}"))?;
        }
    }
    db.execute_batch(
        "CREATE TRIGGER IF NOT EXISTS tasks_count_move AFTER UPDATE OF slot ON tasks WHEN OLD.slot <> NEW.slot BEGIN
             UPDATE slot_counts SET n = n - 1 WHERE slot = OLD.slot AND phase = OLD.phase;
             DELETE FROM slot_counts WHERE slot = OLD.slot AND phase = OLD.phase AND n = 0;
             INSERT INTO slot_counts VALUES (NEW.slot, OLD.phase, 1) ON CONFLICT DO UPDATE SET n = n + 1;
         END;",
    )?;
    Ok(())
}
