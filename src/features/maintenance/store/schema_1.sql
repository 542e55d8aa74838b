-- What was received, whatever came of it.
CREATE TABLE notification (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    source      TEXT    NOT NULL,
    item        TEXT    NOT NULL,
    received_at INTEGER NOT NULL,
    message_id  TEXT,
    sender      TEXT    NOT NULL,
    subject     TEXT    NOT NULL,
    dated       INTEGER,
    provider    TEXT    COLLATE NOCASE,
    outcome     TEXT    NOT NULL,
    reason      TEXT    NOT NULL,
    size        INTEGER NOT NULL,
    -- Bytes in notification_raw.
    kept        INTEGER NOT NULL,
    whole_hash  BLOB    NOT NULL,
    body_hash   BLOB    NOT NULL
) STRICT;
CREATE INDEX notification_same ON notification (body_hash, message_id);
CREATE INDEX notification_received ON notification (received_at);
CREATE INDEX notification_outcome ON notification (outcome, received_at);
CREATE INDEX notification_look ON notification (received_at) WHERE outcome IN ('parsing-failed', 'unknown-provider');
CREATE INDEX notification_kept ON notification (received_at) WHERE kept > 0;

-- Apart from the columns above, so that lists do not page through mails.
CREATE TABLE notification_raw (
    id  INTEGER PRIMARY KEY REFERENCES notification ON DELETE CASCADE,
    raw BLOB    NOT NULL
) STRICT;

-- What each source has handed over already; outlives the notification, or retention would import it again.
CREATE TABLE source_item (
    source       TEXT    NOT NULL,
    item         TEXT    NOT NULL,
    notification INTEGER REFERENCES notification ON DELETE SET NULL,
    PRIMARY KEY (source, item)
) STRICT, WITHOUT ROWID;
CREATE INDEX source_item_notification ON source_item (notification);

-- One row per window of a maintenance.
CREATE TABLE maintenance (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    provider       TEXT    NOT NULL COLLATE NOCASE,
    maintenance_id TEXT    NOT NULL,
    window         INTEGER NOT NULL,
    account        TEXT    NOT NULL,
    organizer      TEXT    NOT NULL,
    uid            TEXT    NOT NULL,
    summary        TEXT    NOT NULL,
    status         TEXT    NOT NULL,
    starts_at      INTEGER NOT NULL,
    ends_at        INTEGER NOT NULL,
    -- Order of the newest notice applied.
    stamp          INTEGER NOT NULL,
    sequence       INTEGER NOT NULL,
    -- When it became final, if it is.
    settled_at     INTEGER,
    changed_at     INTEGER NOT NULL,
    revision       INTEGER NOT NULL,
    seen_revision  INTEGER NOT NULL DEFAULT 0,
    -- The newest acknowledgement that was not withdrawn.
    ack_revision   INTEGER NOT NULL DEFAULT 0,
    ack_by         TEXT,
    ack_at         INTEGER,
    -- Kept with the row because every list shows them.
    circuits       INTEGER NOT NULL,
    first_circuits TEXT    NOT NULL,
    worst_impact   TEXT,
    notes          INTEGER NOT NULL DEFAULT 0,
    -- What follows from the columns above. Not generated columns: SQLite takes one of those as a use of the whole row, so
    -- that no index suffices.
    final          INTEGER NOT NULL CHECK (final = (status IN ('CANCELLED', 'COMPLETED'))),
    over_at        INTEGER NOT NULL CHECK (over_at = min(ends_at, coalesce(settled_at, ends_at))),
    -- Class of length, each four times as long as the one before; see list/leg.rs.
    span           INTEGER NOT NULL CHECK (span = CASE
        WHEN ends_at - starts_at <= 3600     THEN 0
        WHEN ends_at - starts_at <= 14400    THEN 1
        WHEN ends_at - starts_at <= 57600    THEN 2
        WHEN ends_at - starts_at <= 230400   THEN 3
        WHEN ends_at - starts_at <= 921600   THEN 4
        WHEN ends_at - starts_at <= 3686400  THEN 5
        WHEN ends_at - starts_at <= 14745600 THEN 6
        ELSE 7 END),
    UNIQUE (provider, maintenance_id, window)
) STRICT;
-- Every index ends with the id by itself. Naming the columns of an index's condition keeps SQLite from reading the row to
-- test that again.
CREATE INDEX maintenance_active   ON maintenance (final, span, starts_at, ends_at) WHERE final = 0;
CREATE INDEX maintenance_upcoming ON maintenance (final, starts_at)                WHERE final = 0;
CREATE INDEX maintenance_over     ON maintenance (over_at);
CREATE INDEX maintenance_settled  ON maintenance (final, over_at)                  WHERE final = 1;
CREATE INDEX maintenance_changed  ON maintenance (changed_at);
CREATE INDEX maintenance_provider ON maintenance (provider, starts_at);
CREATE INDEX maintenance_unseen   ON maintenance (seen_revision, revision)         WHERE seen_revision < revision;
CREATE INDEX maintenance_unacked  ON maintenance (final, ends_at, ack_revision, revision)
    WHERE final = 0 AND ack_revision < revision;

