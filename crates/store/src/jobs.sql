-- Format 10: saved jobs, their revisions, and what has come of their schedules. A job is one JSON document. The tasks of a job are
-- kept apart from it: they stay when it is deleted.

CREATE TABLE IF NOT EXISTS jobs (
    name TEXT PRIMARY KEY,
    job TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS job_revisions (
    name TEXT NOT NULL,
    revision INTEGER NOT NULL,
    saved_at INTEGER NOT NULL,
    changed TEXT NOT NULL,
    job TEXT NOT NULL,
    PRIMARY KEY (name, revision)
) STRICT, WITHOUT ROWID;

-- All times of a schedule up to this one are dealt with, which was noted at the other time.
CREATE TABLE IF NOT EXISTS job_schedules (
    job TEXT NOT NULL,
    schedule TEXT NOT NULL,
    settled INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (job, schedule)
) STRICT, WITHOUT ROWID;

-- What was done at a time of a schedule: written together with the task that was made.
CREATE TABLE IF NOT EXISTS firings (
    job TEXT NOT NULL,
    schedule TEXT NOT NULL,
    due INTEGER NOT NULL,
    at INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    task TEXT,
    reason TEXT,
    left_out INTEGER NOT NULL,
    PRIMARY KEY (job, schedule, due)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS job_tasks (
    job TEXT NOT NULL,
    num INTEGER NOT NULL REFERENCES tasks (num),
    PRIMARY KEY (job, num)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS job_tasks_num ON job_tasks (num);
