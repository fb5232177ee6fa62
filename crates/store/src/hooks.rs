//! Calls of hooks: which wait, which are due, and how the latest went. Each is written in one transaction with the mark up to which
//! the events were looked at.

use crate::damage::left_out;
use crate::meta;
use crate::number::{Number, optional, required};
use crate::read::name;
use crate::{DueCall, EndedCall, HookCounts, NewCall, StoreError, StoredEvent};
use rusqlite::{OptionalExtension, Row, Transaction, params};
use solti_model::{DeliveryState, HookDelivery, HookEvent, TaskId, TaskPhase, TaskStatus};

/// Up to which event the hooks have been asked.
const SEEN: &str = "hooks_seen";
/// Calls of a hook that are kept once they are over.
const KEPT: u32 = 50;

/// The task that runs a call's command: how that ends is how the call ends, also after a restart.
pub(crate) fn add_command_task(db: &Transaction<'_>) -> Result<(), StoreError> {
    let mut found =
        db.prepare("SELECT 1 FROM pragma_table_info('hook_calls') WHERE name = 'command_task'")?;
    if !found.exists([])? {
        db.execute_batch("ALTER TABLE hook_calls ADD COLUMN command_task TEXT")?;
    }
    Ok(())
}

pub(crate) fn queue(db: &Transaction<'_>, seen: Option<u64>, calls: &[NewCall]) -> Result<(), StoreError> {
    for call in calls {
        let state = if call.dropped { DeliveryState::Dropped } else { DeliveryState::Waiting };
        db.prepare_cached(
            "INSERT INTO hook_calls (hook, event, task, at, body, tries, state, next_at)
             VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6, ?7)",
        )?
        .execute(params![
            call.hook,
            call.event.word(),
            call.task.as_ref().map(TaskId::as_str),
            Number(call.at),
            call.body,
            state.word(),
            (!call.dropped).then_some(Number(call.at)),
        ])?;
    }
    match seen {
        Some(seen) => meta::set(db, SEEN, &seen.to_string()),
        None => Ok(()),
    }
}

/// What came of a try, or that one begins.
pub(crate) fn tried(db: &Transaction<'_>, call: &HookDelivery) -> Result<(), StoreError> {
    db.prepare_cached(
        "UPDATE hook_calls SET tries = ?2, state = ?3, next_at = ?4, said = ?5, command_task = ?6 WHERE id = ?1",
    )?
    .execute(params![
        Number(call.id),
        call.tries,
        call.state.word(),
        call.next_at.map(Number),
        call.said,
        call.command_task.as_ref().map(TaskId::as_str),
    ])?;
    if call.state != DeliveryState::Waiting {
        db.prepare_cached(
            "DELETE FROM hook_calls WHERE hook = ?1 AND state <> 'waiting' AND id <= (
                 SELECT id FROM hook_calls WHERE hook = ?1 AND state <> 'waiting'
                 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
        )?
        .execute(params![call.hook, KEPT])?;
    }
    Ok(())
}

pub(crate) fn forget(db: &Transaction<'_>, hook: &str) -> Result<(), StoreError> {
    db.prepare_cached("DELETE FROM hook_calls WHERE hook = ?1")?.execute([hook])?;
    Ok(())
}

/// Up to which event the hooks have been asked, and the last that there is.
pub(crate) fn seen(db: &Transaction<'_>) -> Result<(u64, u64), StoreError> {
    let seen = meta::get(db, SEEN)?.and_then(|seen| seen.parse().ok());
    let mut last = db.prepare_cached("SELECT seq FROM sqlite_sequence WHERE name = 'events'")?;
    let last = last.query_row([], |row| row.get(0)).optional()?.map_or(0, |Number(last)| last);
    Ok((seen.unwrap_or(last), last))
}

/// The next events after this one of tasks that have ended or fallen silent, in order; and the event up to which that is so.
pub(crate) fn events_after(
    db: &Transaction<'_>,
    after: u64,
    limit: u32,
) -> Result<(Vec<StoredEvent>, u64), StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT e.seq, t.id, e.at, e.attempt, e.kind, e.detail FROM events e JOIN tasks t ON t.num = e.num
         WHERE e.seq > ?1 AND e.kind IN ('finished', 'silent') ORDER BY e.seq LIMIT ?2",
    )?;
    let mut rows = statement.query(params![Number(after), limit])?;
    let (mut events, mut read) = (Vec::new(), 0);
    let mut last = after;
    while let Some(row) = rows.next()? {
        read += 1;
        last = required(row, "seq")?;
        match name(row, "id", TaskId::new) {
            Ok(task_id) => events.push(StoredEvent {
                seq: last,
                task_id,
                at: required(row, "at")?,
                attempt: row.get("attempt")?,
                kind: row.get("kind")?,
                detail: row.get("detail")?,
            }),
            Err(why) => left_out("an event, for hooks,", &why),
        }
    }
    Ok((events, if read < limit { seen(db)?.1.max(last) } else { last }))
}

