-- The best value of each metric for which lower or higher is better. For existing runs it is only recorded once they continue.
ALTER TABLE runs ADD COLUMN best TEXT NOT NULL DEFAULT '{}';
