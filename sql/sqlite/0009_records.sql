-- What the figures need of each visit, offer and change of an agent, and the tables of the figures.
-- Each column has a constant default, so SQLite rewrites no table. Older rows count with the limits
-- that are the defaults of a group.
ALTER TABLE nwayacd_cdr ADD COLUMN position_first INTEGER; -- place in the line at the arrival, from 1
ALTER TABLE nwayacd_cdr ADD COLUMN position_last INTEGER; -- the same as the caller last left the line
ALTER TABLE nwayacd_cdr ADD COLUMN welcome_ms INTEGER NOT NULL DEFAULT 0; -- length of the welcome as the caller heard it
ALTER TABLE nwayacd_cdr ADD COLUMN exit_key TEXT NOT NULL DEFAULT ''; -- with which the caller left the line
ALTER TABLE nwayacd_cdr ADD COLUMN callback_id TEXT NOT NULL DEFAULT '';
ALTER TABLE nwayacd_cdr ADD COLUMN sl_seconds INTEGER NOT NULL DEFAULT 20; -- the group's service_level_seconds at the arrival
ALTER TABLE nwayacd_cdr ADD COLUMN short_seconds INTEGER NOT NULL DEFAULT 5; -- the group's short_abandon_seconds at the arrival
ALTER TABLE nwayacd_offer ADD COLUMN arrived TEXT; -- of the visit; NULL in older rows
ALTER TABLE nwayacd_offer ADD COLUMN level INTEGER NOT NULL DEFAULT 0; -- of the agent in the group
ALTER TABLE nwayacd_offer ADD COLUMN hold_ms INTEGER NOT NULL DEFAULT 0; -- how long the agent held the caller; part of talk_ms
ALTER TABLE nwayacd_offer ADD COLUMN wrap_up_ms INTEGER; -- NULL: no wrap-up, or it goes on
ALTER TABLE nwayacd_offer ADD COLUMN wrap_up_ended TEXT NOT NULL DEFAULT ''; -- by itself, by hand, by the next call
ALTER TABLE nwayacd_agent_log ADD COLUMN standing TEXT NOT NULL DEFAULT ''; -- the agent's from then on; '' in older rows
ALTER TABLE nwayacd_agent_log ADD COLUMN reason TEXT NOT NULL DEFAULT ''; -- of a pause; hold = the agent holds the caller
ALTER TABLE nwayacd_agent_log ADD COLUMN by_whom TEXT NOT NULL DEFAULT ''; -- who ordered it; '' = nobody
ALTER TABLE nwayacd_agent_log ADD COLUMN group_number TEXT NOT NULL DEFAULT ''; -- of the offer, talk or wrap-up

-- The figures of each quarter hour. start is UTC. Package internal/figures says what is counted.
CREATE TABLE IF NOT EXISTS nwayacd_interval (
    group_number TEXT NOT NULL,
    start TEXT NOT NULL,
    offered INTEGER NOT NULL DEFAULT 0,
    answered INTEGER NOT NULL DEFAULT 0,
    answered_in INTEGER NOT NULL DEFAULT 0,
    abandoned INTEGER NOT NULL DEFAULT 0,
    abandoned_in INTEGER NOT NULL DEFAULT 0,
    abandoned_short INTEGER NOT NULL DEFAULT 0,
    left_timeout INTEGER NOT NULL DEFAULT 0,
    left_key INTEGER NOT NULL DEFAULT 0,
    left_empty INTEGER NOT NULL DEFAULT 0,
    left_closed INTEGER NOT NULL DEFAULT 0,
    left_callback INTEGER NOT NULL DEFAULT 0,
    left_moved INTEGER NOT NULL DEFAULT 0,
    left_taken INTEGER NOT NULL DEFAULT 0,
    left_consult INTEGER NOT NULL DEFAULT 0,
    left_error INTEGER NOT NULL DEFAULT 0,
    refused_full INTEGER NOT NULL DEFAULT 0,
    refused_closed INTEGER NOT NULL DEFAULT 0,
    refused_empty INTEGER NOT NULL DEFAULT 0,
    refused_blacklisted INTEGER NOT NULL DEFAULT 0,
    returned INTEGER NOT NULL DEFAULT 0,
    wait_answered_ms INTEGER NOT NULL DEFAULT 0,
    wait_abandoned_ms INTEGER NOT NULL DEFAULT 0,
    wait_longest_ms INTEGER NOT NULL DEFAULT 0,
    talks INTEGER NOT NULL DEFAULT 0,
    talk_ms INTEGER NOT NULL DEFAULT 0,
    hold_ms INTEGER NOT NULL DEFAULT 0,
    wrap_up_ms INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (group_number, start)
);
CREATE INDEX IF NOT EXISTS nwayacd_interval_start ON nwayacd_interval (start);

CREATE TABLE IF NOT EXISTS nwayacd_agent_interval (
    extension TEXT NOT NULL,
    start TEXT NOT NULL,
    group_number TEXT NOT NULL DEFAULT '', -- '' = time and offers of no group
    ready_ms INTEGER NOT NULL DEFAULT 0,
    unavailable_ms INTEGER NOT NULL DEFAULT 0,
    rest_ms INTEGER NOT NULL DEFAULT 0,
    ring_ms INTEGER NOT NULL DEFAULT 0,
    talk_ms INTEGER NOT NULL DEFAULT 0,
    hold_ms INTEGER NOT NULL DEFAULT 0,     -- part of talk_ms
    outbound_ms INTEGER NOT NULL DEFAULT 0,
    wrap_up_ms INTEGER NOT NULL DEFAULT 0,
    missed_ms INTEGER NOT NULL DEFAULT 0,
    paused_ms INTEGER NOT NULL DEFAULT 0,
    logged_in_ms INTEGER NOT NULL DEFAULT 0,
    offers INTEGER NOT NULL DEFAULT 0,
    answered INTEGER NOT NULL DEFAULT 0,
    misses INTEGER NOT NULL DEFAULT 0,
    withdrawn INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (extension, start, group_number)
);
CREATE INDEX IF NOT EXISTS nwayacd_agent_interval_start ON nwayacd_agent_interval (start);

CREATE TABLE IF NOT EXISTS nwayacd_pause_interval (
    extension TEXT NOT NULL,
    start TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    ms INTEGER NOT NULL DEFAULT 0,
    times INTEGER NOT NULL DEFAULT 0,       -- pauses that began in the quarter hour
    PRIMARY KEY (extension, start, reason)
);
CREATE INDEX IF NOT EXISTS nwayacd_pause_interval_start ON nwayacd_pause_interval (start);

-- What each agent who is logged in does since when. The time before `at` is counted already.
CREATE TABLE IF NOT EXISTS nwayacd_agent_open (
    extension TEXT PRIMARY KEY,
    standing TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT '',
    group_number TEXT NOT NULL DEFAULT '',
    at TEXT NOT NULL
);
