-- What was added to a dataset at one time, so that it can be told and taken back.
CREATE TABLE additions (
  id         INTEGER PRIMARY KEY,
  dataset_id INTEGER NOT NULL REFERENCES datasets (id) ON DELETE CASCADE,
  created_at TEXT NOT NULL,
  path       TEXT NOT NULL
) STRICT;
CREATE INDEX additions_by_dataset ON additions (dataset_id);

-- An image that came with it (label_map_id NULL), or a revision that it brought to one that was there. Revisions are named
-- without a reference: their numbers are never used again.
CREATE TABLE addition_items (
  addition_id  INTEGER NOT NULL REFERENCES additions (id) ON DELETE CASCADE,
  image_id     INTEGER NOT NULL REFERENCES images (id) ON DELETE CASCADE,
  label_map_id INTEGER,
  PRIMARY KEY (addition_id, image_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX addition_items_by_image ON addition_items (image_id);
