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
-- A database of nwaycc has a narrower column than ours for the uuid of a waiting call. No table is rewritten for this. Where a view
-- stands in the way the column stays as it is: FreeSWITCH's own uuids have 36 characters.
DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = 'callin_queue'
               AND column_name = 'call_uuid' AND character_maximum_length < 100) THEN
        ALTER TABLE callin_queue ALTER COLUMN call_uuid TYPE varchar(100);
    END IF;
EXCEPTION WHEN feature_not_supported OR insufficient_privilege THEN
    NULL;
END $$;
