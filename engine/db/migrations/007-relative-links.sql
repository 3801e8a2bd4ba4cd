-- Linked originals are found again where project and images moved together: their path from the project's folder, with
-- forward slashes; NULL where there is no such path (embedded, or on another drive).
ALTER TABLE images ADD COLUMN link_relative TEXT;
UPDATE images SET link_relative = path_from_project(link_path) WHERE link_path IS NOT NULL;
