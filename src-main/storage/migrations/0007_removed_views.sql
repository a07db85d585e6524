-- When a named comparison or view was removed; NULL if it was not. It can be restored until it is deleted permanently.
ALTER TABLE comparisons ADD COLUMN removedAt REAL;
ALTER TABLE run_views ADD COLUMN removedAt REAL;
