package store

import "database/sql"

// The docs are read with jsonb_populate_record if the column types of an existing table are not
// known. It converts each value to the type of its column, and keeps columns that the doc does not
// name.
var postgres = dialect{
	name:       "PostgreSQL",
	migrations: migrationsOf("postgres"),
	version:    `SHOW server_version`,
	clock:      `SELECT clock_timestamp()`,

	begin:         []string{`SELECT set_config('nwayacd.own', 'on', true), ` + safely},
	beginOpenly:   []string{`SELECT ` + safely},
	snapshot:      &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true},
	lockMigration: `SELECT pg_advisory_xact_lock(7855214916)`, // an arbitrary number
	hasMigrations: `SELECT to_regclass('nwayacd_migration') IS NOT NULL`,
	newMigration:  `INSERT INTO nwayacd_migration (version, name) VALUES ($1, $2)`,
	patience:      `SET LOCAL lock_timeout = '2s'`,
	locked:        lockedInPostgres,

	readApplied: `SELECT seq FROM nwayacd_applied WHERE journal = $1`,
	writeApplied: `INSERT INTO nwayacd_applied (journal, seq) VALUES ($1, $2)
		ON CONFLICT (journal) DO UPDATE SET seq = excluded.seq`,
	reject: `INSERT INTO nwayacd_rejected (journal, seq, change, error) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
	listRejected: `SELECT journal, seq, change, error FROM nwayacd_rejected WHERE (journal, seq) > ($1, $2)
		ORDER BY journal, seq LIMIT 100`,
	hasAgent:     `SELECT EXISTS (SELECT 1 FROM call_extension WHERE extension_number = $1)`,
	dropRejected: `DELETE FROM nwayacd_rejected WHERE journal = $1 AND seq = $2`,

	jobs:    postgresJobs,
	addJob:  `INSERT INTO nwayacd_job (name) VALUES ($1) ON CONFLICT DO NOTHING`,
	readJob: `SELECT position, done FROM nwayacd_job WHERE name = $1`,
	lockJob: ` FOR UPDATE`,
	writeJob: `INSERT INTO nwayacd_job (name, position, done) VALUES ($1, $2, $3)
		ON CONFLICT (name) DO UPDATE SET position = excluded.position, done = excluded.done`,
	buildIndex: buildInPostgres,
	deleteOld:  deletingInPostgres,

	load: queries{
		agents:    pgAgents + ` ORDER BY id`,
		groups:    pgGroups + ` ORDER BY id`,
		members:   pgMembers,
		blacklist: pgBlacklist,
		vips:      pgVIPs,
		memories:  pgMemories + ` ORDER BY cf_call_remember.insert_time DESC NULLS LAST LIMIT $1`,
		waiting: `SELECT call_uuid, callin_number, callin_group, callin_type, place, call_time::timestamptz, callin_name, visit, came_from
			FROM callin_queue`,
		talks: `SELECT talk, (SELECT string_agg(leg_uuid, ' ') FROM nwayacd_offer o WHERE o.call_uuid = t.call_uuid)
			FROM nwayacd_talk t ORDER BY call_uuid`,
		users:    selectUsers + ` ORDER BY name`,
		tokens:   selectTokens + ` ORDER BY name`,
		sessions: selectSessions + ` ORDER BY hash`,
		reasons:  pgReasons,
		password: `SELECT extension_pswd FROM call_extension WHERE extension_number = $1`,
	},
	older: pgMemories + ` WHERE insert_time::timestamptz >= $1::timestamptz`,
	empty: nothingOfOperators,
	cdrs: `SELECT call_uuid, caller, dialled, group_number, vip, switch, agent, leg_uuid, offers, outcome, hung_up_by, cause,
		survey, recording, arrived, answered, bridged, ended,
		visit, direction, caller_name, came_from, transferred_to, transfer_kind, recordings,
		position_first, position_last, welcome_ms, exit_key, callback_id, sl_seconds, short_seconds FROM nwayacd_cdr WHERE arrived >= $1 ORDER BY id`,
	searchCDRs: `SELECT ` + visitRecordColumns + `, id FROM nwayacd_cdr c
		WHERE ($1::bigint = 0 OR id < $1::bigint)
			AND ($2::timestamptz IS NULL OR arrived >= $2::timestamptz) AND ($3::timestamptz IS NULL OR arrived < $3::timestamptz)
			AND ($4::text = '' OR group_number = $4::text) AND ($5::text = '' OR agent = $5::text)
			AND ($6::text = '' OR caller = $6::text) AND ($7::text = '' OR call_uuid = $7::text)
			AND ($8::text = '' OR outcome = $8::text)
			AND ($10::jsonb IS NULL OR group_number = ANY (ARRAY(SELECT jsonb_array_elements_text($10::jsonb))))
		ORDER BY id DESC LIMIT $9::int`,
	unreached: `SELECT ` + visitRecordColumns + ` FROM nwayacd_cdr c
		WHERE arrived >= $1::timestamptz AND outcome = 'abandoned' AND direction = 'in' AND caller <> ''
			AND ($2::jsonb IS NULL OR group_number = ANY (ARRAY(SELECT jsonb_array_elements_text($2::jsonb))))
			AND NOT EXISTS (SELECT 1 FROM nwayacd_cdr l WHERE l.arrived >= $1::timestamptz AND l.caller = c.caller AND l.id > c.id
				AND (l.bridged IS NOT NULL OR l.outcome = 'abandoned' AND l.group_number = c.group_number))
			AND NOT EXISTS (SELECT 1 FROM nwayacd_cdr o WHERE o.arrived >= $1::timestamptz AND o.dialled = c.caller AND o.id > c.id
				AND o.direction = 'out' AND o.bridged IS NOT NULL)
		ORDER BY id DESC LIMIT $3::int`,
	searchAudit: selectAudit + ` WHERE ($1::bigint = 0 OR id < $1::bigint)
			AND ($2::timestamptz IS NULL OR at >= $2::timestamptz) AND ($3::timestamptz IS NULL OR at < $3::timestamptz)
			AND ($4::text = '' OR actor = $4::text) AND ($5::text = '' OR object = $5::text)
			AND ($6::text = '' OR action = $6::text)
		ORDER BY id DESC LIMIT $7::int`,
	offers: `SELECT call_uuid, group_number, agent, leg_uuid, number, transfer, outcome, cause, offered, answered, ended,
		visit, recording, arrived, level, hold_ms, wrap_up_ms, wrap_up_ended FROM nwayacd_offer WHERE call_uuid = $1 ORDER BY id`,

	beginSearch:  `SET LOCAL statement_timeout = '10s'`,
	figures:      postgresFigures,
	layoutQuery:  postgresLayout,
	refused:      refusedByPostgres,
	wrongTable:   wrongTableInPostgres,
	wrongValue:   wrongValueInPostgres,
	away:         postgresAway,
	inspect:      inspectPostgres,
	connectLimit: connectLimit,
	batchLimit:   batchLimit,
	words:        words{yes: "t", no: "f"},
	write:        postgresWrite,
}

var (
	pgAgents = `SELECT extension_number, extension_pswd, server_ip, reg_state, seat_state, seat_status, call_state,
		last_state_change_time::timestamptz, deferred, pause_reason, pause_by, paused_since, login_since, wrap_up_until, ` +
		listed("", agentSettings) + ` FROM call_extension`
	pgGroups    = `SELECT group_number, current_ext_number, ` + listed("", groupSettings) + ` FROM ext_group`
	pgReasons   = `SELECT code, name, paid, position, active FROM nwayacd_reason`
	pgMembers   = `SELECT DISTINCT ext_group_number, ext FROM ext_group_map`
	pgBlacklist = `SELECT category, call_number, dest_number, group_number, expire_time::timestamptz FROM call_blacklist`
	pgVIPs      = `SELECT DISTINCT phone_number, group_number FROM call_vip_number`
	pgMemories  = `SELECT call_number, group_number, agent_number, insert_time::timestamptz FROM cf_call_remember`

	// These queries read edited rows again, by an array of keys.
	pgAgentsOf    = pgAgents + ` WHERE extension_number = ANY ($1)`
	pgGroupsOf    = pgGroups + ` WHERE group_number = ANY ($1)`
	pgMembersOf   = pgMembers + ` WHERE ext = ANY ($1) OR ext_group_number = ANY ($2)`
	pgBlacklistOf = pgBlacklist + ` WHERE call_number = ANY ($1)`
	pgVIPsOf      = pgVIPs + ` WHERE phone_number = ANY ($1)`
	pgReasonsOf   = pgReasons + ` WHERE code = ANY ($1)`
	pgMemoriesOf  = pgMemories + ` WHERE call_number = ANY ($1)`
	pgUsersOf     = selectUsers + ` WHERE name = ANY ($1)`
	pgTokensOf    = selectTokens + ` WHERE name = ANY ($1)`
	pgSessionsOf  = selectSessions + ` WHERE hash = ANY ($1)`
)

var postgresWrite = map[kind][]string{
	// Times become text in the session's time zone, because old tables have the local time without
	// a zone.
	setAgent: {`WITH u AS (
			SELECT d || jsonb_strip_nulls(jsonb_build_object(
				'last_state_change_time', (d ->> 'last_state_change_time')::timestamptz::text,
				'last_hangup_time', (d ->> 'last_hangup_time')::timestamptz::text,
				'lastupdatetime', now()::text)) AS d
			FROM jsonb_array_elements($1::jsonb) AS t(d))
		UPDATE call_extension e SET (reg_state, seat_state, seat_status, call_state, last_state_change_time, last_hangup_time,
			lastupdatetime, server_ip, deferred, pause_reason, pause_by, paused_since, login_since, wrap_up_until,
			` + listed("", agentSettings) + `) = (
			SELECT r.reg_state, r.seat_state, r.seat_status, r.call_state, r.last_state_change_time, r.last_hangup_time,
				r.lastupdatetime, r.server_ip, r.deferred, r.pause_reason, r.pause_by, r.paused_since, r.login_since,
				r.wrap_up_until, ` + listed("r.", agentSettings) + `
			FROM jsonb_populate_record(e, u.d) AS r)
		FROM u WHERE e.extension_number = u.d ->> 'extension_number'`},
	addAgent: {`INSERT INTO call_extension
			(extension_number, extension_name, extension_pswd, reg_state, seat_state, seat_status, call_state)
		SELECT n.extension_number, n.extension_number, n.extension_pswd, 'unreg', 'down', 'idle', 'ready'
		FROM jsonb_to_recordset($1::jsonb) AS n(extension_number text, extension_pswd text)
		WHERE NOT EXISTS (SELECT 1 FROM call_extension e WHERE e.extension_number = n.extension_number)`},
	removeAgent: {
		`DELETE FROM call_extension e USING jsonb_to_recordset($1::jsonb) AS n(extension_number text)
			WHERE e.extension_number = n.extension_number`,
		`DELETE FROM ext_group_map m USING jsonb_to_recordset($1::jsonb) AS n(extension_number text)
			WHERE m.ext = n.extension_number`,
	},
	setGroup: {`UPDATE ext_group g SET (current_ext_number, ` + listed("", groupSettings) + `) = (
			SELECT r.current_ext_number, ` + listed("r.", groupSettings) + ` FROM jsonb_populate_record(g, u.d) AS r)
		FROM jsonb_array_elements($1::jsonb) AS u(d) WHERE g.group_number = u.d ->> 'group_number'`},
	addGroup: {`INSERT INTO ext_group (group_number, current_ext_number, ` + listed("", groupSettings) + `)
		SELECT r.group_number, r.current_ext_number, ` + listed("r.", groupSettings) + `
		FROM jsonb_array_elements($1::jsonb) AS u(d), jsonb_populate_record(NULL::ext_group, u.d) AS r
		WHERE NOT EXISTS (SELECT 1 FROM ext_group g WHERE g.group_number = r.group_number)`},
	removeGroup: {
		`DELETE FROM ext_group g USING jsonb_to_recordset($1::jsonb) AS n(group_number text) WHERE g.group_number = n.group_number`,
		`DELETE FROM ext_group_map m USING jsonb_to_recordset($1::jsonb) AS n(group_number text)
			WHERE m.ext_group_number = n.group_number`,
	},
	setMembership: {
		`DELETE FROM ext_group_map m USING jsonb_to_recordset($1::jsonb) AS n(ext text, groups jsonb)
			WHERE m.ext = n.ext AND NOT (n.groups ? COALESCE(m.ext_group_number, ''))`,
		`INSERT INTO ext_group_map (ext_group_id, ext_group_number, ext)
			SELECT COALESCE((SELECT min(g.id) FROM ext_group g WHERE g.group_number = w.name), 0), w.name, n.ext
			FROM jsonb_to_recordset($1::jsonb) AS n(ext text, groups jsonb), jsonb_array_elements_text(n.groups) AS w(name)
			WHERE NOT EXISTS (SELECT 1 FROM ext_group_map m WHERE m.ext = n.ext AND m.ext_group_number = w.name)`,
	},
	joinGroup: {`INSERT INTO ext_group_map (ext_group_id, ext_group_number, ext)
		SELECT COALESCE((SELECT min(g.id) FROM ext_group g WHERE g.group_number = n.ext_group_number), 0), n.ext_group_number, n.ext
		FROM jsonb_to_recordset($1::jsonb) AS n(ext_group_number text, ext text)
		WHERE NOT EXISTS (SELECT 1 FROM ext_group_map m WHERE m.ext = n.ext AND m.ext_group_number = n.ext_group_number)`},
	leaveGroup: {`DELETE FROM ext_group_map m USING jsonb_to_recordset($1::jsonb) AS n(ext_group_number text, ext text)
		WHERE m.ext = n.ext AND m.ext_group_number = n.ext_group_number`},
	putWaiting: {
		`UPDATE callin_queue q SET callin_number = n.callin_number, callin_group = n.callin_group, callin_type = n.callin_type,
				call_time = n.call_time, place = n.place, callin_name = n.callin_name, visit = n.visit, came_from = n.came_from
			FROM jsonb_to_recordset($1::jsonb) AS n(call_uuid text, callin_number text, callin_group text, callin_type int,
				call_time timestamptz, place bigint, callin_name text, visit int, came_from text)
			WHERE q.call_uuid = n.call_uuid`,
		`INSERT INTO callin_queue (call_uuid, callin_number, callin_group, callin_type, call_time, place, callin_name, visit, came_from)
			SELECT n.call_uuid, n.callin_number, n.callin_group, n.callin_type, n.call_time, n.place, n.callin_name, n.visit, n.came_from
			FROM jsonb_to_recordset($1::jsonb) AS n(call_uuid text, callin_number text, callin_group text, callin_type int,
				call_time timestamptz, place bigint, callin_name text, visit int, came_from text)
			WHERE NOT EXISTS (SELECT 1 FROM callin_queue q WHERE q.call_uuid = n.call_uuid)`,
	},
	dropWaiting: {`DELETE FROM callin_queue q USING jsonb_to_recordset($1::jsonb) AS n(call_uuid text)
		WHERE q.call_uuid = n.call_uuid`},
	putMemory: {
		`UPDATE cf_call_remember m SET agent_number = n.agent_number, insert_time = n.insert_time
			FROM jsonb_to_recordset($1::jsonb) AS n(call_number text, group_number text, agent_number text, insert_time timestamptz)
			WHERE m.call_number = n.call_number AND COALESCE(m.group_number, '') = n.group_number`,
		`INSERT INTO cf_call_remember (call_number, group_number, agent_number, insert_time)
			SELECT n.call_number, n.group_number, n.agent_number, n.insert_time
			FROM jsonb_to_recordset($1::jsonb) AS n(call_number text, group_number text, agent_number text, insert_time timestamptz)
			WHERE NOT EXISTS (SELECT 1 FROM cf_call_remember m
				WHERE m.call_number = n.call_number AND COALESCE(m.group_number, '') = n.group_number)`,
	},
	putBlacklisted: {
		`UPDATE call_blacklist b SET category = n.category, dest_number = n.dest_number, group_number = n.group_number,
				expire_time = n.expire_time
			FROM jsonb_to_recordset($1::jsonb) AS n(call_number text, category int, dest_number text, group_number text,
				expire_time timestamptz)
			WHERE b.call_number = n.call_number`,
		`INSERT INTO call_blacklist (call_number, category, dest_number, group_number, expire_time)
			SELECT n.call_number, n.category, n.dest_number, n.group_number, n.expire_time
			FROM jsonb_to_recordset($1::jsonb) AS n(call_number text, category int, dest_number text, group_number text,
				expire_time timestamptz)
			WHERE NOT EXISTS (SELECT 1 FROM call_blacklist b WHERE b.call_number = n.call_number)`,
	},
	dropBlacklisted: {`DELETE FROM call_blacklist b USING jsonb_to_recordset($1::jsonb) AS n(call_number text)
		WHERE b.call_number = n.call_number`},
	putVIP: {`INSERT INTO call_vip_number (phone_number, group_number)
		SELECT n.phone_number, n.group_number FROM jsonb_to_recordset($1::jsonb) AS n(phone_number text, group_number text)
		WHERE NOT EXISTS (SELECT 1 FROM call_vip_number v
			WHERE v.phone_number = n.phone_number AND COALESCE(v.group_number, '') = n.group_number)`},
	dropVIP: {`DELETE FROM call_vip_number v USING jsonb_to_recordset($1::jsonb) AS n(phone_number text, group_number text)
		WHERE v.phone_number = n.phone_number AND COALESCE(v.group_number, '') = n.group_number`},
	putCDR: {`INSERT INTO nwayacd_cdr (call_uuid, caller, dialled, group_number, vip, switch, agent, leg_uuid, offers, outcome,
			hung_up_by, cause, survey, recording, arrived, answered, bridged, ended,
			visit, direction, caller_name, came_from, transferred_to, transfer_kind, recordings,
			position_first, position_last, welcome_ms, exit_key, callback_id, sl_seconds, short_seconds)
		SELECT r.call_uuid, r.caller, r.dialled, r.group_number, r.vip, r.switch, r.agent, r.leg_uuid, r.offers, r.outcome,
			r.hung_up_by, r.cause, r.survey, r.recording, r.arrived, r.answered, r.bridged, r.ended,
			r.visit, r.direction, r.caller_name, r.came_from, r.transferred_to, r.transfer_kind, r.recordings,
			r.position_first, r.position_last, r.welcome_ms, r.exit_key, r.callback_id, r.sl_seconds, r.short_seconds
		FROM jsonb_populate_recordset(NULL::nwayacd_cdr, $1::jsonb) AS r`},
	putOffer: {`INSERT INTO nwayacd_offer (call_uuid, group_number, agent, leg_uuid, number, transfer, outcome, cause,
			offered, answered, ended, ring_ms, talk_ms, visit, recording, arrived, level, hold_ms, wrap_up_ms, wrap_up_ended)
		SELECT r.call_uuid, r.group_number, r.agent, r.leg_uuid, r.number, r.transfer, r.outcome, r.cause,
			r.offered, r.answered, r.ended, r.ring_ms, r.talk_ms, r.visit, r.recording, r.arrived, r.level, r.hold_ms,
			r.wrap_up_ms, r.wrap_up_ended
		FROM jsonb_populate_recordset(NULL::nwayacd_offer, $1::jsonb) AS r`},
	putAgentLog: {`INSERT INTO nwayacd_agent_log (extension, status, at, call_uuid, standing, reason, by_whom, group_number)
		SELECT r.extension, r.status, r.at, r.call_uuid, r.standing, r.reason, r.by_whom, r.group_number FROM jsonb_populate_recordset(NULL::nwayacd_agent_log, $1::jsonb) AS r`},
	putWrapUp: {`UPDATE nwayacd_offer o SET wrap_up_ms = w.wrap_up_ms, wrap_up_ended = w.wrap_up_ended
		FROM jsonb_to_recordset($1::jsonb) AS w(agent text, offered timestamptz, wrap_up_ms bigint, wrap_up_ended text)
		WHERE o.id = (SELECT l.id FROM nwayacd_offer l WHERE l.agent = w.agent AND l.outcome = 'answered'
			AND (w.offered IS NULL OR l.offered = w.offered) ORDER BY l.offered DESC LIMIT 1) AND o.wrap_up_ms IS NULL
		RETURNING o.group_number, o.arrived, o.wrap_up_ms`},
	putTalk: {`INSERT INTO nwayacd_talk (call_uuid, server, talk)
		SELECT r.call_uuid, r.server, r.talk FROM jsonb_populate_recordset(NULL::nwayacd_talk, $1::jsonb) AS r
		ON CONFLICT (call_uuid) DO UPDATE SET server = excluded.server, talk = excluded.talk`},
	putReason: {`INSERT INTO nwayacd_reason (code, name, paid, position, active)
		SELECT r.code, r.name, r.paid, r.position, r.active FROM jsonb_populate_recordset(NULL::nwayacd_reason, $1::jsonb) AS r
		ON CONFLICT (code) DO UPDATE SET name = excluded.name, paid = excluded.paid, position = excluded.position,
			active = excluded.active`},
	dropReason: {`DELETE FROM nwayacd_reason WHERE code IN (
		SELECT r.code FROM jsonb_populate_recordset(NULL::nwayacd_reason, $1::jsonb) AS r)`},
	dropTalk: {`DELETE FROM nwayacd_talk WHERE call_uuid IN (
		SELECT r.call_uuid FROM jsonb_populate_recordset(NULL::nwayacd_talk, $1::jsonb) AS r)`},
	putUser: {`INSERT INTO nwayacd_user (name, password, role, groups, extension, language, must_change, disabled, created, changed)
		SELECT r.name, r.password, r.role, r.groups, r.extension, r.language, r.must_change, r.disabled, r.created, r.changed
		FROM jsonb_populate_recordset(NULL::nwayacd_user, $1::jsonb) AS r
		ON CONFLICT (name) DO UPDATE SET password = excluded.password, role = excluded.role, groups = excluded.groups,
			extension = excluded.extension, language = excluded.language, must_change = excluded.must_change,
			disabled = excluded.disabled, created = excluded.created, changed = excluded.changed`},
	setUser: {`UPDATE nwayacd_user t SET (password, role, groups, extension, language, must_change, disabled, changed) = (
			SELECT r.password, r.role, r.groups, r.extension, r.language, r.must_change, r.disabled, r.changed
			FROM jsonb_populate_record(t, u.d) AS r)
		FROM jsonb_array_elements($1::jsonb) AS u(d) WHERE t.name = u.d ->> 'name'`},
	dropUser: {`DELETE FROM nwayacd_user t USING jsonb_to_recordset($1::jsonb) AS n(name text) WHERE t.name = n.name`},
	putToken: {`INSERT INTO nwayacd_token (name, hash, role, groups, extension, created, created_by, expires, last_used, disabled)
		SELECT r.name, r.hash, r.role, r.groups, r.extension, r.created, r.created_by, r.expires, r.last_used, r.disabled
		FROM jsonb_populate_recordset(NULL::nwayacd_token, $1::jsonb) AS r
		ON CONFLICT (name) DO UPDATE SET hash = excluded.hash, role = excluded.role, groups = excluded.groups,
			extension = excluded.extension, created = excluded.created, created_by = excluded.created_by,
			expires = excluded.expires, last_used = excluded.last_used, disabled = excluded.disabled`},
	setToken: {`UPDATE nwayacd_token t SET (role, groups, extension, expires, last_used, disabled) = (
			SELECT r.role, r.groups, r.extension, r.expires, r.last_used, r.disabled
			FROM jsonb_populate_record(t, u.d) AS r)
		FROM jsonb_array_elements($1::jsonb) AS u(d) WHERE t.name = u.d ->> 'name'`},
	dropToken: {`DELETE FROM nwayacd_token t USING jsonb_to_recordset($1::jsonb) AS n(name text) WHERE t.name = n.name`},
	putSession: {`INSERT INTO nwayacd_session (hash, user_name, token_name, created, seen, expires, source, browser)
		SELECT r.hash, r.user_name, r.token_name, r.created, r.seen, r.expires, r.source, r.browser
		FROM jsonb_populate_recordset(NULL::nwayacd_session, $1::jsonb) AS r
		ON CONFLICT (hash) DO UPDATE SET created = excluded.created, seen = excluded.seen, expires = excluded.expires`},
	setSession: {`UPDATE nwayacd_session t SET (created, seen, expires) = (
			SELECT r.created, r.seen, r.expires FROM jsonb_populate_record(t, u.d) AS r)
		FROM jsonb_array_elements($1::jsonb) AS u(d) WHERE t.hash = u.d ->> 'hash'`},
	dropSession: {`DELETE FROM nwayacd_session t USING jsonb_to_recordset($1::jsonb) AS n(hash text) WHERE t.hash = n.hash`},
	putAudit: {`INSERT INTO nwayacd_audit (at, actor, role, source, way, action, object, detail, outcome, reason)
		SELECT r.at, r.actor, r.role, r.source, r.way, r.action, r.object, r.detail, r.outcome, r.reason
		FROM jsonb_populate_recordset(NULL::nwayacd_audit, $1::jsonb) AS r`},
	sweepWaiting: {`DELETE FROM callin_queue WHERE call_uuid NOT IN (SELECT jsonb_array_elements_text($1::jsonb -> 0 -> 'still'))`},
	sweepTalks: {`DELETE FROM nwayacd_talk WHERE server = $1::jsonb -> 0 ->> 'server'
		AND call_uuid NOT IN (SELECT jsonb_array_elements_text($1::jsonb -> 0 -> 'still'))`},
}

// safely is the settings of each transaction that writes.
//   - lib/pq opens it READ WRITE. A database that an operator has made read-only (before it
//     is moved, say) must not be written.
//   - If the host of the server is gone in the middle of a transaction, PostgreSQL ends that soon.
//     Otherwise its locks would keep another server from taking over.
const safely = `set_config('transaction_read_only', current_setting('default_transaction_read_only'), true),
	set_config('idle_in_transaction_session_timeout', '5s', true)`
