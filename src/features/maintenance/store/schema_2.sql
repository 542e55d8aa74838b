-- What people did last and what takes it back, so that another process can: the newest of somebody is theirs to undo.
CREATE TABLE action (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    at      INTEGER NOT NULL,
    who     TEXT    NOT NULL,
    inverse TEXT    NOT NULL
) STRICT;
CREATE INDEX action_who ON action (who, id);
