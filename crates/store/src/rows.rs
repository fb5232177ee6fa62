//! Pages of tasks. Two kinds of filter: by lane and phase, which indexes and kept counters answer without looking at other
//! tasks, and everything else, which walks from the newest task back.

use crate::damage::unreadable_task;
use crate::number::{Number, optional};
use crate::order::{Order, is_newest_first};
use crate::read::{TASK_COLUMNS, TASKS, metadata, spec_text, status, stored_task};
use crate::sql::Sql;
use crate::{RowCursor, RowPage, RowQuery, StoreError, StoredRow, took};
use rusqlite::{OptionalExtension, Row, Transaction, params_from_iter};
use solti_model::{
    LeftOut, MAX_ANSWER_BYTES, Searched, Slot, SpecHead, Task, TaskHead, TaskId, TaskPage, TaskPhase,
    TaskQuery, errors_of_signal, folded, stored_spec,
};

/// Every column that [`stored_row`] reads, but for how long it took. A long spec has a head of its own, and is not touched.
const ROW_COLUMNS: &str =
    "t.id, t.slot, t.phase, t.resource_version, t.created_at, t.updated_at, t.attempt, t.exit_code,
    t.error, t.next_attempt_at, t.started_at, t.finished_at, h.head, CASE WHEN h.head IS NULL THEN s.spec END AS spec";
/// Of a page of rows, what the supervisor and the last runs add to a row, in bytes of JSON.
const ROW_BYTES: usize = 1_500;
/// Of a page of tasks, a task without its spec.
const TASK_BYTES: usize = 600;

/// Texts of which one thread looks through the half are worth a second thread.
const WORTH_A_HALF: i64 = 100_000;

pub(crate) fn list(db: &Transaction<'_>, query: &RowQuery) -> Result<RowPage, StoreError> {
    let found = find(db, query, None)?;
    page(db, query, found)
}

/// Numbers of tasks, both ends included.
pub(crate) type Range = (i64, i64);

/// Ranges that together hold all tasks, the newest first, in which a search for a text is shared out between two
/// threads; `None` where one is enough. No more: other questions need connections too.
pub(crate) fn halves(db: &Transaction<'_>) -> Result<Option<[Range; 2]>, StoreError> {
    // Each on its own is found at once, both together by looking at all.
    let mut ends = db.prepare_cached(
        "SELECT coalesce((SELECT min(num) FROM task_text), 0), coalesce((SELECT max(num) FROM task_text), 0)",
    )?;
    let (first, last): Range = ends.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let middle = first + (last - first) / 2;
    Ok((last - first > WORTH_A_HALF).then_some([(middle + 1, i64::MAX), (0, middle)]))
}

/// The matches of a page or of its part, in their order, and one more if there is a next page; and how many there are in all.
pub(crate) type Found = (Vec<i64>, u64);

/// Whether every text has to be looked at, in the order of the tasks' numbers.
pub(crate) fn can_be_halved(query: &RowQuery) -> bool {
    is_newest_first(query) && Filter::of(query).reads_texts()
}

pub(crate) fn find(
    db: &Transaction<'_>,
    query: &RowQuery,
    range: Option<Range>,
) -> Result<Found, StoreError> {
    let mut filter = Filter::of(query);
    filter.range = range;
    // One more than asked for tells whether there is a next page.
    let limit = u64::from(query.effective_limit()) + 1;
    let nums = match Order::of(query)? {
        Some(order) => filter.sorted(db, &order, limit)?,
        None => {
            let before = query.cursor.as_ref().map_or(Ok(i64::MAX), RowCursor::newest_first)?;
            filter.numbers(db, Span { before, limit, offset: 0 })?
        }
    };
    // A search for a text takes a look at every text: not a second time when the page holds all there is.
    let all = filter.reads_texts() && query.cursor.is_none() && (nums.len() as u64) < limit;
    let total = if all { nums.len() as u64 } else { filter.total(db)? };
    Ok((nums, total))
}

