-- Which server works with this database: one row. The server with the highest term is the one. It raises beat while it lives.
CREATE TABLE IF NOT EXISTS nwayacd_server (
    one      boolean PRIMARY KEY DEFAULT true CHECK (one),
    identity text NOT NULL DEFAULT '', -- of the server's data-dir; '' when it has stopped
    host     text NOT NULL DEFAULT '',
    version  text NOT NULL DEFAULT '',
    term     bigint NOT NULL DEFAULT 0,
    beat     bigint NOT NULL DEFAULT 0,
    seen     timestamptz
);
