-- Results of runs that were computed elsewhere and merged in (engine/elsewhere): the file that each came in, so that it is
-- taken once, and where and on what its attempts were computed.
CREATE TABLE merged_results (
  run_id    INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  sha256    TEXT NOT NULL,                -- of the file
  merged_at TEXT NOT NULL,
  attempts  TEXT NOT NULL,                -- JSON: Attempt[] of shared/entities/elsewhere.ts
  PRIMARY KEY (run_id, sha256)
) STRICT, WITHOUT ROWID;
