-- When commands last forgot all that there was to forget.
CREATE TABLE forgetting (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    at   INTEGER NOT NULL
) STRICT;

-- What `/` searches has no accents any more (src/store/folded.rs). Most texts never had any.
CREATE TABLE folding (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;
INSERT INTO folding SELECT id, folded(text) FROM maintenance_text WHERE text GLOB '*[^' || char(1) || '-~]*';
DELETE FROM folding WHERE text = (SELECT t.text FROM maintenance_text t WHERE t.id = folding.id);
WITH RECURSIVE bit (n) AS (VALUES (0) UNION ALL SELECT n + 1 FROM bit WHERE n < 47)
UPDATE maintenance_text SET text = folding.text, letters = (
    SELECT coalesce(sum(1 << n), 0) FROM bit
    WHERE instr(folding.text, substr('abcdefghijklmnopqrstuvwxyz0123456789-/._:,#()&+''', n + 1, 1)) > 0
) FROM folding WHERE folding.id = maintenance_text.id;
INSERT OR REPLACE INTO maintenance_trigram (rowid, text) SELECT id, text FROM folding;
DROP TABLE folding;
