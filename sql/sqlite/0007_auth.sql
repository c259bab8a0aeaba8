-- As with PostgreSQL. Times are text of one width, in UTC. Edits by other programs are not seen.
CREATE TABLE IF NOT EXISTS nwayacd_user (
    name        TEXT PRIMARY KEY,
    password    TEXT NOT NULL DEFAULT '',
    role        TEXT NOT NULL,
    groups      TEXT NOT NULL DEFAULT '',
    extension   TEXT NOT NULL DEFAULT '',
    language    TEXT NOT NULL DEFAULT '',
    must_change BOOLEAN NOT NULL DEFAULT 0,
    disabled    BOOLEAN NOT NULL DEFAULT 0,
    created     TEXT NOT NULL DEFAULT '',
    changed     TEXT NOT NULL DEFAULT ''
);

CREATE TABLE IF NOT EXISTS nwayacd_token (
    name       TEXT PRIMARY KEY,
    hash       TEXT NOT NULL UNIQUE,
    role       TEXT NOT NULL,
    groups     TEXT NOT NULL DEFAULT '',
    extension  TEXT NOT NULL DEFAULT '',
    created    TEXT NOT NULL DEFAULT '',
    created_by TEXT NOT NULL DEFAULT '',
    expires    TEXT,
    last_used  TEXT,
    disabled   BOOLEAN NOT NULL DEFAULT 0
);

CREATE TABLE IF NOT EXISTS nwayacd_session (
    hash       TEXT PRIMARY KEY,
    user_name  TEXT NOT NULL DEFAULT '',
    token_name TEXT NOT NULL DEFAULT '',
    created    TEXT NOT NULL,
    seen       TEXT NOT NULL,
    expires    TEXT NOT NULL,
    source     TEXT NOT NULL DEFAULT '',
    browser    TEXT NOT NULL DEFAULT ''
);

CREATE TABLE IF NOT EXISTS nwayacd_audit (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    at      TEXT NOT NULL,
    actor   TEXT NOT NULL,
    role    TEXT NOT NULL DEFAULT '',
    source  TEXT NOT NULL DEFAULT '',
    way     TEXT NOT NULL DEFAULT '',
    action  TEXT NOT NULL,
    object  TEXT NOT NULL DEFAULT '',
    detail  TEXT NOT NULL DEFAULT '{}',
    outcome TEXT NOT NULL DEFAULT 'ok',
    reason  TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS nwayacd_audit_at ON nwayacd_audit (at);
CREATE INDEX IF NOT EXISTS nwayacd_audit_actor ON nwayacd_audit (actor, at);
CREATE INDEX IF NOT EXISTS nwayacd_audit_object ON nwayacd_audit (object, at);
