-- Edits by other programs are sent on the channel nwayacd. Our own transactions set nwayacd.own and
-- are skipped. A note is {table, op, key, was, columns}. key has the key columns now, and was has
-- them before the edit, if they changed.

CREATE OR REPLACE FUNCTION nwayacd_note_row() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    before  jsonb;
    after   jsonb;
    changed jsonb;
    note    jsonb := jsonb_build_object('table', TG_TABLE_NAME, 'op', lower(TG_OP));
BEGIN
    IF TG_OP <> 'INSERT' THEN before := to_jsonb(OLD); END IF;
    IF TG_OP <> 'DELETE' THEN after := to_jsonb(NEW); END IF;
    note := note || jsonb_build_object('key', (SELECT jsonb_object_agg(k, COALESCE(after, before) ->> k) FROM unnest(TG_ARGV) AS k));
    IF TG_OP = 'UPDATE' THEN
        SELECT jsonb_agg(n.key) INTO changed
        FROM jsonb_each(after) AS n WHERE n.value IS DISTINCT FROM before -> n.key;
        IF changed IS NULL THEN RETURN NULL; END IF;
        note := note || jsonb_build_object('columns', changed);
        IF changed ?| TG_ARGV THEN
            note := note || jsonb_build_object('was', (SELECT jsonb_object_agg(k, before ->> k) FROM unnest(TG_ARGV) AS k));
        END IF;
    END IF;
    IF octet_length(note::text) > 7500 THEN -- PostgreSQL refuses payloads of 8000 bytes
        note := jsonb_build_object('table', TG_TABLE_NAME, 'op', 'reload');
    END IF;
    PERFORM pg_notify('nwayacd', note::text);
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION nwayacd_note_reload() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('nwayacd', jsonb_build_object('table', TG_TABLE_NAME, 'op', 'reload')::text);
    RETURN NULL;
END $$;

-- Rows of cf_call_remember are deleted by the thousand, in one statement. There is one note for the
-- statement, and none if it deleted nothing.
CREATE OR REPLACE FUNCTION nwayacd_note_forgotten() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM gone) THEN
        PERFORM pg_notify('nwayacd', jsonb_build_object('table', TG_TABLE_NAME, 'op', 'reload')::text);
    END IF;
    RETURN NULL;
END $$;

DROP TRIGGER IF EXISTS nwayacd_row ON call_extension;
CREATE TRIGGER nwayacd_row AFTER INSERT OR UPDATE OR DELETE ON call_extension FOR EACH ROW
    WHEN (current_setting('nwayacd.own', true) IS DISTINCT FROM 'on')
    EXECUTE FUNCTION nwayacd_note_row('extension_number');
DROP TRIGGER IF EXISTS nwayacd_row ON ext_group;
CREATE TRIGGER nwayacd_row AFTER INSERT OR UPDATE OR DELETE ON ext_group FOR EACH ROW
    WHEN (current_setting('nwayacd.own', true) IS DISTINCT FROM 'on')
    EXECUTE FUNCTION nwayacd_note_row('group_number');
DROP TRIGGER IF EXISTS nwayacd_row ON ext_group_map;
CREATE TRIGGER nwayacd_row AFTER INSERT OR UPDATE OR DELETE ON ext_group_map FOR EACH ROW
    WHEN (current_setting('nwayacd.own', true) IS DISTINCT FROM 'on')
    EXECUTE FUNCTION nwayacd_note_row('ext_group_number', 'ext');
DROP TRIGGER IF EXISTS nwayacd_row ON call_blacklist;
CREATE TRIGGER nwayacd_row AFTER INSERT OR UPDATE OR DELETE ON call_blacklist FOR EACH ROW
    WHEN (current_setting('nwayacd.own', true) IS DISTINCT FROM 'on')
    EXECUTE FUNCTION nwayacd_note_row('call_number');
DROP TRIGGER IF EXISTS nwayacd_row ON call_vip_number;
CREATE TRIGGER nwayacd_row AFTER INSERT OR UPDATE OR DELETE ON call_vip_number FOR EACH ROW
    WHEN (current_setting('nwayacd.own', true) IS DISTINCT FROM 'on')
    EXECUTE FUNCTION nwayacd_note_row('phone_number', 'group_number');
DROP TRIGGER IF EXISTS nwayacd_row ON cf_call_remember;
CREATE TRIGGER nwayacd_row AFTER INSERT OR UPDATE ON cf_call_remember FOR EACH ROW
    WHEN (current_setting('nwayacd.own', true) IS DISTINCT FROM 'on')
    EXECUTE FUNCTION nwayacd_note_row('call_number', 'group_number');
DROP TRIGGER IF EXISTS nwayacd_forgotten ON cf_call_remember;
CREATE TRIGGER nwayacd_forgotten AFTER DELETE ON cf_call_remember REFERENCING OLD TABLE AS gone FOR EACH STATEMENT
    WHEN (current_setting('nwayacd.own', true) IS DISTINCT FROM 'on')
    EXECUTE FUNCTION nwayacd_note_forgotten();

DROP TRIGGER IF EXISTS nwayacd_truncate ON call_extension;
CREATE TRIGGER nwayacd_truncate AFTER TRUNCATE ON call_extension FOR EACH STATEMENT EXECUTE FUNCTION nwayacd_note_reload();
DROP TRIGGER IF EXISTS nwayacd_truncate ON ext_group;
CREATE TRIGGER nwayacd_truncate AFTER TRUNCATE ON ext_group FOR EACH STATEMENT EXECUTE FUNCTION nwayacd_note_reload();
DROP TRIGGER IF EXISTS nwayacd_truncate ON ext_group_map;
CREATE TRIGGER nwayacd_truncate AFTER TRUNCATE ON ext_group_map FOR EACH STATEMENT EXECUTE FUNCTION nwayacd_note_reload();
DROP TRIGGER IF EXISTS nwayacd_truncate ON call_blacklist;
CREATE TRIGGER nwayacd_truncate AFTER TRUNCATE ON call_blacklist FOR EACH STATEMENT EXECUTE FUNCTION nwayacd_note_reload();
DROP TRIGGER IF EXISTS nwayacd_truncate ON call_vip_number;
CREATE TRIGGER nwayacd_truncate AFTER TRUNCATE ON call_vip_number FOR EACH STATEMENT EXECUTE FUNCTION nwayacd_note_reload();
DROP TRIGGER IF EXISTS nwayacd_truncate ON cf_call_remember;
CREATE TRIGGER nwayacd_truncate AFTER TRUNCATE ON cf_call_remember FOR EACH STATEMENT EXECUTE FUNCTION nwayacd_note_reload();
