-- Study templates expanded into cells.
CREATE TABLE studies (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  template TEXT NOT NULL,
  -- JSON.
  options TEXT NOT NULL,
  createdAt REAL NOT NULL,
  -- Measurements wait.
  held INTEGER NOT NULL DEFAULT 0
) STRICT;

-- The state of a cell with a run is that of the run, which may have been removed or belong to another study.
CREATE TABLE study_cells (
  studyId TEXT NOT NULL REFERENCES studies (id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  factors TEXT NOT NULL,
  work TEXT NOT NULL,
  key TEXT NOT NULL,
  runId TEXT,
  takenOver INTEGER NOT NULL DEFAULT 0,
  state TEXT,
  reason TEXT,
  measured TEXT,
  seconds REAL,
  PRIMARY KEY (studyId, position)
) STRICT;
CREATE INDEX study_cells_by_key ON study_cells (key);
CREATE INDEX study_cells_by_run ON study_cells (runId);

ALTER TABLE runs ADD COLUMN studyId TEXT;
