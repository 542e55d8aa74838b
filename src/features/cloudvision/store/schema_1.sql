-- One row per deployment, from before its first request until it is known what came of it.
CREATE TABLE deployment (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    name        TEXT    NOT NULL UNIQUE,
    instance    TEXT    NOT NULL,
    server      TEXT    NOT NULL,
    -- Empty where something else than a configured target was deployed.
    target      TEXT,
    source      TEXT    NOT NULL,
    who         TEXT    NOT NULL,
    options     TEXT    NOT NULL,
    started_at  INTEGER NOT NULL,
    changed_at  INTEGER NOT NULL,
    phase       TEXT    NOT NULL,
    workspace   TEXT,
    build       TEXT,
    change      TEXT,
    change_name TEXT,
    message     TEXT    NOT NULL DEFAULT '',
    -- Since when CloudVision holds what was deployed.
    in_force_at INTEGER,
    ending      TEXT,
    ended_at    INTEGER,
    result      TEXT    NOT NULL DEFAULT '',
    -- Grows whenever another process takes it over; who still has an older number may write no more.
    claim       INTEGER NOT NULL DEFAULT 1,
    owner_host  TEXT    NOT NULL,
    owner_boot  TEXT    NOT NULL,
    owner_pid   INTEGER NOT NULL,
    owner_start TEXT    NOT NULL,
    CHECK ((ending IS NULL) = (ended_at IS NULL)),
    -- A workspace nobody could find again is never asked for.
    CHECK (phase = 'preparing' OR workspace IS NOT NULL)
) STRICT;
CREATE INDEX deployment_unfinished ON deployment (id) WHERE ending IS NULL;
CREATE INDEX deployment_of         ON deployment (server, target, id);
CREATE INDEX deployment_in_force   ON deployment (server, target, id) WHERE in_force_at IS NOT NULL;

-- What a deployment brings to each device; complete from its beginning, filled in when devices are found.
CREATE TABLE deployment_device (
    deployment INTEGER NOT NULL REFERENCES deployment ON DELETE CASCADE,
    hostname   TEXT    NOT NULL,
    serial     TEXT,
    sha256     TEXT,
    changed    INTEGER,
    PRIMARY KEY (deployment, hostname)
) STRICT, WITHOUT ROWID;

-- What was asked of a CloudVision by whom, and what came of it. A row is written before the request is sent; its result is
-- filled in once. The triggers below hold everybody to that.
CREATE TABLE audit (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    at          INTEGER NOT NULL,
    who         TEXT    NOT NULL,
    instance    TEXT    NOT NULL,
    server      TEXT    NOT NULL,
    target      TEXT,
    what        TEXT    NOT NULL,
    -- Id and name of what it was done to. Empty while it does not exist yet: a deployment's change control.
    object      TEXT    NOT NULL,
    object_name TEXT    NOT NULL,
    details     TEXT    NOT NULL,
    -- A deployment's name. Not a reference: the journal forgets, this does not.
    deployment  TEXT,
    result      TEXT    NOT NULL DEFAULT 'requested',
    settled_at  INTEGER,
    result_text TEXT    NOT NULL DEFAULT ''
) STRICT;
-- Every index ends with the id by itself.
CREATE INDEX audit_at          ON audit (at);
CREATE INDEX audit_what        ON audit (what, at);
CREATE INDEX audit_who         ON audit (who, at);
CREATE INDEX audit_target      ON audit (target, at) WHERE target IS NOT NULL;
CREATE INDEX audit_object      ON audit (object, at);
CREATE INDEX audit_object_name ON audit (object_name, at);
CREATE INDEX audit_deployment  ON audit (deployment) WHERE deployment IS NOT NULL;

CREATE TABLE audit_device (
    audit    INTEGER NOT NULL REFERENCES audit ON DELETE CASCADE,
    hostname TEXT    NOT NULL,
    serial   TEXT,
    sha256   TEXT,
    changed  INTEGER,
    PRIMARY KEY (audit, hostname)
) STRICT, WITHOUT ROWID;

-- Holds a row only within the transaction that forgets what is older.
CREATE TABLE audit_forgetting (before INTEGER NOT NULL) STRICT;

-- An existing id would be replaced without the trigger for deleting.
CREATE TRIGGER audit_begins BEFORE INSERT ON audit
WHEN new.result <> 'requested' OR new.settled_at IS NOT NULL OR new.result_text <> ''
    OR EXISTS (SELECT 1 FROM audit WHERE id = new.id)
BEGIN
    SELECT RAISE(ABORT, 'the audit log is only appended to');
END;
CREATE TRIGGER audit_settles BEFORE UPDATE ON audit
WHEN old.result <> 'requested' OR new.result NOT IN ('ok', 'failed', 'unknown') OR new.settled_at IS NULL
    OR (old.id, old.at, old.who, old.instance, old.server, old.what, old.details)
        <> (new.id, new.at, new.who, new.instance, new.server, new.what, new.details)
    OR old.target IS NOT new.target OR old.deployment IS NOT new.deployment
    OR (old.object <> '' AND (old.object <> new.object OR old.object_name <> new.object_name))
BEGIN
    SELECT RAISE(ABORT, 'the audit log is only appended to');
END;
CREATE TRIGGER audit_stays BEFORE DELETE ON audit
WHEN NOT EXISTS (SELECT 1 FROM audit_forgetting WHERE old.at < before)
BEGIN
    SELECT RAISE(ABORT, 'the audit log is only appended to');
END;
CREATE TRIGGER audit_device_begins BEFORE INSERT ON audit_device
WHEN NOT EXISTS (SELECT 1 FROM audit WHERE id = new.audit AND result = 'requested')
    OR EXISTS (SELECT 1 FROM audit_device WHERE audit = new.audit AND hostname = new.hostname)
BEGIN
    SELECT RAISE(ABORT, 'the audit log is only appended to');
END;
CREATE TRIGGER audit_device_settles BEFORE UPDATE ON audit_device BEGIN
    SELECT RAISE(ABORT, 'the audit log is only appended to');
END;
CREATE TRIGGER audit_device_stays BEFORE DELETE ON audit_device
WHEN NOT EXISTS (SELECT 1 FROM audit_forgetting)
BEGIN
    SELECT RAISE(ABORT, 'the audit log is only appended to');
END;

-- What each server last said there is, for reading without it. Not the truth: what cannot be read is asked for again.
CREATE TABLE cloudvision_cache (
    id     INTEGER PRIMARY KEY,
    server TEXT    NOT NULL,
    kind   TEXT    NOT NULL,
    key    TEXT    NOT NULL,
    -- What lists are ordered by.
    name   TEXT    NOT NULL,
    at     INTEGER NOT NULL,
    -- Whether nothing will happen to it any more, so that it may be forgotten.
    over   INTEGER NOT NULL,
    size   INTEGER NOT NULL,
    body   BLOB    NOT NULL,
    UNIQUE (server, kind, key)
) STRICT;
CREATE INDEX cloudvision_cache_listed ON cloudvision_cache (server, kind, at DESC, name);
CREATE INDEX cloudvision_cache_over   ON cloudvision_cache (server, kind, over, at, size) WHERE over = 1;

CREATE TABLE cloudvision_sync (
    server    TEXT    NOT NULL,
    kind      TEXT    NOT NULL,
    synced_at INTEGER NOT NULL,
    PRIMARY KEY (server, kind)
) STRICT, WITHOUT ROWID;
