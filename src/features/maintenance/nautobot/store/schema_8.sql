-- What was agreed with each record under each URL when another one was configured, by the record's UUID. It counts again where
-- a record shows that is older than the one under the other URL, which was a copy of it, or the other way round.
CREATE TABLE nautobot_kept (
    id     TEXT NOT NULL,
    server TEXT NOT NULL,
    agreed TEXT NOT NULL,
    PRIMARY KEY (id, server)
) STRICT, WITHOUT ROWID;
