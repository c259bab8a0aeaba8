-- Current talks, with what a restarted server must know of them. A row is deleted when its CDR is
-- written.
CREATE TABLE IF NOT EXISTS nwayacd_talk (
    call_uuid text PRIMARY KEY,
    server    text NOT NULL, -- identity of the server that has the talk
    talk      text NOT NULL  -- the CDR so far, and the channels of the talk, as JSON
);