pub(crate) fn page(
    db: &Transaction<'_>,
    query: &RowQuery,
    (mut nums, total): Found,
) -> Result<RowPage, StoreError> {
    let limit = query.effective_limit();
    let more = nums.len() > limit as usize;
    nums.truncate(limit as usize);
    let (rows, read) = load_rows(db, &nums)?;
    let more = more || read < nums.len();
    let next = match (read.checked_sub(1).filter(|_| more), Order::of(query)?) {
        (None, _) => None,
        (Some(last), None) => Some(RowCursor::behind(nums[last])),
        (Some(last), Some(order)) => Some(order.behind(db, nums[last])?),
    };
    Ok(RowPage { rows, total, next })
}

pub(crate) fn query(db: &Transaction<'_>, query: &TaskQuery) -> Result<TaskPage<Task>, StoreError> {
    let filter = Filter::by_phase(query.slot.as_ref(), &query.status);
    let span =
        Span { before: i64::MAX, limit: u64::from(query.effective_limit()), offset: u64::from(query.offset) };
    let (nums, total) = (filter.numbers(db, span)?, filter.total(db)?);
    Ok(TaskPage { items: load(db, &nums)?, total })
}

/// The rows of these tasks, in this order; one that is not there is left out.
pub(crate) fn rows_of(db: &Transaction<'_>, ids: &[TaskId]) -> Result<Vec<StoredRow>, StoreError> {
    let mut nums = Vec::with_capacity(ids.len());
    let mut statement = db.prepare_cached("SELECT num FROM tasks WHERE id = ?1")?;
    for id in ids {
        nums.extend(statement.query_row([id.as_str()], |row| row.get::<_, i64>(0)).optional()?);
    }
    load_all_rows(db, &nums)
}

/// The rows of these numbers, in this order, however many answers they would fill.
pub(crate) fn load_all_rows(db: &Transaction<'_>, nums: &[i64]) -> Result<Vec<StoredRow>, StoreError> {
    let mut rows = Vec::with_capacity(nums.len());
    let mut left = nums;
    while !left.is_empty() {
        let (found, looked_at) = load_rows(db, left)?;
        rows.extend(found);
        // At least one is looked at each time.
        left = &left[looked_at.max(1)..];
    }
    Ok(rows)
}

/// The tasks of these numbers, in this order, as far as one answer holds them.
fn load(db: &Transaction<'_>, nums: &[i64]) -> Result<Vec<Task>, StoreError> {
    let mut statement = db.prepare_cached(&format!("SELECT {TASK_COLUMNS} FROM {TASKS} WHERE t.num = ?1"))?;
    let mut tasks = Vec::new();
    let mut bytes = 0;
    for num in nums {
        let mut rows = statement.query([num])?;
        if let Some(row) = rows.next()? {
            bytes += TASK_BYTES + spec_text(row).map_or(0, str::len);
            if bytes > MAX_ANSWER_BYTES && !tasks.is_empty() {
                break;
            }
            tasks.extend(stored_task(row).map(|stored| stored.task));
        }
    }
    Ok(tasks)
}

/// As [`load`], of rows; and how many of the numbers were looked at.
pub(crate) fn load_rows(db: &Transaction<'_>, nums: &[i64]) -> Result<(Vec<StoredRow>, usize), StoreError> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT {ROW_COLUMNS}, {} AS took_ms FROM {TASKS} LEFT JOIN task_heads h ON h.num = t.num WHERE t.num = ?1",
        took::of("t")
    ))?;
    let mut found = Vec::with_capacity(nums.len());
    let mut bytes = 0;
    for (read, num) in nums.iter().enumerate() {
        let mut rows = statement.query([num])?;
        let Some(row) = rows.next()? else { continue };
        let Some(mut row) = stored_row(row) else { continue };
        if row.task.spec.cut {
            row.searched = Some(searched(db, *num)?);
        }
        let TaskHead { spec, status, .. } = &row.task;
        let labels: usize = spec.labels.iter().map(|(key, value)| key.len() + value.len()).sum();
        let error = status.error.as_ref().map_or(0, String::len);
        // Every byte may be escaped.
        bytes += ROW_BYTES + 2 * (spec.name.len() + spec.command.len() + labels + error);
        if bytes > MAX_ANSWER_BYTES && read > 0 {
            return Ok((found, read));
        }
        found.push(row);
    }
    Ok((found, nums.len()))
}

