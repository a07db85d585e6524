-- A pinned checkpoint is never removed by a clean-up, unlike the other checkpoints of its run.
ALTER TABLE checkpoints ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0;
