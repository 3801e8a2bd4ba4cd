-- Scores by class, and none where there is nothing to score (docs/method.md §5). Before, a class that neither truth nor
-- prediction held counted as Dice 1, IoU 1, HD95 0 and boundary-F1 1.
CREATE TABLE results_2 (
  run_id      INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  image_id    INTEGER NOT NULL REFERENCES images (id),
  checkpoint  TEXT NOT NULL CHECK (checkpoint IN ('best', 'last')),
  dice        REAL,                       -- NULL, with the three below: neither truth nor prediction holds a scored class
  iou         REAL,
  hd95        REAL,
  boundary_f1 REAL,
  uncertainty REAL CHECK (uncertainty BETWEEN 0 AND 1),
  prediction  BLOB,                       -- run-length coded label map, kept for 'best'
  PRIMARY KEY (run_id, checkpoint, image_id)
) STRICT, WITHOUT ROWID;
INSERT INTO results_2 (run_id, image_id, checkpoint, dice, iou, hd95, boundary_f1, uncertainty, prediction)
  SELECT run_id, image_id, checkpoint, dice, iou, hd95, boundary_f1, uncertainty, prediction FROM results;
DROP TABLE results;
ALTER TABLE results_2 RENAME TO results;

-- One row a scored class that truth or prediction holds; pixels that the truth ignores count nowhere.
CREATE TABLE class_results (
  run_id       INTEGER NOT NULL,
  image_id     INTEGER NOT NULL,
  checkpoint   TEXT NOT NULL,
  class_idx    INTEGER NOT NULL CHECK (class_idx BETWEEN 0 AND 254),
  predicted_px INTEGER NOT NULL,
  true_px      INTEGER NOT NULL,
  both_px      INTEGER NOT NULL,
  dice         REAL GENERATED ALWAYS AS (2.0 * both_px / (predicted_px + true_px)) VIRTUAL,
  iou          REAL GENERATED ALWAYS AS (1.0 * both_px / (predicted_px + true_px - both_px)) VIRTUAL,
  PRIMARY KEY (run_id, checkpoint, image_id, class_idx),
  FOREIGN KEY (run_id, checkpoint, image_id) REFERENCES results (run_id, checkpoint, image_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- What was scored before is scored anew where its prediction was kept. The old mean ran over all `classes` above 0, so
-- that the parts of the absent ones can be taken out of it.
INSERT INTO class_results (run_id, image_id, checkpoint, class_idx, predicted_px, true_px, both_px)
  SELECT r.run_id, r.image_id, r.checkpoint, o.value ->> '$.classIndex', o.value ->> '$.predictedPx',
      o.value ->> '$.truePx', o.value ->> '$.bothPx'
    FROM results r
    JOIN runs ON runs.id = r.run_id
    JOIN snapshot_items s ON s.snapshot_id = runs.snapshot_id AND s.image_id = r.image_id
    JOIN label_maps m ON m.id = s.label_map_id
    JOIN json_each(foreground_overlaps(r.prediction, m.bytes)) o
    WHERE r.prediction IS NOT NULL;
CREATE TEMP TABLE rescored AS
  SELECT r.run_id, r.checkpoint, r.image_id, foreground_count(m.bytes) AS in_truth,
      (SELECT MAX(idx) FROM classes c WHERE c.dataset_id = d.dataset_id AND c.idx < 255) AS of_dataset,
      (SELECT COUNT(*) FROM class_results c
        WHERE c.run_id = r.run_id AND c.checkpoint = r.checkpoint AND c.image_id = r.image_id) AS held
    FROM results r
    JOIN runs ON runs.id = r.run_id
    JOIN snapshots d ON d.id = runs.snapshot_id
    JOIN snapshot_items s ON s.snapshot_id = runs.snapshot_id AND s.image_id = r.image_id
    JOIN label_maps m ON m.id = s.label_map_id;
UPDATE results SET
    dice = (1.0 * dice * x.of_dataset - x.of_dataset + x.held) / x.held,
    iou = (1.0 * iou * x.of_dataset - x.of_dataset + x.held) / x.held,
    hd95 = 1.0 * hd95 * x.of_dataset / x.held,
    boundary_f1 = (1.0 * boundary_f1 * x.of_dataset - x.of_dataset + x.held) / x.held
  FROM rescored x
  WHERE x.run_id = results.run_id AND x.checkpoint = results.checkpoint AND x.image_id = results.image_id
    AND results.prediction IS NOT NULL AND x.held > 0 AND x.held < x.of_dataset;
UPDATE results SET dice = NULL, iou = NULL, hd95 = NULL, boundary_f1 = NULL
  FROM rescored x
  WHERE x.run_id = results.run_id AND x.checkpoint = results.checkpoint AND x.image_id = results.image_id
    AND results.prediction IS NOT NULL AND x.held = 0;
-- Without its prediction (the last checkpoint) a score stays where the truth holds every class; of a single class that is
-- nowhere, 1 says that it was not predicted either. Elsewhere it is unknown.
UPDATE results SET dice = NULL, iou = NULL, hd95 = NULL, boundary_f1 = NULL
  FROM rescored x
  WHERE x.run_id = results.run_id AND x.checkpoint = results.checkpoint AND x.image_id = results.image_id
    AND results.prediction IS NULL AND x.in_truth < x.of_dataset AND (x.of_dataset > 1 OR results.dice = 1);
DROP TABLE rescored;
