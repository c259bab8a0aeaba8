package store

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"nwayacd/internal/figures"
	"nwayacd/queue"
)

// The figures of each quarter hour are written in the transaction of the records that they are
// counted from. So they agree with the records, whatever crashes when.
//
// All that write them take the tables in the same order: nwayacd_interval, nwayacd_agent_interval,
// nwayacd_pause_interval, nwayacd_agent_open.

// figureTable is one of the tables of figures.
type figureTable struct {
	name    string
	key     []string
	columns []string
	longest string // the column that takes the greater value instead of the sum; "" = none
}

var figureTables = [...]figureTable{
	{"nwayacd_interval", []string{"group_number", "start"}, figures.CallColumns[:], "wait_longest_ms"},
	{"nwayacd_agent_interval", []string{"extension", "start", "group_number"}, figures.WorkColumns[:], ""},
	{"nwayacd_pause_interval", []string{"extension", "start", "reason"}, []string{"ms", "times"}, ""},
}

// reading returns the query of all columns.
func (t figureTable) reading() string {
	return "SELECT " + strings.Join(slices.Concat(t.key, t.columns), ", ") + " FROM " + t.name
}

// adding returns the statement that adds docs to the table. The statement is made of constants of
// this program only. with comes before it. value returns how the dialect reads a column of a doc.
func (t figureTable) adding(with string, value func(column string) string, from, greatest string) string {
	columns := slices.Concat(t.key, t.columns)
	values := make([]string, len(columns))
	for i, column := range columns {
		values[i] = value(column)
	}
	sums := make([]string, len(t.columns))
	for i, column := range t.columns {
		sums[i] = column + " = i." + column + " + excluded." + column
		if column == t.longest {
			sums[i] = column + " = " + greatest + "(i." + column + ", excluded." + column + ")"
		}
	}
	return with + "INSERT INTO " + t.name + " AS i (" + strings.Join(columns, ", ") + ") SELECT " +
		strings.Join(values, ", ") + " FROM " + from + " ON CONFLICT (" + strings.Join(t.key, ", ") +
		") DO UPDATE SET " + strings.Join(sums, ", ")
}

func addingAll(
	with string, value func(column string) string, from func(table string) string, greatest string,
) (all [3]string) {
	for i, t := range figureTables {
		all[i] = t.adding(with, value, from(t.name), greatest)
	}
	return all
}

// tally collects what the entries of one transaction add to the figures.
type tally struct {
	figures.Set
	open   map[string]figures.Open // of the agents in the entries
	before map[string]figures.Open // the same as it is in the database
}

// count adds an entry. The entry's agent must be in t.open if it has one.
func (t *tally) count(e *entry) {
	switch c := &e.change; {
	case c.CDR != nil:
		t.Visit(c.CDR)
	case c.Offer != nil:
		o := c.Offer
		t.Offer(o)
		spoken := figures.Spoken{
			Group: o.Group, Arrived: o.Arrived, Answered: o.Outcome == queue.OfferAnswered,
			Hold: o.Hold.Milliseconds(), WrapUp: o.WrapUp.Milliseconds(),
		}
		if ms, some := milliseconds(o.Answered, o.Ended).(int64); some {
			spoken.Talk = ms
		}
		t.Spoken(spoken)
	case c.AgentLog != nil:
		l := *c.AgentLog
		t.open[l.Extension] = t.Entry(t.open[l.Extension], &l)
	}
}

// writeFigures adds the entries, whose records are in tx already, to the figures. t has what was
// counted of them before.
func (db *database) writeFigures(ctx context.Context, tx *transaction, entries []entry, t *tally) error {
	extensions := map[string]bool{}
	for i := range entries {
		if l := entries[i].change.AgentLog; l != nil && l.Standing != "" {
			extensions[l.Extension] = true
		}
	}
	if err := db.readOpen(ctx, tx, slices.Sorted(maps.Keys(extensions)), t); err != nil {
		return err
	}
	for i := range entries {
		yieldToCalls(i)
		t.count(&entries[i])
	}
	return db.writeTally(ctx, tx, t)
}

