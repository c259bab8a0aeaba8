-- Current talks, with what a restarted server must know of them. A row is deleted when its CDR is
-- written.
CREATE TABLE IF NOT EXISTS nwayacd_talk (
    call_uuid TEXT PRIMARY KEY,
    server    TEXT NOT NULL, -- identity of the server that has the talk
    talk      TEXT NOT NULL  -- the CDR so far, and the channels of the talk, as JSON
);
