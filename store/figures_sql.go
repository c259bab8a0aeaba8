package store

// figureSQL has the statements and queries of the figures. Statements that write take a JSON array
// of docs. Queries of a time take bounds that figureSQL.bound makes.
type figureSQL struct {
	lock string    // statement: keeps out all others that write figures; "" if the transaction does that
	add  [3]string // statements, for each of figureTables
	drop [3]string // statements: from, to

	putOpen, dropOpen string // statements
	moveOpen          string // statement: to
	readOpen          string // query: extensions as a JSON array
	allOpen           string // query

	visits    string // query: from, to (of the arrival)
	offers    string // query: from, to (of the offer)
	spoken    string // query: from, to (of the visit's arrival)
	entries   string // query: from, to
	entriesOf string // query: extension, from, to
	before    string // query: the last entry of each agent before a time
	arrivals  string // query: position, how many to pass over: an arrival
	bound     string // how a bound is written

	calls  string // query: from, to, groups (JSON; NULL = all)
	agents string // query: the same
	pauses string // query: from, to
}

// The columns of the queries that are the same in both databases.
const (
	visitColumns = `SELECT group_number, direction, outcome, cause, transfer_kind, arrived, answered, bridged, ended,
		sl_seconds, short_seconds FROM nwayacd_cdr`
	offerColumns  = `SELECT agent, group_number, offered, outcome FROM nwayacd_offer`
	spokenColumns = `o.outcome, o.talk_ms, o.hold_ms, o.wrap_up_ms`
	entryColumns  = `SELECT extension, at, standing, reason, group_number FROM nwayacd_agent_log`
	openColumns   = `SELECT extension, standing, reason, group_number, at FROM nwayacd_agent_open`

	// spokenOfOld finds the visit of an offer of before, which has no arrival of its own. The
	// queries of spoken begin with the visits of their time, and look up the offers of each. OFFSET
	// 0 and CROSS JOIN make the databases do so. Their statistics after an upgrade say that few
	// offers have no arrival, and then they would read all of those for each part.
	spokenOfOld = ` AND c.id = (SELECT x.id FROM nwayacd_cdr x WHERE x.call_uuid = o.call_uuid AND x.visit = o.visit
		AND x.arrived <= o.offered ORDER BY x.arrived DESC LIMIT 1)`
)

var postgresFigures = figureSQL{
	lock: `LOCK TABLE nwayacd_interval, nwayacd_agent_interval, nwayacd_pause_interval, nwayacd_agent_open
		IN EXCLUSIVE MODE`,
	add: addingAll("", func(column string) string { return "r." + column },
		func(table string) string { return "jsonb_populate_recordset(NULL::" + table + ", $1::jsonb) AS r" },
		"GREATEST"),
	drop: [3]string{
		`DELETE FROM nwayacd_interval WHERE start >= $1 AND start < $2`,
		`DELETE FROM nwayacd_agent_interval WHERE start >= $1 AND start < $2`,
		`DELETE FROM nwayacd_pause_interval WHERE start >= $1 AND start < $2`,
	},

	putOpen: `INSERT INTO nwayacd_agent_open (extension, standing, reason, group_number, at)
		SELECT r.extension, r.standing, r.reason, r.group_number, r.at
		FROM jsonb_populate_recordset(NULL::nwayacd_agent_open, $1::jsonb) AS r
		ON CONFLICT (extension) DO UPDATE SET standing = excluded.standing, reason = excluded.reason,
			group_number = excluded.group_number, at = excluded.at`,
	dropOpen: `DELETE FROM nwayacd_agent_open WHERE extension IN (
		SELECT r.extension FROM jsonb_populate_recordset(NULL::nwayacd_agent_open, $1::jsonb) AS r)`,
	moveOpen: `UPDATE nwayacd_agent_open SET at = $1 WHERE at < $1`,
	readOpen: openColumns + ` WHERE extension IN (SELECT jsonb_array_elements_text($1::jsonb))`,
	allOpen:  openColumns,

	visits: visitColumns + ` WHERE arrived >= $1 AND arrived < $2`,
	offers: offerColumns + ` WHERE offered >= $1 AND offered < $2`,
	spoken: `SELECT o.group_number, o.arrived, ` + spokenColumns + ` FROM nwayacd_offer o
			WHERE o.arrived >= $1 AND o.arrived < $2
		UNION ALL SELECT o.group_number, c.arrived, ` + spokenColumns + ` FROM nwayacd_cdr c CROSS JOIN LATERAL (
				SELECT * FROM nwayacd_offer f
				WHERE f.call_uuid = c.call_uuid AND f.visit = c.visit AND f.arrived IS NULL OFFSET 0) o
			WHERE c.arrived >= $1 AND c.arrived < $2` + spokenOfOld,
	entries:   entryColumns + ` WHERE at >= $1 AND at < $2 AND standing <> '' ORDER BY id`,
	entriesOf: entryColumns + ` WHERE extension = $1 AND at >= $2 AND at < $3 AND standing <> '' ORDER BY id`,
	before: entryColumns + ` WHERE id IN (SELECT max(id) FROM nwayacd_agent_log WHERE at < $1 AND standing <> ''
		GROUP BY extension)`,
	arrivals: `SELECT arrived FROM nwayacd_cdr WHERE ($1 = '' OR arrived >= NULLIF($1, '')::timestamptz)
		ORDER BY arrived LIMIT 1 OFFSET $2`,
	bound: "2006-01-02T15:04:05Z",

	calls: figureTables[0].reading() + ` WHERE start >= $1 AND start < $2
		AND ($3::text IS NULL OR group_number IN (SELECT jsonb_array_elements_text($3::text::jsonb)))`,
	agents: figureTables[1].reading() + ` WHERE start >= $1 AND start < $2
		AND ($3::text IS NULL OR group_number = ''
			OR group_number IN (SELECT jsonb_array_elements_text($3::text::jsonb)))`,
	pauses: figureTables[2].reading() + ` WHERE start >= $1 AND start < $2`,
}

