-- SHA-256 of the file's contents; NULL if it has none, in which case only its weights can be verified.
ALTER TABLE checkpoints ADD COLUMN contentHash TEXT;
