-- A dataset that is being filled: nobody sees it before it is whole. One that is found so when a project is opened was left by
-- an import that was killed, and goes.
ALTER TABLE datasets ADD COLUMN unfinished INTEGER NOT NULL DEFAULT 0 CHECK (unfinished IN (0, 1));
