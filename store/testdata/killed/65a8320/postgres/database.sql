CREATE FUNCTION public.nwayacd_note_forgotten() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM gone) THEN
        PERFORM pg_notify('nwayacd', jsonb_build_object('table', TG_TABLE_NAME, 'op', 'reload')::text);
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION public.nwayacd_note_reload() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM pg_notify('nwayacd', jsonb_build_object('table', TG_TABLE_NAME, 'op', 'reload')::text);
    RETURN NULL;
END $$;
CREATE FUNCTION public.nwayacd_note_row() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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
CREATE TABLE public.call_blacklist (
    id bigint NOT NULL,
    call_number character varying(50) NOT NULL,
    category bigint DEFAULT 0,
    dest_number character varying(50),
    group_number character varying(50),
    expire_time timestamp with time zone
);
CREATE SEQUENCE public.call_blacklist_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.call_blacklist_id_seq OWNED BY public.call_blacklist.id;
CREATE TABLE public.call_extension (
    id bigint NOT NULL,
    extension_number character varying(50) NOT NULL,
    extension_name character varying(100),
    callout_number character varying(50),
    extension_type bigint DEFAULT 0,
    group_id bigint DEFAULT 0,
    extension_pswd character varying(130),
    extension_login_state character varying(50),
    extension_reg_state character varying(50),
    callout_gateway bigint DEFAULT 0,
    is_allow_callout boolean DEFAULT true,
    is_record boolean DEFAULT false,
    answer_without_state boolean DEFAULT false,
    say_job_number boolean DEFAULT false,
    job_number character varying(40),
    reg_state character varying(50) DEFAULT 'unreg'::character varying,
    seat_state character varying(50) DEFAULT 'down'::character varying,
    seat_status character varying(50) DEFAULT 'idle'::character varying,
    call_state character varying(50) DEFAULT 'ready'::character varying,
    lastupdatetime timestamp with time zone DEFAULT now(),
    core_uuid character varying(50),
    use_custom_value boolean DEFAULT false,
    client_ip character varying(50),
    is_register boolean DEFAULT false,
    is_select boolean DEFAULT false,
    locked boolean DEFAULT false,
    login_password character varying(130),
    last_reg_time timestamp with time zone,
    dnd boolean DEFAULT false,
    unconditional_forward character varying(50),
    call_level bigint DEFAULT 0,
    follow_me character varying(50),
    last_hangup_time timestamp with time zone,
    last_state_change_time timestamp with time zone,
    use_video boolean DEFAULT false,
    server_ip character varying(100),
    deferred text DEFAULT ''::text NOT NULL,
    progress_seconds integer
);
CREATE SEQUENCE public.call_extension_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.call_extension_id_seq OWNED BY public.call_extension.id;
CREATE TABLE public.call_vip_number (
    id bigint NOT NULL,
    phone_number character varying(50),
    group_number character varying(50)
);
CREATE SEQUENCE public.call_vip_number_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.call_vip_number_id_seq OWNED BY public.call_vip_number.id;
CREATE TABLE public.callin_queue (
    id bigint NOT NULL,
    callin_number text,
    callin_group character varying(50),
    callin_type bigint DEFAULT 0,
    call_time timestamp with time zone,
    call_uuid character varying(100),
    place bigint,
    callin_name text,
    visit integer DEFAULT 1 NOT NULL,
    came_from text
);
CREATE SEQUENCE public.callin_queue_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.callin_queue_id_seq OWNED BY public.callin_queue.id;
CREATE TABLE public.cf_call_remember (
    id bigint NOT NULL,
    call_number text,
    agent_number character varying(50),
    insert_time timestamp with time zone,
    group_number character varying(50)
);
CREATE SEQUENCE public.cf_call_remember_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.cf_call_remember_id_seq OWNED BY public.cf_call_remember.id;
CREATE TABLE public.ext_group (
    id bigint NOT NULL,
    group_number character varying(50) NOT NULL,
    group_name character varying(100),
    current_ext_number character varying(50),
    group_call_mode bigint DEFAULT 5,
    welcome_ring character varying(255),
    transfer_ring character varying(255),
    black_list_ring character varying(255),
    busy_ring character varying(255),
    group_callout_timeout bigint DEFAULT 15,
    caller_prefix text
);
CREATE SEQUENCE public.ext_group_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.ext_group_id_seq OWNED BY public.ext_group.id;
CREATE TABLE public.ext_group_map (
    id bigint NOT NULL,
    ext_group_id bigint DEFAULT 0,
    ext_group_number character varying(50),
    ext character varying(50)
);
CREATE SEQUENCE public.ext_group_map_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.ext_group_map_id_seq OWNED BY public.ext_group_map.id;
CREATE TABLE public.nwayacd_agent_log (
    id bigint NOT NULL,
    extension text NOT NULL,
    status text NOT NULL,
    at timestamp with time zone,
    call_uuid text DEFAULT ''::text NOT NULL
);
CREATE SEQUENCE public.nwayacd_agent_log_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.nwayacd_agent_log_id_seq OWNED BY public.nwayacd_agent_log.id;
CREATE TABLE public.nwayacd_applied (
    journal text NOT NULL,
    seq bigint NOT NULL
);
CREATE TABLE public.nwayacd_cdr (
    id bigint NOT NULL,
    call_uuid text NOT NULL,
    caller text DEFAULT ''::text NOT NULL,
    dialled text DEFAULT ''::text NOT NULL,
    group_number text DEFAULT ''::text NOT NULL,
    vip boolean DEFAULT false NOT NULL,
    switch text DEFAULT ''::text NOT NULL,
    agent text DEFAULT ''::text NOT NULL,
    leg_uuid text DEFAULT ''::text NOT NULL,
    offers integer DEFAULT 0 NOT NULL,
    outcome text NOT NULL,
    hung_up_by text DEFAULT ''::text NOT NULL,
    cause text DEFAULT ''::text NOT NULL,
    survey text DEFAULT ''::text NOT NULL,
    recording text DEFAULT ''::text NOT NULL,
    arrived timestamp with time zone,
    answered timestamp with time zone,
    bridged timestamp with time zone,
    ended timestamp with time zone,
    visit integer DEFAULT 1 NOT NULL,
    direction text DEFAULT 'in'::text NOT NULL,
    caller_name text DEFAULT ''::text NOT NULL,
    came_from text,
    transferred_to text DEFAULT ''::text NOT NULL,
    transfer_kind text DEFAULT ''::text NOT NULL,
    recordings text DEFAULT '[]'::text NOT NULL
);
CREATE SEQUENCE public.nwayacd_cdr_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.nwayacd_cdr_id_seq OWNED BY public.nwayacd_cdr.id;
CREATE TABLE public.nwayacd_migration (
    version integer NOT NULL,
    name text NOT NULL,
    at timestamp without time zone DEFAULT CURRENT_TIMESTAMP NOT NULL
);
CREATE TABLE public.nwayacd_offer (
    id bigint NOT NULL,
    call_uuid text NOT NULL,
    group_number text DEFAULT ''::text NOT NULL,
    agent text NOT NULL,
    leg_uuid text DEFAULT ''::text NOT NULL,
    number integer DEFAULT 1 NOT NULL,
    transfer boolean DEFAULT false NOT NULL,
    outcome text NOT NULL,
    cause text DEFAULT ''::text NOT NULL,
    offered timestamp with time zone,
    answered timestamp with time zone,
    ended timestamp with time zone,
    ring_ms bigint,
    talk_ms bigint,
    visit integer DEFAULT 1 NOT NULL,
    recording text DEFAULT ''::text NOT NULL
);
CREATE SEQUENCE public.nwayacd_offer_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.nwayacd_offer_id_seq OWNED BY public.nwayacd_offer.id;
CREATE TABLE public.nwayacd_rejected (
    journal text NOT NULL,
    seq bigint NOT NULL,
    change text NOT NULL,
    error text NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE public.nwayacd_talk (
    call_uuid text NOT NULL,
    server text NOT NULL,
    talk text NOT NULL
);
ALTER TABLE ONLY public.call_blacklist ALTER COLUMN id SET DEFAULT nextval('public.call_blacklist_id_seq'::regclass);
ALTER TABLE ONLY public.call_extension ALTER COLUMN id SET DEFAULT nextval('public.call_extension_id_seq'::regclass);
ALTER TABLE ONLY public.call_vip_number ALTER COLUMN id SET DEFAULT nextval('public.call_vip_number_id_seq'::regclass);
ALTER TABLE ONLY public.callin_queue ALTER COLUMN id SET DEFAULT nextval('public.callin_queue_id_seq'::regclass);
ALTER TABLE ONLY public.cf_call_remember ALTER COLUMN id SET DEFAULT nextval('public.cf_call_remember_id_seq'::regclass);
ALTER TABLE ONLY public.ext_group ALTER COLUMN id SET DEFAULT nextval('public.ext_group_id_seq'::regclass);
ALTER TABLE ONLY public.ext_group_map ALTER COLUMN id SET DEFAULT nextval('public.ext_group_map_id_seq'::regclass);
ALTER TABLE ONLY public.nwayacd_agent_log ALTER COLUMN id SET DEFAULT nextval('public.nwayacd_agent_log_id_seq'::regclass);
ALTER TABLE ONLY public.nwayacd_cdr ALTER COLUMN id SET DEFAULT nextval('public.nwayacd_cdr_id_seq'::regclass);
ALTER TABLE ONLY public.nwayacd_offer ALTER COLUMN id SET DEFAULT nextval('public.nwayacd_offer_id_seq'::regclass);
INSERT INTO public.call_blacklist VALUES (1, '13000000000', 0, NULL, NULL, NULL);
INSERT INTO public.call_extension VALUES (2, '1001', '1001', NULL, 0, 0, 'secret-1001', NULL, NULL, 0, true, false, false, false, NULL, 'unreg', 'down', 'idle', 'ready', '2026-11-28 08:34:36.128241+00', NULL, false, NULL, false, false, false, NULL, NULL, false, NULL, 0, NULL, NULL, NULL, false, NULL, '', NULL);
INSERT INTO public.call_extension VALUES (5, '1004', '1004', NULL, 0, 0, 'secret-1004', NULL, NULL, 0, true, false, false, false, NULL, 'unreg', 'down', 'idle', 'ready', '2026-11-28 08:34:36.128241+00', NULL, false, NULL, false, false, false, NULL, NULL, false, NULL, 0, NULL, NULL, NULL, false, NULL, '', NULL);
INSERT INTO public.call_extension VALUES (7, '1006', '1006', NULL, 0, 0, 'secret-1006', NULL, NULL, 0, true, false, false, false, NULL, 'unreg', 'down', 'idle', 'ready', '2026-11-28 08:34:36.128241+00', NULL, false, NULL, false, false, false, NULL, NULL, false, NULL, 0, NULL, NULL, NULL, false, NULL, '', NULL);
INSERT INTO public.call_extension VALUES (1, '1000', '1000', NULL, 0, 0, 'secret-1000', NULL, NULL, 0, true, false, false, true, '8000', 'reged', 'up', 'idle', 'talking', '2026-11-28 08:34:36.128241+00', NULL, false, NULL, false, false, false, NULL, NULL, false, NULL, 0, NULL, NULL, '2026-11-28 08:34:35.98865+00', false, NULL, '', NULL);
INSERT INTO public.call_extension VALUES (4, '1003', '1003', NULL, 0, 0, 'secret-1003', NULL, NULL, 0, true, false, false, false, NULL, 'reged', 'up', 'idle', 'talking', '2026-11-28 08:34:36.128241+00', NULL, false, NULL, false, false, false, NULL, NULL, false, NULL, 0, NULL, NULL, '2026-11-28 08:34:35.988723+00', false, NULL, '', NULL);
INSERT INTO public.call_extension VALUES (6, '1005', '1005', NULL, 0, 0, 'secret-1005', NULL, NULL, 0, true, false, false, false, NULL, 'reged', 'up', 'idle', 'ready', '2026-11-28 08:34:36.128241+00', NULL, false, NULL, false, false, false, NULL, NULL, false, NULL, 0, NULL, NULL, NULL, false, NULL, '', NULL);
INSERT INTO public.call_extension VALUES (3, '1002', '1002', NULL, 0, 0, 'secret-1002', NULL, NULL, 0, true, false, false, false, NULL, 'reged', 'up', 'idle', 'typing', '2026-11-28 08:34:36.50267+00', NULL, false, NULL, false, false, false, NULL, NULL, false, NULL, 0, NULL, '2026-11-28 08:34:36.490706+00', '2026-11-28 08:34:36.490706+00', false, NULL, '', NULL);
INSERT INTO public.call_vip_number VALUES (1, '13900000005', '110');
INSERT INTO public.callin_queue VALUES (4, '13900000003', '110', 0, '2026-11-28 08:34:36.007864+00', 'ef3a4625-a66b-41f4-99ac-1d1ce7bc499a', 1795854876007864114, '', 1, NULL);
INSERT INTO public.cf_call_remember VALUES (1, '13900000002', '1000', '2026-11-28 08:34:35.98865+00', '110');
INSERT INTO public.ext_group VALUES (4, '140', '140', '', 3, '', '', '', '', 15, '');
INSERT INTO public.ext_group VALUES (5, '150', '150', '', 1, '', '', '', '', 15, '');
INSERT INTO public.ext_group VALUES (2, '120', '120', '', 0, '', 'transfer.wav', '', 'busy.wav', 15, '');
INSERT INTO public.ext_group VALUES (3, '130', '130', '1003', 2, '', '', '', '', 15, '');
INSERT INTO public.ext_group VALUES (1, '110', 'sales', '1000', 5, '', '', '', '', 15, '');
INSERT INTO public.ext_group_map VALUES (1, 1, '110', '1000');
INSERT INTO public.ext_group_map VALUES (2, 2, '120', '1002');
INSERT INTO public.ext_group_map VALUES (3, 3, '130', '1003');
INSERT INTO public.ext_group_map VALUES (4, 5, '150', '1005');
INSERT INTO public.nwayacd_agent_log VALUES (1, '1000', 'login', '2026-11-28 08:34:35.983596+00', '');
INSERT INTO public.nwayacd_agent_log VALUES (2, '1002', 'login', '2026-11-28 08:34:35.983975+00', '');
INSERT INTO public.nwayacd_agent_log VALUES (3, '1003', 'login', '2026-11-28 08:34:35.984338+00', '');
INSERT INTO public.nwayacd_agent_log VALUES (4, '1005', 'login', '2026-11-28 08:34:35.984658+00', '');
INSERT INTO public.nwayacd_agent_log VALUES (5, '1002', 'ring', '2026-11-28 08:34:35.986612+00', '1d45f219-8828-4ecc-b41c-3bcb583e1628');
INSERT INTO public.nwayacd_agent_log VALUES (6, '1000', 'ring', '2026-11-28 08:34:35.986906+00', '04c85742-101d-47ae-95d2-b7f3141f3b96');
INSERT INTO public.nwayacd_agent_log VALUES (7, '1003', 'ring', '2026-11-28 08:34:35.987066+00', '64437e91-47d5-4e6f-be12-f82c9f428ba6');
INSERT INTO public.nwayacd_agent_log VALUES (8, '1000', 'talking', '2026-11-28 08:34:35.98865+00', '04c85742-101d-47ae-95d2-b7f3141f3b96');
INSERT INTO public.nwayacd_agent_log VALUES (9, '1003', 'talking', '2026-11-28 08:34:35.988723+00', '64437e91-47d5-4e6f-be12-f82c9f428ba6');
INSERT INTO public.nwayacd_agent_log VALUES (10, '1002', 'talking', '2026-11-28 08:34:35.988766+00', '1d45f219-8828-4ecc-b41c-3bcb583e1628');
INSERT INTO public.nwayacd_agent_log VALUES (11, '1002', 'typing', '2026-11-28 08:34:36.490706+00', '1d45f219-8828-4ecc-b41c-3bcb583e1628');
INSERT INTO public.nwayacd_applied VALUES ('8b364414b4bd4eddd85e54e8dc99390f', 56);
INSERT INTO public.nwayacd_cdr VALUES (1, '1d45f219-8828-4ecc-b41c-3bcb583e1628', '13900000001', '120', '120', false, 'sim', '1002', '9c72792f-d7f7-4a80-aca9-eff4faa6dbf7', 1, 'answered', 'agent', 'NORMAL_CLEARING', '', '', '2026-11-28 08:34:35.986315+00', '2026-11-28 08:34:35.988769+00', '2026-11-28 08:34:35.990348+00', '2026-11-28 08:34:36.491111+00', 1, 'in', '', NULL, '', '', '[]');
INSERT INTO public.nwayacd_migration VALUES (1, '0001_nwaycc', '2026-11-28 08:34:35.748473');
INSERT INTO public.nwayacd_migration VALUES (2, '0002_nwayacd', '2026-11-28 08:34:35.748473');
INSERT INTO public.nwayacd_migration VALUES (3, '0003_notify', '2026-11-28 08:34:35.748473');
INSERT INTO public.nwayacd_migration VALUES (4, '0004_talk', '2026-11-28 08:34:35.748473');
INSERT INTO public.nwayacd_migration VALUES (5, '0005_deferred', '2026-11-28 08:34:35.748473');
INSERT INTO public.nwayacd_migration VALUES (6, '0006_visit', '2026-11-28 08:34:35.748473');
INSERT INTO public.nwayacd_offer VALUES (1, '1d45f219-8828-4ecc-b41c-3bcb583e1628', '120', '1002', '9c72792f-d7f7-4a80-aca9-eff4faa6dbf7', 1, false, 'answered', '', '2026-11-28 08:34:35.986612+00', '2026-11-28 08:34:35.988769+00', '2026-11-28 08:34:36.491089+00', 2, 502, 1, '');
INSERT INTO public.nwayacd_talk VALUES ('64437e91-47d5-4e6f-be12-f82c9f428ba6', '8b364414b4bd4eddd85e54e8dc99390f', '{"Server":"8b364414b4bd4eddd85e54e8dc99390f","Link":"fs","CoreUUID":"9151337c-180b-4732-b181-6adc746ece65","CDR":{"UUID":"64437e91-47d5-4e6f-be12-f82c9f428ba6","Caller":"13900000009","Dialled":"130","Group":"130","Switch":"sim","Agent":"1003","Leg":"60963881-93d3-41f7-a498-1e3712a598bc","Offers":1,"Outcome":"answered","Arrived":"2026-11-28T08:34:35.986686972Z","Answered":"2026-11-28T08:34:35.988729966Z","Bridged":"2026-11-28T08:34:35.990154941Z","Ended":"0001-01-01T00:00:00Z","Visit":1},"Offer":{"Call":"64437e91-47d5-4e6f-be12-f82c9f428ba6","Group":"130","Agent":"1003","Leg":"60963881-93d3-41f7-a498-1e3712a598bc","Number":1,"Offered":"2026-11-28T08:34:35.987066005Z","Answered":"2026-11-28T08:34:35.988729966Z","Ended":"0001-01-01T00:00:00Z","Outcome":"","Visit":1}}');
INSERT INTO public.nwayacd_talk VALUES ('04c85742-101d-47ae-95d2-b7f3141f3b96', '8b364414b4bd4eddd85e54e8dc99390f', '{"Server":"8b364414b4bd4eddd85e54e8dc99390f","Link":"fs","CoreUUID":"9151337c-180b-4732-b181-6adc746ece65","CDR":{"UUID":"04c85742-101d-47ae-95d2-b7f3141f3b96","Caller":"13900000002","Dialled":"110","Group":"110","Switch":"sim","Agent":"1000","Leg":"25a37e6a-6533-482d-b246-0ff3dfd62b32","Offers":1,"Outcome":"answered","Arrived":"2026-11-28T08:34:35.986859108Z","Answered":"2026-11-28T08:34:35.988671679Z","Bridged":"2026-11-28T08:34:35.990278745Z","Ended":"0001-01-01T00:00:00Z","Visit":1},"Offer":{"Call":"04c85742-101d-47ae-95d2-b7f3141f3b96","Group":"110","Agent":"1000","Leg":"25a37e6a-6533-482d-b246-0ff3dfd62b32","Number":1,"Offered":"2026-11-28T08:34:35.986906969Z","Answered":"2026-11-28T08:34:35.988671679Z","Ended":"0001-01-01T00:00:00Z","Outcome":"","Visit":1}}');
SELECT pg_catalog.setval('public.call_blacklist_id_seq', 1, true);
SELECT pg_catalog.setval('public.call_extension_id_seq', 7, true);
SELECT pg_catalog.setval('public.call_vip_number_id_seq', 1, true);
SELECT pg_catalog.setval('public.callin_queue_id_seq', 4, true);
SELECT pg_catalog.setval('public.cf_call_remember_id_seq', 1, true);
SELECT pg_catalog.setval('public.ext_group_id_seq', 5, true);
SELECT pg_catalog.setval('public.ext_group_map_id_seq', 4, true);
SELECT pg_catalog.setval('public.nwayacd_agent_log_id_seq', 11, true);
SELECT pg_catalog.setval('public.nwayacd_cdr_id_seq', 1, true);
SELECT pg_catalog.setval('public.nwayacd_offer_id_seq', 1, true);
ALTER TABLE ONLY public.call_blacklist
    ADD CONSTRAINT call_blacklist_pkey PRIMARY KEY (call_number);
ALTER TABLE ONLY public.call_extension
    ADD CONSTRAINT call_extension_extension_number_key UNIQUE (extension_number);
ALTER TABLE ONLY public.call_extension
    ADD CONSTRAINT call_extension_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.call_vip_number
    ADD CONSTRAINT call_vip_number_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.callin_queue
    ADD CONSTRAINT callin_queue_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.cf_call_remember
    ADD CONSTRAINT cf_call_remember_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.ext_group
    ADD CONSTRAINT ext_group_group_number_key UNIQUE (group_number);
ALTER TABLE ONLY public.ext_group
    ADD CONSTRAINT ext_group_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.nwayacd_agent_log
    ADD CONSTRAINT nwayacd_agent_log_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.nwayacd_applied
    ADD CONSTRAINT nwayacd_applied_pkey PRIMARY KEY (journal);
ALTER TABLE ONLY public.nwayacd_cdr
    ADD CONSTRAINT nwayacd_cdr_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.nwayacd_migration
    ADD CONSTRAINT nwayacd_migration_pkey PRIMARY KEY (version);
ALTER TABLE ONLY public.nwayacd_offer
    ADD CONSTRAINT nwayacd_offer_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.nwayacd_rejected
    ADD CONSTRAINT nwayacd_rejected_pkey PRIMARY KEY (journal, seq);
ALTER TABLE ONLY public.nwayacd_talk
    ADD CONSTRAINT nwayacd_talk_pkey PRIMARY KEY (call_uuid);
CREATE INDEX nwayacd_agent_log_when ON public.nwayacd_agent_log USING btree (extension, at);
CREATE INDEX nwayacd_cdr_arrived ON public.nwayacd_cdr USING btree (arrived);
CREATE INDEX nwayacd_cdr_uuid ON public.nwayacd_cdr USING btree (call_uuid);
CREATE INDEX nwayacd_map_ext ON public.ext_group_map USING btree (ext);
CREATE INDEX nwayacd_map_group ON public.ext_group_map USING btree (ext_group_number);
CREATE INDEX nwayacd_offer_agent ON public.nwayacd_offer USING btree (agent, offered);
CREATE INDEX nwayacd_offer_call ON public.nwayacd_offer USING btree (call_uuid);
CREATE INDEX nwayacd_queue_uuid ON public.callin_queue USING btree (call_uuid);
CREATE INDEX nwayacd_remember_caller ON public.cf_call_remember USING btree (call_number);
CREATE INDEX nwayacd_vip_phone ON public.call_vip_number USING btree (phone_number);
CREATE TRIGGER nwayacd_forgotten AFTER DELETE ON public.cf_call_remember REFERENCING OLD TABLE AS gone FOR EACH STATEMENT WHEN ((current_setting('nwayacd.own'::text, true) IS DISTINCT FROM 'on'::text)) EXECUTE FUNCTION public.nwayacd_note_forgotten();
CREATE TRIGGER nwayacd_row AFTER INSERT OR DELETE OR UPDATE ON public.call_blacklist FOR EACH ROW WHEN ((current_setting('nwayacd.own'::text, true) IS DISTINCT FROM 'on'::text)) EXECUTE FUNCTION public.nwayacd_note_row('call_number');
CREATE TRIGGER nwayacd_row AFTER INSERT OR DELETE OR UPDATE ON public.call_extension FOR EACH ROW WHEN ((current_setting('nwayacd.own'::text, true) IS DISTINCT FROM 'on'::text)) EXECUTE FUNCTION public.nwayacd_note_row('extension_number');
CREATE TRIGGER nwayacd_row AFTER INSERT OR DELETE OR UPDATE ON public.call_vip_number FOR EACH ROW WHEN ((current_setting('nwayacd.own'::text, true) IS DISTINCT FROM 'on'::text)) EXECUTE FUNCTION public.nwayacd_note_row('phone_number', 'group_number');
CREATE TRIGGER nwayacd_row AFTER INSERT OR UPDATE ON public.cf_call_remember FOR EACH ROW WHEN ((current_setting('nwayacd.own'::text, true) IS DISTINCT FROM 'on'::text)) EXECUTE FUNCTION public.nwayacd_note_row('call_number', 'group_number');
CREATE TRIGGER nwayacd_row AFTER INSERT OR DELETE OR UPDATE ON public.ext_group FOR EACH ROW WHEN ((current_setting('nwayacd.own'::text, true) IS DISTINCT FROM 'on'::text)) EXECUTE FUNCTION public.nwayacd_note_row('group_number');
CREATE TRIGGER nwayacd_row AFTER INSERT OR DELETE OR UPDATE ON public.ext_group_map FOR EACH ROW WHEN ((current_setting('nwayacd.own'::text, true) IS DISTINCT FROM 'on'::text)) EXECUTE FUNCTION public.nwayacd_note_row('ext_group_number', 'ext');
CREATE TRIGGER nwayacd_truncate AFTER TRUNCATE ON public.call_blacklist FOR EACH STATEMENT EXECUTE FUNCTION public.nwayacd_note_reload();
CREATE TRIGGER nwayacd_truncate AFTER TRUNCATE ON public.call_extension FOR EACH STATEMENT EXECUTE FUNCTION public.nwayacd_note_reload();
CREATE TRIGGER nwayacd_truncate AFTER TRUNCATE ON public.call_vip_number FOR EACH STATEMENT EXECUTE FUNCTION public.nwayacd_note_reload();
CREATE TRIGGER nwayacd_truncate AFTER TRUNCATE ON public.cf_call_remember FOR EACH STATEMENT EXECUTE FUNCTION public.nwayacd_note_reload();
CREATE TRIGGER nwayacd_truncate AFTER TRUNCATE ON public.ext_group FOR EACH STATEMENT EXECUTE FUNCTION public.nwayacd_note_reload();
CREATE TRIGGER nwayacd_truncate AFTER TRUNCATE ON public.ext_group_map FOR EACH STATEMENT EXECUTE FUNCTION public.nwayacd_note_reload();
