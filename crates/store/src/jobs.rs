//! Saved jobs, their revisions and their tasks, and what has come of their schedules.

use crate::kin::OWN_END;
use crate::number::{Number, optional, required};
use crate::read::name;
use crate::rows::load_rows;
use crate::{
    JobMark, JobSaving, RowCursor, RowPage, Settled, SettledUntil, StoreError, StoredFiring, StoredJob, took,
};
use rusqlite::{OptionalExtension, Row, Transaction, params};
use solti_model::{
    DEFAULT_LIMIT, Firing, FiringOutcome, Job, JobEnd, JobName, JobRevision, JobRun, MAX_LIMIT, ScheduleId,
    TaskId, stored_job,
};
use std::collections::BTreeMap;

/// Revisions of a job that are kept.
const REVISIONS: u32 = 100;
/// What has come of a schedule is kept for so many of its times.
const FIRINGS: u32 = 100;

pub(crate) fn put(db: &Transaction<'_>, saving: &JobSaving) -> Result<(), StoreError> {
    let JobSaving { job, changed, settled } = saving;
    let name = job.name.as_str();
    let text = serde_json::to_string(job).map_err(StoreError::Job)?;
    db.prepare_cached(
        "INSERT INTO jobs (name, job) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET job = excluded.job",
    )?
    .execute(params![name, text])?;
    crate::renamed_jobs::in_use(db, &job.name)?;
    let changed = serde_json::to_string(changed).map_err(StoreError::Job)?;
    db.prepare_cached(
        "INSERT OR REPLACE INTO job_revisions (name, revision, saved_at, changed, job) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![name, job.revision, Number(job.updated_at), changed, text])?;
    db.prepare_cached("DELETE FROM job_revisions WHERE name = ?1 AND revision <= ?2")?
        .execute(params![name, i64::from(job.revision) - i64::from(REVISIONS)])?;
    let mut stored = db.prepare_cached("SELECT schedule FROM job_schedules WHERE job = ?1")?;
    let stored = stored.query_map([name], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()?;
    for gone in stored.iter().filter(|id| settled.iter().all(|kept| kept.schedule.as_str() != **id)) {
        for delete in [
            "DELETE FROM job_schedules WHERE job = ?1 AND schedule = ?2",
            "DELETE FROM firings WHERE job = ?1 AND schedule = ?2",
        ] {
            db.prepare_cached(delete)?.execute(params![name, gone])?;
        }
    }
    settled.iter().try_for_each(|settled| settle(db, &job.name, settled))
}

pub(crate) fn settle(db: &Transaction<'_>, job: &JobName, settled: &Settled) -> Result<(), StoreError> {
    db.prepare_cached(
        "INSERT INTO job_schedules (job, schedule, settled, at) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO UPDATE SET settled = excluded.settled, at = excluded.at
             WHERE ?5 OR excluded.settled > settled",
    )?
    .execute(params![
        job.as_str(),
        settled.schedule.as_str(),
        Number(settled.until),
        Number(settled.at),
        settled.anew
    ])?;
    Ok(())
}

pub(crate) fn delete(db: &Transaction<'_>, job: &JobName) -> Result<(), StoreError> {
    for delete in [
        "DELETE FROM jobs WHERE name = ?1",
        "DELETE FROM job_revisions WHERE name = ?1",
        "DELETE FROM job_schedules WHERE job = ?1",
        "DELETE FROM firings WHERE job = ?1",
        "DELETE FROM renamed_jobs WHERE now = ?1",
    ] {
        db.prepare_cached(delete)?.execute([job.as_str()])?;
    }
    Ok(())
}

/// A time of a schedule is dealt with once: the batch is refused where it was dealt with before, or the schedule is gone.
pub(crate) fn fire(db: &Transaction<'_>, fired: &StoredFiring) -> Result<(), StoreError> {
    let StoredFiring { job, firing, settled_at } = fired;
    let schedule = firing.schedule.as_str();
    let moved = db
        .prepare_cached(
            "UPDATE job_schedules SET settled = ?3, at = ?4 WHERE job = ?1 AND schedule = ?2 AND settled < ?3",
        )?
        .execute(params![job.as_str(), schedule, Number(firing.due), Number(*settled_at)])?;
    let noted = db
        .prepare_cached(
            "INSERT OR IGNORE INTO firings (job, schedule, due, at, outcome, task, reason, left_out)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            job.as_str(),
            schedule,
            Number(firing.due),
            Number(firing.at),
            firing.outcome.word(),
            firing.task.as_ref().map(TaskId::as_str),
            firing.reason,
            Number(firing.left_out),
        ])?;
    if moved == 0 || noted == 0 {
        return Err(StoreError::DealtWith);
    }
    db.prepare_cached(
        "DELETE FROM firings WHERE job = ?1 AND schedule = ?2 AND due <= (
             SELECT due FROM firings WHERE job = ?1 AND schedule = ?2 ORDER BY due DESC LIMIT 1 OFFSET ?3)",
    )?
    .execute(params![job.as_str(), schedule, FIRINGS])?;
    Ok(())
}

