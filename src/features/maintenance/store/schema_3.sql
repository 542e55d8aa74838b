-- Which characters a text has, a bit for each of letters.rs: words of one letter are in no index, and an excluded one would
-- need all texts to be read.
ALTER TABLE maintenance_text ADD COLUMN letters INTEGER NOT NULL DEFAULT 0;
WITH RECURSIVE bit (n) AS (VALUES (0) UNION ALL SELECT n + 1 FROM bit WHERE n < 47)
UPDATE maintenance_text SET letters = (
    SELECT coalesce(sum(1 << n), 0) FROM bit
    WHERE instr(text, substr('abcdefghijklmnopqrstuvwxyz0123456789-/._:,#()&+''', n + 1, 1)) > 0
);
CREATE INDEX maintenance_letters ON maintenance_text (letters);
