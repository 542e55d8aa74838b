-- What each notification says of a maintenance, so that one that comes late, or is read again, can be put into its place
-- among all of them. It stays when the notification goes, and goes with the maintenance.
CREATE TABLE said (
    provider       TEXT    NOT NULL COLLATE NOCASE,
    maintenance_id TEXT    NOT NULL,
    notification   INTEGER NOT NULL,
    -- Its place among the others: by what it says itself, then by the mail that carries it, then by which came later.
    stamp          INTEGER NOT NULL,
    sequence       INTEGER NOT NULL,
    mailed         INTEGER NOT NULL,
    -- Its notices, as JSON, and the ids of the windows that they speak of, in the same order as far as there are as many.
    notices        TEXT    NOT NULL,
    windows        TEXT    NOT NULL,
    PRIMARY KEY (provider, maintenance_id, notification)
) STRICT, WITHOUT ROWID;
CREATE INDEX said_notification ON said (notification);
CREATE TRIGGER said_forgotten AFTER DELETE ON maintenance
    WHEN NOT EXISTS (SELECT 1 FROM maintenance WHERE provider = old.provider AND maintenance_id = old.maintenance_id) BEGIN
    DELETE FROM said WHERE provider = old.provider AND maintenance_id = old.maintenance_id;
END;

-- All that was told is told again where one comes late: when the status was said does not matter any more.
ALTER TABLE maintenance DROP COLUMN stated_stamp;
ALTER TABLE maintenance DROP COLUMN stated_sequence;
