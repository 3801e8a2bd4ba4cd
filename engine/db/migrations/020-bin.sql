-- Images that are kept out of every training and score, with the reason; and those in the bin, which are in no dataset's
-- list until they are restored. A new image may have the name of a binned one, so names are unique outside the bin alone.
CREATE TABLE images_2 (
  id            INTEGER PRIMARY KEY,
  dataset_id    INTEGER NOT NULL REFERENCES datasets (id) ON DELETE CASCADE,
  name          TEXT NOT NULL,
  width_px      INTEGER NOT NULL CHECK (width_px > 0),
  height_px     INTEGER NOT NULL CHECK (height_px > 0),
  channels      INTEGER NOT NULL CHECK (channels > 0),
  bit_depth     INTEGER NOT NULL CHECK (bit_depth IN (8, 16, 32)),
  hash          TEXT NOT NULL,
  page          INTEGER NOT NULL DEFAULT 0,
  channel_pages TEXT,                     -- JSON list of the pages that are its channels; NULL: "page" alone
  link_path     TEXT,                     -- absolute path of a linked original; NULL: embedded
  link_relative TEXT,                     -- the same from the project's folder; NULL: there is no such path
  group_name    TEXT,
  image_class   INTEGER,
  created_at    TEXT NOT NULL,
  excluded      TEXT,                     -- why it takes no part; NULL: it does
  deleted_at    TEXT                      -- when it was put into the bin; NULL: it is not in it
) STRICT;
INSERT INTO images_2 (id, dataset_id, name, width_px, height_px, channels, bit_depth, hash, page, channel_pages,
    link_path, link_relative, group_name, image_class, created_at)
  SELECT id, dataset_id, name, width_px, height_px, channels, bit_depth, hash, page, channel_pages,
    link_path, link_relative, group_name, image_class, created_at FROM images;
DROP TABLE images;
ALTER TABLE images_2 RENAME TO images;
CREATE UNIQUE INDEX images_by_name ON images (dataset_id, name, page) WHERE deleted_at IS NULL;
CREATE INDEX images_by_dataset ON images (dataset_id, deleted_at);
CREATE INDEX images_by_hash ON images (hash);

-- Whether something holds an image is asked for each that is deleted for good; SQLite itself asks them all.
CREATE INDEX snapshot_items_by_image ON snapshot_items (image_id);
CREATE INDEX results_by_image ON results (image_id);
CREATE INDEX examples_by_image ON examples (image_id);
CREATE INDEX split_items_by_image ON split_items (image_id);
CREATE INDEX live_takings_by_image ON live_takings (image_id);
