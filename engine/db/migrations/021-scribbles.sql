-- Whose proposal a label map was made from, where a helper made one (shared/helpers.ts). NULL: none did.
ALTER TABLE label_maps ADD COLUMN helper TEXT;

-- What a person scribbled on an image for a classifier to learn from; no labels.
CREATE TABLE scribbles (
  image_id   INTEGER PRIMARY KEY REFERENCES images (id) ON DELETE CASCADE,
  updated_at TEXT NOT NULL,
  bytes      BLOB NOT NULL,               -- label-map.ts code: the class of a stroke, 255 where there is none
  sha256     TEXT NOT NULL
) STRICT;

-- Pixel classifiers that were kept (shared/assist).
CREATE TABLE pixel_classifiers (
  id         INTEGER PRIMARY KEY,
  dataset_id INTEGER NOT NULL REFERENCES datasets (id) ON DELETE CASCADE,
  name       TEXT NOT NULL UNIQUE,
  created_at TEXT NOT NULL,
  channels   INTEGER NOT NULL CHECK (channels > 0),
  classes    TEXT NOT NULL,               -- JSON list of class numbers, ascending
  images     INTEGER NOT NULL,            -- how many it learned from
  pixels     INTEGER NOT NULL,
  bytes      BLOB NOT NULL,               -- its forest (shared/assist/forest-code.ts)
  sha256     TEXT NOT NULL
) STRICT;
CREATE INDEX pixel_classifiers_by_dataset ON pixel_classifiers (dataset_id);
