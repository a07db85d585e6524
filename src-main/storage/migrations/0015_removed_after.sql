-- How long Retrace had been open on this home, in seconds, when something was removed: the machine's clock may be set, and must delete nothing.
-- What was removed before there was the record is kept as if it had been removed now.
ALTER TABLE runs ADD COLUMN removedAfter REAL;
ALTER TABLE comparisons ADD COLUMN removedAfter REAL;
ALTER TABLE run_views ADD COLUMN removedAfter REAL;
UPDATE runs SET removedAfter = 0 WHERE removedAt IS NOT NULL;
UPDATE comparisons SET removedAfter = 0 WHERE removedAt IS NOT NULL;
UPDATE run_views SET removedAfter = 0 WHERE removedAt IS NOT NULL;
