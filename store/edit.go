package store

import (
	"context"
	"slices"

	"github.com/lib/pq"

	"nwayacd/agent"
	"nwayacd/internal/setting"
	"nwayacd/queue"
)

// edits are the rows that notices name, as they are now.
type edits struct {
	agents    map[string]account
	groups    map[string]queue.Group
	members   []queue.Member
	blacklist map[string]queue.Blacklisted
	vips      []queue.VIP
	memories  []queue.Memory
	auth      authEdits
	reasons   map[string]queue.Reason
}

// readEdits reads every row that notices name. It returns what each notice changed, in order.
func (s *Store) readEdits(ctx context.Context, notices []notice) ([]queue.Change, error) {
	tx, err := s.db.BeginTx(ctx, s.db.snapshot)
	if err != nil {
		return nil, err
	}
	defer tx.Rollback() // it only reads
	now, err := readNow(ctx, tx, reader{s.log}, keysOf(notices))
	if err != nil {
		return nil, err
	}
	var changes []queue.Change
	for _, n := range notices {
		changes = append(changes, now.changes(n)...)
	}
	return changes, nil
}

// keysOf collects the keys of all rows by table and column.
func keysOf(notices []notice) map[string][]string {
	keys := map[string][]string{}
	for _, n := range notices {
		for _, key := range []map[string]string{n.Key, n.Was} {
			for column, value := range key {
				keys[n.Table+"."+column] = append(keys[n.Table+"."+column], value)
			}
		}
	}
	return keys
}

func readNow(ctx context.Context, tx *transaction, r reader, keys map[string][]string) (now edits, err error) {
	of := func(column string) any { return pq.Array(keys[column]) }
	exts, groups := keys["call_extension.extension_number"], keys["ext_group.group_number"]
	if len(exts) > 0 {
		all, err := read(ctx, tx, r.agent, pgAgentsOf, pq.Array(exts))
		if err != nil {
			return now, err
		}
		now.agents = byKey(all, func(a account) string { return a.Extension })
	}
	if len(groups) > 0 {
		all, err := read(ctx, tx, r.group, pgGroupsOf, pq.Array(groups))
		if err != nil {
			return now, err
		}
		now.groups = byKey(all, func(g queue.Group) string { return g.Number })
	}
	if exts := append(exts, keys["ext_group_map.ext"]...); len(exts)+len(groups) > 0 {
		if now.members, err = read(ctx, tx, r.member, pgMembersOf, pq.Array(exts), pq.Array(groups)); err != nil {
			return now, err
		}
	}
	if len(keys["call_blacklist.call_number"]) > 0 {
		all, err := read(ctx, tx, r.blacklisted, pgBlacklistOf, of("call_blacklist.call_number"))
		if err != nil {
			return now, err
		}
		now.blacklist = byKey(all, func(b queue.Blacklisted) string { return b.Number })
	}
	if len(keys["call_vip_number.phone_number"]) > 0 {
		if now.vips, err = read(ctx, tx, r.vip, pgVIPsOf, of("call_vip_number.phone_number")); err != nil {
			return now, err
		}
	}
	if len(keys["nwayacd_reason.code"]) > 0 {
		all, err := read(ctx, tx, r.reason, pgReasonsOf, of("nwayacd_reason.code"))
		if err != nil {
			return now, err
		}
		now.reasons = byKey(all, func(r queue.Reason) string { return r.Code })
	}
	if len(keys["cf_call_remember.call_number"]) > 0 {
		now.memories, err = read(ctx, tx, r.memory, pgMemoriesOf, of("cf_call_remember.call_number"))
		if err != nil {
			return now, err
		}
	}
	now.auth, err = readAuthNow(ctx, tx, r, keys)
	return now, err
}

func byKey[T any](rows []T, key func(T) string) map[string]T {
	keyed := map[string]T{}
	for _, row := range rows {
		if _, known := keyed[key(row)]; !known {
			keyed[key(row)] = row
		}
	}
	return keyed
}

