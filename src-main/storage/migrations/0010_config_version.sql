-- The version of the configuration's format; configurations without a version have version 1. The text is stored as it was written, because
-- the run was made with it, and is migrated whenever it is read.
ALTER TABLE run_records ADD COLUMN configVersion INTEGER NOT NULL DEFAULT 1;
