CREATE TABLE run_views (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  createdAt REAL NOT NULL,
  updatedAt REAL NOT NULL,
  view TEXT NOT NULL
) STRICT;
