-- What predictions of a run are made with unless other is asked for (shared/post-processing.ts). No row: as the network draws.
CREATE TABLE post_processing (
  run_id        INTEGER PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
  threshold     REAL CHECK (threshold BETWEEN 0 AND 1), -- NULL: the most probable class
  min_object_px INTEGER NOT NULL CHECK (min_object_px >= 0),
  fill_holes_px INTEGER NOT NULL CHECK (fill_holes_px >= 0)
) STRICT;
