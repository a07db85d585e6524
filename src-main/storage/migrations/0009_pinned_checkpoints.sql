-- A checkpoint that no clean-up removes, whatever becomes of its run's other ones.
ALTER TABLE checkpoints ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0;