func (e *edits) changes(n notice) []queue.Change {
	switch n.Table {
	case "call_extension":
		return e.agentChanges(n)
	case "ext_group":
		return e.groupChanges(n)
	case "ext_group_map":
		return eachKey(n, func(key map[string]string) queue.Change {
			m := queue.Member{Group: key["ext_group_number"], Extension: key["ext"]}
			if slices.Contains(e.members, m) {
				return queue.Change{MemberJoined: &m}
			}
			return queue.Change{MemberLeft: &m}
		})
	case "call_blacklist":
		return eachKey(n, func(key map[string]string) queue.Change {
			number := key["call_number"]
			if b, there := e.blacklist[number]; there {
				return queue.Change{Blacklisted: &b}
			}
			return queue.Change{Unblacklisted: &number}
		})
	case "call_vip_number":
		return eachKey(n, func(key map[string]string) queue.Change {
			v := queue.VIP{Number: key["phone_number"], Group: key["group_number"]}
			if slices.Contains(e.vips, v) {
				return queue.Change{VIPAdded: &v}
			}
			return queue.Change{VIPRemoved: &v}
		})
	case "nwayacd_reason":
		return eachKey(n, func(key map[string]string) queue.Change {
			code := key["code"]
			if r, there := e.reasons[code]; there {
				return queue.Change{ReasonPut: &r}
			}
			return queue.Change{ReasonRemoved: &code}
		})
	case "cf_call_remember":
		return e.memoryChanges(n)
	case "nwayacd_user", "nwayacd_token", "nwayacd_session":
		return e.auth.changes(n)
	}
	return nil
}

// eachKey calls ask for the key before the edit, if the edit changed it, and for the key now.
func eachKey(n notice, ask func(map[string]string) queue.Change) []queue.Change {
	if n.Was == nil {
		return []queue.Change{ask(n.Key)}
	}
	return []queue.Change{ask(n.Was), ask(n.Key)}
}

func (e *edits) agentChanges(n notice) []queue.Change {
	ext, was := n.Key["extension_number"], n.Was["extension_number"]
	a, there := e.agents[ext]
	switch {
	case was != "":
		return append([]queue.Change{{AgentRemoved: &was}}, e.newAgent(ext)...)
	case n.Op == opInsert:
		return e.newAgent(ext)
	case n.Op == opDelete && !there:
		return []queue.Change{{AgentRemoved: &ext}}
	case n.Op == opDelete: // inserted again since: its own notice follows
		return nil
	case !there: // deleted since
		return nil
	}
	u := agent.Update{Extension: ext}
	changed := false
	for _, column := range n.Columns {
		changed = setEdited(&u, &a.Agent, column) || changed
	}
	if !changed {
		return nil
	}
	return []queue.Change{{Agent: &u}}
}

// newAgent returns all changes of an extension that another program added. The memberships are
// among them, because their notices may have come first.
func (e *edits) newAgent(ext string) []queue.Change {
	a, there := e.agents[ext]
	if !there {
		return nil
	}
	u := agent.Update{Extension: ext}
	for _, set := range agentColumns {
		set(&u, &a.Agent)
	}
	agent.Settings.Copy(&a.Agent, &u)
	changes := []queue.Change{{AgentAdded: &queue.NewAgent{Extension: ext, Password: a.password}}, {Agent: &u}}
	return append(changes, e.joined(func(m queue.Member) bool { return m.Extension == ext })...)
}

func (e *edits) groupChanges(n notice) []queue.Change {
	number, was := n.Key["group_number"], n.Was["group_number"]
	g, there := e.groups[number]
	switch {
	case was != "":
		return append([]queue.Change{{GroupRemoved: &was}}, e.newGroup(number)...)
	case n.Op == opInsert:
		return e.newGroup(number)
	case n.Op == opDelete && !there:
		return []queue.Change{{GroupRemoved: &number}}
	case n.Op == opDelete: // inserted again since: its own notice follows
		return nil
	case !there: // deleted since
		return nil
	}
	u := queue.GroupUpdate{Number: number}
	changed := false
	for _, column := range n.Columns {
		if column == cursorColumn {
			u.Cursor = &g.Cursor
			changed = true
		}
		changed = copySetting(queue.GroupSettings, &g, &u, column) || changed
	}
	if !changed {
		return nil
	}
	return []queue.Change{{Group: &u}}
}

