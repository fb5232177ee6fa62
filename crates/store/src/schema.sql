-- Format 1. Times are Unix milliseconds, phases are the words of the model.
-- A task's number is its place in the order of insertion and is never used twice; every index ends with it, so that each
-- yields its matches in that order.

CREATE TABLE tasks (
    num INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    slot TEXT NOT NULL,
    phase TEXT NOT NULL
        CHECK (phase IN ('pending', 'running', 'succeeded', 'failed', 'timeout', 'canceled', 'exhausted')),
    resource_version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    exit_code INTEGER,
    error TEXT,
    consecutive_failures INTEGER NOT NULL,
    previous_delay_ms INTEGER,
    next_attempt_at INTEGER,
    queue_order INTEGER NOT NULL,
    stop_requested INTEGER NOT NULL,
    started_at INTEGER,
    finished_at INTEGER
) STRICT;
CREATE INDEX tasks_phase ON tasks (phase);
CREATE INDEX tasks_slot_phase ON tasks (slot, phase);
CREATE INDEX tasks_created ON tasks (created_at);
CREATE INDEX tasks_exit_code ON tasks (exit_code) WHERE exit_code IS NOT NULL;

-- Written once. A spec may hold a script of 2 MiB, which no change of status touches.
CREATE TABLE task_specs (
    num INTEGER PRIMARY KEY REFERENCES tasks (num),
    spec TEXT NOT NULL
) STRICT;

-- What a text search looks through, in lower case; apart from the rest so that a search reads little else.
CREATE TABLE task_text (
    num INTEGER PRIMARY KEY REFERENCES tasks (num),
    folded TEXT NOT NULL
) STRICT;

CREATE TABLE task_labels (
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    num INTEGER NOT NULL REFERENCES tasks (num),
    PRIMARY KEY (key, value, num)
) STRICT, WITHOUT ROWID;
CREATE INDEX task_labels_num ON task_labels (num);

CREATE TABLE runs (
    num INTEGER NOT NULL REFERENCES tasks (num),
    attempt INTEGER NOT NULL,
    phase TEXT NOT NULL
        CHECK (phase IN ('pending', 'running', 'succeeded', 'failed', 'timeout', 'canceled', 'exhausted')),
    started_at INTEGER NOT NULL,
    finished_at INTEGER,
    exit_code INTEGER,
    error TEXT,
    boot_id TEXT NOT NULL,
    pid INTEGER,
    folder INTEGER NOT NULL,
    PRIMARY KEY (num, attempt)
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    num INTEGER NOT NULL REFERENCES tasks (num),
    at INTEGER NOT NULL,
    attempt INTEGER,
    kind TEXT NOT NULL,
    detail TEXT
) STRICT;
CREATE INDEX events_num ON events (num);

CREATE TABLE lanes (
    slot TEXT PRIMARY KEY,
    capacity INTEGER NOT NULL,
    paused INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Kept counters: a total must not cost a walk over every task. Only the triggers below write them.

CREATE TABLE phase_counts (
    phase TEXT PRIMARY KEY,
    n INTEGER NOT NULL CHECK (n >= 0)
) STRICT, WITHOUT ROWID;

CREATE TABLE slot_counts (
    slot TEXT NOT NULL,
    phase TEXT NOT NULL,
    n INTEGER NOT NULL CHECK (n >= 0),
    PRIMARY KEY (slot, phase)
) STRICT, WITHOUT ROWID;

CREATE TABLE label_counts (
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    n INTEGER NOT NULL CHECK (n >= 0),
    PRIMARY KEY (key, value)
) STRICT, WITHOUT ROWID;
CREATE INDEX label_counts_n ON label_counts (n DESC, key, value);

CREATE TRIGGER tasks_count_insert AFTER INSERT ON tasks BEGIN
    INSERT INTO phase_counts VALUES (NEW.phase, 1) ON CONFLICT DO UPDATE SET n = n + 1;
    INSERT INTO slot_counts VALUES (NEW.slot, NEW.phase, 1) ON CONFLICT DO UPDATE SET n = n + 1;
END;

CREATE TRIGGER tasks_count_delete AFTER DELETE ON tasks BEGIN
    UPDATE phase_counts SET n = n - 1 WHERE phase = OLD.phase;
    UPDATE slot_counts SET n = n - 1 WHERE slot = OLD.slot AND phase = OLD.phase;
    DELETE FROM slot_counts WHERE slot = OLD.slot AND phase = OLD.phase AND n = 0;
END;

CREATE TRIGGER tasks_count_update AFTER UPDATE OF phase ON tasks WHEN OLD.phase <> NEW.phase BEGIN
    UPDATE phase_counts SET n = n - 1 WHERE phase = OLD.phase;
    UPDATE slot_counts SET n = n - 1 WHERE slot = OLD.slot AND phase = OLD.phase;
    DELETE FROM slot_counts WHERE slot = OLD.slot AND phase = OLD.phase AND n = 0;
    INSERT INTO phase_counts VALUES (NEW.phase, 1) ON CONFLICT DO UPDATE SET n = n + 1;
    INSERT INTO slot_counts VALUES (NEW.slot, NEW.phase, 1) ON CONFLICT DO UPDATE SET n = n + 1;
END;

-- The label `name` is what the task is called, not a group that it is in.
CREATE TRIGGER task_labels_count_insert AFTER INSERT ON task_labels WHEN NEW.key <> 'name' BEGIN
    INSERT INTO label_counts VALUES (NEW.key, NEW.value, 1) ON CONFLICT DO UPDATE SET n = n + 1;
END;

CREATE TRIGGER task_labels_count_delete AFTER DELETE ON task_labels WHEN OLD.key <> 'name' BEGIN
    UPDATE label_counts SET n = n - 1 WHERE key = OLD.key AND value = OLD.value;
    DELETE FROM label_counts WHERE key = OLD.key AND value = OLD.value AND n = 0;
END;

-- A terminal phase never changes, whatever the program above believes.

CREATE TRIGGER tasks_terminal BEFORE UPDATE OF phase ON tasks
WHEN OLD.phase NOT IN ('pending', 'running') AND NEW.phase <> OLD.phase BEGIN
    SELECT RAISE(ABORT, 'the phase of a finished task never changes');
END;

CREATE TRIGGER runs_terminal BEFORE UPDATE OF phase ON runs
WHEN OLD.phase NOT IN ('pending', 'running') AND NEW.phase <> OLD.phase BEGIN
    SELECT RAISE(ABORT, 'the phase of a finished run never changes');
END;
