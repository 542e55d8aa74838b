-- Whether there was nothing in Nautobot that an entry could be written to: once there is, it is tried again, whatever its state.
ALTER TABLE outbox ADD COLUMN absent INTEGER NOT NULL DEFAULT 0;
UPDATE outbox SET absent = 1 WHERE reason LIKE 'Nautobot has no maintenance %';
