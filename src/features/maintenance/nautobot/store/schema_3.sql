-- What did not show any more at the last full reading, in words: so much that it was kept, see `mirror::Vanished`.
ALTER TABLE nautobot ADD COLUMN vanished TEXT;
