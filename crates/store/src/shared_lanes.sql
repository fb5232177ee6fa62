-- The lanes that tasks share, with the time at which one last went into each, so that a person finds a lane also while nothing is
-- in it. What is known of the time before is the names, and a lane of one task can only be told by its own.

CREATE TABLE IF NOT EXISTS shared_lanes (
    slot TEXT PRIMARY KEY,
    used_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT OR IGNORE INTO shared_lanes (slot, used_at)
SELECT slot, 0 FROM slot_counts
WHERE slot NOT GLOB '*-[a-hjkmnp-tv-z2-9][a-hjkmnp-tv-z2-9][a-hjkmnp-tv-z2-9][a-hjkmnp-tv-z2-9][2-9]'
GROUP BY slot
-- Version 0.1.0 ended the lane of one task in so many letters, and people end theirs so as well.
HAVING sum(n) > 1 OR (
    slot NOT GLOB '*-[a-z0-9][a-z0-9][a-z0-9][a-z0-9][a-z0-9]'
    AND slot NOT GLOB '*-[a-z0-9][a-z0-9][a-z0-9][a-z0-9][a-z0-9][a-z0-9][a-z0-9][a-z0-9]')
LIMIT 200;

UPDATE task_heads SET head = json_set(head, '$.ownLane', json('true'))
WHERE json_extract(head, '$.slot') GLOB '*-[a-hjkmnp-tv-z2-9][a-hjkmnp-tv-z2-9][a-hjkmnp-tv-z2-9][a-hjkmnp-tv-z2-9][2-9]';
