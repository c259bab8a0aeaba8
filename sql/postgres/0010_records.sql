-- What the figures need of each visit, offer and change of an agent, and the tables of the figures.
-- Each column has a constant default, so PostgreSQL rewrites no table. Older rows count with the
-- limits that are the defaults of a group.
ALTER TABLE nwayacd_cdr
    ADD COLUMN IF NOT EXISTS position_first integer,                      -- place in the line at the arrival, from 1
    ADD COLUMN IF NOT EXISTS position_last integer,                       -- the same as the caller last left the line
    ADD COLUMN IF NOT EXISTS welcome_ms bigint NOT NULL DEFAULT 0,        -- length of the welcome as the caller heard it
    ADD COLUMN IF NOT EXISTS exit_key text NOT NULL DEFAULT '',           -- with which the caller left the line
    ADD COLUMN IF NOT EXISTS callback_id text NOT NULL DEFAULT '',
    ADD COLUMN IF NOT EXISTS sl_seconds integer NOT NULL DEFAULT 20,      -- the group's service_level_seconds at the arrival
    ADD COLUMN IF NOT EXISTS short_seconds integer NOT NULL DEFAULT 5;    -- the group's short_abandon_seconds at the arrival
ALTER TABLE nwayacd_offer
    ADD COLUMN IF NOT EXISTS arrived timestamptz,                         -- of the visit; NULL in older rows
    ADD COLUMN IF NOT EXISTS level integer NOT NULL DEFAULT 0,            -- of the agent in the group
    ADD COLUMN IF NOT EXISTS hold_ms bigint NOT NULL DEFAULT 0,           -- how long the agent held the caller; part of talk_ms
    ADD COLUMN IF NOT EXISTS wrap_up_ms bigint,                           -- NULL: no wrap-up, or it goes on
    ADD COLUMN IF NOT EXISTS wrap_up_ended text NOT NULL DEFAULT '';      -- by itself, by hand, by the next call
ALTER TABLE nwayacd_agent_log
    ADD COLUMN IF NOT EXISTS standing text NOT NULL DEFAULT '',           -- the agent's from then on; '' in older rows
    ADD COLUMN IF NOT EXISTS reason text NOT NULL DEFAULT '',             -- of a pause; hold = the agent holds the caller
    ADD COLUMN IF NOT EXISTS by_whom text NOT NULL DEFAULT '',            -- who ordered it; '' = nobody
    ADD COLUMN IF NOT EXISTS group_number text NOT NULL DEFAULT '';       -- of the offer, talk or wrap-up

-- The figures of each quarter hour. start is UTC. Package internal/figures says what is counted.
CREATE TABLE IF NOT EXISTS nwayacd_interval (
    group_number text NOT NULL,
    start timestamptz NOT NULL,
    offered bigint NOT NULL DEFAULT 0,
    answered bigint NOT NULL DEFAULT 0,
    answered_in bigint NOT NULL DEFAULT 0,
    abandoned bigint NOT NULL DEFAULT 0,
    abandoned_in bigint NOT NULL DEFAULT 0,
    abandoned_short bigint NOT NULL DEFAULT 0,
    left_timeout bigint NOT NULL DEFAULT 0,
    left_key bigint NOT NULL DEFAULT 0,
    left_empty bigint NOT NULL DEFAULT 0,
    left_closed bigint NOT NULL DEFAULT 0,
    left_callback bigint NOT NULL DEFAULT 0,
    left_moved bigint NOT NULL DEFAULT 0,
    left_taken bigint NOT NULL DEFAULT 0,
    left_consult bigint NOT NULL DEFAULT 0,
    left_error bigint NOT NULL DEFAULT 0,
    refused_full bigint NOT NULL DEFAULT 0,
    refused_closed bigint NOT NULL DEFAULT 0,
    refused_empty bigint NOT NULL DEFAULT 0,
    refused_blacklisted bigint NOT NULL DEFAULT 0,
    returned bigint NOT NULL DEFAULT 0,
    wait_answered_ms bigint NOT NULL DEFAULT 0,
    wait_abandoned_ms bigint NOT NULL DEFAULT 0,
    wait_longest_ms bigint NOT NULL DEFAULT 0,
    talks bigint NOT NULL DEFAULT 0,
    talk_ms bigint NOT NULL DEFAULT 0,
    hold_ms bigint NOT NULL DEFAULT 0,
    wrap_up_ms bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (group_number, start)
);
CREATE INDEX IF NOT EXISTS nwayacd_interval_start ON nwayacd_interval (start);

CREATE TABLE IF NOT EXISTS nwayacd_agent_interval (
    extension text NOT NULL,
    start timestamptz NOT NULL,
    group_number text NOT NULL DEFAULT '', -- '' = time and offers of no group
    ready_ms bigint NOT NULL DEFAULT 0,
    unavailable_ms bigint NOT NULL DEFAULT 0,
    rest_ms bigint NOT NULL DEFAULT 0,
    ring_ms bigint NOT NULL DEFAULT 0,
    talk_ms bigint NOT NULL DEFAULT 0,
    hold_ms bigint NOT NULL DEFAULT 0,     -- part of talk_ms
    outbound_ms bigint NOT NULL DEFAULT 0,
    wrap_up_ms bigint NOT NULL DEFAULT 0,
    missed_ms bigint NOT NULL DEFAULT 0,
    paused_ms bigint NOT NULL DEFAULT 0,
    logged_in_ms bigint NOT NULL DEFAULT 0,
    offers bigint NOT NULL DEFAULT 0,
    answered bigint NOT NULL DEFAULT 0,
    misses bigint NOT NULL DEFAULT 0,
    withdrawn bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (extension, start, group_number)
);
CREATE INDEX IF NOT EXISTS nwayacd_agent_interval_start ON nwayacd_agent_interval (start);

CREATE TABLE IF NOT EXISTS nwayacd_pause_interval (
    extension text NOT NULL,
    start timestamptz NOT NULL,
    reason text NOT NULL DEFAULT '',
    ms bigint NOT NULL DEFAULT 0,
    times bigint NOT NULL DEFAULT 0,       -- pauses that began in the quarter hour
    PRIMARY KEY (extension, start, reason)
);
CREATE INDEX IF NOT EXISTS nwayacd_pause_interval_start ON nwayacd_pause_interval (start);

-- What each agent who is logged in does since when. The time before `at` is counted already.
CREATE TABLE IF NOT EXISTS nwayacd_agent_open (
    extension text PRIMARY KEY,
    standing text NOT NULL DEFAULT '',
    reason text NOT NULL DEFAULT '',
    group_number text NOT NULL DEFAULT '',
    at timestamptz NOT NULL
);
