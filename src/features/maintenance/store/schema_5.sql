-- Notifications that could not be read and that nobody need look at any more: who said so, and when.
ALTER TABLE notification ADD COLUMN dismissed_at INTEGER;
ALTER TABLE notification ADD COLUMN dismissed_by TEXT;
DROP INDEX notification_look;
CREATE INDEX notification_look ON notification (received_at)
    WHERE outcome IN ('parsing-failed', 'unknown-provider') AND dismissed_at IS NULL;
CREATE INDEX notification_dismissed ON notification (received_at)
    WHERE outcome IN ('parsing-failed', 'unknown-provider') AND dismissed_at IS NOT NULL;
INSERT INTO counter VALUES ('dismissed', 0);
CREATE TRIGGER notification_dismissal_counted AFTER UPDATE OF dismissed_at, outcome ON notification BEGIN
    UPDATE counter SET n = n
        + (new.dismissed_at IS NOT NULL AND new.outcome IN ('parsing-failed', 'unknown-provider'))
        - (old.dismissed_at IS NOT NULL AND old.outcome IN ('parsing-failed', 'unknown-provider'))
        WHERE name = 'dismissed';
END;
CREATE TRIGGER notification_dismissal_discounted AFTER DELETE ON notification
    WHEN old.dismissed_at IS NOT NULL AND old.outcome IN ('parsing-failed', 'unknown-provider') BEGIN
    UPDATE counter SET n = n - 1 WHERE name = 'dismissed';
END;
