-- Evaluations of a checkpoint's weights on all test images. They are kept when the checkpoint's file is deleted.
CREATE TABLE evaluations (
  runId TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  file TEXT NOT NULL,
  step INTEGER NOT NULL,
  at REAL NOT NULL,
  datasetHash TEXT,
  images INTEGER NOT NULL,
  accuracy REAL NOT NULL,
  -- NULL is NaN.
  loss REAL,
  confusion TEXT NOT NULL,
  mistakes TEXT NOT NULL,
  PRIMARY KEY (runId, file)
) STRICT;
