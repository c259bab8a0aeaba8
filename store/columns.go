package store

import (
	"strings"

	"nwayacd/agent"
	"nwayacd/queue"
)

// The columns of the settings are in statements that are made at the start, from the tables of the
// settings. Nothing that anybody has typed is among them.
var (
	agentSettings = agent.Settings.Columns()
	groupSettings = queue.GroupSettings.Columns()
)

// listed returns the columns with commas between them, each with the prefix.
func listed(prefix string, columns []string) string {
	return prefix + strings.Join(columns, ", "+prefix)
}

// sqliteSets returns assignments that set those columns that the doc u.value names, in the row of
// that alias. A null in the doc becomes NULL.
func sqliteSets(row string, columns []string) string {
	sets := make([]string, len(columns))
	for i, c := range columns {
		sets[i] = c + " = CASE WHEN json_type(u.value, '$." + c + "') IS NULL THEN " + row + "." + c +
			" ELSE u.value ->> '" + c + "' END"
	}
	return strings.Join(sets, ", ")
}

// sqliteValues returns the values of those columns in the doc named value.
func sqliteValues(columns []string) string {
	return "value ->> '" + strings.Join(columns, "', value ->> '") + "'"
}