/// The calls that are due, one of each hook, those that have waited longest first; and when the next one is.
pub(crate) fn due(
    db: &Transaction<'_>,
    now: u64,
    limit: u32,
) -> Result<(Vec<DueCall>, Option<u64>), StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT *, min(id) FROM hook_calls WHERE state = 'waiting' AND next_at <= ?1
         GROUP BY hook ORDER BY id LIMIT ?2",
    )?;
    let mut rows = statement.query(params![Number(now), limit])?;
    let mut calls = Vec::new();
    while let Some(row) = rows.next()? {
        if let Some(delivery) = delivery(row)? {
            calls.push(DueCall { delivery, body: row.get("body")? });
        }
    }
    let mut next =
        db.prepare_cached("SELECT min(next_at) FROM hook_calls WHERE state = 'waiting' AND next_at > ?1")?;
    let next: Option<Number> = next.query_row([Number(now)], |row| row.get(0))?;
    Ok((calls, next.map(|Number(next)| next)))
}

/// The calls whose command's task is over, oldest first.
pub(crate) fn ended(db: &Transaction<'_>) -> Result<Vec<EndedCall>, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT h.*, t.phase AS t_phase, t.attempt AS t_attempt, t.exit_code AS t_exit_code, t.error AS t_error
         FROM hook_calls h LEFT JOIN tasks t ON t.id = h.command_task
         WHERE h.state = 'waiting' AND h.command_task IS NOT NULL
           AND coalesce(t.phase, '') NOT IN ('pending', 'running') ORDER BY h.id",
    )?;
    let mut rows = statement.query([])?;
    let mut calls = Vec::new();
    while let Some(row) = rows.next()? {
        let Some(delivery) = delivery(row)? else { continue };
        let phase: Option<String> = row.get("t_phase")?;
        let task = match phase.and_then(|phase| TaskPhase::from_word(&phase)) {
            Some(phase) => Some(TaskStatus {
                phase,
                attempt: row.get("t_attempt")?,
                exit_code: row.get("t_exit_code")?,
                error: row.get("t_error")?,
            }),
            None => None,
        };
        calls.push(EndedCall { delivery, task });
    }
    Ok(calls)
}

pub(crate) fn latest(db: &Transaction<'_>, hook: &str, limit: u32) -> Result<Vec<HookDelivery>, StoreError> {
    let mut statement =
        db.prepare_cached("SELECT * FROM hook_calls WHERE hook = ?1 ORDER BY id DESC LIMIT ?2")?;
    let mut rows = statement.query(params![hook, limit])?;
    let mut calls = Vec::new();
    while let Some(row) = rows.next()? {
        calls.extend(delivery(row)?);
    }
    Ok(calls)
}

/// The latest call of a hook's test.
pub(crate) fn call(db: &Transaction<'_>, id: u64) -> Result<Option<HookDelivery>, StoreError> {
    let mut statement = db.prepare_cached("SELECT * FROM hook_calls WHERE id = ?1")?;
    let mut rows = statement.query([Number(id)])?;
    rows.next()?.map_or(Ok(None), delivery)
}

pub(crate) fn counts(db: &Transaction<'_>, hook: Option<&str>) -> Result<HookCounts, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT coalesce(sum(state = 'waiting'), 0), coalesce(sum(state = 'dropped'), 0) FROM hook_calls
         WHERE ?1 IS NULL OR hook = ?1",
    )?;
    Ok(statement.query_row([hook], |row| {
        Ok(HookCounts { waiting: row.get(0)?, dropped: row.get(1).map(|Number(dropped)| dropped)? })
    })?)
}

/// One of a later version, with words that are not known here, is left where it is.
fn delivery(row: &Row<'_>) -> Result<Option<HookDelivery>, StoreError> {
    let (event, state): (String, String) = (row.get("event")?, row.get("state")?);
    let (Some(event), Some(state)) = (HookEvent::from_word(&event), DeliveryState::from_word(&state)) else {
        return Ok(None);
    };
    let id_in = |column: &str| -> Result<Option<TaskId>, StoreError> {
        let id: Option<String> = row.get(column)?;
        Ok(id.and_then(|id| TaskId::new(id).ok()))
    };
    Ok(Some(HookDelivery {
        id: required(row, "id")?,
        hook: row.get("hook")?,
        event,
        task: id_in("task")?,
        at: required(row, "at")?,
        tries: row.get("tries")?,
        state,
        next_at: optional(row, "next_at")?,
        said: row.get("said")?,
        command_task: id_in("command_task")?,
        // Whoever makes the calls knows.
        being_tried: false,
    }))
}
