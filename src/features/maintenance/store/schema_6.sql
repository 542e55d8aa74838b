-- How far each folder of a source was read, in the source's own words. What stands before it is in the store.
CREATE TABLE source_bookmark (
    source   TEXT NOT NULL,
    folder   TEXT NOT NULL,
    bookmark TEXT NOT NULL,
    PRIMARY KEY (source, folder)
) STRICT, WITHOUT ROWID;

-- What processes on one data directory tell each other of a source, by its name in the configuration.
CREATE TABLE source_state (
    name         TEXT PRIMARY KEY,
    -- Who reads it: told apart from every other that ever did, and until when, unless that is put off.
    holder       TEXT,
    held_until   INTEGER,
    owner_host   TEXT NOT NULL DEFAULT '',
    owner_boot   TEXT NOT NULL DEFAULT '',
    owner_pid    INTEGER NOT NULL DEFAULT 0,
    owner_start  TEXT NOT NULL DEFAULT '',
    -- Who let it rest.
    paused_by    TEXT,
    paused_at    INTEGER,
    -- When somebody last wanted it to be looked at; grows.
    wanted_at    INTEGER NOT NULL DEFAULT 0,
    -- How it went last.
    complete_at  INTEGER,
    failed_at    INTEGER,
    failure      TEXT NOT NULL DEFAULT '',
    next_at      INTEGER,
    received     INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
