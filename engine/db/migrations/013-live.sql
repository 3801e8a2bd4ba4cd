-- The training that goes on while one labels: one a dataset, apart from runs, which are pinned to data that is there from
-- the start. What is to be resumed, whole or not at all.
CREATE TABLE live_trainings (
  dataset_id      INTEGER PRIMARY KEY REFERENCES datasets (id) ON DELETE CASCADE,
  is_on           INTEGER NOT NULL CHECK (is_on IN (0, 1)), -- goes on when the project is opened again
  step            INTEGER NOT NULL DEFAULT 0,
  trained_seconds REAL NOT NULL DEFAULT 0,
  saved_at        TEXT,
  sha256          TEXT,
  bytes           BLOB                                      -- engine/training/checkpoint.ts; NULL: none yet
) STRICT;

-- Which labels of an image joined at which step, and on which side. Label maps are not held: a sitting replaces its own.
CREATE TABLE live_takings (
  id           INTEGER PRIMARY KEY,
  dataset_id   INTEGER NOT NULL REFERENCES datasets (id) ON DELETE CASCADE,
  image_id     INTEGER NOT NULL REFERENCES images (id) ON DELETE CASCADE,
  label_map_id INTEGER NOT NULL,
  step         INTEGER NOT NULL,
  held_out     INTEGER NOT NULL CHECK (held_out IN (0, 1))
) STRICT;
CREATE INDEX live_takings_by_dataset ON live_takings (dataset_id, id);
