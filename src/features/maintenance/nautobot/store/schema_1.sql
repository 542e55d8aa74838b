-- Whether a notice has been applied to a window: one that was made by hand or came from Nautobot takes any notice as newer.
ALTER TABLE maintenance ADD COLUMN noticed INTEGER NOT NULL DEFAULT 1;

-- What Nautobot has, as it was last seen. Times of change are microseconds since 1970. `round` is the number of the last
-- full reading that had the row: what an older one has is gone there.
CREATE TABLE nautobot_provider (
    id     TEXT PRIMARY KEY,
    name   TEXT NOT NULL COLLATE NOCASE,
    emails TEXT NOT NULL,
    -- The rule that reads its notices; empty where none does.
    rule   TEXT NOT NULL,
    -- What its maintenances are filed under here: no two providers have the same.
    slug   TEXT NOT NULL COLLATE NOCASE
) STRICT, WITHOUT ROWID;
CREATE TABLE nautobot_circuit (
    id       TEXT PRIMARY KEY,
    cid      TEXT NOT NULL,
    -- Letters and digits of the cid.
    folded   TEXT NOT NULL,
    provider TEXT NOT NULL,
    name     TEXT NOT NULL,
    kind     TEXT NOT NULL,
    site_a   TEXT NOT NULL,
    site_z   TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX nautobot_circuit_folded ON nautobot_circuit (folded);
CREATE TABLE nautobot_maintenance (
    id          TEXT PRIMARY KEY,
    name        TEXT    NOT NULL,
    starts_at   INTEGER NOT NULL,
    ends_at     INTEGER NOT NULL,
    status      TEXT    NOT NULL,
    ack         INTEGER NOT NULL,
    description TEXT    NOT NULL,
    created     INTEGER NOT NULL,
    updated     INTEGER NOT NULL,
    round       INTEGER NOT NULL,
    -- Whether it, an impact or a note of it has changed since it was last compared with what is known here.
    dirty       INTEGER NOT NULL DEFAULT 1,
    -- What both sides had of each field when they last agreed about it, as JSON; null before they met.
    agreed      TEXT,
    -- The first window of the maintenance here.
    maintenance INTEGER REFERENCES maintenance ON DELETE SET NULL,
    -- What is different here and there and is left so, for people.
    conflict    TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX nautobot_maintenance_name ON nautobot_maintenance (name);
CREATE INDEX nautobot_maintenance_dirty ON nautobot_maintenance (dirty) WHERE dirty = 1;
CREATE INDEX nautobot_maintenance_here ON nautobot_maintenance (maintenance);
CREATE TABLE nautobot_impact (
    id          TEXT PRIMARY KEY,
    maintenance TEXT    NOT NULL,
    circuit     TEXT    NOT NULL,
    impact      TEXT    NOT NULL,
    updated     INTEGER NOT NULL,
    round       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX nautobot_impact_maintenance ON nautobot_impact (maintenance);
CREATE INDEX nautobot_impact_circuit ON nautobot_impact (circuit);
CREATE TABLE nautobot_note (
    id          TEXT PRIMARY KEY,
    maintenance TEXT    NOT NULL,
    title       TEXT    NOT NULL,
    comment     TEXT    NOT NULL,
    updated     INTEGER NOT NULL,
    round       INTEGER NOT NULL,
    -- The note here, once it is one,
    note        INTEGER REFERENCES note ON DELETE SET NULL,
    -- and what it said there when both last said the same.
    agreed      TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX nautobot_note_maintenance ON nautobot_note (maintenance);
CREATE INDEX nautobot_note_here ON nautobot_note (note);

-- One row: which Nautobot it is, and how far it was read.
CREATE TABLE nautobot (
    id              INTEGER PRIMARY KEY CHECK (id = 1),
    server          TEXT    NOT NULL,
    is_on           INTEGER NOT NULL,
    -- Whether newly parsed maintenances are written there.
    writes          INTEGER NOT NULL,
    round           INTEGER NOT NULL DEFAULT 0,
    -- The full reading under way, or the last one, and when it was complete.
    full_at         INTEGER,
    synced_at       INTEGER,
    maintenances_to INTEGER NOT NULL DEFAULT 0,
    impacts_to      INTEGER NOT NULL DEFAULT 0,
    notes_to        INTEGER NOT NULL DEFAULT 0,
    inventory       INTEGER NOT NULL DEFAULT 0
) STRICT;

-- What was sent and not heard of: values of fields, as JSON, by the UUID of the record, and since when they are said here.
CREATE TABLE nautobot_sent (
    object TEXT    NOT NULL,
    field  TEXT    NOT NULL,
    value  TEXT    NOT NULL,
    since  INTEGER NOT NULL,
    PRIMARY KEY (object, field, value)
) STRICT;

-- What is to be written to Nautobot, in this order. An entry says what to bring up to date, not how: it is looked up when
-- it is sent, so that what was taken back meanwhile is not sent at all. One that names a field is a conflict about that field
-- alone: it waits for somebody, and goes when there is none any more.
CREATE TABLE outbox (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    at             INTEGER NOT NULL,
    who            TEXT    NOT NULL,
    kind           TEXT    NOT NULL CHECK (kind IN ('maintenance', 'acknowledgement', 'note')),
    provider       TEXT    NOT NULL COLLATE NOCASE,
    maintenance_id TEXT    NOT NULL,
    note           INTEGER NOT NULL DEFAULT 0,
    field          TEXT    NOT NULL DEFAULT '',
    -- The UUID of what is made there, chosen before it is sent for the first time.
    object         TEXT    NOT NULL,
    -- Grows when what it is about changes while it is being sent.
    version        INTEGER NOT NULL DEFAULT 1,
    -- What was dropped before there was a record to agree about stays, for nobody to see, until it is done again.
    state          TEXT    NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'conflict', 'failed', 'dropped')),
    reason         TEXT    NOT NULL DEFAULT '',
    tries          INTEGER NOT NULL DEFAULT 0,
    tried_at       INTEGER,
    -- Whether somebody said that it be sent whatever is there.
    anyway         INTEGER NOT NULL DEFAULT 0,
    UNIQUE (kind, provider, maintenance_id, note, field)
) STRICT;
