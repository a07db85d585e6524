-- The worst comparison of reversed with stored gradients, as JSON; null for runs of which there is none.
ALTER TABLE runs ADD COLUMN gradients TEXT;
