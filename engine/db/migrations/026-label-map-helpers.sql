-- Labels may be made from proposals of several helpers: their names (shared/helpers.ts), a space between two. NULL: none.
ALTER TABLE label_maps RENAME COLUMN helper TO helpers;
