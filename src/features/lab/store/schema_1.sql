-- What each lab told last, for a first screen before the network answers. Not the truth: it is asked for again.
CREATE TABLE lab_snapshot (
    server  TEXT    PRIMARY KEY,
    read_at INTEGER NOT NULL,
    body    BLOB    NOT NULL
) STRICT, WITHOUT ROWID;

-- Since when a machine answers pings, or does not, as far as it was seen from here: the service keeps no times.
CREATE TABLE lab_routable (
    server   TEXT    NOT NULL,
    name     TEXT    NOT NULL,
    routable INTEGER NOT NULL,
    since    INTEGER NOT NULL,
    PRIMARY KEY (server, name)
) STRICT, WITHOUT ROWID;

-- What was asked of labs from here. Written before it is sent; what is still `requested` when nobody is at it any more was
-- cut off, and the list of forwards says what became of it.
CREATE TABLE lab_action (
    id          INTEGER PRIMARY KEY,
    at          INTEGER NOT NULL,
    who         TEXT    NOT NULL,
    lab         TEXT    NOT NULL,
    server      TEXT    NOT NULL,
    what        TEXT    NOT NULL CHECK (what IN ('add', 'remove')),
    name        TEXT    NOT NULL,
    component   TEXT    NOT NULL,
    address     TEXT    NOT NULL,
    target      INTEGER NOT NULL,
    -- The gateway's port: of what is removed from the start, of what is made once it is known.
    port        INTEGER,
    result      TEXT    NOT NULL DEFAULT 'requested' CHECK (result IN ('requested', 'ok', 'found', 'failed', 'unknown')),
    result_text TEXT    NOT NULL DEFAULT '',
    settled_at  INTEGER
) STRICT;
CREATE INDEX lab_action_of ON lab_action (server, name, id);
