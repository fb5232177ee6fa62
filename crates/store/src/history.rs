//! The past of a task, within bounds: its runs and events by the page, and which attempts are to go because there are too many.

use crate::damage::{left_out, unreadable_run};
use crate::number::{Number, required};
use crate::read::{RUN_COLUMNS, stored_run};
use crate::{AttemptRange, Past, StoreError, StoredEvent, StoredRun};
use rusqlite::{OptionalExtension, Row, Transaction, params};
use solti_model::{
    AttemptsNotKept, HistoryQuery, KEPT_FIRST_ATTEMPTS, MAX_ANSWER_BYTES, MAX_KEPT_ATTEMPTS, TaskId,
};

/// Bytes of JSON of a run, or of an event, beside its text.
const RECORD_BYTES: usize = 256;
/// AttemptRange that are removed in one step: it holds the writer up for some milliseconds.
const STEP: u32 = 200;
/// As many events as the first attempts have.
const FIRST_EVENTS: u32 = 100;
/// Events of all attempts that may be kept.
const MOST_EVENTS: u32 = 8 * MAX_KEPT_ATTEMPTS;

/// Which rows, by attempt or by number of the event.
#[derive(Clone, Copy)]
struct Span {
    after: u64,
    before: u64,
    limit: u32,
    latest: bool,
}

/// Takes what comes until its answer would be too large; never nothing where there is something.
struct Budget(usize);

impl Budget {
    fn takes(&mut self, text: Option<&String>) -> bool {
        let bytes = RECORD_BYTES + text.map_or(0, |text| 2 * text.len());
        let takes = self.0 >= bytes || self.0 == MAX_ANSWER_BYTES;
        self.0 = self.0.saturating_sub(bytes);
        takes
    }
}

impl From<HistoryQuery> for Span {
    fn from(query: HistoryQuery) -> Self {
        let limit = query.effective_limit();
        Self {
            after: query.after.unwrap_or(0),
            before: query.before.unwrap_or(u64::MAX),
            limit,
            latest: query.after.is_none(),
        }
    }
}

/// All runs that are kept, as far as one answer holds them: the first ones, and of the others the latest.
pub(crate) fn runs(db: &Transaction<'_>, id: &TaskId) -> Result<Vec<StoredRun>, StoreError> {
    let mut budget = Budget(MAX_ANSWER_BYTES);
    let first = Span { after: 0, before: u64::MAX, limit: KEPT_FIRST_ATTEMPTS, latest: false };
    let (mut runs, more) = run_span(db, id, first, &mut budget)?;
    if more {
        let after = runs.last().map_or(0, |run| run.run.attempt.into());
        let rest = Span { after, before: u64::MAX, limit: MAX_KEPT_ATTEMPTS, latest: true };
        runs.extend(run_span(db, id, rest, &mut budget)?.0);
    }
    Ok(runs)
}

pub(crate) fn run_page(
    db: &Transaction<'_>,
    id: &TaskId,
    query: HistoryQuery,
) -> Result<Past<StoredRun>, StoreError> {
    let (items, more) = run_span(db, id, query.into(), &mut Budget(MAX_ANSWER_BYTES))?;
    Ok(Past { items, more, not_kept: not_kept(db, id)? })
}

/// As [`runs`].
pub(crate) fn events(db: &Transaction<'_>, id: &TaskId) -> Result<Vec<StoredEvent>, StoreError> {
    let mut budget = Budget(MAX_ANSWER_BYTES);
    let first = Span { after: 0, before: u64::MAX, limit: FIRST_EVENTS, latest: false };
    let (mut events, more) = event_span(db, id, first, &mut budget)?;
    if more {
        let after = events.last().map_or(0, |event| event.seq);
        let rest = Span { after, before: u64::MAX, limit: MOST_EVENTS, latest: true };
        events.extend(event_span(db, id, rest, &mut budget)?.0);
    }
    Ok(events)
}

pub(crate) fn event_page(
    db: &Transaction<'_>,
    id: &TaskId,
    query: HistoryQuery,
) -> Result<Past<StoredEvent>, StoreError> {
    let (items, more) = event_span(db, id, query.into(), &mut Budget(MAX_ANSWER_BYTES))?;
    Ok(Past { items, more, not_kept: not_kept(db, id)? })
}

/// The attempts between those that are always kept and the others.
pub(crate) fn not_kept(db: &Transaction<'_>, id: &TaskId) -> Result<Option<AttemptsNotKept>, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT (SELECT max(attempt) FROM runs WHERE num = t.num AND attempt <= ?2) AS first,
                (SELECT min(attempt) FROM runs WHERE num = t.num AND attempt > ?2) AS rest
         FROM tasks t WHERE t.id = ?1",
    )?;
    let edges: Option<(Option<u32>, Option<u32>)> = statement
        .query_row(params![id.as_str(), KEPT_FIRST_ATTEMPTS], |row| Ok((row.get("first")?, row.get("rest")?)))
        .optional()?;
    let Some((first, Some(rest))) = edges else { return Ok(None) };
    let after = first.unwrap_or(0);
    let count = rest.saturating_sub(after).saturating_sub(1);
    Ok((count > 0).then_some(AttemptsNotKept { after, count }))
}

