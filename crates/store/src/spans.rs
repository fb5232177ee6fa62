//! The tasks that were there between two times.

use crate::damage::left_out;
use crate::number::{Number, optional, required};
use crate::read::{name, phase, suspension};
use crate::rows::load_all_rows;
use crate::{StoreError, StoredRow, took};
use rusqlite::{Row, Transaction, params};
use solti_model::{JobName, RunOfDay, Suspension, TaskId};

/// A task, and what a span says of its latest attempt.
#[derive(Debug, Clone, PartialEq)]
pub struct SpanRow {
    /// The task.
    pub row: StoredRow,
    /// The runner, where that is known.
    pub runner: Option<String>,
    /// How long its processes stood still.
    pub suspension: Option<Suspension>,
}

/// Tasks that were there between `?1` and `?2`. Each part by an index of its own: made meanwhile; made before and not over; made
/// before and over since.
const THERE: &str = "SELECT num FROM tasks WHERE created_at BETWEEN ?1 AND ?2
    UNION
    SELECT num FROM tasks WHERE phase IN ('pending', 'running') AND created_at < ?1
    UNION
    SELECT num FROM tasks
    WHERE phase NOT IN ('pending', 'running') AND coalesce(finished_at, updated_at) >= ?1 AND created_at < ?1";

/// Newest first, `limit` at most, and whether there are more. With `of_jobs` those of saved jobs alone.
pub(crate) fn between(
    db: &Transaction<'_>,
    (from, to): (u64, u64),
    of_jobs: bool,
    limit: u32,
) -> Result<(Vec<SpanRow>, bool), StoreError> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT found.num FROM ({THERE}) AS found
         WHERE NOT ?3 OR EXISTS (SELECT 1 FROM job_tasks j WHERE j.num = found.num)
         ORDER BY found.num DESC LIMIT ?4"
    ))?;
    let found = statement
        .query_map(params![Number(from), Number(to), of_jobs, i64::from(limit) + 1], |row| row.get(0))?;
    let mut nums = found.collect::<Result<Vec<i64>, _>>()?;
    let more = nums.len() > limit as usize;
    nums.truncate(limit as usize);
    let rows = load_all_rows(db, &nums)?;
    let mut latest = db.prepare_cached(
        "SELECT runner, suspended_ms, suspended_since FROM runs
         WHERE num = (SELECT num FROM tasks WHERE id = ?1) ORDER BY attempt DESC LIMIT 1",
    )?;
    let span = |row: StoredRow| {
        let mut found = latest.query([row.task.metadata.id.as_str()])?;
        let (runner, suspension) = match found.next()? {
            Some(run) => (run.get("runner")?, suspension(run)?),
            None => (None, None),
        };
        Ok(SpanRow { row, runner, suspension })
    };
    Ok((rows.into_iter().map(span).collect::<Result<_, StoreError>>()?, more))
}

/// The runs of saved jobs, in the order of their times. One that cannot be read is left out.
pub(crate) fn fold_job_runs<T>(
    db: &Transaction<'_>,
    (from, to): (u64, u64),
    mut into: T,
    mut fold: impl FnMut(&mut T, JobName, RunOfDay),
) -> Result<T, StoreError> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT j.job, t.id, t.phase, coalesce(t.started_at, t.created_at) AS at, {} AS took_ms
         FROM ({THERE}) AS found CROSS JOIN job_tasks j ON j.num = found.num CROSS JOIN tasks t ON t.num = found.num
         WHERE at BETWEEN ?1 AND ?2 ORDER BY at",
        took::of("t")
    ))?;
    let mut rows = statement.query(params![Number(from), Number(to)])?;
    while let Some(row) = rows.next()? {
        match job_run(row) {
            Ok((job, run)) => fold(&mut into, job, run),
            Err(why) => left_out("a run of a job, in a calendar,", &why),
        }
    }
    Ok(into)
}

fn job_run(row: &Row<'_>) -> Result<(JobName, RunOfDay), StoreError> {
    let run = RunOfDay {
        at: required(row, "at")?,
        task: Some(name(row, "id", TaskId::new)?),
        phase: Some(phase(row)?),
        took_ms: optional(row, "took_ms")?,
    };
    Ok((name(row, "job", JobName::new)?, run))
}
