-- People: why an agent is paused and since when, since when it is logged in, and the settings of
-- agents and groups. NULL leaves a setting to its default.
ALTER TABLE call_extension
    ADD COLUMN IF NOT EXISTS pause_reason varchar(20) NOT NULL DEFAULT '',  -- code of nwayacd_reason, or supervisor
    ADD COLUMN IF NOT EXISTS pause_by varchar(128) NOT NULL DEFAULT '',     -- user:anna, dialplan:1000, sql, ...
    ADD COLUMN IF NOT EXISTS paused_since timestamptz,
    ADD COLUMN IF NOT EXISTS login_since timestamptz,
    ADD COLUMN IF NOT EXISTS wrap_up_until timestamptz,                     -- the end of a wrap-up that was made longer
    ADD COLUMN IF NOT EXISTS wrap_up_seconds integer,                       -- 0: none; -1: until nway_ready
    ADD COLUMN IF NOT EXISTS dial_string varchar(255),
    ADD COLUMN IF NOT EXISTS max_misses integer,
    ADD COLUMN IF NOT EXISTS allowed_groups text;                           -- '110,120'; NULL and '': all

ALTER TABLE ext_group
    ADD COLUMN IF NOT EXISTS service_level_seconds integer,
    ADD COLUMN IF NOT EXISTS service_level_goal integer,
    ADD COLUMN IF NOT EXISTS service_level_formula varchar(32),
    ADD COLUMN IF NOT EXISTS short_abandon_seconds integer,
    ADD COLUMN IF NOT EXISTS warn_waiting integer,
    ADD COLUMN IF NOT EXISTS alert_waiting integer,
    ADD COLUMN IF NOT EXISTS warn_wait_seconds integer,
    ADD COLUMN IF NOT EXISTS alert_wait_seconds integer;

-- The reasons for a pause.
CREATE TABLE IF NOT EXISTS nwayacd_reason (
    code     varchar(20) PRIMARY KEY,
    name     text NOT NULL DEFAULT '',
    paid     boolean NOT NULL DEFAULT false,
    position integer NOT NULL DEFAULT 0,
    active   boolean NOT NULL DEFAULT true
);
INSERT INTO nwayacd_reason (code, name, paid, position) VALUES
    ('break', 'Break', true, 1), ('lunch', 'Lunch', false, 2), ('training', 'Training', true, 3), ('meeting', 'Meeting', true, 4)
ON CONFLICT DO NOTHING;

DROP TRIGGER IF EXISTS nwayacd_row ON nwayacd_reason;
CREATE TRIGGER nwayacd_row AFTER INSERT OR UPDATE OR DELETE ON nwayacd_reason FOR EACH ROW
    WHEN (current_setting('nwayacd.own', true) IS DISTINCT FROM 'on')
    EXECUTE FUNCTION nwayacd_note_row('code');
DROP TRIGGER IF EXISTS nwayacd_truncate ON nwayacd_reason;
CREATE TRIGGER nwayacd_truncate AFTER TRUNCATE ON nwayacd_reason FOR EACH STATEMENT EXECUTE FUNCTION nwayacd_note_reload();

-- The audit log shows edits of the new columns too (0008_auth.sql).
DO $make$
DECLARE
    audited text[];
    name    text;
    columns text;
BEGIN
    FOREACH audited SLICE 1 IN ARRAY ARRAY[
        ['call_extension', 'extension_number', 'extension_name,extension_pswd,callout_number,job_number,say_job_number,is_record,'
            || 'answer_without_state,use_custom_value,use_video,server_ip,reg_state,seat_state,seat_status,call_state,'
            || 'last_state_change_time,locked,dnd,deferred,progress_seconds,pause_reason,wrap_up_seconds,dial_string,'
            || 'max_misses,allowed_groups'],
        ['ext_group', 'group_number', 'group_name,group_call_mode,current_ext_number,group_callout_timeout,welcome_ring,'
            || 'black_list_ring,busy_ring,transfer_ring,caller_prefix,service_level_seconds,service_level_goal,'
            || 'service_level_formula,short_abandon_seconds,warn_waiting,alert_waiting,warn_wait_seconds,alert_wait_seconds'],
        ['nwayacd_reason', 'code', 'code,name,paid,position,active']]
    LOOP
        name := audited[1];
        SELECT string_agg(quote_literal(c), ', ') INTO columns FROM unnest(string_to_array(audited[3], ',')) AS c;
        EXECUTE format('DROP TRIGGER IF EXISTS nwayacd_audit ON %I', name);
        EXECUTE format('CREATE TRIGGER nwayacd_audit AFTER INSERT OR UPDATE OR DELETE ON %I FOR EACH ROW
            WHEN (current_setting(''nwayacd.own'', true) IS DISTINCT FROM ''on'')
            EXECUTE FUNCTION nwayacd_audit_edit(%L, %s)', name, audited[2], columns);
        EXECUTE format('DROP TRIGGER IF EXISTS nwayacd_audit_truncate ON %I', name);
        EXECUTE format('CREATE TRIGGER nwayacd_audit_truncate AFTER TRUNCATE ON %I FOR EACH STATEMENT
            EXECUTE FUNCTION nwayacd_audit_edit()', name);
    END LOOP;
END $make$;
