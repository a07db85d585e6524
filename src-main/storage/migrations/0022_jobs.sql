-- Runs that are computed by jobs of a batch system. Where a run is computed is no part of its configuration.
CREATE TABLE jobs (
  runId TEXT NOT NULL PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
  -- JSON: what its jobs ask for.
  resources TEXT NOT NULL,
  -- The first lease of the newest order; NULL before any.
  firstLease INTEGER,
  -- Number of the job in the batch system; NULL while it is not known.
  jobId TEXT,
  submittedAt REAL,
  -- Facts are taken in up to this byte of the file of this lease.
  lease INTEGER,
  readTo INTEGER NOT NULL DEFAULT 0,
  -- Of the newest attempt.
  node TEXT,
  -- JSON: durations of the run before that attempt.
  took TEXT,
  -- NULL while the job may go on.
  endedAt REAL
) STRICT;
-- JSON: resources of the runs of a study; NULL computes them here.
ALTER TABLE studies ADD COLUMN place TEXT;
