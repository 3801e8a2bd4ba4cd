-- How good a live training was on its held-out images, as it went on.
CREATE TABLE live_points (
  dataset_id INTEGER NOT NULL REFERENCES datasets (id) ON DELETE CASCADE,
  step       INTEGER NOT NULL,
  dice       REAL NOT NULL CHECK (dice BETWEEN 0 AND 1),
  images     INTEGER NOT NULL,
  held_out   INTEGER NOT NULL,
  PRIMARY KEY (dataset_id, step)
) STRICT, WITHOUT ROWID;
