-- Whatever is stored as bytes has its SHA-256 beside it, so that a flipped bit is noticed: originals and checkpoints have had
-- theirs from the start (images.hash, checkpoints.sha256). What was there is taken as it is.
ALTER TABLE label_maps ADD COLUMN sha256 TEXT NOT NULL DEFAULT '';
UPDATE label_maps SET sha256 = sha256(bytes);
DROP TRIGGER label_maps_are_immutable;
CREATE TRIGGER label_maps_are_immutable BEFORE UPDATE OF image_id, author, created_at, bytes, sha256 ON label_maps
BEGIN SELECT RAISE(ABORT, 'label maps are immutable: save a new revision'); END;

ALTER TABLE results ADD COLUMN prediction_sha256 TEXT;
UPDATE results SET prediction_sha256 = sha256(prediction) WHERE prediction IS NOT NULL;

ALTER TABLE examples ADD COLUMN png_sha256 TEXT NOT NULL DEFAULT '';
UPDATE examples SET png_sha256 = sha256(png);

ALTER TABLE encoders ADD COLUMN weights_sha256 TEXT;
UPDATE encoders SET weights_sha256 = sha256(weights) WHERE weights IS NOT NULL;