/// All of them, by name, with up to when the times of their schedules are dealt with.
pub(crate) fn all(db: &Transaction<'_>) -> Result<Vec<StoredJob>, StoreError> {
    let mut settled: BTreeMap<String, BTreeMap<String, SettledUntil>> = BTreeMap::new();
    let mut statement = db.prepare_cached(
        "SELECT s.job, s.schedule, s.settled, s.at, coalesce(f.at, s.at) AS noted FROM job_schedules s
         LEFT JOIN firings f ON f.job = s.job AND f.schedule = s.schedule AND f.due = s.settled",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let until = SettledUntil {
            until: required(row, "settled")?,
            at: required(row, "at")?,
            noted: required(row, "noted")?,
        };
        settled.entry(row.get("job")?).or_default().insert(row.get("schedule")?, until);
    }
    let mut statement = db.prepare_cached("SELECT name, job FROM jobs ORDER BY name")?;
    let mut rows = statement.query([])?;
    let mut jobs = Vec::new();
    while let Some(row) = rows.next()? {
        let name = match name(row, "name", JobName::new) {
            Ok(name) => name,
            Err(why) => {
                crate::damage::left_out("a job", &why);
                continue;
            }
        };
        let text = row.get_ref("job")?.as_str().map_err(rusqlite::Error::from);
        let job = text.map_err(StoreError::from).and_then(|text| stored_job(text).map_err(StoreError::Job));
        let settled = settled.remove(name.as_str()).unwrap_or_default();
        jobs.push(StoredJob { name, job: job.map_err(|why| crate::damage::cause(&why)), settled });
    }
    Ok(jobs)
}

/// Newest first.
pub(crate) fn revisions(db: &Transaction<'_>, job: &JobName) -> Result<Vec<JobRevision>, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT revision, saved_at, changed FROM job_revisions WHERE name = ?1 ORDER BY revision DESC",
    )?;
    let revision = |row: &Row<'_>| {
        let changed: String = row.get("changed")?;
        Ok(JobRevision {
            revision: row.get("revision")?,
            saved_at: required(row, "saved_at")?,
            // What cannot be read was only for a person to look at.
            changed: serde_json::from_str(&changed).unwrap_or_default(),
        })
    };
    let revisions = statement.query_map([job.as_str()], revision)?;
    Ok(revisions.collect::<Result<_, _>>()?)
}

pub(crate) fn revision(
    db: &Transaction<'_>,
    job: &JobName,
    revision: u32,
) -> Result<Option<Job>, StoreError> {
    let mut statement =
        db.prepare_cached("SELECT job FROM job_revisions WHERE name = ?1 AND revision = ?2")?;
    let text: Option<String> =
        statement.query_row(params![job.as_str(), revision], |row| row.get(0)).optional()?;
    text.map(|text| stored_job(&text).map_err(StoreError::Job)).transpose()
}

/// Of all schedules of the job, newest first.
pub(crate) fn firings(db: &Transaction<'_>, job: &JobName, limit: u32) -> Result<Vec<Firing>, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT schedule, due, at, outcome, task, reason, left_out FROM firings
         WHERE job = ?1 ORDER BY due DESC, schedule LIMIT ?2",
    )?;
    let mut rows = statement.query(params![job.as_str(), limit])?;
    let mut firings = Vec::new();
    while let Some(row) = rows.next()? {
        match firing(row) {
            Ok(firing) => firings.push(firing),
            Err(why) => crate::damage::left_out(&format!("a time of a schedule of job {job}"), &why),
        }
    }
    Ok(firings)
}

fn firing(row: &Row<'_>) -> Result<Firing, StoreError> {
    let word: String = row.get("outcome")?;
    let task: Option<String> = row.get("task")?;
    let reason: Option<String> = row.get("reason")?;
    let known = FiringOutcome::from_word(&word);
    Ok(Firing {
        schedule: name(row, "schedule", ScheduleId::new)?,
        due: required(row, "due")?,
        at: required(row, "at")?,
        outcome: known.unwrap_or(FiringOutcome::Refused),
        task: task.and_then(|id| TaskId::new(id).ok()),
        // A later version wrote it.
        reason: if known.is_some() { reason } else { Some(word) },
        left_out: required(row, "left_out")?,
    })
}

