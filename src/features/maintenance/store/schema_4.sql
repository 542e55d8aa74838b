-- When a notification was recorded, which of an old one that is imported is not when it was received.
ALTER TABLE notification ADD COLUMN recorded_at INTEGER NOT NULL DEFAULT 0;
-- Which revision had been looked at before it was acknowledged, for taking that back.
ALTER TABLE acknowledgement ADD COLUMN seen_before INTEGER;
-- Final ones whose acknowledgement is of an earlier state: somebody who prepared for a maintenance has to see that it is
-- cancelled.
CREATE INDEX maintenance_asks ON maintenance (final, ends_at, ack_revision, revision)
    WHERE final = 1 AND ack_revision > 0 AND ack_revision < revision;
-- Notes that were begun and not written yet, by whom and on which maintenances (a JSON array of ids).
CREATE TABLE draft (
    who          TEXT    NOT NULL,
    maintenances TEXT    NOT NULL,
    at           INTEGER NOT NULL,
    text         TEXT    NOT NULL,
    PRIMARY KEY (who, maintenances)
) STRICT;
