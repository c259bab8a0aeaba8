package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"modernc.org/sqlite"
)

// sqliteFile is the embedded database in the data-dir.
const sqliteFile = "nwayacd.db"

func openSQLite(o *Options) (*database, error) {
	if o.DataDir == "" {
		return nil, errors.New("store: no data-dir is set")
	}
	if err := os.MkdirAll(o.DataDir, 0o700); err != nil {
		return nil, fmt.Errorf("store: data-dir: %w", err)
	}
	if err := keepPrivate(o.DataDir); err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	path := url.URL{Path: filepath.Join(o.DataDir, sqliteFile)}
	// synchronous=FULL is needed because the journal drops a change after its commit. So a commit
	// must survive a power cut.
	pool, err := sql.Open("sqlite", "file:"+path.EscapedPath()+
		"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(5000)&_txlock=immediate")
	if err != nil {
		return nil, fmt.Errorf("store: open SQLite: %w", err)
	}
	pool.SetMaxOpenConns(1) // one writer
	readOnly := "file:" + path.EscapedPath() + "?_pragma=query_only(1)&_pragma=busy_timeout(5000)"
	search, err := sql.Open("sqlite", readOnly)
	if err != nil {
		return nil, fmt.Errorf("store: open SQLite: %w", errors.Join(err, pool.Close()))
	}
	search.SetMaxOpenConns(searchConns)
	reports, err := sql.Open("sqlite", readOnly)
	if err != nil {
		return nil, fmt.Errorf("store: open SQLite: %w", errors.Join(err, pool.Close(), search.Close()))
	}
	reports.SetMaxOpenConns(1)
	d := embedded
	return &database{
		DB: pool, search: search, reports: reports, dialect: &d, sanitized: func(err error) error { return err },
	}, nil
}

