-- Work on tables that may be large: indexes, and columns of old rows. The server does it after its
-- start, step by step, so that no migration holds up calls.
CREATE TABLE IF NOT EXISTS nwayacd_job (
    name     text PRIMARY KEY,
    position text NOT NULL DEFAULT '', -- up to which row the work is done; '' is the beginning
    done     boolean NOT NULL DEFAULT false
);
-- In which term of nwayacd_server the journal was last at work, and up to which change it is
-- superseded, because another server was at work meanwhile.
ALTER TABLE nwayacd_applied
    ADD COLUMN IF NOT EXISTS term bigint,
    ADD COLUMN IF NOT EXISTS superseded bigint NOT NULL DEFAULT 0;
