//! What has happened since some time: found from the end of the events, which are in the order of their times but for a clock that was
//! set.

use crate::damage::left_out;
use crate::number::{Number, required};
use crate::read::name;
use crate::{PastSince, StoreError};
use rusqlite::{Row, Transaction};
use solti_model::{DigestFiring, FiringOutcome, JobName, TaskId, TaskPhase, not_run};

/// Events of a task, as a rule.
const EVENTS_OF_ONE: u32 = 6;

pub(crate) fn past_since(
    db: &Transaction<'_>,
    since: u64,
    named: usize,
    counted: u32,
) -> Result<PastSince, StoreError> {
    let mut past = PastSince::default();
    let mut statement = db.prepare_cached(
        "SELECT t.id, t.phase, e.at, e.kind FROM events e JOIN tasks t ON t.num = e.num
         ORDER BY e.seq DESC LIMIT ?1",
    )?;
    let mut rows = statement.query([counted.saturating_mul(EVENTS_OF_ONE)])?;
    let mut left = counted;
    while let Some(row) = rows.next()? {
        if required(row, "at")? < since || left == 0 {
            break;
        }
        if row.get_ref("kind")?.as_str().ok() != Some("finished") {
            continue;
        }
        left -= 1;
        let word: String = row.get("phase")?;
        let Some(phase) = TaskPhase::from_word(&word) else { continue };
        *past.ended.entry(phase).or_default() += 1;
        if phase.is_failure() && past.failed.len() < named {
            past.failed.extend(id("a task, in a digest,", row));
        }
    }
    let mut statement = db.prepare_cached(
        "SELECT job, due, reason, left_out, outcome FROM firings
         WHERE at >= ?1 AND (outcome IN ('missed', 'refused') OR left_out > 0) ORDER BY at DESC, due DESC",
    )?;
    let mut rows = statement.query([Number(since)])?;
    while let Some(row) = rows.next()? {
        let (left_out, word): (u64, String) = (required(row, "left_out")?, row.get("outcome")?);
        let outcome = FiringOutcome::from_word(&word).unwrap_or(FiringOutcome::Started);
        let is_one = matches!(outcome, FiringOutcome::Missed | FiringOutcome::Refused);
        past.missed_count += u64::from(is_one) + left_out;
        let job: String = row.get("job")?;
        if past.missed.len() < named
            && let Ok(job) = JobName::new(job)
        {
            let reason: Option<String> = row.get("reason")?;
            let reason = not_run(outcome, reason.as_deref(), left_out);
            past.missed.push(DigestFiring { job, due: required(row, "due")?, reason: Some(reason) });
        }
    }
    let count = "SELECT count(*) FROM tasks WHERE phase = 'pending' AND held";
    past.held_count = db.prepare_cached(count)?.query_row([], |row| row.get(0).map(|Number(held)| held))?;
    let mut statement = db
        .prepare_cached("SELECT id FROM tasks WHERE phase = 'pending' AND held ORDER BY num DESC LIMIT ?1")?;
    let mut rows = statement.query([u32::try_from(named).unwrap_or(u32::MAX)])?;
    while let Some(row) = rows.next()? {
        past.held.extend(id("a held task, in a digest,", row));
    }
    Ok(past)
}

fn id(what: &str, row: &Row<'_>) -> Option<TaskId> {
    name(row, "id", TaskId::new).map_err(|why| left_out(what, &why)).ok()
}
