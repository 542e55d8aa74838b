-- A ticket of the user's own system, and who looks after the maintenance; free text, set by hand.
ALTER TABLE maintenance ADD COLUMN ticket   TEXT NOT NULL DEFAULT '';
ALTER TABLE maintenance ADD COLUMN assignee TEXT NOT NULL DEFAULT '';

-- Windows of which something was set by hand. The maintenance's own row has what was set.
CREATE TABLE by_hand (
    maintenance INTEGER PRIMARY KEY REFERENCES maintenance ON DELETE CASCADE,
    -- Which fields, separated by blanks: window, status, circuits, summary.
    fields      TEXT    NOT NULL,
    who         TEXT    NOT NULL,
    at          INTEGER NOT NULL,
    -- The whole state as notices have it, in JSON; NULL while no notice has spoken of it.
    said        TEXT,
    -- Whether a notice that came later says something new of a field that was set by hand.
    is_news     INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Whose mails come from an address that no rule names, as people said.
CREATE TABLE sender (
    address  TEXT PRIMARY KEY,
    provider TEXT    NOT NULL,
    who      TEXT    NOT NULL,
    at       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Which outcome of it a source was last told that marks its mails; NULL where none.
ALTER TABLE source_item ADD COLUMN told TEXT;

-- When a backup last took the place of what was here, in milliseconds since 1970; empty where none ever did.
CREATE TABLE put_back (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    at   INTEGER NOT NULL
) STRICT;
