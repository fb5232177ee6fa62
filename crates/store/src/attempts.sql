-- Tasks that were restarted often, to be found without a walk over all others; and what rows show of long specs, so
-- that a list does not read them. A spec that is short is read itself.

CREATE INDEX tasks_restarted ON tasks (attempt) WHERE attempt > 20;

CREATE TABLE task_heads (
    num INTEGER PRIMARY KEY REFERENCES tasks (num),
    head TEXT NOT NULL
) STRICT;
