package queue

import (
	"time"

	"nwayacd/agent"
)

// Load fills an empty floor from the database.
//
//   - An agent whose talk is in s.Talks stays in that talk. Resumed finds it.
//   - Any other agent stored as ringing or talking is reserved for Settings.Reserve or until
//     ReleaseReserved, and then ready.
//   - A wrap-up continues from its start.
//   - A deferred busy or logout takes effect when the offer or talk ends, or at once if there is
//     none.
//   - Callers who waited are absent.
func (f *Floor) Load(s Snapshot, now time.Time) {
	s = s.before(now)
	for _, m := range s.Members {
		f.groupsOf(m.Extension)[m.Group] = struct{}{}
	}
	for _, g := range s.Groups {
		f.addLine(g)
	}
	for _, a := range s.Agents {
		f.addSlot(a)
	}
	f.now = now
	f.loadLog(s, now)
	f.loadTalks(s.Talks, newestTalks(s.Talks))
	for _, a := range s.Agents {
		if slot := f.slots[a.Extension]; slot.lease == nil {
			f.resumeAgent(slot, now)
		}
	}
	f.loadLists(s)
	f.loadReasons(s)
	f.loadAbsent(s, now)
	f.settle(now)
}

func (f *Floor) loadLists(s Snapshot) {
	clear(f.blacklist)
	clear(f.vips)
	for _, b := range s.Blacklist {
		f.blacklist[b.Number] = b
	}
	for _, v := range s.VIPs {
		f.vips[v] = struct{}{}
	}
	for _, m := range s.Memories {
		f.recall(m)
	}
}

// Recall takes over memories of before, which a snapshot did not have. It leaves out those that
// have expired.
func (f *Floor) Recall(memories []Memory, now time.Time) {
	for _, m := range memories {
		if !f.memoryExpired(memory{m.Agent, m.At}, now) {
			f.recall(m)
		}
	}
}

// recall keeps a memory if none is newer. Old databases have a row for each talk.
func (f *Floor) recall(m Memory) {
	key := memoryKey{m.Caller, m.Group}
	if newest, known := f.memories[key]; !known || newest.at.Before(m.At) {
		f.memories[key] = memory{m.Agent, m.At}
	}
}

func (f *Floor) resumeAgent(slot *agentSlot, now time.Time) {
	switch slot.Call {
	case agent.Ring, agent.Talking:
		f.reserved[slot.Extension] = slot
		if f.settings.Reserve <= 0 {
			f.ReleaseReserved(now)
			return
		}
		f.deadlines.add(deadline{at: now.Add(f.settings.Reserve), reserved: true})
	case agent.Typing:
		f.startWrapUp(slot, slot.Since, now)
	}
	f.applyDeferred(slot, now)
}

// ReleaseReserved frees the agents that are still reserved. By now it is known which agents of the
// process before are in a call. A deferred busy or logout takes effect.
func (f *Floor) ReleaseReserved(now time.Time) {
	for extension, slot := range f.reserved {
		delete(f.reserved, extension)
		if f.slots[extension] != slot {
			continue
		}
		engaged := slot.Call == agent.Ring || slot.Call == agent.Talking
		if engaged && f.recover(slot, now) && slot.Deferred == agent.NothingDeferred {
			f.publishStatus(slot, agent.StatusReady, "", now)
		}
		f.applyDeferred(slot, now)
	}
	f.settle(now)
}

// Edit takes over what another program changed in the database. Two things are written back:
//   - the agent's own call state, if an offer or a talk stands
//   - what follows from a deferred busy or logout that takes effect
func (f *Floor) Edit(c Change, now time.Time) {
	f.OrderedBy(bySQL)
	f.edit(c, now)
	f.OrderedBy("")
	f.settle(now)
}

// bySQL is the name of other programs that edit the database.
const bySQL = "sql"

func (f *Floor) edit(c Change, now time.Time) {
	switch {
	case c.Agent != nil:
		f.editAgent(*c.Agent, now)
	case c.AgentAdded != nil:
		if f.slots[c.AgentAdded.Extension] == nil {
			f.addSlot(agent.Agent{Profile: agent.Profile{Extension: c.AgentAdded.Extension}})
		}
	case c.AgentRemoved != nil:
		if slot := f.slots[*c.AgentRemoved]; slot != nil {
			f.removeSlot(slot)
		}
	case c.Group != nil:
		if l := f.lines[c.Group.Number]; l != nil {
			c.Group.apply(&l.Group)
			f.touchLine(l)
		}
	case c.GroupAdded != nil:
		if f.lines[c.GroupAdded.Number] == nil {
			f.addLine(*c.GroupAdded)
		}
	case c.GroupRemoved != nil:
		f.removeUnderCallers(*c.GroupRemoved)
	case c.MemberJoined != nil:
		f.joinGroup(c.MemberJoined.Extension, c.MemberJoined.Group)
	case c.MemberLeft != nil:
		f.leaveGroup(c.MemberLeft.Extension, c.MemberLeft.Group)
	default:
		f.editLists(c)
	}
}

func (f *Floor) editLists(c Change) {
	switch {
	case c.Blacklisted != nil:
		f.blacklist[c.Blacklisted.Number] = *c.Blacklisted
	case c.Unblacklisted != nil:
		delete(f.blacklist, *c.Unblacklisted)
	case c.VIPAdded != nil:
		f.vips[*c.VIPAdded] = struct{}{}
	case c.VIPRemoved != nil:
		delete(f.vips, *c.VIPRemoved)
	case c.Remembered != nil:
		m := c.Remembered
		f.memories[memoryKey{m.Caller, m.Group}] = memory{m.Agent, m.At}
	case c.ReasonPut != nil:
		f.reasons[c.ReasonPut.Code] = *c.ReasonPut
	case c.ReasonRemoved != nil:
		delete(f.reasons, *c.ReasonRemoved)
	}
}

