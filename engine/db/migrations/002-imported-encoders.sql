-- Encoders may come from a file instead of a run: then their weights lie here, with a report of what was read.
CREATE TABLE encoders_2 (
  id         INTEGER PRIMARY KEY,
  run_id     INTEGER UNIQUE REFERENCES runs (id) ON DELETE CASCADE,
  name       TEXT NOT NULL,
  task       TEXT,
  network    TEXT NOT NULL,               -- JSON: NetworkConfig
  notes      TEXT NOT NULL DEFAULT '',
  created_at TEXT NOT NULL,
  file       TEXT,                        -- JSON: WeightFileReport
  weights    BLOB,                        -- Graft's network file; NULL: in the checkpoints of the run
  CHECK ((run_id IS NULL) = (weights IS NOT NULL) AND (run_id IS NULL) = (file IS NOT NULL))
) STRICT;
INSERT INTO encoders_2 (id, run_id, name, task, network, notes, created_at)
  SELECT id, run_id, name, task, network, notes, created_at FROM encoders;
DROP TABLE encoders;
ALTER TABLE encoders_2 RENAME TO encoders;
