-- Who may do what: users, tokens and sessions. Secrets are hashes. Lists of groups have commas, and
-- '*' is all groups.
CREATE TABLE IF NOT EXISTS nwayacd_user (
    name        text PRIMARY KEY, -- a-z 0-9 . _ @ -
    password    text NOT NULL DEFAULT '', -- argon2id in the PHC form; anything else lets nobody in
    role        text NOT NULL,
    groups      text NOT NULL DEFAULT '',
    extension   text NOT NULL DEFAULT '',
    language    text NOT NULL DEFAULT '',
    must_change boolean NOT NULL DEFAULT false,
    disabled    boolean NOT NULL DEFAULT false,
    created     timestamptz NOT NULL DEFAULT now(),
    changed     timestamptz NOT NULL DEFAULT now() -- older sessions are void
);

CREATE TABLE IF NOT EXISTS nwayacd_token (
    name       text PRIMARY KEY,
    hash       text NOT NULL UNIQUE, -- SHA-256, 64 hexadecimal digits
    role       text NOT NULL,
    groups     text NOT NULL DEFAULT '',
    extension  text NOT NULL DEFAULT '',
    created    timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL DEFAULT '',
    expires    timestamptz,
    last_used  date,
    disabled   boolean NOT NULL DEFAULT false
);

CREATE TABLE IF NOT EXISTS nwayacd_session (
    hash       text PRIMARY KEY, -- SHA-256 of the cookie
    user_name  text NOT NULL DEFAULT '',
    token_name text NOT NULL DEFAULT '',
    created    timestamptz NOT NULL,
    seen       timestamptz NOT NULL,
    expires    timestamptz NOT NULL,
    source     text NOT NULL DEFAULT '',
    browser    text NOT NULL DEFAULT ''
);

