//! Another name for a saved job: everything that has the old one gets the new one, and the old one is remembered.

use crate::StoreError;
use crate::read::name;
use rusqlite::{Transaction, params};
use solti_model::{JobName, Kin};
use std::collections::BTreeMap;

/// In this order: the first ones find the tasks by the old name.
const STEPS: [&str; 9] = [
    "UPDATE task_specs SET spec = json_set(spec, '$.job', ?2)
     WHERE num IN (SELECT num FROM job_tasks WHERE job = ?1) AND json_valid(spec)",
    "UPDATE task_heads SET head = json_set(head, '$.job', ?2)
     WHERE num IN (SELECT num FROM job_tasks WHERE job = ?1) AND json_valid(head)",
    "UPDATE job_tasks SET job = ?2 WHERE job = ?1",
    "UPDATE jobs SET name = ?2, job = json_set(job, '$.name', ?2) WHERE name = ?1",
    "UPDATE OR REPLACE job_revisions
     SET name = ?2, job = CASE WHEN json_valid(job) THEN json_set(job, '$.name', ?2) ELSE job END WHERE name = ?1",
    "UPDATE OR REPLACE job_schedules SET job = ?2 WHERE job = ?1",
    "UPDATE OR REPLACE firings SET job = ?2 WHERE job = ?1",
    "UPDATE renamed_jobs SET now = ?2 WHERE now = ?1",
    "INSERT OR REPLACE INTO renamed_jobs (name, now) VALUES (?1, ?2)",
];

pub(crate) fn rename(db: &Transaction<'_>, from: &JobName, to: &JobName) -> Result<(), StoreError> {
    db.prepare_cached("UPDATE tasks SET kin = ?2 WHERE num IN (SELECT num FROM job_tasks WHERE job = ?1)")?
        .execute(params![from.as_str(), Kin::of_job(to).number()])?;
    for step in STEPS {
        db.prepare_cached(step)?.execute(params![from.as_str(), to.as_str()])?;
    }
    in_use(db, to)
}

/// A job has this name now.
pub(crate) fn in_use(db: &Transaction<'_>, job: &JobName) -> Result<(), StoreError> {
    db.prepare_cached("DELETE FROM renamed_jobs WHERE name = ?1")?.execute([job.as_str()])?;
    Ok(())
}

/// What jobs are called now, by the names that they had.
pub(crate) fn all(db: &Transaction<'_>) -> Result<BTreeMap<JobName, JobName>, StoreError> {
    let mut statement = db.prepare_cached("SELECT name, now FROM renamed_jobs")?;
    let mut rows = statement.query([])?;
    let mut found = BTreeMap::new();
    while let Some(row) = rows.next()? {
        match (name(row, "name", JobName::new), name(row, "now", JobName::new)) {
            (Ok(name), Ok(now)) => drop(found.insert(name, now)),
            (Err(why), _) | (_, Err(why)) => crate::damage::left_out("the former name of a job", &why),
        }
    }
    Ok(found)
}
