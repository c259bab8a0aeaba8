-- Work on tables that may be large: indexes, and columns of old rows. The server does it after its
-- start, step by step, so that no migration holds up calls.
CREATE TABLE IF NOT EXISTS nwayacd_job (
    name     text PRIMARY KEY,
    position text NOT NULL DEFAULT '', -- up to which row the work is done; '' is the beginning
    done     boolean NOT NULL DEFAULT false
);
