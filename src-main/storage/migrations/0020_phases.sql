-- The step at which the trainer pauses by itself; NULL trains to the end.
ALTER TABLE run_records ADD COLUMN pauseAt INTEGER;

-- How often it was decided what follows the cells that there were.
ALTER TABLE studies ADD COLUMN phase INTEGER NOT NULL DEFAULT 0;
-- Whether more follows.
ALTER TABLE studies ADD COLUMN undecided INTEGER NOT NULL DEFAULT 0;
-- The phase in which a cell was last set to work.
ALTER TABLE study_cells ADD COLUMN phase INTEGER NOT NULL DEFAULT 0;
-- The step at which the run of a cell waits for the next decision; NULL when it goes to its end.
ALTER TABLE study_cells ADD COLUMN until INTEGER;
