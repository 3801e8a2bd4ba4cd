-- Whether class 0 is the background, trained but not scored, or a class like any other.
ALTER TABLE datasets ADD COLUMN has_background INTEGER NOT NULL DEFAULT 1 CHECK (has_background IN (0, 1));