// editAgent takes over an edited row. If an offer or a talk stands, a foreign call_state is ignored
// and ours is written again. A deferred busy or logout takes effect as if a command had asked for
// it.
func (f *Floor) editAgent(u agent.Update, now time.Time) {
	slot := f.slots[u.Extension]
	if slot == nil {
		return
	}
	switch {
	case u.Call == nil || *u.Call == slot.Call:
		u.Call, u.Since = nil, nil // a time read back is less exact than ours, and the end of a wrap-up hangs on it
	case slot.lease != nil:
		ours := slot.Call
		u.Call, u.Since = nil, nil
		f.record(Change{Agent: &agent.Update{Extension: slot.Extension, Call: &ours}})
	}
	before := slot.Agent
	u.Apply(&slot.Agent)
	if before.Call == agent.Typing && slot.Call != agent.Typing {
		f.endWrapUp(slot, agent.Recover, now)
	}
	f.updateAvailability(slot)
	f.followEdit(slot, &before, now)
	f.publishEdit(slot, &before, now)
	f.applyDeferred(slot, now)
}

// publishEdit publishes what an edit changed, as the command with the same effect would.
func (f *Floor) publishEdit(slot *agentSlot, before *agent.Agent, now time.Time) {
	if slot.Up && !before.Up || slot.Idle && !before.Idle || slot.Registered && !before.Registered ||
		slot.Call == agent.Ready && before.Call != agent.Ready {
		f.endRest(slot)
	}
	if slot.Up != before.Up {
		f.publishStatus(slot, either(slot.Up, agent.StatusLogin, agent.StatusLogout), "", now)
	}
	if slot.Idle != before.Idle || !slot.Idle && slot.PauseReason != before.PauseReason {
		f.publishStatus(slot, either(slot.Idle, agent.StatusReady, agent.StatusBusy), "", now)
	}
	if slot.Call != before.Call {
		f.publishStatus(slot, agent.Status(slot.Call.String()), "", now)
		if slot.Call == agent.Typing {
			slot.Since = now
			slot.wrapUpOf, slot.wrapUpBegan, slot.workGroup = nil, now, "" // after no talk
			f.startWrapUp(slot, now, now)
		}
	}
}

func either[T any](first bool, a, b T) T {
	if first {
		return a
	}
	return b
}

// removeUnderCallers removes a group that another program deleted. Its waiting callers go back to
// the dialplan.
func (f *Floor) removeUnderCallers(number string) {
	l := f.lines[number]
	if l == nil {
		return
	}
	f.removeLine(l)
	for _, c := range f.calls {
		if c.line == l && (c.phase == waiting || c.phase == greeting) {
			f.sendBack(c)
		}
	}
}

// sendBack sends a call whose group is gone back to the dialplan.
func (f *Floor) sendBack(c *call) {
	c.phase, c.groupGone = leaving, true
	f.touchCall(c)
	f.out.GroupRemoved = append(f.out.GroupRemoved, c.uuid)
}

// Reload takes over a whole snapshot as if every difference had been edited just now. It follows a
// time in which edits were not heard.
func (f *Floor) Reload(s Snapshot, now time.Time) {
	f.OrderedBy(bySQL)
	defer f.OrderedBy("")
	f.reloadGroups(s.Groups, now)
	f.reloadAgents(s.Agents, now)
	f.reloadMembers(s.Members)
	f.loadLists(s)
	f.loadReasons(s)
	f.settle(now)
}

func (f *Floor) reloadGroups(groups []Group, now time.Time) {
	seen := map[string]bool{}
	for _, g := range groups {
		seen[g.Number] = true
		if l := f.lines[g.Number]; l != nil {
			l.Group = g
			f.touchLine(l)
		} else {
			f.edit(Change{GroupAdded: &g}, now)
		}
	}
	for number := range f.lines {
		if !seen[number] {
			f.edit(Change{GroupRemoved: &number}, now)
		}
	}
}

func (f *Floor) reloadAgents(agents []agent.Agent, now time.Time) {
	seen := map[string]bool{}
	for _, a := range agents {
		seen[a.Extension] = true
		slot := f.slots[a.Extension]
		if slot == nil {
			f.resumeAgent(f.addSlot(a), now)
			continue
		}
		if a.Call == agent.Ring || a.Call == agent.Talking { // read before the call ended: no event would end it again
			a.Call, a.Since = slot.Call, slot.Since
		}
		keepExact(&a, &slot.Agent)
		if u, different := agent.Diff(&slot.Agent, &a); different {
			f.editAgent(u, now)
		}
	}
	for extension := range f.slots {
		if !seen[extension] {
			f.edit(Change{AgentRemoved: &extension}, now)
		}
	}
}

func (f *Floor) reloadMembers(members []Member) {
	want := map[string]groupSet{}
	for _, m := range members {
		if want[m.Extension] == nil {
			want[m.Extension] = groupSet{}
		}
		want[m.Extension][m.Group] = struct{}{}
	}
	for extension, groups := range f.members {
		for number := range groups {
			if _, stays := want[extension][number]; !stays {
				f.leaveGroup(extension, number)
			}
		}
	}
	for extension, groups := range want {
		for number := range groups {
			if _, here := f.groupsOf(extension)[number]; !here {
				f.joinGroup(extension, number)
			}
		}
	}
}
