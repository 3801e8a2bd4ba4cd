-- How large a pixel of an image is, where somebody typed it; no row: as its file says, if it does.
CREATE TABLE pixel_sizes (
  image_id INTEGER PRIMARY KEY REFERENCES images (id) ON DELETE CASCADE,
  size     REAL NOT NULL CHECK (size > 0), -- side of a pixel
  unit     TEXT NOT NULL                   -- shared/pixel-size.ts
) STRICT;
