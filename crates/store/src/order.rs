//! In which order a list is, where it is not newest first: what each task is sorted by, and what stands behind a cursor.

use crate::cursor::{Key, RowCursor, SortedPlace};
use crate::sql::Sql;
use crate::{RowQuery, StoreError, took};
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Transaction, params_from_iter};
use solti_model::{SORTED_NAME_CHARS, SortBy};

/// Not newest first.
pub(crate) struct Order {
    by: SortBy,
    reverse: bool,
    /// What time it is for those that run.
    now_ms: u64,
    /// Behind this one.
    behind: Option<(Key, i64)>,
}

/// Whether it is the order in which tasks are numbered, from the end.
pub(crate) fn is_newest_first(query: &RowQuery) -> bool {
    matches!(query.sort, None | Some(SortBy::Created)) && !query.reverse
}

impl Order {
    /// `None` for newest first.
    ///
    /// # Errors
    /// `Cursor` for one of another order.
    pub(crate) fn of(query: &RowQuery) -> Result<Option<Self>, StoreError> {
        if is_newest_first(query) {
            return Ok(None);
        }
        let (by, reverse) = (query.sort.unwrap_or(SortBy::Created), query.reverse);
        let (mut now_ms, mut behind) = (query.now_ms, None);
        if let Some(cursor) = &query.cursor {
            match &cursor.sorted {
                Some(place) if place.by == by && place.reverse == reverse => {
                    now_ms = place.now_ms;
                    behind = Some((place.key.clone(), cursor.num));
                }
                _ => return Err(StoreError::Cursor),
            }
        }
        Ok(Some(Self { by, reverse, now_ms, behind }))
    }

    /// Whether it is sorted by what stands in the table `tasks`, as `t`.
    pub(crate) fn reads_tasks(&self) -> bool {
        !matches!(self.by, SortBy::Created | SortBy::Name)
    }

    /// What the task of the number `num` is sorted by.
    pub(crate) fn push_key(&self, sql: &mut Sql, num: &str) {
        match self.by {
            SortBy::Created => sql.push(num),
            SortBy::Changed => sql.push("t.updated_at"),
            SortBy::Exit => sql.push("t.exit_code"),
            SortBy::Lane => sql.push("t.slot"),
            SortBy::Name => {
                // The first line; not by a join: a task without a text is listed too.
                let first = format!("substr(y.folded, 1, {SORTED_NAME_CHARS})");
                sql.push(&format!(
                    "(SELECT substr({first}, 1, instr({first} || char(10), char(10)) - 1) \
                     FROM task_text y WHERE y.num = {num})"
                ));
            }
            SortBy::Took => {
                sql.push("CASE WHEN t.phase = 'running' THEN ");
                took::push_until(sql, self.now_ms);
                sql.push(&format!(" ELSE {} END", took::of("t")));
            }
            SortBy::State => sql.push(
                "CASE t.phase WHEN 'running' THEN 0 WHEN 'pending' THEN 1 WHEN 'failed' THEN 2 \
                 WHEN 'timeout' THEN 3 WHEN 'exhausted' THEN 4 WHEN 'canceled' THEN 5 ELSE 6 END",
            ),
        }
    }

    fn falls(&self) -> bool {
        self.by.falls() != self.reverse
    }

    /// Of rows with a `num` and a `key`, what stands behind the cursor.
    pub(crate) fn push_behind(&self, sql: &mut Sql) {
        let Some((key, num)) = &self.behind else { return };
        let key: Value = match key {
            Key::None => {
                sql.push(" AND key IS NULL AND num < ");
                return sql.bind(*num);
            }
            Key::Number(number) => (*number).into(),
            Key::Text(text) => text.clone().into(),
        };
        sql.push(if self.falls() { " AND (key < " } else { " AND (key > " });
        sql.bind(key.clone());
        sql.push(" OR key IS NULL OR (key = ");
        sql.bind(key);
        sql.push(" AND num < ");
        sql.bind(*num);
        sql.push("))");
    }

    pub(crate) fn push_order(&self, sql: &mut Sql) {
        let way = if self.falls() { "DESC" } else { "ASC" };
        sql.push(&format!(" ORDER BY key {way} NULLS LAST, num DESC"));
    }

    /// The place behind this task.
    pub(crate) fn behind(&self, db: &Transaction<'_>, num: i64) -> Result<RowCursor, StoreError> {
        let mut sql = Sql::default();
        sql.push("SELECT ");
        self.push_key(&mut sql, "t.num");
        sql.push(" FROM tasks t WHERE t.num = ");
        sql.bind(num);
        let mut statement = db.prepare_cached(&sql.text)?;
        let key = statement.query_row(params_from_iter(sql.values), |row| {
            Ok(match row.get_ref(0)? {
                ValueRef::Integer(number) => Key::Number(number),
                ValueRef::Text(text) => Key::Text(String::from_utf8_lossy(text).into_owned()),
                _ => Key::None,
            })
        })?;
        let Self { by, reverse, now_ms, .. } = *self;
        Ok(RowCursor { num, sorted: Some(SortedPlace { by, reverse, now_ms, key }) })
    }
}
