package queue

import (
	"time"

	"nwayacd/agent"
)

// Load fills an empty floor with what the database knows.
//
//   - The talks among s.Talks that go on are on the floor, until they are ended as any other is: Resumed finds them.
//   - Other agents with an offer or a talk are held, for Settings.Hold or until ReleaseHeld, and then ready.
//   - A wrap-up goes on from when it began.
//   - What an agent asked for during an offer or a talk takes effect when that ends. If it is over, it does so at once.
//   - Those who waited are absent.
func (f *Floor) Load(s Snapshot, now time.Time) {
	for _, m := range s.Members {
		f.groupsOf(m.Extension)[m.Group] = struct{}{}
	}
	for _, g := range s.Groups {
		f.addLine(g)
	}
	for _, a := range s.Agents {
		f.addDesk(a)
	}
	f.loadTalks(s.Talks, newestTalks(s.Talks))
	for _, a := range s.Agents {
		if d := f.desks[a.Extension]; d.lease == nil {
			f.resume(d, now)
		}
	}
	f.loadLists(s)
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
		key := memoryKey{m.Caller, m.Group}
		if newest, known := f.memories[key]; !known || newest.at.Before(m.At) { // old databases have a row for each talk
			f.memories[key] = memory{m.Agent, m.At}
		}
	}
}

func (f *Floor) resume(d *desk, now time.Time) {
	switch d.Call {
	case agent.Ring, agent.Talking:
		f.held[d.Extension] = d
		if f.settings.Hold <= 0 {
			f.ReleaseHeld(now)
			return
		}
		f.deadlines.add(deadline{at: now.Add(f.settings.Hold), held: true})
	case agent.Typing:
		f.startWrapUp(d, d.Since)
	}
	f.grantDeferred(d, now)
}

// ReleaseHeld makes agents ready, or what they asked to be, whose offer or talk is from an earlier
// life: by now it is known which of them are in a call that goes on.
func (f *Floor) ReleaseHeld(now time.Time) {
	for extension, d := range f.held {
		delete(f.held, extension)
		if f.desks[extension] != d {
			continue
		}
		engaged := d.Call == agent.Ring || d.Call == agent.Talking
		if engaged && f.recover(d, now) && d.Deferred == agent.NothingDeferred {
			f.note(d, agent.StatusReady, "", now)
		}
		f.grantDeferred(d, now)
	}
	f.settle(now)
}

// Edit takes over what another program changed in the database. Nothing of it is written back, but
// an agent's call state that it may not touch at the moment, and what follows from a wish
// (Deferred) that is carried out.
func (f *Floor) Edit(c Change, now time.Time) {
	f.edit(c, now)
	f.settle(now)
}

func (f *Floor) edit(c Change, now time.Time) {
	switch {
	case c.Agent != nil:
		f.editAgent(*c.Agent, now)
	case c.AgentAdded != nil:
		if f.desks[c.AgentAdded.Extension] == nil {
			f.addDesk(agent.Agent{Profile: agent.Profile{Extension: c.AgentAdded.Extension}})
		}
	case c.AgentRemoved != nil:
		if d := f.desks[*c.AgentRemoved]; d != nil {
			f.removeDesk(d)
		}
	case c.Group != nil:
		if l := f.lines[c.Group.Number]; l != nil {
			c.Group.apply(&l.Group)
		}
	case c.GroupAdded != nil:
		if f.lines[c.GroupAdded.Number] == nil {
			f.addLine(*c.GroupAdded)
		}
	case c.GroupRemoved != nil:
		f.strand(*c.GroupRemoved)
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
	}
}

// editAgent takes an edited row over. While an offer or call of ours stands, a foreign call_state
// is ignored and ours written again. A wish counts as if commanded: without an offer or a call, it
// is carried out at once.
func (f *Floor) editAgent(u agent.Update, now time.Time) {
	d := f.desks[u.Extension]
	if d == nil {
		return
	}
	switch {
	case u.Call == nil || *u.Call == d.Call:
		u.Call, u.Since = nil, nil // a time read back is less exact than ours, and the end of a wrap-up hangs on it
	case d.lease != nil:
		ours := d.Call
		u.Call, u.Since = nil, nil
		f.keep(Change{Agent: &agent.Update{Extension: d.Extension, Call: &ours}})
	}
	before := d.Agent
	u.Apply(&d.Agent)
	f.refile(d)
	f.noteEdit(d, &before, now)
	f.grantDeferred(d, now)
}

// noteEdit publishes what an edit made of the agent, as the command of the same effect would.
func (f *Floor) noteEdit(d *desk, before *agent.Agent, now time.Time) {
	if d.Up && !before.Up || d.Idle && !before.Idle || d.Registered && !before.Registered ||
		d.Call == agent.Ready && before.Call != agent.Ready {
		f.endRest(d)
	}
	if d.Up != before.Up {
		f.note(d, either(d.Up, agent.StatusLogin, agent.StatusLogout), "", now)
	}
	if d.Idle != before.Idle {
		f.note(d, either(d.Idle, agent.StatusReady, agent.StatusBusy), "", now)
	}
	if d.Call != before.Call {
		f.note(d, agent.Status(d.Call.String()), "", now)
		if d.Call == agent.Typing {
			d.Since = now
			f.startWrapUp(d, now)
		}
	}
}

func either[T any](first bool, a, b T) T {
	if first {
		return a
	}
	return b
}

// strand removes a group that another program deleted under its callers: those who wait go back to
// the dialplan.
func (f *Floor) strand(number string) {
	l := f.lines[number]
	if l == nil {
		return
	}
	f.removeLine(l)
	for _, c := range f.calls {
		if c.line == l && (c.phase == waiting || c.phase == greeting) {
			f.turnAway(c)
		}
	}
}

// turnAway sends a call whose group is gone back to the dialplan.
func (f *Floor) turnAway(c *call) {
	c.phase, c.stranded = leaving, true
	f.out.Stranded = append(f.out.Stranded, c.uuid)
}

// Reload takes over a whole snapshot, after the database could not be heard for a while: as if
// every difference had been edited just now.
func (f *Floor) Reload(s Snapshot, now time.Time) {
	f.reloadGroups(s.Groups, now)
	f.reloadAgents(s.Agents, now)
	f.reloadMembers(s.Members)
	f.loadLists(s)
	f.settle(now)
}

func (f *Floor) reloadGroups(groups []Group, now time.Time) {
	seen := map[string]bool{}
	for _, g := range groups {
		seen[g.Number] = true
		if l := f.lines[g.Number]; l != nil {
			l.Group = g
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
		d := f.desks[a.Extension]
		if d == nil {
			f.resume(f.addDesk(a), now)
			continue
		}
		if a.Call == agent.Ring || a.Call == agent.Talking { // read before the call ended: nothing would end it again
			a.Call, a.Since = d.Call, d.Since
		}
		if u, different := agent.Diff(&d.Agent, &a); different {
			f.editAgent(u, now)
		}
	}
	for extension := range f.desks {
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
