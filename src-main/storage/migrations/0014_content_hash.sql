-- SHA-256 of everything in the file; NULL where it has none, and only its weights can be checked.
ALTER TABLE checkpoints ADD COLUMN contentHash TEXT;
