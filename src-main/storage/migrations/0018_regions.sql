-- The class predicted for each point of a lattice over the inputs, at each evaluation of a run on a problem in the plane.
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
