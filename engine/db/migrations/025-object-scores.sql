-- Objects that are found and matched in a test image, by class (shared/objects/object-scores.ts), as JSON.
-- NULL: nobody told the objects of its truth apart.
ALTER TABLE results ADD COLUMN objects TEXT;
