-- The tables of nwaycc databases. An existing table keeps its rows, its columns and their types, and
-- gets the columns that it lacks. CREATE TABLE has only the keys. All other columns are added by
-- name, so one list serves new and old databases.

CREATE TABLE IF NOT EXISTS call_extension (id bigserial PRIMARY KEY, extension_number varchar(50) NOT NULL UNIQUE);
ALTER TABLE call_extension
    ADD COLUMN IF NOT EXISTS extension_name varchar(100),
    ADD COLUMN IF NOT EXISTS callout_number varchar(50),
    ADD COLUMN IF NOT EXISTS extension_type bigint DEFAULT 0,
    ADD COLUMN IF NOT EXISTS group_id bigint DEFAULT 0,
    ADD COLUMN IF NOT EXISTS extension_pswd varchar(130),
    ADD COLUMN IF NOT EXISTS extension_login_state varchar(50),
    ADD COLUMN IF NOT EXISTS extension_reg_state varchar(50),
    ADD COLUMN IF NOT EXISTS callout_gateway bigint DEFAULT 0,
    ADD COLUMN IF NOT EXISTS is_allow_callout boolean DEFAULT true,
    ADD COLUMN IF NOT EXISTS is_record boolean DEFAULT false,
    ADD COLUMN IF NOT EXISTS answer_without_state boolean DEFAULT false,
    ADD COLUMN IF NOT EXISTS say_job_number boolean DEFAULT false,
    ADD COLUMN IF NOT EXISTS job_number varchar(40),
    ADD COLUMN IF NOT EXISTS reg_state varchar(50) DEFAULT 'unreg',
    ADD COLUMN IF NOT EXISTS seat_state varchar(50) DEFAULT 'down',
    ADD COLUMN IF NOT EXISTS seat_status varchar(50) DEFAULT 'idle',
    ADD COLUMN IF NOT EXISTS call_state varchar(50) DEFAULT 'ready',
    ADD COLUMN IF NOT EXISTS lastupdatetime timestamptz DEFAULT now(),
    ADD COLUMN IF NOT EXISTS core_uuid varchar(50),
    ADD COLUMN IF NOT EXISTS use_custom_value boolean DEFAULT false,
    ADD COLUMN IF NOT EXISTS client_ip varchar(50),
    ADD COLUMN IF NOT EXISTS is_register boolean DEFAULT false,
    ADD COLUMN IF NOT EXISTS is_select boolean DEFAULT false,
    ADD COLUMN IF NOT EXISTS locked boolean DEFAULT false,
    ADD COLUMN IF NOT EXISTS login_password varchar(130),
    ADD COLUMN IF NOT EXISTS last_reg_time timestamptz,
    ADD COLUMN IF NOT EXISTS dnd boolean DEFAULT false,
    ADD COLUMN IF NOT EXISTS unconditional_forward varchar(50),
    ADD COLUMN IF NOT EXISTS call_level bigint DEFAULT 0,
    ADD COLUMN IF NOT EXISTS follow_me varchar(50),
    ADD COLUMN IF NOT EXISTS last_hangup_time timestamptz,
    ADD COLUMN IF NOT EXISTS last_state_change_time timestamptz,
    ADD COLUMN IF NOT EXISTS use_video boolean DEFAULT false,
    ADD COLUMN IF NOT EXISTS server_ip varchar(100);

CREATE TABLE IF NOT EXISTS ext_group (id bigserial PRIMARY KEY, group_number varchar(50) NOT NULL UNIQUE);
ALTER TABLE ext_group
    ADD COLUMN IF NOT EXISTS group_name varchar(100),
    ADD COLUMN IF NOT EXISTS current_ext_number varchar(50),
    ADD COLUMN IF NOT EXISTS group_call_mode bigint DEFAULT 5,
    ADD COLUMN IF NOT EXISTS welcome_ring varchar(255),
    ADD COLUMN IF NOT EXISTS transfer_ring varchar(255),
    ADD COLUMN IF NOT EXISTS black_list_ring varchar(255),
    ADD COLUMN IF NOT EXISTS busy_ring varchar(255),
    ADD COLUMN IF NOT EXISTS group_callout_timeout bigint DEFAULT 15;

