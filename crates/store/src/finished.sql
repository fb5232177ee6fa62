-- What finished first, of any number of finished tasks, is found without looking at them all.

CREATE INDEX IF NOT EXISTS tasks_finished ON tasks (coalesce(finished_at, updated_at)) WHERE phase NOT IN ('pending', 'running');