func (e *edits) newGroup(number string) []queue.Change {
	g, there := e.groups[number]
	if !there {
		return nil
	}
	changes := []queue.Change{{GroupAdded: &g}}
	return append(changes, e.joined(func(m queue.Member) bool { return m.Group == number })...)
}

func (e *edits) joined(of func(queue.Member) bool) []queue.Change {
	var changes []queue.Change
	for _, m := range e.members {
		if of(m) && m.Group != "" && m.Extension != "" {
			changes = append(changes, queue.Change{MemberJoined: &m})
		}
	}
	return changes
}

func (e *edits) memoryChanges(n notice) []queue.Change {
	var changes []queue.Change
	for _, m := range newestMemories(e.memories) {
		if m.Caller == n.Key["call_number"] && m.Group == n.Key["group_number"] {
			changes = append(changes, queue.Change{Remembered: &m})
		}
	}
	return changes
}

// withoutOverwritten removes from changes what will be overwritten. This server has written that
// state or membership, and it is not applied yet.
func (s *Store) withoutOverwritten(changes []queue.Change, applied uint64) []queue.Change {
	for i, c := range changes {
		if c.Auth != nil {
			changes[i].Auth = s.ownWrites.overlaid(c.Auth, applied)
		}
	}
	return slices.DeleteFunc(changes, func(c queue.Change) bool {
		switch {
		case c.Agent != nil:
			s.ownWrites.clearOverwritten(c.Agent, applied)
			return *c.Agent == agent.Update{Extension: c.Agent.Extension}
		case c.MemberJoined != nil:
			return s.ownWrites.overwritesGroups(c.MemberJoined.Extension, applied)
		case c.MemberLeft != nil:
			return s.ownWrites.overwritesGroups(c.MemberLeft.Extension, applied)
		}
		return false
	})
}

// cursorColumn is the column of a group that no setting has.
const cursorColumn = "current_ext_number"

// agentColumns are the columns that another program may edit, beside those of the settings.
var agentColumns = map[string]func(*agent.Update, *agent.Agent){
	"reg_state":              func(u *agent.Update, a *agent.Agent) { u.Registered = &a.Registered },
	"seat_state":             func(u *agent.Update, a *agent.Agent) { u.Up = &a.Up },
	"seat_status":            func(u *agent.Update, a *agent.Agent) { u.Idle = &a.Idle },
	"call_state":             func(u *agent.Update, a *agent.Agent) { u.Call = &a.Call },
	"last_state_change_time": func(u *agent.Update, a *agent.Agent) { u.Since = &a.Since },
	"deferred":               func(u *agent.Update, a *agent.Agent) { u.Deferred = &a.Deferred },
	"pause_reason":           func(u *agent.Update, a *agent.Agent) { u.PauseReason = &a.PauseReason },
	"server_ip":              func(u *agent.Update, a *agent.Agent) { u.Server = &a.Server },
}

// setEdited makes u set what the column of a row has. It returns false if the column has nothing of
// the agent.
func setEdited(u *agent.Update, a *agent.Agent, column string) bool {
	if set, known := agentColumns[column]; known {
		set(u, a)
		return true
	}
	return copySetting(agent.Settings, a, u, column)
}

// copySetting makes u set the setting that has the column. It returns false if none has it.
func copySetting[T, U any](all setting.Table[T, U], of *T, u *U, column string) bool {
	s := all.ByColumn(column)
	if s != nil {
		s.Put(u, s.Own(of))
	}
	return s != nil
}
