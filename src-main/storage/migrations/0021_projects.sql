-- Folders for runs. A run, or a study with the runs that it creates, is in at most one.
CREATE TABLE projects (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  createdAt REAL NOT NULL,
  updatedAt REAL NOT NULL,
  view TEXT NOT NULL,
  removedAt REAL,
  removedAfter REAL
) STRICT;
-- A removed project can be restored with its runs, because their rows still refer to it.
ALTER TABLE runs ADD COLUMN projectId TEXT;
ALTER TABLE studies ADD COLUMN projectId TEXT;
