-- Which circuits of Nautobot an id in a maintenance means that does not tell it by itself: several carriers have a circuit of
-- that id, or the maintenance's own has none. By UUID, and by the carrier's name for another Nautobot with the same circuits.
-- It outlives the record that told so.
CREATE TABLE nautobot_meant (
    provider       TEXT NOT NULL COLLATE NOCASE,
    maintenance_id TEXT NOT NULL,
    folded         TEXT NOT NULL,
    circuit        TEXT NOT NULL,
    carrier        TEXT NOT NULL COLLATE NOCASE,
    PRIMARY KEY (provider, maintenance_id, folded, circuit)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER nautobot_meant_forgotten AFTER DELETE ON maintenance
    WHEN NOT EXISTS (SELECT 1 FROM maintenance WHERE provider = old.provider AND maintenance_id = old.maintenance_id) BEGIN
    DELETE FROM nautobot_meant WHERE provider = old.provider AND maintenance_id = old.maintenance_id;
END;
INSERT OR IGNORE INTO nautobot_meant
    SELECT m.provider, m.maintenance_id, c.folded, c.id, p.name FROM nautobot_maintenance n
    JOIN maintenance m ON m.id = n.maintenance JOIN nautobot_impact i ON i.maintenance = n.id
    JOIN nautobot_circuit c ON c.id = i.circuit JOIN nautobot_provider p ON p.id = c.provider
    WHERE p.slug <> m.provider;
INSERT OR IGNORE INTO nautobot_meant
    SELECT m.provider, m.maintenance_id, c.folded, c.id, p.name FROM nautobot_meant k
    JOIN maintenance m ON m.provider = k.provider AND m.maintenance_id = k.maintenance_id
    JOIN nautobot_maintenance n ON n.maintenance = m.id JOIN nautobot_impact i ON i.maintenance = n.id
    JOIN nautobot_circuit c ON c.id = i.circuit AND c.folded = k.folded JOIN nautobot_provider p ON p.id = c.provider;

-- Notes that were there and went with their record, under the UUIDs that they had: they are written again with a record that
-- takes its place.
CREATE TABLE nautobot_lost_note (
    note   INTEGER PRIMARY KEY REFERENCES note ON DELETE CASCADE,
    object TEXT    NOT NULL
) STRICT;

-- Up to when the log of changes was read, in microseconds since 1970: a token that may not look leaves it where it is.
ALTER TABLE nautobot ADD COLUMN log_to INTEGER NOT NULL DEFAULT 0;
UPDATE nautobot SET log_to = iif(vanished IS NULL, max(maintenances_to, impacts_to, notes_to, deletions_to), 0);
