//! Unsigned numbers in SQLite, whose integers are signed: neither way can fail. rusqlite is built without its own conversion of
//! `u64`, which refuses what does not fit, and with it the whole batch; so that a number cannot get past this one.

use rusqlite::types::{FromSql, FromSqlResult, ToSqlOutput, ValueRef};
use rusqlite::{Row, ToSql};

/// What is beyond the greatest that SQLite holds is stored as that; what is below 0 is read as 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Number(pub u64);

impl Number {
    pub(crate) fn stored(self) -> i64 {
        i64::try_from(self.0).unwrap_or(i64::MAX)
    }
}

impl ToSql for Number {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.stored().into())
    }
}

impl FromSql for Number {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_i64().map(|stored| Self(u64::try_from(stored).unwrap_or(0)))
    }
}

pub(crate) fn required(row: &Row<'_>, column: &str) -> rusqlite::Result<u64> {
    row.get(column).map(|Number(number)| number)
}

pub(crate) fn optional(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<u64>> {
    row.get(column).map(|found: Option<Number>| found.map(|Number(number)| number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_can_be_stored() {
        let db = rusqlite::Connection::open_in_memory().unwrap();
        let back = |number: u64| -> u64 {
            db.query_row("SELECT ?1 AS n", [Number(number)], |row| required(row, "n")).unwrap()
        };
        let most = i64::MAX as u64;
        for (number, stored) in [(0, 0), (7, 7), (most, most), (most + 1, most), (u64::MAX, most)] {
            assert_eq!(back(number), stored);
        }
        let negative = db.query_row("SELECT -1 AS n", [], |row| required(row, "n"));
        assert_eq!(negative, Ok(0));
        assert_eq!(db.query_row("SELECT NULL AS n", [], |row| optional(row, "n")), Ok(None));
    }
}
