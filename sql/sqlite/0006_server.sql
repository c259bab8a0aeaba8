-- As with PostgreSQL. The file belongs to the process that has locked data-dir, so the row is not used.
CREATE TABLE IF NOT EXISTS nwayacd_server (
    one      INTEGER PRIMARY KEY DEFAULT 1 CHECK (one = 1),
    identity TEXT NOT NULL DEFAULT '',
    host     TEXT NOT NULL DEFAULT '',
    version  TEXT NOT NULL DEFAULT '',
    term     INTEGER NOT NULL DEFAULT 0,
    beat     INTEGER NOT NULL DEFAULT 0,
    seen     TEXT
);