/// The first attempt after this one that is kept.
pub(crate) fn next_attempt(db: &Transaction<'_>, id: &TaskId, after: u32) -> Result<Option<u32>, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT min(attempt) FROM runs WHERE num = (SELECT num FROM tasks WHERE id = ?1) AND attempt > ?2",
    )?;
    Ok(statement.query_row(params![id.as_str(), after], |row| row.get(0))?)
}

/// AttemptRange that are to go, a step for each of at most `limit` tasks, when beside the first ones `keep` may stay.
pub(crate) fn surplus(db: &Transaction<'_>, keep: u32, limit: u32) -> Result<Vec<AttemptRange>, StoreError> {
    // The first condition is that of the index.
    let mut statement = db.prepare_cached(
        "SELECT id, attempt, rest FROM (
             SELECT t.id, t.attempt,
                    (SELECT min(attempt) FROM runs WHERE num = t.num AND attempt > ?2) AS rest
             FROM tasks t WHERE t.attempt > 20 AND t.attempt > ?1 + ?2)
         WHERE rest <= attempt - ?1 LIMIT ?3",
    )?;
    let mut rows = statement.query(params![keep, KEPT_FIRST_ATTEMPTS, limit])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let (attempt, from): (u32, u32) = (row.get("attempt")?, row.get("rest")?);
        // A task without a legal id has no folders, and goes with its row.
        let Ok(task_id) = TaskId::new(row.get::<_, String>("id")?) else { continue };
        let to = (attempt - keep).min(from.saturating_add(STEP - 1));
        found.push(AttemptRange { task_id, from, to });
    }
    Ok(found)
}

/// A part of the runs, oldest first, and whether there are more.
fn run_span(
    db: &Transaction<'_>,
    id: &TaskId,
    span: Span,
    budget: &mut Budget,
) -> Result<(Vec<StoredRun>, bool), StoreError> {
    let order = if span.latest { "DESC" } else { "ASC" };
    let mut statement = db.prepare_cached(&format!(
        "SELECT {RUN_COLUMNS} FROM runs
         WHERE num = (SELECT num FROM tasks WHERE id = ?1) AND attempt > ?2 AND attempt < ?3
         ORDER BY attempt {order} LIMIT ?4"
    ))?;
    let read = |row: &Row<'_>| stored_run(id, row).or_else(|why| unreadable_run(id, row, &why).ok_or(why));
    let mut rows = statement.query(span.values(id))?;
    let mut runs = Vec::new();
    while let Some(row) = rows.next()? {
        let Ok(run) = read(row) else { continue };
        if runs.len() == span.limit as usize || !budget.takes(run.run.error.as_ref()) {
            return Ok((span.oldest_first(runs), true));
        }
        runs.push(run);
    }
    Ok((span.oldest_first(runs), false))
}

fn event_span(
    db: &Transaction<'_>,
    id: &TaskId,
    span: Span,
    budget: &mut Budget,
) -> Result<(Vec<StoredEvent>, bool), StoreError> {
    let order = if span.latest { "DESC" } else { "ASC" };
    let mut statement = db.prepare_cached(&format!(
        "SELECT seq, at, attempt, kind, detail FROM events
         WHERE num = (SELECT num FROM tasks WHERE id = ?1) AND seq > ?2 AND seq < ?3
         ORDER BY seq {order} LIMIT ?4"
    ))?;
    let mut rows = statement.query(span.values(id))?;
    let mut events = Vec::new();
    while let Some(row) = rows.next()? {
        let event = match stored_event(id, row) {
            Ok(event) => event,
            Err(why) => {
                left_out(&format!("an event of task {id}"), &why);
                continue;
            }
        };
        if events.len() == span.limit as usize || !budget.takes(event.detail.as_ref()) {
            return Ok((span.oldest_first(events), true));
        }
        events.push(event);
    }
    Ok((span.oldest_first(events), false))
}

fn stored_event(id: &TaskId, row: &Row<'_>) -> Result<StoredEvent, StoreError> {
    Ok(StoredEvent {
        seq: required(row, "seq")?,
        task_id: id.clone(),
        at: required(row, "at")?,
        attempt: row.get("attempt")?,
        kind: row.get("kind")?,
        detail: row.get("detail")?,
    })
}

impl Span {
    /// One more than asked for tells whether there are more.
    fn values<'a>(&self, id: &'a TaskId) -> (&'a str, i64, i64, i64) {
        let number = |number| Number(number).stored();
        (id.as_str(), number(self.after), number(self.before), i64::from(self.limit) + 1)
    }

    fn oldest_first<T>(&self, mut found: Vec<T>) -> Vec<T> {
        if self.latest {
            found.reverse();
        }
        found
    }
}
