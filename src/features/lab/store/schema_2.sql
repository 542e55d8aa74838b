-- Forwards that were made for one connection alone, and by which process: it removes them afterwards, and where it cannot any
-- more somebody is told of them. Written before they are asked for.
CREATE TABLE lab_temporary (
    id          INTEGER PRIMARY KEY,
    at          INTEGER NOT NULL,
    lab         TEXT    NOT NULL,
    server      TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    component   TEXT    NOT NULL,
    address     TEXT    NOT NULL,
    target      INTEGER NOT NULL,
    -- The gateway's port, once it is known.
    port        INTEGER,
    owner_host  TEXT    NOT NULL,
    owner_boot  TEXT    NOT NULL,
    owner_pid   INTEGER NOT NULL,
    owner_start TEXT    NOT NULL
) STRICT;
CREATE INDEX lab_temporary_of ON lab_temporary (server, port);
