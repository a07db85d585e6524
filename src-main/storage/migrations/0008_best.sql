-- Best value of each metric that has a better direction; of earlier runs it is known once they go on.
ALTER TABLE runs ADD COLUMN best TEXT NOT NULL DEFAULT '{}';
