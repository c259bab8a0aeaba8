package live

import (
	"bytes"
	"slices"
	"time"

	"nwayacd/queue"
)

// maxLog bounds how many changes of rows are kept. A stream that is farther behind gets a snapshot.
const maxLog = 16384

// kind is the kind of a row.
type kind uint8

const (
	groupKind kind = iota
	agentKind
	callKind
	kinds
)

// table has the rows of the floor in their latest form.
type table struct {
	version uint64
	rows    [kinds]map[string]*row // by number of the group, extension, uuid
	calls   map[string]*openCall   // by uuid
	groups  map[string]*groupState // by number
	agents  map[string]agentState  // by extension
	log     []entry                // the newest last
	oldest  uint64                 // the log has all changes after this version
}

// row is one row, encoded. It is visible to a viewer that has one of its tags.
type row struct {
	key     string
	version uint64 // of its last change
	full    []byte
	hidden  []byte // without the caller's number; nil = there is none
	// what a viewer must have to see the number; "" = the row itself is enough
	numberTag string
	tags      []string
	lost      map[string]uint64 // tags that the row has no more, and since which version
	gone      bool
}

// entry says that a row changed. An older entry of the same row does not count.
type entry struct {
	version uint64
	kind    kind
	row     *row
}

func newTable() table {
	t := table{calls: map[string]*openCall{}, groups: map[string]*groupState{}, agents: map[string]agentState{}}
	for k := range t.rows {
		t.rows[k] = map[string]*row{}
	}
	return t
}

// update takes over what has changed, as one version.
func (t *table) update(c *queue.Changed, counted *counted, now time.Time) {
	next := t.version + 1
	if c.Whole {
		t.removeOthers(c, next)
		t.version = max(t.version, 1) // even if the floor is empty
	}
	for _, uuid := range c.GoneCalls {
		t.remove(callKind, uuid, next)
		delete(t.calls, uuid)
	}
	for _, extension := range c.GoneAgents {
		t.remove(agentKind, extension, next)
		delete(t.agents, extension)
	}
	for _, number := range c.GoneGroups {
		t.remove(groupKind, number, next)
		delete(t.groups, number)
	}
	for i := range c.Calls {
		t.putCall(&c.Calls[i], next, now)
	}
	for i := range c.Agents {
		t.putAgent(&c.Agents[i], next, now)
	}
	t.putGroups(c.Groups, counted, next, now)
	t.trim()
}

// removeOthers removes the rows that are not among all that there are.
func (t *table) removeOthers(c *queue.Changed, next uint64) {
	stays := [kinds]map[string]bool{{}, {}, {}}
	for i := range c.Groups {
		stays[groupKind][c.Groups[i].Number] = true
	}
	for i := range c.Agents {
		stays[agentKind][c.Agents[i].Extension] = true
	}
	for i := range c.Calls {
		stays[callKind][c.Calls[i].UUID] = true
	}
	for number := range t.rows[groupKind] {
		if !stays[groupKind][number] {
			c.GoneGroups = append(c.GoneGroups, number)
		}
	}
	for extension := range t.rows[agentKind] {
		if !stays[agentKind][extension] {
			c.GoneAgents = append(c.GoneAgents, extension)
		}
	}
	for uuid := range t.rows[callKind] {
		if !stays[callKind][uuid] {
			c.GoneCalls = append(c.GoneCalls, uuid)
		}
	}
}

// put sets a row, unless it is as before.
func (t *table) put(k kind, next *row, version uint64) {
	was := t.rows[k][next.key]
	if was == nil {
		was = &row{key: next.key}
		t.rows[k][next.key] = was
	} else if bytes.Equal(was.full, next.full) && bytes.Equal(was.hidden, next.hidden) &&
		was.numberTag == next.numberTag && slices.Equal(was.tags, next.tags) {
		return
	}
	was.lose(next.tags, version)
	was.full, was.hidden, was.numberTag, was.tags = next.full, next.hidden, next.numberTag, next.tags
	t.note(k, was, version)
}

func (t *table) remove(k kind, key string, version uint64) {
	if r := t.rows[k][key]; r != nil {
		delete(t.rows[k], key)
		r.gone = true
		t.note(k, r, version)
	}
}

func (t *table) note(k kind, r *row, version uint64) {
	r.version, t.version = version, version
	t.log = append(t.log, entry{version, k, r})
}

// trim forgets the oldest changes, and whole versions only.
func (t *table) trim() {
	if len(t.log) <= maxLog {
		return
	}
	cut := len(t.log) - maxLog/2
	t.oldest = t.log[cut-1].version
	for cut < len(t.log) && t.log[cut].version == t.oldest {
		cut++
	}
	t.log = slices.Clone(t.log[cut:])
}

// lose notes the tags that the row has not any more.
func (r *row) lose(next []string, version uint64) {
	for _, tag := range r.tags {
		if !slices.Contains(next, tag) {
			if r.lost == nil {
				r.lost = map[string]uint64{}
			}
			r.lost[tag] = version
		}
	}
}
