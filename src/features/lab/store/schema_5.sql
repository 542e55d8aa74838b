-- Several connections may use a forward that was made for one: each has a row of its own here, and the last one removes the
-- forward. From then on it is ending, so that nobody takes over what is about to be gone.
ALTER TABLE lab_temporary ADD COLUMN ending INTEGER NOT NULL DEFAULT 0;
