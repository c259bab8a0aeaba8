-- Talks that go on: what a restarted server must know of them. A row is gone when its CDR is written.
CREATE TABLE IF NOT EXISTS nwayacd_talk (
    call_uuid TEXT PRIMARY KEY,
    server    TEXT NOT NULL, -- identity of the server whose talk it is
    talk      TEXT NOT NULL  -- the CDR so far, and where the talk is, as JSON
);
