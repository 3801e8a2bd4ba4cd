-- What an image looks like as numbers, by an encoder, a run or by itself ('picture'): computed again where it is missing, and so
-- without a hash. It goes with the image, and with the network that it comes from.
CREATE TABLE image_features (
  image_id INTEGER NOT NULL REFERENCES images (id) ON DELETE CASCADE,
  source TEXT NOT NULL,
  encoder_id INTEGER REFERENCES encoders (id) ON DELETE CASCADE,
  run_id INTEGER REFERENCES runs (id) ON DELETE CASCADE,
  -- float32, little-endian
  features BLOB NOT NULL,
  PRIMARY KEY (image_id, source)
) STRICT, WITHOUT ROWID;
CREATE INDEX image_features_of_encoder ON image_features (encoder_id) WHERE encoder_id IS NOT NULL;
CREATE INDEX image_features_of_run ON image_features (run_id) WHERE run_id IS NOT NULL;

-- What somebody said to a suggestion to label an image. labelled_then: labelled images of the dataset at that time.
CREATE TABLE labelling_choices (
  image_id INTEGER PRIMARY KEY REFERENCES images (id) ON DELETE CASCADE,
  choice TEXT NOT NULL CHECK (choice IN ('later', 'never')),
  labelled_then INTEGER NOT NULL
) STRICT;

-- Time spent in Annotate. minute: whole minutes since 1970; seconds of it.
CREATE TABLE labelling_time (
  image_id INTEGER NOT NULL REFERENCES images (id) ON DELETE CASCADE,
  minute INTEGER NOT NULL,
  seconds REAL NOT NULL CHECK (seconds >= 0),
  PRIMARY KEY (image_id, minute)
) STRICT, WITHOUT ROWID;
