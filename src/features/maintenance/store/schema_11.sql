-- Mails whose content never came: 1 where a source has given one up, 2 where somebody wants it to be asked for again.
ALTER TABLE source_item ADD COLUMN lacks INTEGER NOT NULL DEFAULT 0;
UPDATE source_item SET lacks = 1 WHERE notification IN (SELECT id FROM notification
    WHERE outcome = 'parsing-failed' AND size = 0 AND kept = 0
        AND reason LIKE 'the mail was not read: the server sends what cannot be read: %');
CREATE INDEX source_item_lacking ON source_item (source, lacks) WHERE lacks > 0;
