//! A step between two formats of the file: what is shown and searched of each task is written anew from its spec, because the
//! rule for it has changed (`solti-model`, `command_text`, or what is secret of it, `secret`). Some ten seconds for each million of tasks.

use crate::StoreError;
use rusqlite::{Transaction, params};
use solti_model::{Searched, SpecHead, TaskSpec, stored_spec};

/// What a task that cannot be read has stays as it is.
pub(crate) fn write(db: &Transaction<'_>) -> Result<(), StoreError> {
    let mut specs = db.prepare("SELECT num, spec FROM task_specs ORDER BY num")?;
    let mut text = db.prepare("UPDATE task_text SET folded = ?2 WHERE num = ?1 AND folded <> ?2")?;
    let mut head = db.prepare("UPDATE task_heads SET head = ?2 WHERE num = ?1")?;
    let mut long = db.prepare("SELECT 1 FROM task_heads WHERE num = ?1")?;
    let mut rows = specs.query([])?;
    while let Some(row) = rows.next()? {
        let num: i64 = row.get("num")?;
        let Some(spec) = spec(row) else { continue };
        text.execute(params![num, Searched::of(&spec).text])?;
        if long.exists([num])? {
            let shown = serde_json::to_string(&SpecHead::of(&spec)).map_err(StoreError::Spec)?;
            head.execute(params![num, shown])?;
        }
    }
    Ok(())
}

fn spec(row: &rusqlite::Row<'_>) -> Option<TaskSpec> {
    stored_spec(row.get_ref("spec").ok()?.as_str().ok()?).ok()
}
