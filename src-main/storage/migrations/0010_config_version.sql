-- In which form the configuration is; those without a number are of version 1. The text stays as it was written: it is what the run was
-- made with, and is brought to today's form whenever it is read.
ALTER TABLE run_records ADD COLUMN configVersion INTEGER NOT NULL DEFAULT 1;
