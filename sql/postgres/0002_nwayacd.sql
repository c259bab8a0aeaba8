-- The tables that only this program has. A call that was returned to the dialplan and came again
-- has two rows of its uuid in nwayacd_cdr.

CREATE TABLE IF NOT EXISTS nwayacd_cdr (
    id         bigserial PRIMARY KEY,
    call_uuid  text NOT NULL,
    caller     text NOT NULL DEFAULT '',
    dialled    text NOT NULL DEFAULT '',
    group_number text NOT NULL DEFAULT '',
    vip        boolean NOT NULL DEFAULT false,
    switch     text NOT NULL DEFAULT '',
    agent      text NOT NULL DEFAULT '',
    leg_uuid   text NOT NULL DEFAULT '',
    offers     integer NOT NULL DEFAULT 0,
    outcome    text NOT NULL,
    hung_up_by text NOT NULL DEFAULT '',
    cause      text NOT NULL DEFAULT '',
    survey     text NOT NULL DEFAULT '',
    recording  text NOT NULL DEFAULT '',
    arrived    timestamptz,
    answered   timestamptz,
    bridged    timestamptz,
    ended      timestamptz
);
CREATE INDEX IF NOT EXISTS nwayacd_cdr_arrived ON nwayacd_cdr (arrived);
CREATE INDEX IF NOT EXISTS nwayacd_cdr_uuid ON nwayacd_cdr (call_uuid);

CREATE TABLE IF NOT EXISTS nwayacd_offer (
    id         bigserial PRIMARY KEY,
    call_uuid  text NOT NULL,
    group_number text NOT NULL DEFAULT '',
    agent      text NOT NULL,
    leg_uuid   text NOT NULL DEFAULT '',
    number     integer NOT NULL DEFAULT 1,
    transfer   boolean NOT NULL DEFAULT false,
    outcome    text NOT NULL,
    cause      text NOT NULL DEFAULT '',
    offered    timestamptz,
    answered   timestamptz,
    ended      timestamptz,
    ring_ms    bigint, -- from the offer until it was answered or ended
    talk_ms    bigint  -- from the answer until it ended; NULL if no agent answered
);
CREATE INDEX IF NOT EXISTS nwayacd_offer_call ON nwayacd_offer (call_uuid);
CREATE INDEX IF NOT EXISTS nwayacd_offer_agent ON nwayacd_offer (agent, offered);

CREATE TABLE IF NOT EXISTS nwayacd_agent_log (
    id        bigserial PRIMARY KEY,
    extension text NOT NULL,
    status    text NOT NULL,
    at        timestamptz,
    call_uuid text NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS nwayacd_agent_log_when ON nwayacd_agent_log (extension, at);

-- How far each journal has been applied: one row for each data-dir, so that servers can share a
-- database.
CREATE TABLE IF NOT EXISTS nwayacd_applied (
    journal text PRIMARY KEY,
    seq     bigint NOT NULL
);

-- Changes that this database refused permanently, so that they are not lost.
CREATE TABLE IF NOT EXISTS nwayacd_rejected (
    journal text NOT NULL,
    seq     bigint NOT NULL,
    change  text NOT NULL,
    error   text NOT NULL,
    at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (journal, seq)
);
