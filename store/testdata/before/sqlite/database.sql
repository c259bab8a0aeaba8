PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE nwayacd_migration (
		version integer PRIMARY KEY, name text NOT NULL, at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP);
INSERT INTO nwayacd_migration VALUES(1,'0001_nwaycc','2026-11-28 05:30:26');
INSERT INTO nwayacd_migration VALUES(2,'0002_nwayacd','2026-11-28 05:30:26');
INSERT INTO nwayacd_migration VALUES(3,'0003_talk','2026-11-28 05:30:26');
INSERT INTO nwayacd_migration VALUES(4,'0004_deferred','2026-11-28 05:30:26');
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
, deferred TEXT NOT NULL DEFAULT '');
INSERT INTO call_extension VALUES(1,'1000','Li Hao','95000','secret-1000',1,1,1,'8001','reged','up','idle','ready','2026-11-28 05:30:26',1,0,0,'2026-03-04T05:06:07.123456Z','2026-03-04T05:06:07.123456Z',1,'10.0.0.1','');
INSERT INTO call_extension VALUES(2,'1001','1001',NULL,'secret-1001',0,0,0,NULL,'reged','up','idle','ring','2026-11-28 05:30:26',0,0,0,NULL,'2026-03-04T05:06:07.123456Z',0,NULL,'');
INSERT INTO call_extension VALUES(3,'1002','1002',NULL,'secret-1002',0,0,0,NULL,'reged','up','idle','talking','2026-11-28 05:30:26',0,0,0,NULL,'2026-03-04T05:06:07.123456Z',0,NULL,'busy');
INSERT INTO call_extension VALUES(4,'1003','1003',NULL,'secret-1003',0,0,0,NULL,'reged','up','idle','typing','2026-11-28 05:30:26',0,0,0,NULL,'2026-03-04T05:06:07.123456Z',0,NULL,'');
INSERT INTO call_extension VALUES(5,'1004','1004',NULL,'secret-1004',0,0,0,NULL,'reged','up','busy','noanswer','2026-11-28 05:30:26',0,0,0,NULL,'2026-03-04T05:06:07.123456Z',0,NULL,'');
INSERT INTO call_extension VALUES(6,'1005','1005',NULL,'secret-1005',0,0,0,NULL,'unreg','down','idle','ready','2026-11-28 05:30:26',0,1,1,NULL,'2026-03-04T05:06:07.123456Z',0,NULL,'');
INSERT INTO call_extension VALUES(7,'1006','1006',NULL,'secret-1006',0,0,0,NULL,'unreg','down','idle','ready',NULL,0,0,0,NULL,NULL,0,NULL,'');
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
);
INSERT INTO ext_group VALUES(1,'110','sales','1001',4,'w.wav','t.wav','b.wav','busy.wav',31);
INSERT INTO ext_group VALUES(2,'120','group 120','',2,'','','','',20);
CREATE TABLE ext_group_map (
    id               INTEGER PRIMARY KEY,
    ext_group_id     INTEGER DEFAULT 0,
    ext_group_number TEXT,
    ext              TEXT
);
INSERT INTO ext_group_map VALUES(1,1,'110','1000');
INSERT INTO ext_group_map VALUES(2,2,'120','1000');
INSERT INTO ext_group_map VALUES(3,1,'110','1001');
CREATE TABLE callin_queue (
    id            INTEGER PRIMARY KEY,
    callin_number TEXT,
    callin_group  TEXT,
    callin_type   INTEGER DEFAULT 0,
    call_time     TEXT,
    call_uuid     TEXT,
    place         INTEGER -- ns since 1970
);
INSERT INTO callin_queue VALUES(1,'139','110',1,'2009-02-13T23:31:30.123456Z','w1',1234567890123456789);
INSERT INTO callin_queue VALUES(2,'138','120',0,'2026-03-04T05:06:07.123456Z','w2',1772600767123456000);
CREATE TABLE call_blacklist (
    id           INTEGER,
    call_number  TEXT PRIMARY KEY,
    category     INTEGER DEFAULT 0,
    dest_number  TEXT,
    group_number TEXT,
    expire_time  TEXT
);
INSERT INTO call_blacklist VALUES(NULL,'130',2,'95','110','2026-03-04T05:06:07.123456Z');
INSERT INTO call_blacklist VALUES(NULL,'131',0,'','',NULL);
CREATE TABLE call_vip_number (
    id           INTEGER PRIMARY KEY,
    phone_number TEXT,
    group_number TEXT
);
INSERT INTO call_vip_number VALUES(1,'139','110');
INSERT INTO call_vip_number VALUES(2,'138','');
CREATE TABLE cf_call_remember (
    id           INTEGER PRIMARY KEY,
    call_number  TEXT,
    agent_number TEXT,
    insert_time  TEXT,
    group_number TEXT
);
INSERT INTO cf_call_remember VALUES(1,'139','1000','2026-03-04T05:06:07.123456Z','110');
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
);
INSERT INTO nwayacd_cdr VALUES(1,'c1','139','95','110',1,'host1','1000','leg-c1',2,'answered','agent','NORMAL_CLEARING','5','/r/c1.wav','2026-03-04T05:06:07.123456Z','2026-03-04T05:06:09.123456Z','2026-03-04T05:06:10.123456Z','2026-03-04T05:07:07.123456Z');
INSERT INTO nwayacd_cdr VALUES(2,'c1','139','95','120',1,'host1','1000','leg-c1',2,'answered','agent','NORMAL_CLEARING','5','/r/c1.wav','2026-03-04T05:06:07.123456Z','2026-03-04T05:06:09.123456Z','2026-03-04T05:06:10.123456Z','2026-03-04T05:07:07.123456Z');
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
);
INSERT INTO nwayacd_offer VALUES(1,'c1','110','1000','leg-c1',1,0,'answered','','2026-03-04T05:06:07.123456Z','2026-03-04T05:06:09.123456Z','2026-03-04T05:07:07.123456Z',2000,58000);
INSERT INTO nwayacd_offer VALUES(2,'c1','110','1001','other-c1',2,1,'noanswer','NO_ANSWER','2026-03-04T05:06:07.123456Z',NULL,'2026-03-04T05:06:08.123456Z',1000,NULL);
INSERT INTO nwayacd_offer VALUES(3,'c1','120','1000','leg-c1',1,0,'answered','','2026-03-04T05:06:07.123456Z','2026-03-04T05:06:09.123456Z','2026-03-04T05:07:07.123456Z',2000,58000);
INSERT INTO nwayacd_offer VALUES(4,'c1','120','1001','other-c1',2,1,'noanswer','NO_ANSWER','2026-03-04T05:06:07.123456Z',NULL,'2026-03-04T05:06:08.123456Z',1000,NULL);
CREATE TABLE nwayacd_agent_log (
    id        INTEGER PRIMARY KEY,
    extension TEXT NOT NULL,
    status    TEXT NOT NULL,
    at        TEXT,
    call_uuid TEXT NOT NULL DEFAULT ''
);
INSERT INTO nwayacd_agent_log VALUES(1,'1000','login','2026-03-04T05:06:07.123456Z','');
INSERT INTO nwayacd_agent_log VALUES(2,'1000','talking','2026-03-04T05:06:07.123456Z','c1');
CREATE TABLE nwayacd_applied (
    journal TEXT PRIMARY KEY,
    seq     INTEGER NOT NULL
);
INSERT INTO nwayacd_applied VALUES('b798f4e69dc3dcf05ff99b630dcf8f75',39);
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
INSERT INTO nwayacd_talk VALUES('t1','s1','{"Server":"s1","Link":"fs1","CoreUUID":"core1","CDR":{"UUID":"t1","Caller":"137","Dialled":"95","Group":"110","Switch":"host1","Agent":"1002","Leg":"leg-t1","Offers":2,"Outcome":"answered","Recording":"/r/t1.wav","Arrived":"2026-03-04T05:06:07.123456Z","Answered":"2026-03-04T05:06:10.123456Z","Bridged":"2026-03-04T05:06:11.123456Z","Ended":"0001-01-01T00:00:00Z"},"Offer":{"Call":"t1","Group":"110","Agent":"1002","Leg":"leg-t1","Number":2,"Transfer":true,"Offered":"2026-03-04T05:06:07.123456Z","Answered":"2026-03-04T05:06:10.123456Z","Ended":"0001-01-01T00:00:00Z","Outcome":""}}');
INSERT INTO nwayacd_talk VALUES('w1','s1','{"Server":"s1","Link":"fs1","CoreUUID":"core1","CDR":{"UUID":"w1","Caller":"137","Dialled":"95","Group":"110","Switch":"host1","Agent":"1003","Leg":"leg-w1","Offers":2,"Outcome":"answered","Recording":"/r/w1.wav","Arrived":"2026-03-04T05:06:07.123456Z","Answered":"2026-03-04T05:06:10.123456Z","Bridged":"2026-03-04T05:06:11.123456Z","Ended":"0001-01-01T00:00:00Z"},"Offer":{"Call":"w1","Group":"110","Agent":"1003","Leg":"leg-w1","Number":2,"Transfer":true,"Offered":"2026-03-04T05:06:07.123456Z","Answered":"2026-03-04T05:06:10.123456Z","Ended":"0001-01-01T00:00:00Z","Outcome":""},"Parted":true}');
INSERT INTO nwayacd_talk VALUES('t2','s1','{"Server":"s1","Link":"fs1","CoreUUID":"core1","CDR":{"UUID":"t2","Caller":"137","Dialled":"95","Group":"110","Switch":"host1","Agent":"1001","Leg":"leg-t2","Offers":2,"Outcome":"answered","Recording":"/r/t2.wav","Arrived":"2026-03-04T05:06:07.123456Z","Answered":"2026-03-04T05:06:10.123456Z","Bridged":"2026-03-04T05:06:11.123456Z","Ended":"0001-01-01T00:00:00Z"},"Offer":{"Call":"t2","Group":"110","Agent":"1001","Leg":"leg-t2","Number":2,"Transfer":true,"Offered":"2026-03-04T05:06:07.123456Z","Answered":"2026-03-04T05:06:10.123456Z","Ended":"0001-01-01T00:00:00Z","Outcome":""}}');
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
