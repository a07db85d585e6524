-- The comparison of reversed with stored gradients that had the largest error, as JSON; NULL for runs without one.
ALTER TABLE runs ADD COLUMN gradients TEXT;
