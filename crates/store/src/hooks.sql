-- Calls of hooks: one is written with the number of the last event that was looked at, so that each event is dealt with once, and stays
-- until it has arrived, so that none is lost. Nothing is called for what happened before there were hooks.

CREATE TABLE IF NOT EXISTS hook_calls (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    hook TEXT NOT NULL,
    event TEXT NOT NULL,
    task TEXT,
    at INTEGER NOT NULL,
    body TEXT NOT NULL,
    tries INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'givenUp', 'dropped')),
    next_at INTEGER,
    said TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS hook_calls_due ON hook_calls (next_at) WHERE state = 'waiting';
CREATE INDEX IF NOT EXISTS hook_calls_hook ON hook_calls (hook, id);

INSERT OR IGNORE INTO meta (key, value)
SELECT 'hooks_seen', CAST(coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'events'), 0) AS TEXT);
