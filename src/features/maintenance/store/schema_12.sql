-- Mails that a source has and does not give out: since when, when that was last seen, and at how many looks. Whoever reads
-- the source next goes on from there.
CREATE TABLE source_away (
    source    TEXT    NOT NULL,
    item      TEXT    NOT NULL,
    since     INTEGER NOT NULL,
    looked_at INTEGER NOT NULL,
    looks     INTEGER NOT NULL,
    PRIMARY KEY (source, item)
) STRICT, WITHOUT ROWID;

-- What the source of this name was when it was told how it goes; empty where nobody said so. Another one that has got the
-- name since knows nothing of that.
ALTER TABLE source_state ADD COLUMN reads TEXT NOT NULL DEFAULT '';
-- How many of the mails that were received had not come before.
ALTER TABLE source_state ADD COLUMN fresh INTEGER NOT NULL DEFAULT 0;
