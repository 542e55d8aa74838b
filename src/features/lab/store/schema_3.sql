-- Which process asked: what one that is dead never heard an answer to is looked for in the list. NULL before this version.
ALTER TABLE lab_action ADD COLUMN owner_host  TEXT;
ALTER TABLE lab_action ADD COLUMN owner_boot  TEXT;
ALTER TABLE lab_action ADD COLUMN owner_pid   INTEGER;
ALTER TABLE lab_action ADD COLUMN owner_start TEXT;
CREATE INDEX lab_action_open ON lab_action (server, id) WHERE result IN ('requested', 'unknown');
