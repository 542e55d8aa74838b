-- The newest deletion that was read in the log of changes, in microseconds since 1970: it is not read again for ever.
ALTER TABLE nautobot ADD COLUMN deletions_to INTEGER NOT NULL DEFAULT 0;
