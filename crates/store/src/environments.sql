-- Format 4: what runs inherited, once for all runs that inherited the same. A run has but the number, which is never used
-- twice; NULL is not recorded. No foreign key: to delete an environment, SQLite would walk over every run.

CREATE TABLE environments (
    num INTEGER PRIMARY KEY AUTOINCREMENT,
    variables TEXT NOT NULL
) STRICT;
ALTER TABLE runs ADD COLUMN environment INTEGER;
