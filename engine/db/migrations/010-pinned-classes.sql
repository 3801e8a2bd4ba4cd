-- A snapshot pins what class 0 is and how many classes a network draws: both can be changed in a dataset.
ALTER TABLE snapshots ADD COLUMN has_background INTEGER NOT NULL DEFAULT 1 CHECK (has_background IN (0, 1));
ALTER TABLE snapshots ADD COLUMN pixel_classes INTEGER NOT NULL DEFAULT 0 CHECK (pixel_classes BETWEEN 0 AND 255);
UPDATE snapshots SET
  has_background = (SELECT d.has_background FROM datasets d WHERE d.id = dataset_id),
  pixel_classes = (SELECT COALESCE(MAX(c.idx), -1) + 1 FROM classes c WHERE c.dataset_id = snapshots.dataset_id AND c.idx < 255);
