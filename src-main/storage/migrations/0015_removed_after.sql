-- How long Retrace had been open on this home, in seconds, when something was removed. Setting the system clock must not delete anything.
-- Things removed before this was recorded are treated as removed now.
ALTER TABLE runs ADD COLUMN removedAfter REAL;
ALTER TABLE comparisons ADD COLUMN removedAfter REAL;
ALTER TABLE run_views ADD COLUMN removedAfter REAL;
UPDATE runs SET removedAfter = 0 WHERE removedAt IS NOT NULL;
UPDATE comparisons SET removedAfter = 0 WHERE removedAt IS NOT NULL;
UPDATE run_views SET removedAfter = 0 WHERE removedAt IS NOT NULL;