/// A row of [`ROW_COLUMNS`]; of one that cannot be read, a task that says so.
fn stored_row(row: &Row<'_>) -> Option<StoredRow> {
    read_row(row).map_or_else(
        |why| {
            let stored = unreadable_task(row, &why)?;
            Some(StoredRow {
                next_attempt_at: stored.next_attempt_at,
                started_at: stored.started_at,
                finished_at: stored.finished_at,
                took_ms: optional(row, "took_ms").ok().flatten(),
                task: stored.task.into(),
                searched: None,
            })
        },
        Some,
    )
}

fn read_row(row: &Row<'_>) -> Result<StoredRow, StoreError> {
    let head: Option<String> = row.get("head")?;
    // A head of a later version may have been cut by other bounds; what this one knows of it is enough.
    let head = match head.and_then(|head| serde_json::from_str::<SpecHead>(&head).ok()) {
        Some(head) => head,
        None => SpecHead::of(&stored_spec(spec_text(row)?).map_err(StoreError::Spec)?),
    };
    Ok(StoredRow {
        task: TaskHead::new(metadata(row)?, head, status(row)?),
        next_attempt_at: optional(row, "next_attempt_at")?,
        started_at: optional(row, "started_at")?,
        finished_at: optional(row, "finished_at")?,
        took_ms: optional(row, "took_ms")?,
        searched: None,
    })
}

