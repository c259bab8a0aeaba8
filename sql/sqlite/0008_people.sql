-- People: why an agent is paused and since when, since when it is logged in, and the settings of
-- agents and groups. NULL leaves a setting to its default.
ALTER TABLE call_extension ADD COLUMN pause_reason TEXT NOT NULL DEFAULT ''; -- code of nwayacd_reason, or supervisor
ALTER TABLE call_extension ADD COLUMN pause_by TEXT NOT NULL DEFAULT '';     -- user:anna, dialplan:1000, sql, ...
ALTER TABLE call_extension ADD COLUMN paused_since TEXT;
ALTER TABLE call_extension ADD COLUMN login_since TEXT;
ALTER TABLE call_extension ADD COLUMN wrap_up_until TEXT;                    -- the end of a wrap-up that was made longer
ALTER TABLE call_extension ADD COLUMN wrap_up_seconds INTEGER;               -- 0: none; -1: until nway_ready
ALTER TABLE call_extension ADD COLUMN dial_string TEXT;
ALTER TABLE call_extension ADD COLUMN max_misses INTEGER;
ALTER TABLE call_extension ADD COLUMN allowed_groups TEXT;                   -- '110,120'; NULL and '': all

ALTER TABLE ext_group ADD COLUMN service_level_seconds INTEGER;
ALTER TABLE ext_group ADD COLUMN service_level_goal INTEGER;
ALTER TABLE ext_group ADD COLUMN service_level_formula TEXT;
ALTER TABLE ext_group ADD COLUMN short_abandon_seconds INTEGER;
ALTER TABLE ext_group ADD COLUMN warn_waiting INTEGER;
ALTER TABLE ext_group ADD COLUMN alert_waiting INTEGER;
ALTER TABLE ext_group ADD COLUMN warn_wait_seconds INTEGER;
ALTER TABLE ext_group ADD COLUMN alert_wait_seconds INTEGER;

-- The reasons for a pause.
CREATE TABLE IF NOT EXISTS nwayacd_reason (
    code     TEXT PRIMARY KEY,
    name     TEXT NOT NULL DEFAULT '',
    paid     BOOLEAN NOT NULL DEFAULT 0,
    position INTEGER NOT NULL DEFAULT 0,
    active   BOOLEAN NOT NULL DEFAULT 1
);
INSERT OR IGNORE INTO nwayacd_reason (code, name, paid, position) VALUES
    ('break', 'Break', 1, 1), ('lunch', 'Lunch', 0, 2), ('training', 'Training', 1, 3), ('meeting', 'Meeting', 1, 4);
