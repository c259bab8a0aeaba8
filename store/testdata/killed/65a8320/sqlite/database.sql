PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE nwayacd_migration (
		version integer PRIMARY KEY, name text NOT NULL, at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP);
INSERT INTO nwayacd_migration VALUES(1,'0001_nwaycc','2026-11-28 08:34:37');
INSERT INTO nwayacd_migration VALUES(2,'0002_nwayacd','2026-11-28 08:34:37');
INSERT INTO nwayacd_migration VALUES(3,'0003_talk','2026-11-28 08:34:37');
INSERT INTO nwayacd_migration VALUES(4,'0004_deferred','2026-11-28 08:34:37');
INSERT INTO nwayacd_migration VALUES(5,'0005_visit','2026-11-28 08:34:37');
CREATE TABLE call_extension (
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
, deferred TEXT NOT NULL DEFAULT '', progress_seconds INTEGER);
INSERT INTO call_extension VALUES(1,'1000','1000',NULL,'secret-1000',0,0,1,'8000','reged','up','idle','talking','2026-11-28 08:34:37',0,0,0,NULL,'2026-11-28T08:34:37.330929Z',0,NULL,'',NULL);
INSERT INTO call_extension VALUES(2,'1001','1001',NULL,'secret-1001',0,0,0,NULL,'unreg','down','idle','ready',NULL,0,0,0,NULL,NULL,0,NULL,'',NULL);
INSERT INTO call_extension VALUES(3,'1002','1002',NULL,'secret-1002',0,0,0,NULL,'reged','up','idle','typing','2026-11-28 08:34:37',0,0,0,'2026-11-28T08:34:37.835055Z','2026-11-28T08:34:37.835055Z',0,NULL,'',NULL);
INSERT INTO call_extension VALUES(4,'1003','1003',NULL,'secret-1003',0,0,0,NULL,'reged','up','idle','talking','2026-11-28 08:34:37',0,0,0,NULL,'2026-11-28T08:34:37.331319Z',0,NULL,'',NULL);
INSERT INTO call_extension VALUES(5,'1004','1004',NULL,'secret-1004',0,0,0,NULL,'unreg','down','idle','ready',NULL,0,0,0,NULL,NULL,0,NULL,'',NULL);
INSERT INTO call_extension VALUES(6,'1005','1005',NULL,'secret-1005',0,0,0,NULL,'reged','up','idle','ready','2026-11-28 08:34:37',0,0,0,NULL,NULL,0,NULL,'',NULL);
INSERT INTO call_extension VALUES(7,'1006','1006',NULL,'secret-1006',0,0,0,NULL,'unreg','down','idle','ready',NULL,0,0,0,NULL,NULL,0,NULL,'',NULL);
CREATE TABLE ext_group (
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
, caller_prefix TEXT);
INSERT INTO ext_group VALUES(1,'110','sales','1000',5,'','','','',15,'');
INSERT INTO ext_group VALUES(2,'120','120','',0,'','transfer.wav','','busy.wav',15,'');
INSERT INTO ext_group VALUES(3,'130','130','1003',2,'','','','',15,'');
INSERT INTO ext_group VALUES(4,'140','140','',3,'','','','',15,'');
INSERT INTO ext_group VALUES(5,'150','150','',1,'','','','',15,'');
CREATE TABLE ext_group_map (
    id               INTEGER PRIMARY KEY,
    ext_group_id     INTEGER DEFAULT 0,
    ext_group_number TEXT,
    ext              TEXT
);
INSERT INTO ext_group_map VALUES(1,1,'110','1000');
INSERT INTO ext_group_map VALUES(2,2,'120','1002');
INSERT INTO ext_group_map VALUES(3,3,'130','1003');
INSERT INTO ext_group_map VALUES(4,5,'150','1005');
CREATE TABLE callin_queue (
    id            INTEGER PRIMARY KEY,
    callin_number TEXT,
    callin_group  TEXT,
    callin_type   INTEGER DEFAULT 0,
    call_time     TEXT,
    call_uuid     TEXT,
    place         INTEGER -- ns since 1970
, callin_name TEXT, visit INTEGER NOT NULL DEFAULT 1, came_from TEXT);
INSERT INTO callin_queue VALUES(4,'13900000003','110',0,'2026-11-28T08:34:37.342875Z','ef3a4625-a66b-41f4-99ac-1d1ce7bc499a',1795854877342875612,'',1,NULL);
CREATE TABLE call_blacklist (
    id           INTEGER,
    call_number  TEXT PRIMARY KEY,
    category     INTEGER DEFAULT 0,
    dest_number  TEXT,
    group_number TEXT,
    expire_time  TEXT
);
INSERT INTO call_blacklist VALUES(NULL,'13000000000',0,NULL,NULL,NULL);
CREATE TABLE call_vip_number (
    id           INTEGER PRIMARY KEY,
    phone_number TEXT,
    group_number TEXT
);
INSERT INTO call_vip_number VALUES(1,'13900000005','110');
CREATE TABLE cf_call_remember (
    id           INTEGER PRIMARY KEY,
    call_number  TEXT,
    agent_number TEXT,
    insert_time  TEXT,
    group_number TEXT
);
INSERT INTO cf_call_remember VALUES(1,'13900000002','1000','2026-11-28T08:34:37.330929Z','110');
CREATE TABLE nwayacd_cdr (
    id         INTEGER PRIMARY KEY,
    call_uuid  TEXT NOT NULL,
    caller     TEXT NOT NULL DEFAULT '',
    dialled    TEXT NOT NULL DEFAULT '',
    group_number TEXT NOT NULL DEFAULT '',
    vip        BOOLEAN NOT NULL DEFAULT 0,
    switch     TEXT NOT NULL DEFAULT '',
    agent      TEXT NOT NULL DEFAULT '',
    leg_uuid   TEXT NOT NULL DEFAULT '',
    offers     INTEGER NOT NULL DEFAULT 0,
    outcome    TEXT NOT NULL,
    hung_up_by TEXT NOT NULL DEFAULT '',
    cause      TEXT NOT NULL DEFAULT '',
    survey     TEXT NOT NULL DEFAULT '',
    recording  TEXT NOT NULL DEFAULT '',
    arrived    TEXT,
    answered   TEXT,
    bridged    TEXT,
    ended      TEXT
, visit INTEGER NOT NULL DEFAULT 1, direction TEXT NOT NULL DEFAULT 'in', caller_name TEXT NOT NULL DEFAULT '', came_from TEXT, transferred_to TEXT NOT NULL DEFAULT '', transfer_kind TEXT NOT NULL DEFAULT '', recordings TEXT NOT NULL DEFAULT '[]');
INSERT INTO nwayacd_cdr VALUES(1,'1d45f219-8828-4ecc-b41c-3bcb583e1628','13900000001','120','120',0,'sim','1002','13379de2-6cb8-4a57-9a59-5c206b42ef08',1,'answered','agent','NORMAL_CLEARING','','','2026-11-28T08:34:37.319211Z','2026-11-28T08:34:37.332759Z','2026-11-28T08:34:37.334037Z','2026-11-28T08:34:37.83565Z',1,'in','',NULL,'','','[]');
CREATE TABLE nwayacd_offer (
    id         INTEGER PRIMARY KEY,
    call_uuid  TEXT NOT NULL,
    group_number TEXT NOT NULL DEFAULT '',
    agent      TEXT NOT NULL,
    leg_uuid   TEXT NOT NULL DEFAULT '',
    number     INTEGER NOT NULL DEFAULT 1,
    transfer   BOOLEAN NOT NULL DEFAULT 0,
    outcome    TEXT NOT NULL,
    cause      TEXT NOT NULL DEFAULT '',
    offered    TEXT,
    answered   TEXT,
    ended      TEXT,
    ring_ms    INTEGER, -- from the offer until it was answered or ended
    talk_ms    INTEGER  -- from the answer until it ended; NULL when nobody answered
, visit INTEGER NOT NULL DEFAULT 1, recording TEXT NOT NULL DEFAULT '');
INSERT INTO nwayacd_offer VALUES(1,'1d45f219-8828-4ecc-b41c-3bcb583e1628','120','1002','13379de2-6cb8-4a57-9a59-5c206b42ef08',1,0,'answered','','2026-11-28T08:34:37.319276Z','2026-11-28T08:34:37.332759Z','2026-11-28T08:34:37.835628Z',13,502,1,'');
CREATE TABLE nwayacd_agent_log (
    id        INTEGER PRIMARY KEY,
    extension TEXT NOT NULL,
    status    TEXT NOT NULL,
    at        TEXT,
    call_uuid TEXT NOT NULL DEFAULT ''
);
INSERT INTO nwayacd_agent_log VALUES(1,'1000','login','2026-11-28T08:34:37.306797Z','');
INSERT INTO nwayacd_agent_log VALUES(2,'1002','login','2026-11-28T08:34:37.307684Z','');
INSERT INTO nwayacd_agent_log VALUES(3,'1003','login','2026-11-28T08:34:37.307996Z','');
INSERT INTO nwayacd_agent_log VALUES(4,'1005','login','2026-11-28T08:34:37.316744Z','');
INSERT INTO nwayacd_agent_log VALUES(5,'1003','ring','2026-11-28T08:34:37.318968Z','64437e91-47d5-4e6f-be12-f82c9f428ba6');
INSERT INTO nwayacd_agent_log VALUES(6,'1000','ring','2026-11-28T08:34:37.319108Z','04c85742-101d-47ae-95d2-b7f3141f3b96');
INSERT INTO nwayacd_agent_log VALUES(7,'1002','ring','2026-11-28T08:34:37.319276Z','1d45f219-8828-4ecc-b41c-3bcb583e1628');
INSERT INTO nwayacd_agent_log VALUES(8,'1000','talking','2026-11-28T08:34:37.330929Z','04c85742-101d-47ae-95d2-b7f3141f3b96');
INSERT INTO nwayacd_agent_log VALUES(9,'1003','talking','2026-11-28T08:34:37.331319Z','64437e91-47d5-4e6f-be12-f82c9f428ba6');
INSERT INTO nwayacd_agent_log VALUES(10,'1002','talking','2026-11-28T08:34:37.332743Z','1d45f219-8828-4ecc-b41c-3bcb583e1628');
INSERT INTO nwayacd_agent_log VALUES(11,'1002','typing','2026-11-28T08:34:37.835055Z','1d45f219-8828-4ecc-b41c-3bcb583e1628');
CREATE TABLE nwayacd_applied (
    journal TEXT PRIMARY KEY,
    seq     INTEGER NOT NULL
);
INSERT INTO nwayacd_applied VALUES('ad9bc40ac6cbf09728fba77fc312c999',56);
CREATE TABLE nwayacd_rejected (
    journal TEXT NOT NULL,
    seq     INTEGER NOT NULL,
    change  TEXT NOT NULL,
    error   TEXT NOT NULL,
    at      TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (journal, seq)
);
CREATE TABLE nwayacd_talk (
    call_uuid TEXT PRIMARY KEY,
    server    TEXT NOT NULL, -- identity of the server whose talk it is
    talk      TEXT NOT NULL  -- the CDR so far, and where the talk is, as JSON
);
INSERT INTO nwayacd_talk VALUES('04c85742-101d-47ae-95d2-b7f3141f3b96','ad9bc40ac6cbf09728fba77fc312c999','{"Server":"ad9bc40ac6cbf09728fba77fc312c999","Link":"fs","CoreUUID":"9151337c-180b-4732-b181-6adc746ece65","CDR":{"UUID":"04c85742-101d-47ae-95d2-b7f3141f3b96","Caller":"13900000002","Dialled":"110","Group":"110","Switch":"sim","Agent":"1000","Leg":"3cd45c52-8100-430d-8a8c-ca173c2979c2","Offers":1,"Outcome":"answered","Arrived":"2026-11-28T08:34:37.319038502Z","Answered":"2026-11-28T08:34:37.330968364Z","Bridged":"2026-11-28T08:34:37.331774831Z","Ended":"0001-01-01T00:00:00Z","Visit":1},"Offer":{"Call":"04c85742-101d-47ae-95d2-b7f3141f3b96","Group":"110","Agent":"1000","Leg":"3cd45c52-8100-430d-8a8c-ca173c2979c2","Number":1,"Offered":"2026-11-28T08:34:37.319108566Z","Answered":"2026-11-28T08:34:37.330968364Z","Ended":"0001-01-01T00:00:00Z","Outcome":"","Visit":1}}');
INSERT INTO nwayacd_talk VALUES('64437e91-47d5-4e6f-be12-f82c9f428ba6','ad9bc40ac6cbf09728fba77fc312c999','{"Server":"ad9bc40ac6cbf09728fba77fc312c999","Link":"fs","CoreUUID":"9151337c-180b-4732-b181-6adc746ece65","CDR":{"UUID":"64437e91-47d5-4e6f-be12-f82c9f428ba6","Caller":"13900000009","Dialled":"130","Group":"130","Switch":"sim","Agent":"1003","Leg":"4c79ee78-5c6a-442c-bd08-d97d57bcee86","Offers":1,"Outcome":"answered","Arrived":"2026-11-28T08:34:37.318853597Z","Answered":"2026-11-28T08:34:37.331339715Z","Bridged":"2026-11-28T08:34:37.331981218Z","Ended":"0001-01-01T00:00:00Z","Visit":1},"Offer":{"Call":"64437e91-47d5-4e6f-be12-f82c9f428ba6","Group":"130","Agent":"1003","Leg":"4c79ee78-5c6a-442c-bd08-d97d57bcee86","Number":1,"Offered":"2026-11-28T08:34:37.318968918Z","Answered":"2026-11-28T08:34:37.331339715Z","Ended":"0001-01-01T00:00:00Z","Outcome":"","Visit":1}}');
CREATE INDEX nwayacd_map_ext ON ext_group_map (ext);
CREATE INDEX nwayacd_map_group ON ext_group_map (ext_group_number);
CREATE INDEX nwayacd_queue_uuid ON callin_queue (call_uuid);
CREATE INDEX nwayacd_vip_phone ON call_vip_number (phone_number);
CREATE INDEX nwayacd_remember_caller ON cf_call_remember (call_number);
CREATE INDEX nwayacd_cdr_arrived ON nwayacd_cdr (arrived);
CREATE INDEX nwayacd_cdr_uuid ON nwayacd_cdr (call_uuid);
CREATE INDEX nwayacd_offer_call ON nwayacd_offer (call_uuid);
CREATE INDEX nwayacd_offer_agent ON nwayacd_offer (agent, offered);
CREATE INDEX nwayacd_agent_log_when ON nwayacd_agent_log (extension, at);
COMMIT;
