-- The tables that only this program has. A call that was returned to the dialplan and came again
-- has two rows of its uuid in nwayacd_cdr.

CREATE TABLE IF NOT EXISTS nwayacd_cdr (
    id         INTEGER PRIMARY KEY,
    call_uuid  TEXT NOT NULL,
    caller     TEXT NOT NULL DEFAULT '',
    dialled    TEXT NOT NULL DEFAULT '',
    group_number TEXT NOT NULL DEFAULT '',
    vip        BOOLEAN NOT NULL DEFAULT 0,
    switch     TEXT NOT NULL DEFAULT '',
    agent      TEXT NOT NULL DEFAULT '',
    leg_uuid   TEXT NOT NULL DEFAULT '',
    offers     INTEGER NOT NULL DEFAULT 0,
    outcome    TEXT NOT NULL,
    hung_up_by TEXT NOT NULL DEFAULT '',
    cause      TEXT NOT NULL DEFAULT '',
    survey     TEXT NOT NULL DEFAULT '',
    recording  TEXT NOT NULL DEFAULT '',
    arrived    TEXT,
    answered   TEXT,
    bridged    TEXT,
    ended      TEXT
);
CREATE INDEX IF NOT EXISTS nwayacd_cdr_arrived ON nwayacd_cdr (arrived);
CREATE INDEX IF NOT EXISTS nwayacd_cdr_uuid ON nwayacd_cdr (call_uuid);

CREATE TABLE IF NOT EXISTS nwayacd_offer (
    id         INTEGER PRIMARY KEY,
    call_uuid  TEXT NOT NULL,
    group_number TEXT NOT NULL DEFAULT '',
    agent      TEXT NOT NULL,
    leg_uuid   TEXT NOT NULL DEFAULT '',
    number     INTEGER NOT NULL DEFAULT 1,
    transfer   BOOLEAN NOT NULL DEFAULT 0,
    outcome    TEXT NOT NULL,
    cause      TEXT NOT NULL DEFAULT '',
    offered    TEXT,
    answered   TEXT,
    ended      TEXT,
    ring_ms    INTEGER, -- from the offer until it was answered or ended
    talk_ms    INTEGER  -- from the answer until it ended; NULL if no agent answered
);
CREATE INDEX IF NOT EXISTS nwayacd_offer_call ON nwayacd_offer (call_uuid);
CREATE INDEX IF NOT EXISTS nwayacd_offer_agent ON nwayacd_offer (agent, offered);

CREATE TABLE IF NOT EXISTS nwayacd_agent_log (
    id        INTEGER PRIMARY KEY,
    extension TEXT NOT NULL,
    status    TEXT NOT NULL,
    at        TEXT,
    call_uuid TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS nwayacd_agent_log_when ON nwayacd_agent_log (extension, at);

-- How far each journal has been applied: one row for each data-dir, so that servers can share a
-- database.
CREATE TABLE IF NOT EXISTS nwayacd_applied (
    journal TEXT PRIMARY KEY,
    seq     INTEGER NOT NULL
);

-- Changes that this database refused permanently, so that they are not lost.
CREATE TABLE IF NOT EXISTS nwayacd_rejected (
    journal TEXT NOT NULL,
    seq     INTEGER NOT NULL,
    change  TEXT NOT NULL,
    error   TEXT NOT NULL,
    at      TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (journal, seq)
);
