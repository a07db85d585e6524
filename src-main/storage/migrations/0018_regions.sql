-- The class that a run of a problem in the plane predicts for each point of a lattice over its inputs, at evaluations.
CREATE TABLE regions (
  runId TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  step INTEGER NOT NULL,
  -- Points of the lattice either way.
  size INTEGER NOT NULL,
  -- JSON: smallest and largest first and second coordinate.
  extent TEXT NOT NULL,
  -- A byte a point.
  predicted BLOB NOT NULL,
  PRIMARY KEY (runId, step)
) STRICT;