/// What a query looks at of a task whose row says not all of it.
fn searched(db: &Transaction<'_>, num: i64) -> Result<Searched, StoreError> {
    let mut text = db.prepare_cached("SELECT folded FROM task_text WHERE num = ?1")?;
    let text = text.query_row([num], |row| row.get(0)).optional()?.unwrap_or_default();
    let mut labels = db.prepare_cached("SELECT key, value FROM task_labels WHERE num = ?1")?;
    let labels = labels.query_map([num], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(Searched { labels: labels.collect::<Result<_, _>>()?, text })
}

/// Which part of the matches, newest first.
#[derive(Clone, Copy)]
struct Span {
    before: i64,
    limit: u64,
    offset: u64,
}

#[derive(Default)]
struct Filter {
    slot: Option<String>,
    /// Any of these, each once; all phases when empty.
    phases: Vec<TaskPhase>,
    labels: Vec<(String, String)>,
    /// Folded.
    text: Option<String>,
    exit_code: Option<i32>,
    since_ms: Option<u64>,
    job: Option<String>,
    /// Folded; in the first line of the text.
    name: Option<String>,
    /// At least and at most, in milliseconds.
    took: (Option<u64>, Option<u64>),
    without: LeftOut,
    /// Of a search for a text, only these.
    range: Option<Range>,
}

/// As [`solti_model::TaskStatus::has_exit_code`].
fn push_exit_code(sql: &mut Sql, condition: &str, equals: &str, code: i32) {
    sql.push(&format!("{condition}(t.exit_code {equals} "));
    sql.bind(i64::from(code));
    if let Some(errors) = errors_of_signal(code) {
        sql.push(" OR t.exit_code IS NULL AND (0");
        for error in errors {
            sql.push(" OR coalesce(t.error, '') LIKE ");
            sql.bind(error);
        }
        sql.push(")");
    }
    sql.push(")");
}

/// What is nowhere in the text need not be looked for in its first line.
fn push_has_name(sql: &mut Sql, folded: &str) {
    sql.push("(instr(x.folded, ");
    sql.bind(folded.to_owned());
    sql.push(") > 0 AND instr(substr(x.folded, 1, instr(x.folded || char(10), char(10)) - 1), ");
    sql.bind(folded.to_owned());
    sql.push(") > 0)");
}

/// Of those that are over and ran.
fn push_took(sql: &mut Sql, compared: &str, bound: u64) {
    sql.push(&format!("{} {compared} ", took::of("t")));
    sql.bind(Number(bound).stored());
}

impl Filter {
    fn by_phase(slot: Option<&Slot>, phases: &[TaskPhase]) -> Self {
        let mut phases = phases.to_vec();
        phases.sort_unstable();
        phases.dedup();
        if phases.len() == TaskPhase::ALL.len() {
            phases.clear();
        }
        let slot = slot.map(|slot| slot.as_str().to_owned());
        Self { slot, phases, ..Self::default() }
    }

    fn of(query: &RowQuery) -> Self {
        let looked_for = |text: &Option<String>| {
            text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(folded)
        };
        Self {
            labels: query.labels.iter().map(|(key, value)| (key.clone(), value.clone())).collect(),
            text: looked_for(&query.text),
            exit_code: query.exit_code,
            since_ms: query.since_ms,
            job: query.job.as_ref().map(|job| job.as_str().to_owned()),
            name: looked_for(&query.name),
            took: (query.took_at_least_ms, query.took_at_most_ms),
            without: query.without.clone(),
            ..Self::by_phase(query.slot.as_ref(), &query.phases)
        }
    }

    /// Whether the kept counters and the indexes by phase answer it.
    fn is_by_phase(&self) -> bool {
        self.labels.is_empty() && self.is_plain()
    }

    /// Whether lane, phases and labels are all there is to match.
    fn is_plain(&self) -> bool {
        !self.reads_texts()
            && self.exit_code.is_none()
            && self.since_ms.is_none()
            && self.job.is_none()
            && self.took == (None, None)
            && self.without.is_empty()
    }

    fn reads_texts(&self) -> bool {
        self.text.is_some()
            || self.name.is_some()
            || !self.without.folded_texts().is_empty()
            || !self.without.folded_names().is_empty()
    }

    /// The label, when a single one is all there is to match and its tasks are counted.
    fn only_label(&self) -> Option<(&str, &str)> {
        let [(key, value)] = &self.labels[..] else { return None };
        let alone = self.slot.is_none() && self.phases.is_empty() && self.is_plain();
        (alone && key != "name").then_some((key, value))
    }

    /// The numbers of one span of the matches.
    fn numbers(&self, db: &Transaction<'_>, span: Span) -> Result<Vec<i64>, StoreError> {
        let mut sql = Sql::default();
        if self.is_by_phase() && (self.slot.is_some() || !self.phases.is_empty()) {
            // Each phase's matches come sorted out of an index; merging the heads of at most seven lists is all the work.
            let phases = if self.phases.is_empty() { &TaskPhase::ALL[..] } else { &self.phases };
            sql.push("SELECT num FROM (");
            for (i, phase) in phases.iter().enumerate() {
                if i > 0 {
                    sql.push(" UNION ALL ");
                }
                sql.push("SELECT * FROM (SELECT num FROM tasks WHERE phase = ");
                sql.bind(phase.word().to_owned());
                if let Some(slot) = &self.slot {
                    sql.push(" AND slot = ");
                    sql.bind(slot.clone());
                }
                sql.push(" AND num < ");
                sql.bind(span.before);
                sql.push(" ORDER BY num DESC LIMIT ");
                sql.bind(Number(span.limit.saturating_add(span.offset)).stored());
                sql.push(")");
            }
            sql.push(")");
        } else {
            sql.push("SELECT ");
            let num = self.number(false);
            sql.push(&format!("{num} AS num"));
            self.push_matches(&mut sql, false);
            sql.push(&format!(" AND {num} < "));
            sql.bind(span.before);
        }
        sql.push(" ORDER BY num DESC LIMIT ");
        sql.bind(Number(span.limit).stored());
        sql.push(" OFFSET ");
        sql.bind(Number(span.offset).stored());
        let mut statement = db.prepare_cached(&sql.text)?;
        let nums = statement.query_map(params_from_iter(sql.values), |row| row.get(0))?;
        Ok(nums.collect::<Result<_, _>>()?)
    }

    /// The numbers of the next matches in another order.
    fn sorted(&self, db: &Transaction<'_>, order: &Order, limit: u64) -> Result<Vec<i64>, StoreError> {
        let (mut sql, num) = (Sql::default(), self.number(order.reads_tasks()));
        sql.push(&format!("SELECT num FROM (SELECT {num} AS num, "));
        order.push_key(&mut sql, &num);
        sql.push(" AS key");
        self.push_matches(&mut sql, order.reads_tasks());
        sql.push(") WHERE TRUE");
        order.push_behind(&mut sql);
        order.push_order(&mut sql);
        sql.push(" LIMIT ");
        sql.bind(Number(limit).stored());
        let mut statement = db.prepare_cached(&sql.text)?;
        let nums = statement.query_map(params_from_iter(sql.values), |row| row.get(0))?;
        Ok(nums.collect::<Result<_, _>>()?)
    }

    fn total(&self, db: &Transaction<'_>) -> Result<u64, StoreError> {
        let mut sql = Sql::default();
        if self.is_by_phase() {
            sql.push("SELECT COALESCE(SUM(n), 0) FROM ");
            sql.push(if self.slot.is_some() { "slot_counts" } else { "phase_counts" });
            sql.push(" WHERE TRUE");
            if let Some(slot) = &self.slot {
                sql.push(" AND slot = ");
                sql.bind(slot.clone());
            }
            self.push_phases(&mut sql, "phase");
        } else if let Some((key, value)) = self.only_label() {
            sql.push("SELECT COALESCE(SUM(n), 0) FROM label_counts WHERE key = ");
            sql.bind(key.to_owned());
            sql.push(" AND value = ");
            sql.bind(value.to_owned());
        } else {
            sql.push("SELECT COUNT(*)");
            self.push_matches(&mut sql, false);
        }
        let mut statement = db.prepare_cached(&sql.text)?;
        Ok(statement.query_row(params_from_iter(sql.values), |row| row.get(0)).map(|Number(total)| total)?)
    }

    /// The tables that are read, in the order in which they are: from a label to its tasks; else from the texts, which are small,
    /// to the tasks of those that match; and `tasks` itself only where a condition, or the order (`tasks`), asks for it.
    fn tables(&self, tasks: bool) -> Vec<(&'static str, &'static str)> {
        let of_tasks = tasks
            || self.slot.is_some()
            || !self.phases.is_empty()
            || self.exit_code.is_some()
            || self.since_ms.is_some()
            || self.took != (None, None)
            || !self.without.slots.is_empty()
            || !self.without.exit_codes.is_empty()
            || self.without.since_ms.is_some()
            || self.without.took_at_least_ms.is_some()
            || self.without.took_at_most_ms.is_some();
        let mut tables = Vec::with_capacity(4);
        if !self.labels.is_empty() {
            tables.push(("l", "task_labels l"));
        }
        if self.job.is_some() {
            tables.push(("j", "job_tasks j"));
        }
        if self.reads_texts() {
            tables.push(("x", "task_text x"));
        }
        if of_tasks || tables.is_empty() {
            tables.push(("t", "tasks t"));
        }
        tables
    }

    /// The name of the number column.
    fn number(&self, tasks: bool) -> String {
        format!("{}.num", self.tables(tasks)[0].0)
    }

    /// `FROM … WHERE …` over all conditions; `tasks` as that of [`Self::tables`].
    fn push_matches(&self, sql: &mut Sql, tasks: bool) {
        let (tables, num) = (self.tables(tasks), self.number(tasks));
        for (i, (alias, table)) in tables.iter().enumerate() {
            if i == 0 {
                sql.push(&format!(" FROM {table}"));
            } else {
                // Unlike JOIN, CROSS JOIN keeps the order.
                sql.push(&format!(" CROSS JOIN {table} ON {alias}.num = {num}"));
            }
        }
        sql.push(" WHERE TRUE");
        if let Some(text) = &self.text {
            sql.push(" AND instr(x.folded, ");
            sql.bind(text.clone());
            sql.push(") > 0");
        }
        if let Some(name) = &self.name {
            sql.push(" AND ");
            push_has_name(sql, name);
        }
        if let Some((first, last)) = self.range.filter(|_| self.reads_texts()) {
            sql.push(" AND x.num >= ");
            sql.bind(first);
            sql.push(" AND x.num <= ");
            sql.bind(last);
        }
        if let Some(job) = &self.job {
            sql.push(" AND j.job = ");
            sql.bind(job.clone());
        }
        for (i, (key, value)) in self.labels.iter().enumerate() {
            // The first label is the one walked along.
            let (open, label, close) = if i == 0 {
                ("", "l", "")
            } else {
                ("EXISTS (SELECT 1 FROM task_labels m WHERE m.num = l.num AND ", "m", ")")
            };
            sql.push(&format!(" AND {open}{label}.key = "));
            sql.bind(key.clone());
            sql.push(&format!(" AND {label}.value = "));
            sql.bind(value.clone());
            sql.push(close);
        }
        if let Some(slot) = &self.slot {
            sql.push(" AND t.slot = ");
            sql.bind(slot.clone());
        }
        self.push_phases(sql, "t.phase");
        if let Some(exit_code) = self.exit_code {
            push_exit_code(sql, " AND ", "=", exit_code);
        }
        if let Some(since_ms) = self.since_ms {
            sql.push(" AND t.created_at >= ");
            sql.bind(Number(since_ms).stored());
        }
        for (bound, compared) in [(self.took.0, ">="), (self.took.1, "<=")] {
            let Some(bound) = bound else { continue };
            sql.push(" AND ");
            push_took(sql, compared, bound);
        }
        self.push_without(sql, &num);
    }

    /// Conditions that must not hold.
    fn push_without(&self, sql: &mut Sql, num: &str) {
        let LeftOut { slots, jobs, labels, exit_codes, since_ms, took_at_least_ms, took_at_most_ms, .. } =
            &self.without;
        for slot in slots {
            sql.push(" AND t.slot <> ");
            sql.bind(slot.as_str().to_owned());
        }
        for code in exit_codes {
            push_exit_code(sql, " AND NOT ", "IS", *code);
        }
        for job in jobs {
            sql.push(&format!(" AND NOT EXISTS (SELECT 1 FROM job_tasks k WHERE k.num = {num} AND k.job = "));
            sql.bind(job.as_str().to_owned());
            sql.push(")");
        }
        for (key, value) in labels {
            sql.push(&format!(
                " AND NOT EXISTS (SELECT 1 FROM task_labels n WHERE n.num = {num} AND n.key = "
            ));
            sql.bind(key.clone());
            sql.push(" AND n.value = ");
            sql.bind(value.clone());
            sql.push(")");
        }
        for text in self.without.folded_texts() {
            sql.push(" AND instr(x.folded, ");
            sql.bind(text);
            sql.push(") = 0");
        }
        for name in self.without.folded_names() {
            sql.push(" AND NOT ");
            push_has_name(sql, &name);
        }
        if let Some(since_ms) = since_ms {
            sql.push(" AND t.created_at < ");
            sql.bind(Number(*since_ms).stored());
        }
        for (bound, compared) in [(took_at_least_ms, ">="), (took_at_most_ms, "<=")] {
            let Some(bound) = bound else { continue };
            // Unknown of those that are not over, which stay.
            sql.push(" AND coalesce(");
            push_took(sql, compared, *bound);
            sql.push(", 0) = 0");
        }
    }

    fn push_phases(&self, sql: &mut Sql, column: &str) {
        for (i, phase) in self.phases.iter().enumerate() {
            sql.push(if i == 0 { " AND " } else { ", " });
            if i == 0 {
                sql.push(column);
                sql.push(" IN (");
            }
            sql.bind(phase.word().to_owned());
        }
        if !self.phases.is_empty() {
            sql.push(")");
        }
    }
}
