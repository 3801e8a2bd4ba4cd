-- A network that somebody keeps: a name for a fine-tuning run. It goes with its run.
CREATE TABLE models (
  id           INTEGER PRIMARY KEY,
  name         TEXT NOT NULL UNIQUE,
  run_id       INTEGER NOT NULL UNIQUE REFERENCES runs (id) ON DELETE CASCADE,
  started_from TEXT NOT NULL,             -- what its weights started from, in words
  notes        TEXT NOT NULL DEFAULT '',
  early_end    TEXT CHECK (early_end IN ('no gain', 'by hand')), -- why it ended before its last step; NULL: it did not
  created_at   TEXT NOT NULL
) STRICT;

-- The part that an image has in the trainings of models, for good: no row is ever changed.
CREATE TABLE kept_parts (
  image_id INTEGER PRIMARY KEY REFERENCES images (id) ON DELETE CASCADE,
  part     TEXT NOT NULL CHECK (part IN ('train', 'val', 'test'))
) STRICT;
