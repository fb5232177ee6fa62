//! The tasks that were there between two times.

use crate::number::Number;
use crate::rows::load_all_rows;
use crate::{StoreError, StoredRow};
use rusqlite::{Transaction, params};

/// Newest first, `limit` at most, and whether there are more. With `of_jobs` those of saved jobs alone.
pub(crate) fn between(
    db: &Transaction<'_>,
    (from, to): (u64, u64),
    of_jobs: bool,
    limit: u32,
) -> Result<(Vec<StoredRow>, bool), StoreError> {
    // Each part by an index of its own: made meanwhile; made before and not over; made before and over since.
    let mut statement = db.prepare_cached(
        "SELECT found.num FROM (
             SELECT num FROM tasks WHERE created_at BETWEEN ?1 AND ?2
             UNION
             SELECT num FROM tasks WHERE phase IN ('pending', 'running') AND created_at < ?1
             UNION
             SELECT num FROM tasks
             WHERE phase NOT IN ('pending', 'running') AND coalesce(finished_at, updated_at) >= ?1 AND created_at < ?1
         ) AS found WHERE NOT ?3 OR EXISTS (SELECT 1 FROM job_tasks j WHERE j.num = found.num)
         ORDER BY found.num DESC LIMIT ?4",
    )?;
    let found = statement
        .query_map(params![Number(from), Number(to), of_jobs, i64::from(limit) + 1], |row| row.get(0))?;
    let mut nums = found.collect::<Result<Vec<i64>, _>>()?;
    let more = nums.len() > limit as usize;
    nums.truncate(limit as usize);
    Ok((load_all_rows(db, &nums)?, more))
}
