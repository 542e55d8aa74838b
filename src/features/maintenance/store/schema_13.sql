-- What a file was when it was read: its bytes, and when it was last written, in nanoseconds since 1970. NULL for mails that are
-- no files, and for those that were read before this was kept.
ALTER TABLE source_item ADD COLUMN bytes INTEGER;
ALTER TABLE source_item ADD COLUMN written_at INTEGER;
