-- A database as nwaycc leaves it: its columns, none of ours, and rows as they are found in the field.
CREATE SEQUENCE call_extension_id_seq;
CREATE TABLE call_extension (
    id bigint NOT NULL DEFAULT nextval('call_extension_id_seq') PRIMARY KEY,
    extension_name varchar(50), extension_number varchar(50) NOT NULL UNIQUE, callout_number varchar(50), extension_type bigint,
    group_id bigint, extension_pswd varchar(130), extension_login_state varchar(50), extension_reg_state varchar(50),
    callout_gateway bigint, is_allow_callout boolean, is_record integer DEFAULT 0, answer_without_state boolean DEFAULT false,
    say_job_number varchar(5) DEFAULT 'false', job_number varchar(40), reg_state varchar(20) DEFAULT 'unreg',
    seat_state varchar(20) DEFAULT 'down', seat_status varchar(20) DEFAULT 'idle', call_state varchar(20) DEFAULT 'ready',
    lastupdatetime timestamp, core_uuid varchar(50), use_custom_value boolean DEFAULT false, client_ip varchar(50),
    is_register boolean, is_select boolean, locked boolean DEFAULT false, login_password varchar(130), last_reg_time timestamp,
    dnd boolean DEFAULT false, unconditional_forward varchar(50), call_level bigint, follow_me varchar(50),
    last_hangup_time timestamp, last_state_change_time timestamp);
INSERT INTO call_extension (extension_name, extension_number, extension_pswd, callout_number, is_record, say_job_number, job_number,
    reg_state, seat_state, seat_status, call_state, last_state_change_time) VALUES
    ('one', '1000', 'pw1', '95000', 1, 'true', '8001', 'REGED', 'UP', 'READY', 'TYPING', '2026-03-04 05:06:07.5'),
    ('two', '1001', 'pw2', NULL, 0, 'false', NULL, 'reged', 'up', 'busy', 'ready', NULL),
    ('three', '1002', 'pw3', NULL, 0, 'f', NULL, 'perhaps', 'sideways', 'confused', 'dancing', NULL);
INSERT INTO call_extension (extension_number, is_record, say_job_number, reg_state, seat_state, seat_status, call_state, locked, dnd,
    answer_without_state, use_custom_value) VALUES ('1003', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);

-- id has no default here: the module gave the numbers itself.
CREATE TABLE ext_group (
    id bigint NOT NULL PRIMARY KEY, group_name varchar(50), group_number varchar(50) NOT NULL, current_ext_number varchar(50),
    group_call_mode bigint DEFAULT 5, transfer_ring varchar(255), black_list_ring varchar(255), busy_ring varchar(255),
    group_callout_timeout bigint DEFAULT 15);
INSERT INTO ext_group VALUES (7, 'sales', '110', '1001', 0, 't.wav', 'b.wav', 'busy.wav', 25), (9, NULL, '120', NULL, NULL, NULL, NULL, NULL, NULL);

CREATE TABLE ext_group_map (id bigint NOT NULL, ext_group_id bigint, ext_group_number varchar(50), ext varchar(50));
INSERT INTO ext_group_map VALUES (0, 0, '110', '1000'), (0, 0, '110', '1000'), (0, 0, '110', '1001'), (0, 0, '120', '1001'), (0, 0, NULL, '1002');

CREATE TABLE callin_queue (
    id bigserial PRIMARY KEY, callin_number varchar(50), callin_group varchar(50), callin_type bigint, call_time timestamp, call_uuid varchar(50));
INSERT INTO callin_queue (callin_number, callin_group, callin_type, call_time, call_uuid) VALUES ('139', '110', 1, '2026-03-04 05:06:07', 'u-old');

CREATE TABLE call_blacklist (id bigserial, category bigint, call_number varchar(50) PRIMARY KEY, dest_number varchar(50), group_number varchar(50));
INSERT INTO call_blacklist (category, call_number, group_number) VALUES (0, '130', NULL), (2, '131', '110'), (NULL, '132', '');

CREATE TABLE call_vip_number (id bigserial PRIMARY KEY, phone_number varchar(50), group_number varchar(50));
INSERT INTO call_vip_number (phone_number, group_number) VALUES ('139', '110'), ('139', '110'), ('138', NULL);

CREATE TABLE cf_call_remember (
    id bigserial PRIMARY KEY, call_number varchar(50), agent_number varchar(50), insert_time timestamp, group_number varchar(50));
INSERT INTO cf_call_remember (call_number, agent_number, insert_time, group_number) VALUES
    ('139', '1001', '2026-01-02 00:00:00', '110'), ('139', '1000', '2026-01-01 00:00:00', '110');
