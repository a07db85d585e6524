-- The marks that users give to runs, and removal that can be undone.
ALTER TABLE runs ADD COLUMN tags TEXT NOT NULL DEFAULT '[]';
ALTER TABLE runs ADD COLUMN note TEXT NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN colour TEXT;
ALTER TABLE runs ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN baseline INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN archived INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN removedAt REAL;
ALTER TABLE run_records ADD COLUMN notes TEXT NOT NULL DEFAULT '';
CREATE INDEX runs_removed ON runs (removedAt) WHERE removedAt IS NOT NULL;
CREATE INDEX runs_baseline ON runs (baseline) WHERE baseline = 1;
