-- When a named comparison or view was removed; NULL while it is there. Until it is deleted for good it can be brought back.
ALTER TABLE comparisons ADD COLUMN removedAt REAL;
ALTER TABLE run_views ADD COLUMN removedAt REAL;
