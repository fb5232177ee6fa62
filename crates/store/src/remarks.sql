-- Format 6: what the end of a run has left undone, in one sentence; NULL is nothing.
ALTER TABLE runs ADD COLUMN remark TEXT;