-- The module wrote id = 0 and ext_group_id = 0, so nothing here is unique. The key is
-- (ext_group_number, ext).
CREATE TABLE IF NOT EXISTS ext_group_map (id bigserial);
ALTER TABLE ext_group_map
    ADD COLUMN IF NOT EXISTS ext_group_id bigint DEFAULT 0,
    ADD COLUMN IF NOT EXISTS ext_group_number varchar(50),
    ADD COLUMN IF NOT EXISTS ext varchar(50);

CREATE TABLE IF NOT EXISTS callin_queue (id bigserial PRIMARY KEY);
ALTER TABLE callin_queue
    ADD COLUMN IF NOT EXISTS callin_number text,
    ADD COLUMN IF NOT EXISTS callin_group varchar(50),
    ADD COLUMN IF NOT EXISTS callin_type bigint DEFAULT 0,
    ADD COLUMN IF NOT EXISTS call_time timestamptz,
    ADD COLUMN IF NOT EXISTS call_uuid varchar(100),
    ADD COLUMN IF NOT EXISTS place bigint; -- ns since 1970: call_time has no zone in old databases, and no nanoseconds

CREATE TABLE IF NOT EXISTS call_blacklist (id bigserial, call_number varchar(50) PRIMARY KEY);
ALTER TABLE call_blacklist
    ADD COLUMN IF NOT EXISTS category bigint DEFAULT 0,
    ADD COLUMN IF NOT EXISTS dest_number varchar(50),
    ADD COLUMN IF NOT EXISTS group_number varchar(50),
    ADD COLUMN IF NOT EXISTS expire_time timestamptz;

CREATE TABLE IF NOT EXISTS call_vip_number (id bigserial PRIMARY KEY);
ALTER TABLE call_vip_number
    ADD COLUMN IF NOT EXISTS phone_number varchar(50),
    ADD COLUMN IF NOT EXISTS group_number varchar(50);

CREATE TABLE IF NOT EXISTS cf_call_remember (id bigserial PRIMARY KEY);
ALTER TABLE cf_call_remember
    ADD COLUMN IF NOT EXISTS call_number text,
    ADD COLUMN IF NOT EXISTS agent_number varchar(50),
    ADD COLUMN IF NOT EXISTS insert_time timestamptz,
    ADD COLUMN IF NOT EXISTS group_number varchar(50);

-- This program inserts without naming id. If an old table requires an id and has no default for it,
-- it gets a sequence that begins after its rows.
DO $$
DECLARE
    of record;
BEGIN
    FOR of IN
        SELECT c.table_schema AS s, c.table_name AS t, format('nwayacd_%s_id', c.table_name) AS seq
        FROM information_schema.columns c
        WHERE c.table_schema = current_schema() AND c.column_name = 'id' AND c.is_nullable = 'NO'
          AND c.column_default IS NULL AND c.is_identity = 'NO' AND c.data_type IN ('smallint', 'integer', 'bigint', 'numeric')
          AND c.table_name IN ('call_extension', 'ext_group', 'ext_group_map', 'callin_queue', 'call_blacklist',
                               'call_vip_number', 'cf_call_remember')
    LOOP
        EXECUTE format('CREATE SEQUENCE IF NOT EXISTS %I.%I', of.s, of.seq);
        EXECUTE format('SELECT setval(%L, (SELECT COALESCE(max(id), 0)::bigint + 1 FROM %I.%I), false)',
                       format('%I.%I', of.s, of.seq), of.s, of.t);
        EXECUTE format('ALTER TABLE %I.%I ALTER COLUMN id SET DEFAULT nextval(%L)', of.s, of.t, format('%I.%I', of.s, of.seq));
    END LOOP;
END $$;

CREATE INDEX IF NOT EXISTS nwayacd_map_ext ON ext_group_map (ext);
CREATE INDEX IF NOT EXISTS nwayacd_map_group ON ext_group_map (ext_group_number);
CREATE INDEX IF NOT EXISTS nwayacd_queue_uuid ON callin_queue (call_uuid);
-- The indexes of call_vip_number and cf_call_remember are jobs (store/index.go), because these tables
-- may be large.
