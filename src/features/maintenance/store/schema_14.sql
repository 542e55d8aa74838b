-- As what else the file of an item was read before: a name that stands in both folders of a Maildir, or that is used again, is
-- of several files, and each is read once.
CREATE TABLE source_item_before (
    id         INTEGER PRIMARY KEY,
    source     TEXT    NOT NULL,
    item       TEXT    NOT NULL,
    bytes      INTEGER NOT NULL,
    written_at INTEGER NOT NULL,
    UNIQUE (source, item, bytes, written_at)
) STRICT;
