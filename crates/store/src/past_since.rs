//! What has happened since some time, all of it counted: what has ended by the index over the ends.

use crate::damage::left_out;
use crate::number::{Number, required};
use crate::read::name;
use crate::{PastSince, StoreError};
use rusqlite::{Row, Transaction, params};
use solti_model::{DigestFiring, FiringOutcome, JobName, TaskId, TaskPhase, not_run};

pub(crate) fn past_since(db: &Transaction<'_>, since: u64, named: usize) -> Result<PastSince, StoreError> {
    let mut past = PastSince::default();
    let first = u32::try_from(named).unwrap_or(u32::MAX);
    // By the index over the phases all tasks would be looked at, not those since then.
    let mut statement = db.prepare_cached(
        "SELECT phase, count(*) AS n FROM tasks INDEXED BY tasks_finished
         WHERE phase NOT IN ('pending', 'running') AND coalesce(finished_at, updated_at) >= ?1 GROUP BY phase",
    )?;
    let mut rows = statement.query([Number(since)])?;
    while let Some(row) = rows.next()? {
        let word: String = row.get("phase")?;
        if let Some(phase) = TaskPhase::from_word(&word) {
            past.ended.insert(phase, required(row, "n")?);
        }
    }
    let mut statement = db.prepare_cached(
        "SELECT id FROM tasks
         WHERE phase IN ('failed', 'timeout', 'exhausted') AND coalesce(finished_at, updated_at) >= ?1
         ORDER BY coalesce(finished_at, updated_at) DESC, num DESC LIMIT ?2",
    )?;
    let mut rows = statement.query(params![Number(since), first])?;
    while let Some(row) = rows.next()? {
        past.failed.extend(id("a task, in a digest,", row));
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
    let mut rows = statement.query([first])?;
    while let Some(row) = rows.next()? {
        past.held.extend(id("a held task, in a digest,", row));
    }
    Ok(past)
}

fn id(what: &str, row: &Row<'_>) -> Option<TaskId> {
    name(row, "id", TaskId::new).map_err(|why| left_out(what, &why)).ok()
}
