-- The step at which the trainer pauses automatically; NULL if it trains to the end.
ALTER TABLE run_records ADD COLUMN pauseAt INTEGER;

-- The number of decisions made so far about which cells follow.
ALTER TABLE studies ADD COLUMN phase INTEGER NOT NULL DEFAULT 0;
-- Whether another phase may follow.
ALTER TABLE studies ADD COLUMN undecided INTEGER NOT NULL DEFAULT 0;
-- The phase in which work on a cell was last started.
ALTER TABLE study_cells ADD COLUMN phase INTEGER NOT NULL DEFAULT 0;
-- The step at which the run of a cell waits for the next decision; NULL if it trains to the end.
ALTER TABLE study_cells ADD COLUMN until INTEGER;