-- Who did what.
CREATE TABLE IF NOT EXISTS nwayacd_audit (
    id      bigserial PRIMARY KEY,
    at      timestamptz NOT NULL,
    actor   text NOT NULL,
    role    text NOT NULL DEFAULT '',
    source  text NOT NULL DEFAULT '',
    way     text NOT NULL DEFAULT '',
    action  text NOT NULL,
    object  text NOT NULL DEFAULT '',
    detail  jsonb NOT NULL DEFAULT '{}',
    outcome text NOT NULL DEFAULT 'ok',
    reason  text NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS nwayacd_audit_at ON nwayacd_audit (at);
CREATE INDEX IF NOT EXISTS nwayacd_audit_actor ON nwayacd_audit (actor, at);
CREATE INDEX IF NOT EXISTS nwayacd_audit_object ON nwayacd_audit (object, at);

-- Edits of these tables take effect as those of the others do (0003_notify.sql).
DROP TRIGGER IF EXISTS nwayacd_row ON nwayacd_user;
CREATE TRIGGER nwayacd_row AFTER INSERT OR UPDATE OR DELETE ON nwayacd_user FOR EACH ROW
    WHEN (current_setting('nwayacd.own', true) IS DISTINCT FROM 'on')
    EXECUTE FUNCTION nwayacd_note_row('name');
DROP TRIGGER IF EXISTS nwayacd_row ON nwayacd_token;
CREATE TRIGGER nwayacd_row AFTER INSERT OR UPDATE OR DELETE ON nwayacd_token FOR EACH ROW
    WHEN (current_setting('nwayacd.own', true) IS DISTINCT FROM 'on')
    EXECUTE FUNCTION nwayacd_note_row('name');
DROP TRIGGER IF EXISTS nwayacd_row ON nwayacd_session;
CREATE TRIGGER nwayacd_row AFTER INSERT OR UPDATE OR DELETE ON nwayacd_session FOR EACH ROW
    WHEN (current_setting('nwayacd.own', true) IS DISTINCT FROM 'on')
    EXECUTE FUNCTION nwayacd_note_row('hash');
DROP TRIGGER IF EXISTS nwayacd_truncate ON nwayacd_user;
CREATE TRIGGER nwayacd_truncate AFTER TRUNCATE ON nwayacd_user FOR EACH STATEMENT EXECUTE FUNCTION nwayacd_note_reload();
DROP TRIGGER IF EXISTS nwayacd_truncate ON nwayacd_token;
CREATE TRIGGER nwayacd_truncate AFTER TRUNCATE ON nwayacd_token FOR EACH STATEMENT EXECUTE FUNCTION nwayacd_note_reload();
DROP TRIGGER IF EXISTS nwayacd_truncate ON nwayacd_session;
CREATE TRIGGER nwayacd_truncate AFTER TRUNCATE ON nwayacd_session FOR EACH STATEMENT EXECUTE FUNCTION nwayacd_note_reload();

-- An edit by another program gets a row in nwayacd_audit. The first argument of the trigger has the
-- key columns, the others are columns that nwayacd reads; no other column is shown, and no secret.
-- An error is ignored, because an UPDATE of another program must not fail for this.
--
-- The function runs as its owner, because the other program may have no privilege for the table. So
-- it names the schema, and its search_path is fixed.
DO $make$
BEGIN
    EXECUTE format($function$
CREATE OR REPLACE FUNCTION nwayacd_audit_edit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $body$
DECLARE
    before jsonb;
    after  jsonb;
    about  text := '';
    shown  jsonb := '{}';
BEGIN
    IF TG_OP IN ('UPDATE', 'DELETE') THEN before := to_jsonb(OLD); END IF;
    IF TG_OP IN ('INSERT', 'UPDATE') THEN after := to_jsonb(NEW); END IF;
    IF after IS NOT NULL THEN
        SELECT COALESCE(jsonb_object_agg(c, CASE
                WHEN c IN ('extension_pswd', 'password', 'hash') THEN '***'
                WHEN octet_length(left(v, 256)) > 256 THEN left(v, 64)
                ELSE left(v, 256) END), '{}') INTO shown
        FROM unnest(TG_ARGV[1:]) AS c, LATERAL regexp_replace(COALESCE(after ->> c, ''), '[[:cntrl:]]', ' ', 'g') AS v
        WHERE after ->> c IS DISTINCT FROM before ->> c;
        IF TG_OP = 'UPDATE' AND shown = '{}' THEN RETURN NULL; END IF;
    END IF;
    IF TG_OP <> 'TRUNCATE' THEN
        SELECT string_agg(COALESCE(after, before) ->> k, ' ') INTO about
        FROM unnest(string_to_array(TG_ARGV[0], ',')) AS k;
    END IF;
    INSERT INTO %1$I.nwayacd_audit (at, actor, source, way, action, object, detail)
    VALUES (clock_timestamp(), 'sql:' || session_user, COALESCE(host(inet_client_addr()), ''), 'sql',
        lower(TG_OP) || ' ' || TG_TABLE_NAME, COALESCE(left(about, 64), ''), shown);
    RETURN NULL;
EXCEPTION WHEN OTHERS THEN
    RETURN NULL;
END $body$;
$function$, current_schema());
END $make$;
REVOKE ALL ON FUNCTION nwayacd_audit_edit() FROM PUBLIC;

DO $make$
DECLARE
    audited text[];
    name    text;
    columns text;
BEGIN
    FOREACH audited SLICE 1 IN ARRAY ARRAY[
        ['call_extension', 'extension_number', 'extension_name,extension_pswd,callout_number,job_number,say_job_number,is_record,'
            || 'answer_without_state,use_custom_value,use_video,server_ip,reg_state,seat_state,seat_status,call_state,'
            || 'last_state_change_time,locked,dnd,deferred,progress_seconds'],
        ['ext_group', 'group_number', 'group_name,group_call_mode,current_ext_number,group_callout_timeout,welcome_ring,'
            || 'black_list_ring,busy_ring,transfer_ring,caller_prefix'],
        ['ext_group_map', 'ext,ext_group_number', 'ext,ext_group_number'],
        ['call_blacklist', 'call_number', 'category,dest_number,group_number,expire_time'],
        ['call_vip_number', 'phone_number', 'phone_number,group_number'],
        ['nwayacd_user', 'name', 'password,role,groups,extension,language,must_change,disabled'],
        ['nwayacd_token', 'name', 'hash,role,groups,extension,expires,disabled'],
        ['nwayacd_session', 'user_name', 'user_name,token_name,expires']]
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
