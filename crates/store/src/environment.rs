//! What runs inherited. There are few of them: a new one when the app was started with another environment.

use crate::StoreError;
use rusqlite::{OptionalExtension, Transaction};
use solti_model::InheritedVariable;

pub(crate) fn put(db: &Transaction<'_>, variables: &[InheritedVariable]) -> Result<(), StoreError> {
    if number(db, variables)?.is_none() {
        db.prepare_cached("INSERT INTO environments (variables) VALUES (?1)")?.execute([text(variables)?])?;
    }
    Ok(())
}

pub(crate) fn delete(db: &Transaction<'_>, number: i64) -> Result<(), StoreError> {
    db.prepare_cached("DELETE FROM environments WHERE num = ?1")?.execute([number])?;
    Ok(())
}

/// Looks at each: an index would hold them all a second time.
pub(crate) fn number(
    db: &Transaction<'_>,
    variables: &[InheritedVariable],
) -> Result<Option<i64>, StoreError> {
    let mut statement = db.prepare_cached("SELECT num FROM environments WHERE variables = ?1")?;
    Ok(statement.query_row([text(variables)?], |row| row.get(0)).optional()?)
}

pub(crate) fn variables(
    db: &Transaction<'_>,
    number: i64,
) -> Result<Option<Vec<InheritedVariable>>, StoreError> {
    let mut statement = db.prepare_cached("SELECT variables FROM environments WHERE num = ?1")?;
    let text: Option<String> = statement.query_row([number], |row| row.get(0)).optional()?;
    text.map(|text| serde_json::from_str(&text).map_err(StoreError::Environment)).transpose()
}

/// Those that no run has, but for `current`. Walks over all runs when there is any other.
pub(crate) fn unused(db: &Transaction<'_>, current: Option<i64>) -> Result<Vec<i64>, StoreError> {
    let mut statement = db.prepare_cached("SELECT num FROM environments WHERE num IS NOT ?1")?;
    let others = statement.query_map([current], |row| row.get(0))?.collect::<Result<Vec<i64>, _>>()?;
    if others.is_empty() {
        return Ok(others);
    }
    let mut statement =
        db.prepare_cached("SELECT DISTINCT environment FROM runs WHERE environment IS NOT NULL")?;
    let used = statement.query_map([], |row| row.get(0))?.collect::<Result<Vec<i64>, _>>()?;
    Ok(others.into_iter().filter(|number| !used.contains(number)).collect())
}

fn text(variables: &[InheritedVariable]) -> Result<String, StoreError> {
    serde_json::to_string(variables).map_err(StoreError::Environment)
}
