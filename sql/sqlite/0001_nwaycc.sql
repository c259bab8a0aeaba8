-- The embedded database: the tables and columns of PostgreSQL that this program reads or writes.

CREATE TABLE IF NOT EXISTS call_extension (
    id                     INTEGER PRIMARY KEY,
    extension_number       TEXT NOT NULL UNIQUE,
    extension_name         TEXT,
    callout_number         TEXT,
    extension_pswd         TEXT,
    is_record              BOOLEAN DEFAULT 0,
    answer_without_state   BOOLEAN DEFAULT 0,
    say_job_number         BOOLEAN DEFAULT 0,
    job_number             TEXT,
    reg_state              TEXT DEFAULT 'unreg',
    seat_state             TEXT DEFAULT 'down',
    seat_status            TEXT DEFAULT 'idle',
    call_state             TEXT DEFAULT 'ready',
    lastupdatetime         TEXT,
    use_custom_value       BOOLEAN DEFAULT 0,
    locked                 BOOLEAN DEFAULT 0,
    dnd                    BOOLEAN DEFAULT 0,
    last_hangup_time       TEXT,
    last_state_change_time TEXT,
    use_video              BOOLEAN DEFAULT 0,
    server_ip              TEXT
);

CREATE TABLE IF NOT EXISTS ext_group (
    id                    INTEGER PRIMARY KEY,
    group_number          TEXT NOT NULL UNIQUE,
    group_name            TEXT,
    current_ext_number    TEXT,
    group_call_mode       INTEGER DEFAULT 5,
    welcome_ring          TEXT,
    transfer_ring         TEXT,
    black_list_ring       TEXT,
    busy_ring             TEXT,
    group_callout_timeout INTEGER DEFAULT 15
);

CREATE TABLE IF NOT EXISTS ext_group_map (
    id               INTEGER PRIMARY KEY,
    ext_group_id     INTEGER DEFAULT 0,
    ext_group_number TEXT,
    ext              TEXT
);

CREATE TABLE IF NOT EXISTS callin_queue (
    id            INTEGER PRIMARY KEY,
    callin_number TEXT,
    callin_group  TEXT,
    callin_type   INTEGER DEFAULT 0,
    call_time     TEXT,
    call_uuid     TEXT,
    place         INTEGER -- ns since 1970
);

CREATE TABLE IF NOT EXISTS call_blacklist (
    id           INTEGER,
    call_number  TEXT PRIMARY KEY,
    category     INTEGER DEFAULT 0,
    dest_number  TEXT,
    group_number TEXT,
    expire_time  TEXT
);

CREATE TABLE IF NOT EXISTS call_vip_number (
    id           INTEGER PRIMARY KEY,
    phone_number TEXT,
    group_number TEXT
);

CREATE TABLE IF NOT EXISTS cf_call_remember (
    id           INTEGER PRIMARY KEY,
    call_number  TEXT,
    agent_number TEXT,
    insert_time  TEXT,
    group_number TEXT
);

CREATE INDEX IF NOT EXISTS nwayacd_map_ext ON ext_group_map (ext);
CREATE INDEX IF NOT EXISTS nwayacd_map_group ON ext_group_map (ext_group_number);
CREATE INDEX IF NOT EXISTS nwayacd_queue_uuid ON callin_queue (call_uuid);
CREATE INDEX IF NOT EXISTS nwayacd_vip_phone ON call_vip_number (phone_number);
CREATE INDEX IF NOT EXISTS nwayacd_remember_caller ON cf_call_remember (call_number);
