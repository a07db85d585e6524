-- Histograms of weights, gradients and activations of every unit, at the steps set by the configuration.
CREATE TABLE histograms (
  runId TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  step INTEGER NOT NULL,
  -- Bins of each histogram.
  bins INTEGER NOT NULL,
  -- JSON: of each kind its outermost value and the places of its units.
  parts TEXT NOT NULL,
  -- float32, little-endian: of each kind and unit the shares of the bins, mean and standard deviation.
  vals BLOB NOT NULL,
  PRIMARY KEY (runId, step)
) STRICT;
