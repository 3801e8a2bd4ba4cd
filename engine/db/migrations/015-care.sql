-- Revisions that a person marked to stay: the history is thinned without them.
ALTER TABLE label_maps ADD COLUMN kept INTEGER NOT NULL DEFAULT 0 CHECK (kept IN (0, 1));
-- Whether a snapshot pins a revision is asked at every save and for all of the history.
CREATE INDEX snapshot_items_by_label_map ON snapshot_items (label_map_id);

-- What images that are nearly the same are found by: engine/labelling/alike/. `compared`: with all others that were.
CREATE TABLE image_signatures (
  image_id INTEGER PRIMARY KEY REFERENCES images (id) ON DELETE CASCADE,
  version  INTEGER NOT NULL,
  compared INTEGER NOT NULL DEFAULT 0 CHECK (compared IN (0, 1)),
  bytes    BLOB NOT NULL
) STRICT;
CREATE TABLE alike_pairs (
  image_id   INTEGER NOT NULL REFERENCES images (id) ON DELETE CASCADE,
  other_id   INTEGER NOT NULL REFERENCES images (id) ON DELETE CASCADE,
  similarity REAL NOT NULL CHECK (similarity BETWEEN 0 AND 1),
  PRIMARY KEY (image_id, other_id),
  CHECK (image_id < other_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX alike_pairs_by_other ON alike_pairs (other_id);