// The records have times whose fraction of a second has any width. So a bound has no Z: as text it
// comes before all times of its second.
var sqliteFigures = figureSQL{
	add: addingAll("WITH n AS MATERIALIZED (SELECT value FROM json_each(?1)) ",
		func(column string) string { return "value ->> '" + column + "'" },
		func(string) string { return "n WHERE true" }, "MAX"),
	drop: [3]string{
		`DELETE FROM nwayacd_interval WHERE start >= ?1 AND start < ?2`,
		`DELETE FROM nwayacd_agent_interval WHERE start >= ?1 AND start < ?2`,
		`DELETE FROM nwayacd_pause_interval WHERE start >= ?1 AND start < ?2`,
	},

	putOpen: `INSERT OR REPLACE INTO nwayacd_agent_open (extension, standing, reason, group_number, at)
		SELECT value ->> 'extension', value ->> 'standing', value ->> 'reason', value ->> 'group_number', value ->> 'at'
		FROM json_each(?1)`,
	dropOpen: `DELETE FROM nwayacd_agent_open WHERE extension IN (SELECT value ->> 'extension' FROM json_each(?1))`,
	moveOpen: `UPDATE nwayacd_agent_open SET at = ?1 WHERE at < ?1`,
	readOpen: openColumns + ` WHERE extension IN (SELECT value FROM json_each(?1))`,
	allOpen:  openColumns,

	visits: visitColumns + ` WHERE arrived >= ?1 AND arrived < ?2`,
	offers: offerColumns + ` WHERE offered >= ?1 AND offered < ?2`,
	spoken: `SELECT o.group_number, o.arrived, ` + spokenColumns + ` FROM nwayacd_offer o
			WHERE o.arrived >= ?1 AND o.arrived < ?2
		UNION ALL SELECT o.group_number, c.arrived, ` + spokenColumns + ` FROM nwayacd_cdr c
			CROSS JOIN nwayacd_offer o ON o.call_uuid = c.call_uuid AND o.visit = c.visit AND o.arrived IS NULL
			WHERE c.arrived >= ?1 AND c.arrived < ?2` + spokenOfOld,
	entries:   entryColumns + ` WHERE at >= ?1 AND at < ?2 AND standing <> '' ORDER BY id`,
	entriesOf: entryColumns + ` WHERE extension = ?1 AND at >= ?2 AND at < ?3 AND standing <> '' ORDER BY id`,
	before: entryColumns + ` WHERE id IN (SELECT max(id) FROM nwayacd_agent_log WHERE at < ?1 AND standing <> ''
		GROUP BY extension)`,
	arrivals: `SELECT arrived FROM nwayacd_cdr WHERE arrived >= ?1 ORDER BY arrived LIMIT 1 OFFSET ?2`,
	bound:    "2006-01-02T15:04:05",

	calls: figureTables[0].reading() + ` WHERE start >= ?1 AND start < ?2
		AND (?3 IS NULL OR group_number IN (SELECT value FROM json_each(?3)))`,
	agents: figureTables[1].reading() + ` WHERE start >= ?1 AND start < ?2
		AND (?3 IS NULL OR group_number = '' OR group_number IN (SELECT value FROM json_each(?3)))`,
	pauses: figureTables[2].reading() + ` WHERE start >= ?1 AND start < ?2`,
}