/// The last tasks of each of these jobs, newest first.
pub(crate) fn runs(
    db: &Transaction<'_>,
    jobs: &[JobName],
    limit: u32,
) -> Result<BTreeMap<JobName, Vec<JobRun>>, StoreError> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT t.id, t.phase, t.created_at, {} AS took_ms
         FROM job_tasks j CROSS JOIN tasks t ON t.num = j.num
         WHERE j.job = ?1 ORDER BY j.num DESC LIMIT ?2",
        took::of("t")
    ))?;
    let mut found = BTreeMap::new();
    for job in jobs {
        let mut rows = statement.query(params![job.as_str(), limit])?;
        let mut runs = Vec::new();
        while let Some(row) = rows.next()? {
            match run(row) {
                Ok(run) => runs.push(run),
                Err(why) => crate::damage::left_out(&format!("a task of job {job}"), &why),
            }
        }
        if !runs.is_empty() {
            found.insert(job.clone(), runs);
        }
    }
    Ok(found)
}

/// The last tasks of the job that are over, newest first.
pub(crate) fn ends(db: &Transaction<'_>, job: &JobName, limit: u32) -> Result<Vec<JobEnd>, StoreError> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT t.id, t.phase, t.created_at, {} AS took_ms, {OWN_END} AS own_end
         FROM job_tasks j CROSS JOIN tasks t ON t.num = j.num
         WHERE j.job = ?1 AND t.phase NOT IN ('pending', 'running') ORDER BY j.num DESC LIMIT ?2",
        took::of("t")
    ))?;
    let mut rows = statement.query(params![job.as_str(), limit])?;
    let mut ends = Vec::new();
    while let Some(row) = rows.next()? {
        match run(row) {
            Ok(run) => ends.push(JobEnd { run, by_itself: row.get("own_end")? }),
            Err(why) => crate::damage::left_out(&format!("a task of job {job}"), &why),
        }
    }
    Ok(ends)
}

pub(crate) fn strips(
    db: &Transaction<'_>,
    ids: &[TaskId],
    limit: u32,
) -> Result<BTreeMap<TaskId, Vec<JobMark>>, StoreError> {
    // From the task to its job, and from there back along the job: one that belongs to none costs a look at an index.
    let mut statement = db.prepare_cached(&format!(
        "SELECT t.phase, {} AS took_ms FROM tasks me
         CROSS JOIN job_tasks mine ON mine.num = me.num
         CROSS JOIN job_tasks j ON j.job = mine.job AND j.num <= mine.num
         CROSS JOIN tasks t ON t.num = j.num
         WHERE me.id = ?1 ORDER BY j.num DESC LIMIT ?2",
        took::of("t")
    ))?;
    let mut found = BTreeMap::new();
    for id in ids {
        let mut rows = statement.query(params![id.as_str(), limit])?;
        let mut marks = Vec::new();
        while let Some(row) = rows.next()? {
            let Ok(phase) = crate::read::phase(row) else { continue };
            marks.push(JobMark { phase, duration_ms: optional(row, "took_ms")? });
        }
        if !marks.is_empty() {
            marks.reverse();
            found.insert(id.clone(), marks);
        }
    }
    Ok(found)
}

fn run(row: &Row<'_>) -> Result<JobRun, StoreError> {
    Ok(JobRun {
        task: name(row, "id", TaskId::new)?,
        phase: crate::read::phase(row)?,
        created_at: required(row, "created_at")?,
        duration_ms: optional(row, "took_ms")?,
    })
}

/// A page of the job's tasks, newest first.
pub(crate) fn history(
    db: &Transaction<'_>,
    job: &JobName,
    cursor: Option<RowCursor>,
    limit: Option<u32>,
) -> Result<RowPage, StoreError> {
    let limit = limit.unwrap_or(DEFAULT_LIMIT).min(MAX_LIMIT);
    let mut statement = db.prepare_cached("SELECT count(*) FROM job_tasks WHERE job = ?1")?;
    let Number(total) = statement.query_row([job.as_str()], |row| row.get(0))?;
    let mut statement = db
        .prepare_cached("SELECT num FROM job_tasks WHERE job = ?1 AND num < ?2 ORDER BY num DESC LIMIT ?3")?;
    let before = cursor.map_or(Ok(i64::MAX), |cursor| cursor.newest_first())?;
    // One more, to know whether there is one.
    let nums = statement.query_map(params![job.as_str(), before, i64::from(limit) + 1], |row| row.get(0))?;
    let mut nums = nums.collect::<Result<Vec<i64>, _>>()?;
    let more = nums.len() > limit as usize;
    nums.truncate(limit as usize);
    let (rows, read) = load_rows(db, &nums)?;
    let more = more || read < nums.len();
    let next = read.checked_sub(1).filter(|_| more).map(|last| RowCursor::behind(nums[last]));
    Ok(RowPage { rows, total, next })
}

/// A task belongs to a job.
pub(crate) fn put_task(db: &Transaction<'_>, job: &JobName, num: i64) -> Result<(), StoreError> {
    db.prepare_cached("INSERT INTO job_tasks (job, num) VALUES (?1, ?2)")?
        .execute(params![job.as_str(), num])?;
    Ok(())
}
