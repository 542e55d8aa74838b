-- Records that were read under another URL and that the Nautobot of the one configured now does not have, by their UUIDs: what
-- was agreed with them, and which notes here theirs are. It counts again where a record of that UUID shows.
CREATE TABLE nautobot_left (
    id          TEXT PRIMARY KEY,
    maintenance INTEGER NOT NULL REFERENCES maintenance ON DELETE CASCADE,
    agreed      TEXT    NOT NULL,
    astray      TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX nautobot_left_here ON nautobot_left (maintenance);
CREATE TABLE nautobot_left_note (
    id     TEXT PRIMARY KEY,
    note   INTEGER NOT NULL REFERENCES note ON DELETE CASCADE,
    agreed TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX nautobot_left_note_here ON nautobot_left_note (note);
