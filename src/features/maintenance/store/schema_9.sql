-- When the status was said: a notice may leave it open, and an older one that is read later then tells it. NULL where nobody
-- has said it; what is known already was said by the newest notice, as far as anybody can tell.
ALTER TABLE maintenance ADD COLUMN stated_stamp INTEGER;
ALTER TABLE maintenance ADD COLUMN stated_sequence INTEGER;
UPDATE maintenance SET stated_stamp = stamp, stated_sequence = sequence WHERE status <> 'NO-CHANGE';
