-- Results of diagnostics of checkpoints. They are kept when the checkpoint's file is deleted.
CREATE TABLE lab_results (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  runId TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  file TEXT NOT NULL,
  step INTEGER NOT NULL,
  at REAL NOT NULL,
  diagnostic TEXT NOT NULL,
  title TEXT NOT NULL,
  -- JSON, keys in their order.
  options TEXT NOT NULL,
  seconds REAL NOT NULL,
  result TEXT NOT NULL,
  UNIQUE (runId, file, diagnostic, options)
) STRICT;
