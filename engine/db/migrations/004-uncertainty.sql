-- How unsure the network was: mean entropy of the class probabilities over the pixels, as a share of the largest
-- possible, 0 … 1. NULL: not a prediction, or one made before this was kept.
ALTER TABLE label_maps ADD COLUMN uncertainty REAL CHECK (uncertainty BETWEEN 0 AND 1);
ALTER TABLE results ADD COLUMN uncertainty REAL CHECK (uncertainty BETWEEN 0 AND 1);