CREATE TABLE circuit (
    maintenance INTEGER NOT NULL REFERENCES maintenance ON DELETE CASCADE,
    position    INTEGER NOT NULL,
    circuit_id  TEXT    NOT NULL,
    impact      TEXT    NOT NULL,
    PRIMARY KEY (maintenance, position)
) STRICT, WITHOUT ROWID;

-- Everything that happened to a maintenance, by notice or by hand; never changed, only added to.
CREATE TABLE event (
    id           INTEGER PRIMARY KEY,
    maintenance  INTEGER NOT NULL REFERENCES maintenance ON DELETE CASCADE,
    at           INTEGER NOT NULL,
    stamp        INTEGER,
    kind         TEXT    NOT NULL,
    notification INTEGER REFERENCES notification ON DELETE SET NULL,
    who          TEXT,
    changes      TEXT    NOT NULL
) STRICT;
CREATE INDEX event_maintenance ON event (maintenance);
CREATE INDEX event_notification ON event (notification);

CREATE TABLE note (
    id          INTEGER PRIMARY KEY,
    maintenance INTEGER NOT NULL REFERENCES maintenance ON DELETE CASCADE,
    at          INTEGER NOT NULL,
    who         TEXT    NOT NULL,
    text        TEXT    NOT NULL,
    removed_at  INTEGER,
    removed_by  TEXT
) STRICT;
CREATE INDEX note_maintenance ON note (maintenance);

CREATE TABLE acknowledgement (
    id           INTEGER PRIMARY KEY,
    maintenance  INTEGER NOT NULL REFERENCES maintenance ON DELETE CASCADE,
    revision     INTEGER NOT NULL,
    at           INTEGER NOT NULL,
    who          TEXT    NOT NULL,
    withdrawn_at INTEGER,
    withdrawn_by TEXT
) STRICT;
CREATE INDEX acknowledgement_maintenance ON acknowledgement (maintenance);

-- What `/` searches: the fields in lower case, two line ends after each, so that every character begins a trigram and no
-- match runs from one field into the next.
CREATE TABLE maintenance_text (
    id   INTEGER PRIMARY KEY REFERENCES maintenance ON DELETE CASCADE,
    text TEXT    NOT NULL
) STRICT;
CREATE VIRTUAL TABLE maintenance_trigram USING fts5 (
    text, content = '', contentless_delete = 1, detail = none, tokenize = 'trigram case_sensitive 1'
);
INSERT INTO maintenance_trigram (maintenance_trigram, rank) VALUES ('automerge', 8);
CREATE VIRTUAL TABLE maintenance_trigram_term USING fts5vocab (maintenance_trigram, instance);
CREATE TRIGGER maintenance_text_deleted AFTER DELETE ON maintenance_text BEGIN
    DELETE FROM maintenance_trigram WHERE rowid = old.id;
END;

-- Counts that would need a walk through a whole table.
CREATE TABLE counter (name TEXT PRIMARY KEY, n INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO counter VALUES ('maintenance', 0);
INSERT INTO counter SELECT column1, 0 FROM (VALUES ('parsed'), ('parsing-failed'), ('unknown-provider'), ('ignored'),
    ('out-of-sequence'), ('unknown-cids'));
CREATE TRIGGER maintenance_counted AFTER INSERT ON maintenance BEGIN
    UPDATE counter SET n = n + 1 WHERE name = 'maintenance';
END;
CREATE TRIGGER maintenance_discounted AFTER DELETE ON maintenance BEGIN
    UPDATE counter SET n = n - 1 WHERE name = 'maintenance';
END;
CREATE TRIGGER notification_counted AFTER INSERT ON notification BEGIN
    UPDATE counter SET n = n + 1 WHERE name = new.outcome;
END;
CREATE TRIGGER notification_discounted AFTER DELETE ON notification BEGIN
    UPDATE counter SET n = n - 1 WHERE name = old.outcome;
END;
CREATE TRIGGER notification_recounted AFTER UPDATE OF outcome ON notification BEGIN
    UPDATE counter SET n = n - 1 WHERE name = old.outcome;
    UPDATE counter SET n = n + 1 WHERE name = new.outcome;
END;
