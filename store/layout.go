package store

import (
	"context"
	"database/sql"
)

// layouts describe the tables that changes are written to, by table.
type layouts map[string]layout

// layout has one line for each column, and for each thing in a table that can make the database
// refuse a row. The value is true for the latter: a constraint, a unique index, a trigger, a column
// that must have a value.
type layout map[string]bool

// differs reports whether a row that was good for the table as it was may be refused now. A new
// column without a condition does not count.
func (l layout) differs(was layout) bool {
	for line, restricts := range l {
		if _, known := was[line]; !known && restricts {
			return true
		}
	}
	for line, restricts := range was {
		if _, there := l[line]; !there && !restricts {
			return true
		}
	}
	return false
}

type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func (db *database) readLayout(ctx context.Context, from querier) (layouts, error) {
	rows, err := from.QueryContext(ctx, db.layoutQuery)
	if err != nil {
		return nil, err
	}
	all := layouts{}
	_, err = collect(rows, func(scan func(...any) error) (struct{}, error) {
		var table, line string
		var restricts bool
		err := scan(&table, &restricts, &line)
		if all[table] == nil {
			all[table] = layout{}
		}
		all[table][line] = restricts
		return struct{}{}, err
	})
	return all, err
}

// tablesOf names the tables that each kind of change is written to.
var tablesOf = map[kind][]string{
	setAgent: {"call_extension"}, addAgent: {"call_extension"}, removeAgent: {"call_extension", "ext_group_map"},
	setGroup: {"ext_group"}, addGroup: {"ext_group"}, removeGroup: {"ext_group", "ext_group_map"},
	setMembership: {"ext_group_map"}, joinGroup: {"ext_group_map"}, leaveGroup: {"ext_group_map"},
	putWaiting: {"callin_queue"}, dropWaiting: {"callin_queue"}, sweepWaiting: {"callin_queue"},
	putMemory: {"cf_call_remember"}, putBlacklisted: {"call_blacklist"}, dropBlacklisted: {"call_blacklist"},
	putVIP: {"call_vip_number"}, dropVIP: {"call_vip_number"},
	putCDR: {"nwayacd_cdr"}, putOffer: {"nwayacd_offer"}, putAgentLog: {"nwayacd_agent_log"},
	putWrapUp: {"nwayacd_offer"},
	putTalk:   {"nwayacd_talk"}, dropTalk: {"nwayacd_talk"}, sweepTalks: {"nwayacd_talk"},
	putUser: {"nwayacd_user"}, setUser: {"nwayacd_user"}, dropUser: {"nwayacd_user"},
	putToken: {"nwayacd_token"}, setToken: {"nwayacd_token"}, dropToken: {"nwayacd_token"},
	putSession: {"nwayacd_session"}, setSession: {"nwayacd_session"}, dropSession: {"nwayacd_session"},
	putAudit:  {"nwayacd_audit"},
	putReason: {"nwayacd_reason"}, dropReason: {"nwayacd_reason"},
}

const (
	postgresLayout = `WITH t AS (SELECT name, to_regclass(name)::oid AS id FROM unnest(ARRAY['call_extension', 'ext_group',
			'ext_group_map', 'callin_queue', 'cf_call_remember', 'call_blacklist', 'call_vip_number', 'nwayacd_cdr',
			'nwayacd_offer', 'nwayacd_agent_log', 'nwayacd_talk', 'nwayacd_reason', 'nwayacd_user', 'nwayacd_token', 'nwayacd_session',
			'nwayacd_audit']) AS name),
		a AS (SELECT t.name, c.* FROM t JOIN pg_attribute c ON c.attrelid = t.id AND c.attnum > 0 AND NOT c.attisdropped)
	SELECT name, false, attname || ' ' || format_type(atttypid, atttypmod) FROM a
	UNION ALL SELECT name, true, attname || ' NOT NULL' FROM a WHERE attnotnull AND NOT atthasdef
	UNION ALL SELECT name, true, pg_get_constraintdef(c.oid) FROM t JOIN pg_constraint c ON c.conrelid = t.id
	UNION ALL SELECT name, true, pg_get_indexdef(i.indexrelid) FROM t
		JOIN pg_index i ON i.indrelid = t.id WHERE i.indisunique
	UNION ALL SELECT name, true, pg_get_triggerdef(g.oid) FROM t
		JOIN pg_trigger g ON g.tgrelid = t.id WHERE NOT g.tgisinternal`

	sqliteLayout = `SELECT m.name, 0, p.name || ' ' || p.type FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS p
		WHERE m.type = 'table'
	UNION ALL SELECT m.name, 1, p.name || ' NOT NULL' FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS p
		WHERE m.type = 'table' AND p."notnull" AND p.dflt_value IS NULL
	UNION ALL SELECT tbl_name, 1, sql FROM sqlite_master
		WHERE type = 'trigger' OR type = 'index' AND sql LIKE 'CREATE UNIQUE%'`
)
