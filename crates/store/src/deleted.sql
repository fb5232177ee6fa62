-- Tasks that were deleted and whose files may still be there. Only what is named here is removed from the run folders: a folder
-- that no row and no deletion knows of is of a database that was lost.

CREATE TABLE IF NOT EXISTS deleted_tasks (
    id TEXT PRIMARY KEY
) WITHOUT ROWID;
