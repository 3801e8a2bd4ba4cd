-- Which object each pixel of a label map belongs to. No row: nobody told its objects apart.
CREATE TABLE object_maps (
  label_map_id INTEGER PRIMARY KEY REFERENCES label_maps (id) ON DELETE CASCADE,
  bytes        BLOB NOT NULL,             -- shared/objects/object-map.ts run-length code
  sha256       TEXT NOT NULL
) STRICT;
CREATE TRIGGER object_maps_are_immutable BEFORE UPDATE ON object_maps
BEGIN SELECT RAISE(ABORT, 'object maps are immutable: save a new revision'); END;