// keepPrivate makes the database's file, and those beside it, readable for this user only. They
// have telephones' passwords. SQLite gives new files beside it the mode of the first.
func keepPrivate(dataDir string) error {
	path := filepath.Join(dataDir, sqliteFile)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	for _, beside := range []string{"", "-wal", "-shm"} {
		if err := os.Chmod(path+beside, 0o600); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// refusedBySQLite reports whether the row or the schema is wrong. It returns false for a busy, full
// or failing disk. The codes are SQLite's primary result codes.
func refusedBySQLite(err error) bool {
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return false
	}
	switch e.Code() & 0xff {
	case 1, 18, 19, 20, 25: // ERROR, TOOBIG, CONSTRAINT, MISMATCH, RANGE
		return true
	}
	return false
}

func wrongTableInSQLite(err error) bool {
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok || e.Code()&0xff != 1 {
		return false
	}
	for _, says := range []string{"no such table", "no such column", "has no column named"} {
		if strings.Contains(e.Error(), says) {
			return true
		}
	}
	return false
}

func wrongValueInSQLite(err error) bool {
	e, ok := errors.AsType[*sqlite.Error](err)
	return ok && (e.Code()&0xff == 19 || e.Code()&0xff == 20) // CONSTRAINT, MISMATCH
}

var embedded = dialect{
	name:       "SQLite",
	migrations: migrationsOf("sqlite"),
	version:    `SELECT sqlite_version()`,

	hasMigrations: `SELECT count(*) > 0 FROM sqlite_master WHERE name = 'nwayacd_migration'`,
	newMigration:  `INSERT INTO nwayacd_migration (version, name) VALUES (?1, ?2)`,

	readApplied: `SELECT seq FROM nwayacd_applied WHERE journal = ?1`,
	writeApplied: `INSERT INTO nwayacd_applied (journal, seq) VALUES (?1, ?2)
		ON CONFLICT (journal) DO UPDATE SET seq = excluded.seq`,
	reject: `INSERT INTO nwayacd_rejected (journal, seq, change, error) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING`,
	listRejected: `SELECT journal, seq, change, error FROM nwayacd_rejected WHERE (journal, seq) > (?1, ?2)
		ORDER BY journal, seq LIMIT 100`,
	hasAgent:     `SELECT EXISTS (SELECT 1 FROM call_extension WHERE extension_number = ?1)`,
	dropRejected: `DELETE FROM nwayacd_rejected WHERE journal = ?1 AND seq = ?2`,

	jobs:    sqliteJobs,
	addJob:  `INSERT INTO nwayacd_job (name) VALUES (?1) ON CONFLICT DO NOTHING`,
	readJob: `SELECT position, done FROM nwayacd_job WHERE name = ?1`,
	writeJob: `INSERT INTO nwayacd_job (name, position, done) VALUES (?1, ?2, ?3)
		ON CONFLICT (name) DO UPDATE SET position = excluded.position, done = excluded.done`,
	buildIndex: buildInSQLite,
	deleteOld:  deletingInSQLite,

	load: queries{
		agents: `SELECT extension_number, extension_pswd, server_ip, reg_state, seat_state, seat_status, call_state,
			last_state_change_time, deferred, pause_reason, pause_by, paused_since, login_since, wrap_up_until, ` +
			listed("", agentSettings) + ` FROM call_extension ORDER BY id`,
		groups:    `SELECT group_number, current_ext_number, ` + listed("", groupSettings) + ` FROM ext_group ORDER BY id`,
		reasons:   `SELECT code, name, paid, position, active FROM nwayacd_reason`,
		members:   `SELECT DISTINCT ext_group_number, ext FROM ext_group_map`,
		blacklist: `SELECT category, call_number, dest_number, group_number, expire_time FROM call_blacklist`,
		vips:      `SELECT DISTINCT phone_number, group_number FROM call_vip_number`,
		memories:  sqliteMemories + ` ORDER BY insert_time DESC LIMIT ?1`,
		waiting: `SELECT call_uuid, callin_number, callin_group, callin_type, place, call_time, callin_name, visit, came_from
			FROM callin_queue`,
		talks: `SELECT talk, (SELECT group_concat(leg_uuid, ' ') FROM nwayacd_offer o WHERE o.call_uuid = t.call_uuid)
			FROM nwayacd_talk t ORDER BY call_uuid`,
		users:    selectUsers + ` ORDER BY name`,
		tokens:   selectTokens + ` ORDER BY name`,
		sessions: selectSessions + ` ORDER BY hash`,
		password: `SELECT extension_pswd FROM call_extension WHERE extension_number = ?1`,
	},
	older: sqliteMemories + ` WHERE insert_time >= date(?1)`,
	empty: nothingOfOperators,
	cdrs: `SELECT call_uuid, caller, dialled, group_number, vip, switch, agent, leg_uuid, offers, outcome, hung_up_by, cause,
		survey, recording, arrived, answered, bridged, ended,
		visit, direction, caller_name, came_from, transferred_to, transfer_kind, recordings,
		position_first, position_last, welcome_ms, exit_key, callback_id, sl_seconds, short_seconds
		FROM nwayacd_cdr WHERE julianday(arrived) >= julianday(?1) ORDER BY id`,
	searchCDRs: `SELECT ` + visitRecordColumns + `, id FROM nwayacd_cdr c
		WHERE (?1 = 0 OR id < ?1)
			AND (?2 IS NULL OR julianday(arrived) >= julianday(?2)) AND (?3 IS NULL OR julianday(arrived) < julianday(?3))
			AND (?4 = '' OR group_number = ?4) AND (?5 = '' OR agent = ?5) AND (?6 = '' OR caller = ?6)
			AND (?7 = '' OR call_uuid = ?7) AND (?8 = '' OR outcome = ?8)
			AND (?10 IS NULL OR group_number IN (SELECT value FROM json_each(?10)))
		ORDER BY id DESC LIMIT ?9`,
	unreached: `SELECT ` + visitRecordColumns + ` FROM nwayacd_cdr c
		WHERE julianday(arrived) >= julianday(?1) AND outcome = 'abandoned' AND direction = 'in' AND caller <> ''
			AND (?2 IS NULL OR group_number IN (SELECT value FROM json_each(?2)))
			AND NOT EXISTS (SELECT 1 FROM nwayacd_cdr l
				WHERE julianday(l.arrived) >= julianday(?1) AND l.caller = c.caller AND l.id > c.id
				AND (COALESCE(l.bridged, '') <> '' OR l.outcome = 'abandoned' AND l.group_number = c.group_number))
			AND NOT EXISTS (SELECT 1 FROM nwayacd_cdr o
				WHERE julianday(o.arrived) >= julianday(?1) AND o.dialled = c.caller AND o.id > c.id
				AND o.direction = 'out' AND COALESCE(o.bridged, '') <> '')
		ORDER BY id DESC LIMIT ?3`,
	searchAudit: selectAudit + ` WHERE (?1 = 0 OR id < ?1) AND (?2 IS NULL OR at >= ?2) AND (?3 IS NULL OR at < ?3)
			AND (?4 = '' OR actor = ?4) AND (?5 = '' OR object = ?5) AND (?6 = '' OR action = ?6)
		ORDER BY id DESC LIMIT ?7`,
	offers: `SELECT call_uuid, group_number, agent, leg_uuid, number, transfer, outcome, cause, offered, answered, ended,
		visit, recording, arrived, level, hold_ms, wrap_up_ms, wrap_up_ended FROM nwayacd_offer WHERE call_uuid = ?1 ORDER BY id`,

	figures:      sqliteFigures,
	sign:         `INSERT INTO nwayacd_server (one, seen) VALUES (1, ?1) ON CONFLICT (one) DO UPDATE SET seen = excluded.seen`,
	layoutQuery:  sqliteLayout,
	locked:       func(error) bool { return false },
	refused:      refusedBySQLite,
	wrongTable:   wrongTableInSQLite,
	wrongValue:   wrongValueInSQLite,
	away:         func(error) bool { return false },
	inspect:      func(context.Context, *database) error { return nil },
	connectLimit: time.Minute, // it is a local file: it may be slow, but not away
	batchLimit:   time.Minute,
	words:        words{yes: "1", no: "0", noTime: ""},
	write:        sqliteWrite,
}

const sqliteMemories = `SELECT call_number, group_number, agent_number, insert_time FROM cf_call_remember`

// json_each makes the text of a value again each time it is named. If many columns are taken from
// it, the text is kept.
var sqliteWrite = map[kind][]string{
	setAgent: {
		`UPDATE call_extension AS e SET
			reg_state = COALESCE(u.value ->> 'reg_state', e.reg_state),
			seat_state = COALESCE(u.value ->> 'seat_state', e.seat_state),
			seat_status = COALESCE(u.value ->> 'seat_status', e.seat_status),
			call_state = COALESCE(u.value ->> 'call_state', e.call_state),
			last_state_change_time = COALESCE(u.value ->> 'last_state_change_time', e.last_state_change_time),
			last_hangup_time = COALESCE(u.value ->> 'last_hangup_time', e.last_hangup_time),
			lastupdatetime = CURRENT_TIMESTAMP,
			server_ip = COALESCE(u.value ->> 'server_ip', e.server_ip),
			deferred = COALESCE(u.value ->> 'deferred', e.deferred),
			pause_reason = COALESCE(u.value ->> 'pause_reason', e.pause_reason),
			pause_by = COALESCE(u.value ->> 'pause_by', e.pause_by),
			paused_since = NULLIF(COALESCE(u.value ->> 'paused_since', e.paused_since), ''),
			login_since = NULLIF(COALESCE(u.value ->> 'login_since', e.login_since), ''),
			wrap_up_until = NULLIF(COALESCE(u.value ->> 'wrap_up_until', e.wrap_up_until), '')
		FROM json_each(?1) AS u WHERE e.extension_number = u.value ->> 'extension_number'`,
		// settings change seldom, states all the time
		`UPDATE call_extension AS e SET ` + sqliteSets("e", agentSettings) + ` FROM json_each(?1) AS u
			WHERE u.value ->> 'settings' AND e.extension_number = u.value ->> 'extension_number'`,
	},
	addAgent: {`INSERT INTO call_extension (extension_number, extension_name, extension_pswd)
		SELECT value ->> 'extension_number', value ->> 'extension_number', value ->> 'extension_pswd' FROM json_each(?1)
		WHERE value ->> 'extension_number' NOT IN (SELECT extension_number FROM call_extension)`},
	removeAgent: {
		`DELETE FROM call_extension WHERE extension_number IN (SELECT value ->> 'extension_number' FROM json_each(?1))`,
		`DELETE FROM ext_group_map WHERE ext IN (SELECT value ->> 'extension_number' FROM json_each(?1))`,
	},
	setGroup: {
		`UPDATE ext_group AS g SET current_ext_number = COALESCE(u.value ->> 'current_ext_number', g.current_ext_number)
			FROM json_each(?1) AS u WHERE g.group_number = u.value ->> 'group_number'`,
		`UPDATE ext_group AS g SET ` + sqliteSets("g", groupSettings) + ` FROM json_each(?1) AS u
			WHERE u.value ->> 'settings' AND g.group_number = u.value ->> 'group_number'`,
	},
	addGroup: {`INSERT INTO ext_group (group_number, current_ext_number, ` + listed("", groupSettings) + `)
		SELECT value ->> 'group_number', value ->> 'current_ext_number', ` + sqliteValues(groupSettings) + `
		FROM json_each(?1) WHERE value ->> 'group_number' NOT IN (SELECT group_number FROM ext_group)`},
	removeGroup: {
		`DELETE FROM ext_group WHERE group_number IN (SELECT value ->> 'group_number' FROM json_each(?1))`,
		`DELETE FROM ext_group_map WHERE ext_group_number IN (SELECT value ->> 'group_number' FROM json_each(?1))`,
	},
	setMembership: {
		`DELETE FROM ext_group_map WHERE id IN (
			SELECT m.id FROM json_each(?1) AS n JOIN ext_group_map AS m ON m.ext = n.value ->> 'ext'
			WHERE COALESCE(m.ext_group_number, '') NOT IN (SELECT g.value FROM json_each(n.value, '$.groups') AS g))`,
		`INSERT INTO ext_group_map (ext_group_id, ext_group_number, ext)
			SELECT COALESCE((SELECT id FROM ext_group WHERE group_number = g.value), 0), g.value, n.value ->> 'ext'
			FROM json_each(?1) AS n, json_each(n.value, '$.groups') AS g
			WHERE NOT EXISTS (SELECT 1 FROM ext_group_map AS m WHERE m.ext = n.value ->> 'ext' AND m.ext_group_number = g.value)`,
	},
	joinGroup: {`INSERT INTO ext_group_map (ext_group_id, ext_group_number, ext)
		SELECT COALESCE((SELECT id FROM ext_group WHERE group_number = n.value ->> 'ext_group_number'), 0),
			n.value ->> 'ext_group_number', n.value ->> 'ext' FROM json_each(?1) AS n
		WHERE NOT EXISTS (SELECT 1 FROM ext_group_map AS m
			WHERE m.ext = n.value ->> 'ext' AND m.ext_group_number = n.value ->> 'ext_group_number')`},
	leaveGroup: {`DELETE FROM ext_group_map WHERE (ext, ext_group_number) IN (
		SELECT value ->> 'ext', value ->> 'ext_group_number' FROM json_each(?1))`},
	putWaiting: {
		`DELETE FROM callin_queue WHERE call_uuid IN (SELECT value ->> 'call_uuid' FROM json_each(?1))`,
		`INSERT INTO callin_queue (call_uuid, callin_number, callin_group, callin_type, call_time, place, callin_name, visit, came_from)
			SELECT value ->> 'call_uuid', value ->> 'callin_number', value ->> 'callin_group', value ->> 'callin_type',
				value ->> 'call_time', value ->> 'place', value ->> 'callin_name', value ->> 'visit', value ->> 'came_from'
			FROM json_each(?1)`,
	},
	dropWaiting: {`DELETE FROM callin_queue WHERE call_uuid IN (SELECT value ->> 'call_uuid' FROM json_each(?1))`},
	putMemory: {
		`DELETE FROM cf_call_remember WHERE (call_number, COALESCE(group_number, '')) IN (
			SELECT value ->> 'call_number', value ->> 'group_number' FROM json_each(?1))`,
		`INSERT INTO cf_call_remember (call_number, group_number, agent_number, insert_time)
			SELECT value ->> 'call_number', value ->> 'group_number', value ->> 'agent_number', value ->> 'insert_time'
			FROM json_each(?1)`,
	},
	putBlacklisted: {`INSERT OR REPLACE INTO call_blacklist (call_number, category, dest_number, group_number, expire_time)
		SELECT value ->> 'call_number', value ->> 'category', value ->> 'dest_number', value ->> 'group_number',
			value ->> 'expire_time' FROM json_each(?1)`},
	dropBlacklisted: {`DELETE FROM call_blacklist WHERE call_number IN (SELECT value ->> 'call_number' FROM json_each(?1))`},
	putVIP: {`INSERT INTO call_vip_number (phone_number, group_number)
		SELECT n.value ->> 'phone_number', n.value ->> 'group_number' FROM json_each(?1) AS n
		WHERE NOT EXISTS (SELECT 1 FROM call_vip_number AS v WHERE v.phone_number = n.value ->> 'phone_number'
			AND COALESCE(v.group_number, '') = n.value ->> 'group_number')`},
	dropVIP: {`DELETE FROM call_vip_number WHERE (phone_number, COALESCE(group_number, '')) IN (
		SELECT value ->> 'phone_number', value ->> 'group_number' FROM json_each(?1))`},
	putCDR: {`WITH n AS MATERIALIZED (SELECT value FROM json_each(?1))
		INSERT INTO nwayacd_cdr (call_uuid, caller, dialled, group_number, vip, switch, agent, leg_uuid, offers, outcome,
			hung_up_by, cause, survey, recording, arrived, answered, bridged, ended,
			visit, direction, caller_name, came_from, transferred_to, transfer_kind, recordings,
			position_first, position_last, welcome_ms, exit_key, callback_id, sl_seconds, short_seconds)
		SELECT value ->> 'call_uuid', value ->> 'caller', value ->> 'dialled', value ->> 'group_number', value ->> 'vip',
			value ->> 'switch', value ->> 'agent', value ->> 'leg_uuid', value ->> 'offers', value ->> 'outcome',
			value ->> 'hung_up_by', value ->> 'cause', value ->> 'survey', value ->> 'recording', value ->> 'arrived',
			value ->> 'answered', value ->> 'bridged', value ->> 'ended', value ->> 'visit', value ->> 'direction',
			value ->> 'caller_name', value ->> 'came_from', value ->> 'transferred_to', value ->> 'transfer_kind',
			value ->> 'recordings', value ->> 'position_first', value ->> 'position_last', value ->> 'welcome_ms',
			value ->> 'exit_key', value ->> 'callback_id', value ->> 'sl_seconds', value ->> 'short_seconds' FROM n`},
	putOffer: {`WITH n AS MATERIALIZED (SELECT value FROM json_each(?1))
		INSERT INTO nwayacd_offer (call_uuid, group_number, agent, leg_uuid, number, transfer, outcome, cause,
			offered, answered, ended, ring_ms, talk_ms, visit, recording, arrived, level, hold_ms, wrap_up_ms, wrap_up_ended)
		SELECT value ->> 'call_uuid', value ->> 'group_number', value ->> 'agent', value ->> 'leg_uuid', value ->> 'number',
			value ->> 'transfer', value ->> 'outcome', value ->> 'cause', value ->> 'offered', value ->> 'answered',
			value ->> 'ended', value ->> 'ring_ms', value ->> 'talk_ms', value ->> 'visit', value ->> 'recording',
			value ->> 'arrived', value ->> 'level', value ->> 'hold_ms', value ->> 'wrap_up_ms', value ->> 'wrap_up_ended'
		FROM n`},
	putAgentLog: {`WITH n AS MATERIALIZED (SELECT value FROM json_each(?1))
		INSERT INTO nwayacd_agent_log (extension, status, at, call_uuid, standing, reason, by_whom, group_number)
		SELECT value ->> 'extension', value ->> 'status', value ->> 'at', value ->> 'call_uuid', value ->> 'standing',
			value ->> 'reason', value ->> 'by_whom', value ->> 'group_number' FROM n`},
	putWrapUp: {`WITH w AS MATERIALIZED (SELECT value ->> 'agent' AS agent, value ->> 'offered' AS offered,
			value ->> 'wrap_up_ms' AS ms, value ->> 'wrap_up_ended' AS ended FROM json_each(?1))
		UPDATE nwayacd_offer AS o SET wrap_up_ms = w.ms, wrap_up_ended = w.ended FROM w
		WHERE o.id = (SELECT l.id FROM nwayacd_offer AS l WHERE l.agent = w.agent AND l.outcome = 'answered'
			AND (w.offered IS NULL OR l.offered = w.offered) ORDER BY l.offered DESC LIMIT 1) AND o.wrap_up_ms IS NULL
		RETURNING group_number, arrived, wrap_up_ms`},
	putTalk: {`INSERT OR REPLACE INTO nwayacd_talk (call_uuid, server, talk)
		SELECT value ->> 'call_uuid', value ->> 'server', value ->> 'talk' FROM json_each(?1)`},
	putReason: {`INSERT OR REPLACE INTO nwayacd_reason (code, name, paid, position, active)
		SELECT value ->> 'code', value ->> 'name', value ->> 'paid', value ->> 'position', value ->> 'active' FROM json_each(?1)`},
	dropReason:   {`DELETE FROM nwayacd_reason WHERE code IN (SELECT value ->> 'code' FROM json_each(?1))`},
	dropTalk:     {`DELETE FROM nwayacd_talk WHERE call_uuid IN (SELECT value ->> 'call_uuid' FROM json_each(?1))`},
	sweepWaiting: {`DELETE FROM callin_queue WHERE call_uuid NOT IN (SELECT value FROM json_each(?1, '$[0].still'))`},
	sweepTalks: {`DELETE FROM nwayacd_talk WHERE server = json_extract(?1, '$[0].server')
		AND call_uuid NOT IN (SELECT value FROM json_each(?1, '$[0].still'))`},
	putUser: {`INSERT OR REPLACE INTO nwayacd_user (name, password, role, groups, extension, language, must_change, disabled,
			created, changed)
		SELECT value ->> 'name', value ->> 'password', value ->> 'role', value ->> 'groups', value ->> 'extension',
			value ->> 'language', value ->> 'must_change', value ->> 'disabled', value ->> 'created', value ->> 'changed'
		FROM json_each(?1)`},
	setUser: {`UPDATE nwayacd_user AS t SET
			password = COALESCE(u.value ->> 'password', t.password), role = COALESCE(u.value ->> 'role', t.role),
			groups = COALESCE(u.value ->> 'groups', t.groups), extension = COALESCE(u.value ->> 'extension', t.extension),
			language = COALESCE(u.value ->> 'language', t.language),
			must_change = COALESCE(u.value ->> 'must_change', t.must_change),
			disabled = COALESCE(u.value ->> 'disabled', t.disabled), changed = COALESCE(u.value ->> 'changed', t.changed)
		FROM json_each(?1) AS u WHERE t.name = u.value ->> 'name'`},
	dropUser: {`DELETE FROM nwayacd_user WHERE name IN (SELECT value ->> 'name' FROM json_each(?1))`},
	putToken: {`INSERT OR REPLACE INTO nwayacd_token (name, hash, role, groups, extension, created, created_by, expires,
			last_used, disabled)
		SELECT value ->> 'name', value ->> 'hash', value ->> 'role', value ->> 'groups', value ->> 'extension',
			value ->> 'created', value ->> 'created_by', value ->> 'expires', value ->> 'last_used', value ->> 'disabled'
		FROM json_each(?1)`},
	setToken: {`UPDATE nwayacd_token AS t SET
			role = COALESCE(u.value ->> 'role', t.role), groups = COALESCE(u.value ->> 'groups', t.groups),
			extension = COALESCE(u.value ->> 'extension', t.extension),
			expires = CASE WHEN json_type(u.value, '$.expires') IS NULL THEN t.expires ELSE u.value ->> 'expires' END,
			last_used = COALESCE(u.value ->> 'last_used', t.last_used), disabled = COALESCE(u.value ->> 'disabled', t.disabled)
		FROM json_each(?1) AS u WHERE t.name = u.value ->> 'name'`},
	dropToken: {`DELETE FROM nwayacd_token WHERE name IN (SELECT value ->> 'name' FROM json_each(?1))`},
	putSession: {`INSERT OR REPLACE INTO nwayacd_session (hash, user_name, token_name, created, seen, expires, source, browser)
		SELECT value ->> 'hash', value ->> 'user_name', value ->> 'token_name', value ->> 'created', value ->> 'seen',
			value ->> 'expires', value ->> 'source', value ->> 'browser' FROM json_each(?1)`},
	setSession: {`UPDATE nwayacd_session AS t SET created = COALESCE(u.value ->> 'created', t.created),
			seen = COALESCE(u.value ->> 'seen', t.seen), expires = COALESCE(u.value ->> 'expires', t.expires)
		FROM json_each(?1) AS u WHERE t.hash = u.value ->> 'hash'`},
	dropSession: {`DELETE FROM nwayacd_session WHERE hash IN (SELECT value ->> 'hash' FROM json_each(?1))`},
	putAudit: {`INSERT INTO nwayacd_audit (at, actor, role, source, way, action, object, detail, outcome, reason)
		SELECT value ->> 'at', value ->> 'actor', value ->> 'role', value ->> 'source', value ->> 'way', value ->> 'action',
			value ->> 'object', value ->> 'detail', value ->> 'outcome', value ->> 'reason' FROM json_each(?1)`},
}