// readOpen reads what these agents do.
func (db *database) readOpen(ctx context.Context, tx *transaction, extensions []string, t *tally) error {
	t.open, t.before = map[string]figures.Open{}, map[string]figures.Open{}
	if len(extensions) == 0 {
		return nil
	}
	list, err := json.Marshal(extensions)
	if err != nil {
		return unreadableError{err}
	}
	return db.readOpenRows(ctx, tx, t, db.figures.readOpen, string(list))
}

func (db *database) readOpenRows(ctx context.Context, tx *transaction, t *tally, query string, args ...any) error {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	_, err = collect(rows, func(scan func(...any) error) (struct{}, error) {
		var extension string
		var o figures.Open
		var at stamp
		err := scan(&extension, &o.Standing, &o.Reason, &o.Group, &at)
		o.At = at.Time
		t.open[extension], t.before[extension] = o, o
		return struct{}{}, err
	})
	return err
}

// writeTally writes what was counted, and what the agents do now.
func (db *database) writeTally(ctx context.Context, tx *transaction, t *tally) error {
	for i, docs := range t.docs() {
		if err := db.writeDocs(ctx, tx, db.figures.add[i], docs); err != nil {
			return err
		}
	}
	var put, drop []doc
	for _, extension := range slices.Sorted(maps.Keys(t.open)) {
		switch o := t.open[extension]; o {
		case t.before[extension]:
		case figures.Open{}:
			drop = append(drop, doc{"extension": extension})
		default:
			put = append(put, doc{
				"extension": extension, "standing": o.Standing, "reason": o.Reason, "group_number": o.Group,
				"at": fixedStamp(o.At),
			})
		}
	}
	if err := db.writeDocs(ctx, tx, db.figures.putOpen, put); err != nil {
		return err
	}
	return db.writeDocs(ctx, tx, db.figures.dropOpen, drop)
}

// fixedStamp returns a time as text of fixed width, which sorts as the times do.
func fixedStamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

// writeDocs runs the statement with the docs. It does nothing if there are none.
func (db *database) writeDocs(ctx context.Context, tx *transaction, statement string, docs []doc) error {
	if len(docs) == 0 {
		return nil
	}
	text, err := json.Marshal(docs)
	if err != nil {
		return unreadableError{err}
	}
	db.log(statement, string(text))
	_, err = tx.ExecContext(ctx, statement, string(text))
	return err
}

// docs returns the rows of figureTables.
func (t *tally) docs() [3][]doc {
	var all [3][]doc
	for _, key := range sortedKeys(t.Calls, func(a, b figures.CallKey) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), a.Start.Compare(b.Start))
	}) {
		d := doc{"group_number": key.Group, "start": key.Start}
		for i, n := range t.Calls[key] {
			d[figures.CallColumns[i]] = n
		}
		all[0] = append(all[0], d)
	}
	for _, key := range sortedKeys(t.Agents, func(a, b figures.AgentKey) int {
		return cmp.Or(cmp.Compare(a.Extension, b.Extension), a.Start.Compare(b.Start), cmp.Compare(a.Group, b.Group))
	}) {
		d := doc{"extension": key.Extension, "start": key.Start, "group_number": key.Group}
		for i, n := range t.Agents[key] {
			d[figures.WorkColumns[i]] = n
		}
		all[1] = append(all[1], d)
	}
	for _, key := range sortedKeys(t.Pauses, func(a, b figures.PauseKey) int {
		return cmp.Or(cmp.Compare(a.Extension, b.Extension), a.Start.Compare(b.Start), cmp.Compare(a.Reason, b.Reason))
	}) {
		p := t.Pauses[key]
		all[2] = append(all[2], doc{
			"extension": key.Extension, "start": key.Start, "reason": key.Reason, "ms": p.Time, "times": p.Times,
		})
	}
	return all
}

func sortedKeys[K comparable, V any](of map[K]V, compare func(a, b K) int) []K {
	return slices.SortedFunc(maps.Keys(of), compare)
}
