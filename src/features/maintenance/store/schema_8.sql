-- When commands last forgot all that there was to forget.
CREATE TABLE forgetting (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    at   INTEGER NOT NULL
) STRICT;

-- What `/` searches has no accents any more; accents.rs has the same letters. Most texts never had any.
CREATE TABLE folding (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;
INSERT INTO folding SELECT id, text FROM maintenance_text WHERE text GLOB '*[^' || char(1) || '-~]*';
UPDATE folding SET text = replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(text, 'à', 'a'),
    'á', 'a'), 'â', 'a'), 'ã', 'a'), 'ä', 'a'), 'å', 'a'), 'ā', 'a'), 'ă', 'a'), 'ą', 'a'), 'ǎ', 'a');
UPDATE folding SET text = replace(replace(replace(replace(replace(text, 'ç', 'c'), 'ć', 'c'), 'ĉ', 'c'), 'ċ', 'c'),
    'č', 'c');
UPDATE folding SET text = replace(replace(replace(text, 'ď', 'd'), 'đ', 'd'), 'ð', 'd');
UPDATE folding SET text = replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(text, 'è', 'e'),
    'é', 'e'), 'ê', 'e'), 'ë', 'e'), 'ē', 'e'), 'ĕ', 'e'), 'ė', 'e'), 'ę', 'e'), 'ě', 'e'), 'ẽ', 'e');
UPDATE folding SET text = replace(replace(replace(replace(replace(text, 'ĝ', 'g'), 'ğ', 'g'), 'ġ', 'g'), 'ģ', 'g'),
    'ǧ', 'g');
UPDATE folding SET text = replace(replace(text, 'ĥ', 'h'), 'ħ', 'h');
UPDATE folding SET text = replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(text, 'ì', 'i'),
    'í', 'i'), 'î', 'i'), 'ï', 'i'), 'ĩ', 'i'), 'ī', 'i'), 'ĭ', 'i'), 'į', 'i'), 'ı', 'i'), 'ǐ', 'i');
UPDATE folding SET text = replace(text, 'ĵ', 'j');
UPDATE folding SET text = replace(text, 'ķ', 'k');
UPDATE folding SET text = replace(replace(replace(replace(replace(text, 'ĺ', 'l'), 'ļ', 'l'), 'ľ', 'l'), 'ŀ', 'l'),
    'ł', 'l');
UPDATE folding SET text = replace(replace(replace(replace(replace(text, 'ñ', 'n'), 'ń', 'n'), 'ņ', 'n'), 'ň', 'n'),
    'ŉ', 'n');
UPDATE folding SET text = replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(text, 'ò', 'o'),
    'ó', 'o'), 'ô', 'o'), 'õ', 'o'), 'ö', 'o'), 'ø', 'o'), 'ō', 'o'), 'ŏ', 'o'), 'ő', 'o'), 'ǒ', 'o');
UPDATE folding SET text = replace(replace(replace(text, 'ŕ', 'r'), 'ŗ', 'r'), 'ř', 'r');
UPDATE folding SET text = replace(replace(replace(replace(replace(text, 'ś', 's'), 'ŝ', 's'), 'ş', 's'), 'š', 's'),
    'ș', 's');
UPDATE folding SET text = replace(replace(replace(replace(text, 'ţ', 't'), 'ť', 't'), 'ŧ', 't'), 'ț', 't');
UPDATE folding SET text = replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(text,
    'ù', 'u'), 'ú', 'u'), 'û', 'u'), 'ü', 'u'), 'ũ', 'u'), 'ū', 'u'), 'ŭ', 'u'), 'ů', 'u'), 'ű', 'u'), 'ų', 'u'),
    'ǔ', 'u');
UPDATE folding SET text = replace(text, 'ŵ', 'w');
UPDATE folding SET text = replace(replace(replace(text, 'ý', 'y'), 'ÿ', 'y'), 'ŷ', 'y');
UPDATE folding SET text = replace(replace(replace(text, 'ź', 'z'), 'ż', 'z'), 'ž', 'z');
UPDATE folding SET text = replace(text, 'ß', 'ss');
UPDATE folding SET text = replace(text, 'æ', 'ae');
UPDATE folding SET text = replace(text, 'œ', 'oe');
UPDATE folding SET text = replace(text, 'þ', 'th');
UPDATE folding SET text = replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(text,
    char(768), ''), char(769), ''), char(770), ''), char(771), ''), char(772), ''), char(774), ''), char(775), ''),
    char(776), ''), char(778), ''), char(779), ''), char(780), ''), char(803), ''), char(806), ''), char(807), ''),
    char(808), '');
DELETE FROM folding WHERE text = (SELECT t.text FROM maintenance_text t WHERE t.id = folding.id);
WITH RECURSIVE bit (n) AS (VALUES (0) UNION ALL SELECT n + 1 FROM bit WHERE n < 47)
UPDATE maintenance_text SET text = folding.text, letters = (
    SELECT coalesce(sum(1 << n), 0) FROM bit
    WHERE instr(folding.text, substr('abcdefghijklmnopqrstuvwxyz0123456789-/._:,#()&+''', n + 1, 1)) > 0
) FROM folding WHERE folding.id = maintenance_text.id;
INSERT OR REPLACE INTO maintenance_trigram (rowid, text) SELECT id, text FROM folding;
DROP TABLE folding;
