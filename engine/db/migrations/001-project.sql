-- The project file. Times are ISO 8601 UTC; JSON columns hold shapes of shared/entities.ts.
CREATE TABLE project (
  key   TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE datasets (
  id            INTEGER PRIMARY KEY,
  name          TEXT NOT NULL UNIQUE,
  created_at    TEXT NOT NULL,
  origin        TEXT NOT NULL,            -- JSON: import folder or generator settings
  image_classes TEXT NOT NULL DEFAULT '[]' -- JSON: names of image-level classes
) STRICT;

CREATE TABLE classes (
  dataset_id INTEGER NOT NULL REFERENCES datasets (id) ON DELETE CASCADE,
  idx        INTEGER NOT NULL CHECK (idx BETWEEN 0 AND 254),
  name       TEXT NOT NULL,
  color      TEXT NOT NULL,
  PRIMARY KEY (dataset_id, idx)
) STRICT, WITHOUT ROWID;

CREATE TABLE images (
  id          INTEGER PRIMARY KEY,
  dataset_id  INTEGER NOT NULL REFERENCES datasets (id) ON DELETE CASCADE,
  name        TEXT NOT NULL,
  width_px    INTEGER NOT NULL CHECK (width_px > 0),
  height_px   INTEGER NOT NULL CHECK (height_px > 0),
  channels    INTEGER NOT NULL CHECK (channels > 0),
  bit_depth   INTEGER NOT NULL CHECK (bit_depth IN (8, 16, 32)),
  hash        TEXT NOT NULL,
  page        INTEGER NOT NULL DEFAULT 0,
  link_path   TEXT,                       -- absolute path of a linked original; NULL: embedded
  group_name  TEXT,
  image_class INTEGER,
  created_at  TEXT NOT NULL,
  UNIQUE (dataset_id, name, page)
) STRICT;
CREATE INDEX images_by_hash ON images (hash);

CREATE TABLE image_bytes (
  image_id INTEGER PRIMARY KEY REFERENCES images (id) ON DELETE CASCADE,
  bytes    BLOB NOT NULL                  -- the original file, byte for byte
) STRICT;

-- Immutable revisions; the highest id of an image is its current label map.
CREATE TABLE label_maps (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  image_id   INTEGER NOT NULL REFERENCES images (id) ON DELETE CASCADE,
  author     TEXT NOT NULL CHECK (author IN ('human', 'model', 'corrected', 'imported', 'generated')),
  run_id     INTEGER REFERENCES runs (id) ON DELETE SET NULL,
  note       TEXT NOT NULL DEFAULT '',
  created_at TEXT NOT NULL,
  bytes      BLOB NOT NULL                -- shared/label-map.ts run-length code
) STRICT;
CREATE INDEX label_maps_by_image ON label_maps (image_id, id);
CREATE TRIGGER label_maps_are_immutable BEFORE UPDATE OF image_id, author, created_at, bytes ON label_maps
BEGIN SELECT RAISE(ABORT, 'label maps are immutable: save a new revision'); END;

CREATE TABLE splits (
  id         INTEGER PRIMARY KEY,
  dataset_id INTEGER NOT NULL REFERENCES datasets (id) ON DELETE CASCADE,
  name       TEXT NOT NULL,
  created_at TEXT NOT NULL,
  UNIQUE (dataset_id, name)
) STRICT;

CREATE TABLE split_items (
  split_id INTEGER NOT NULL REFERENCES splits (id) ON DELETE CASCADE,
  image_id INTEGER NOT NULL REFERENCES images (id) ON DELETE CASCADE,
  part     TEXT NOT NULL CHECK (part IN ('train', 'val', 'test')),
  PRIMARY KEY (split_id, image_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE snapshots (
  id         INTEGER PRIMARY KEY,
  dataset_id INTEGER NOT NULL REFERENCES datasets (id),
  created_at TEXT NOT NULL,
  hash       TEXT NOT NULL,
  UNIQUE (dataset_id, hash)
) STRICT;

-- No cascade from images and label maps: what a run was trained on cannot be deleted beneath it.
CREATE TABLE snapshot_items (
  snapshot_id  INTEGER NOT NULL REFERENCES snapshots (id) ON DELETE CASCADE,
  image_id     INTEGER NOT NULL REFERENCES images (id),
  image_hash   TEXT NOT NULL,
  label_map_id INTEGER REFERENCES label_maps (id),
  image_class  INTEGER,
  part         TEXT NOT NULL CHECK (part IN ('train', 'val', 'test')),
  PRIMARY KEY (snapshot_id, image_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE studies (
  id                 INTEGER PRIMARY KEY,
  name               TEXT NOT NULL UNIQUE,
  config             TEXT NOT NULL,       -- JSON: StudyConfig
  status             TEXT NOT NULL CHECK (status IN ('planned', 'running', 'paused', 'done', 'failed', 'cancelled')),
  source_snapshot_id INTEGER NOT NULL REFERENCES snapshots (id),
  target_snapshot_id INTEGER NOT NULL REFERENCES snapshots (id),
  created_at         TEXT NOT NULL,
  started_at         TEXT,
  ended_at           TEXT
) STRICT;

CREATE TABLE runs (
  id                INTEGER PRIMARY KEY,
  study_id          INTEGER REFERENCES studies (id) ON DELETE CASCADE,
  kind              TEXT NOT NULL CHECK (kind IN ('pretrain', 'finetune')),
  pretraining       TEXT,                 -- task, NULL for transfer 'random'
  transfer          TEXT,
  labels            INTEGER,
  seed              INTEGER NOT NULL,
  status            TEXT NOT NULL CHECK (status IN ('queued', 'running', 'paused', 'done', 'failed', 'cancelled')),
  config            TEXT NOT NULL,        -- JSON: RunConfig
  snapshot_id       INTEGER NOT NULL REFERENCES snapshots (id),
  depends_on        INTEGER REFERENCES runs (id),
  engine            TEXT,                 -- JSON: EngineInfo
  layers            TEXT,                 -- JSON: LayerState[]
  step              INTEGER NOT NULL DEFAULT 0,
  steps             INTEGER NOT NULL,
  error             TEXT,                 -- JSON: WireError
  created_at        TEXT NOT NULL,
  started_at        TEXT,
  ended_at          TEXT,
  trained_seconds   REAL NOT NULL DEFAULT 0,
  peak_memory_bytes INTEGER
) STRICT;
CREATE INDEX runs_by_study ON runs (study_id, status);

CREATE TABLE metrics (
  run_id INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  name   TEXT NOT NULL,
  step   INTEGER NOT NULL,
  value  REAL NOT NULL,
  PRIMARY KEY (run_id, name, step)
) STRICT, WITHOUT ROWID;

CREATE TABLE results (
  run_id      INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  image_id    INTEGER NOT NULL REFERENCES images (id),
  checkpoint  TEXT NOT NULL CHECK (checkpoint IN ('best', 'last')),
  dice        REAL NOT NULL,
  iou         REAL NOT NULL,
  hd95        REAL NOT NULL,
  boundary_f1 REAL NOT NULL,
  prediction  BLOB,                       -- run-length coded label map, kept for 'best'
  PRIMARY KEY (run_id, checkpoint, image_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE checkpoints (
  run_id     INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  kind       TEXT NOT NULL CHECK (kind IN ('best', 'last')),
  step       INTEGER NOT NULL,
  sha256     TEXT NOT NULL,
  created_at TEXT NOT NULL,
  bytes      BLOB NOT NULL,
  PRIMARY KEY (run_id, kind)
) STRICT;

CREATE TABLE run_log (
  id      INTEGER PRIMARY KEY,
  run_id  INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  at      TEXT NOT NULL,
  message TEXT NOT NULL
) STRICT;
CREATE INDEX run_log_by_run ON run_log (run_id, id);

CREATE TABLE encoders (
  id         INTEGER PRIMARY KEY,
  run_id     INTEGER NOT NULL UNIQUE REFERENCES runs (id) ON DELETE CASCADE,
  name       TEXT NOT NULL,
  task       TEXT NOT NULL,
  network    TEXT NOT NULL,               -- JSON: NetworkConfig
  notes      TEXT NOT NULL DEFAULT '',
  created_at TEXT NOT NULL
) STRICT;
