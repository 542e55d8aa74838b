-- Grows whenever Nautobot's providers are others than before: their names, addresses or parsers. A mail is as old as what was
-- known of them when it was asked whose it is; one that was just recorded was not asked yet.
ALTER TABLE nautobot ADD COLUMN whose INTEGER NOT NULL DEFAULT 0;
ALTER TABLE notification ADD COLUMN whose INTEGER NOT NULL DEFAULT 0;
CREATE INDEX notification_whose ON notification (whose);
-- Mails may have been read before anything was known of the providers.
UPDATE nautobot SET whose = 1;

-- What the mails speak of by now that a record was made from; it stays there, and that is told.
ALTER TABLE nautobot_maintenance ADD COLUMN astray TEXT;
