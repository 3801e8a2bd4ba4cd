-- Pictures of what a pretraining asks and what its network answers, on a few of its own images: one row a picture.
CREATE TABLE examples (
  run_id   INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  example  INTEGER NOT NULL,              -- 0, 1, …: pictures that belong together
  panel    INTEGER NOT NULL,              -- 0, 1, …: from left to right
  image_id INTEGER NOT NULL REFERENCES images (id),
  caption  TEXT NOT NULL,
  title    TEXT NOT NULL,
  png      BLOB NOT NULL,
  PRIMARY KEY (run_id, example, panel)
) STRICT;
