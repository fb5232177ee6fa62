-- Format 16: what jobs were called before. Nothing is done under such a name but to say the new one.

CREATE TABLE IF NOT EXISTS renamed_jobs (
    name TEXT PRIMARY KEY,
    now TEXT NOT NULL
) STRICT, WITHOUT ROWID;
