CREATE TABLE runs (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  preset TEXT NOT NULL,
  dataset TEXT NOT NULL,
  status TEXT NOT NULL,
  phase TEXT,
  reason TEXT,
  seed INTEGER NOT NULL,
  parameters INTEGER NOT NULL,
  createdAt REAL NOT NULL,
  startedAt REAL,
  endedAt REAL,
  step INTEGER NOT NULL,
  totalSteps INTEGER NOT NULL,
  stepsPerEpoch INTEGER,
  activeSeconds REAL NOT NULL,
  remainingSeconds REAL,
  latest TEXT NOT NULL,
  lease INTEGER NOT NULL,
  parentId TEXT,
  queueOrder INTEGER NOT NULL
) STRICT;
CREATE INDEX runs_by_status ON runs (status, queueOrder);
CREATE INDEX runs_by_queue ON runs (queueOrder);

-- Separate from the table of runs, so that listing thousands of runs never reads configurations.
CREATE TABLE run_records (
  runId TEXT PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
  config TEXT NOT NULL,
  environment TEXT NOT NULL,
  result TEXT,
  weightsFile TEXT,
  pid INTEGER
) STRICT;

CREATE TABLE series (
  id INTEGER PRIMARY KEY,
  runId TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  count INTEGER NOT NULL,
  lastStep REAL NOT NULL,
  -- NULL is NaN: SQLite keeps no other in a REAL column.
  lastValue REAL,
  tailRows INTEGER NOT NULL,
  tailCount INTEGER NOT NULL,
  UNIQUE (runId, key)
) STRICT;

-- Full chunks of 4,096 points; the arrays are little-endian float64.
CREATE TABLE chunks (
  id INTEGER PRIMARY KEY,
  seriesId INTEGER NOT NULL REFERENCES series (id) ON DELETE CASCADE,
  start INTEGER NOT NULL,
  count INTEGER NOT NULL,
  firstStep REAL NOT NULL,
  lastStep REAL NOT NULL,
  whole BLOB NOT NULL,
  groups BLOB NOT NULL,
  steps BLOB NOT NULL,
  vals BLOB NOT NULL,
  times BLOB NOT NULL,
  UNIQUE (seriesId, start)
) STRICT;

-- Points after the last full chunk, one row per report until they are merged.
CREATE TABLE tails (
  id INTEGER PRIMARY KEY,
  seriesId INTEGER NOT NULL REFERENCES series (id) ON DELETE CASCADE,
  start INTEGER NOT NULL,
  count INTEGER NOT NULL,
  firstStep REAL NOT NULL,
  lastStep REAL NOT NULL,
  steps BLOB NOT NULL,
  vals BLOB NOT NULL,
  times BLOB NOT NULL,
  UNIQUE (seriesId, start)
) STRICT;

CREATE TABLE log (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  runId TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  at REAL NOT NULL,
  level TEXT NOT NULL,
  message TEXT NOT NULL
) STRICT;
CREATE INDEX log_by_run ON log (runId, id);

CREATE TABLE checkpoints (
  runId TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  file TEXT NOT NULL,
  step INTEGER NOT NULL,
  kind TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  createdAt REAL NOT NULL,
  metrics TEXT NOT NULL,
  weightsHash TEXT NOT NULL,
  PRIMARY KEY (runId, file)
) STRICT;

-- All committed changes, in order. bytesUpTo is the cumulative size of all bodies ever stored, so that trimming by size needs no sum.
CREATE TABLE journal (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL,
  runId TEXT,
  bytesUpTo INTEGER NOT NULL,
  body TEXT NOT NULL
) STRICT;
CREATE INDEX journal_of_tasks ON journal (seq) WHERE kind = 'task';

CREATE TABLE datasets (
  name TEXT PRIMARY KEY,
  description TEXT NOT NULL
) STRICT;

CREATE TABLE settings (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT;
