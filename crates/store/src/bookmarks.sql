-- Format 3: rows of logs that a person has marked.

CREATE TABLE bookmarks (
    num INTEGER NOT NULL REFERENCES tasks (num),
    attempt INTEGER NOT NULL,
    row INTEGER NOT NULL,
    note TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (num, attempt, row)
) STRICT, WITHOUT ROWID;
