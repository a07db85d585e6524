-- Folders for runs. A run, and a study with the runs that it makes, is in at most one.
CREATE TABLE projects (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  createdAt REAL NOT NULL,
  updatedAt REAL NOT NULL,
  view TEXT NOT NULL,
  removedAt REAL,
  removedAfter REAL
) STRICT;
-- A project that was removed can be brought back with its runs: their rows still name it then.
ALTER TABLE runs ADD COLUMN projectId TEXT;
ALTER TABLE studies ADD COLUMN projectId TEXT;
