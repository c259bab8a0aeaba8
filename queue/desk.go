package queue

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"nwayacd/agent"
)

// AddAgent adds an extension: unregistered, down, idle, ready.
func (f *Floor) AddAgent(extension, password string) error {
	if f.desks[extension] != nil {
		return fmt.Errorf("extension %s: %w", extension, ErrExists)
	}
	f.keep(Change{AgentAdded: &NewAgent{Extension: extension, Password: password}})
	f.addDesk(agent.Agent{Profile: agent.Profile{Extension: extension, Name: extension}, Presence: agent.Presence{Idle: true}})
	return nil
}

// addDesk puts an agent on the floor, with the memberships known of it.
func (f *Floor) addDesk(a agent.Agent) *desk {
	a.Outside = f.outside[a.Extension]
	d := &desk{Agent: a, order: agent.Order(a.Extension), groups: f.groupsOf(a.Extension)}
	for number := range d.groups {
		if l := f.lines[number]; l != nil {
			d.lines = append(d.lines, l)
		}
	}
	f.desks[a.Extension] = d
	f.count(d)
	f.takeUp(d)
	f.refile(d)
	return d
}

// takeUp gives an agent whose row was deleted and inserted again the offer or call it still has, so that it never has two.
func (f *Floor) takeUp(d *desk) {
	l := f.orphans[d.Extension]
	if l == nil {
		return
	}
	delete(f.orphans, d.Extension)
	d.lease = l
	f.change(d, func(a *agent.Agent) { a.Call = either(l.answered, agent.Talking, agent.Ring) })
}

func (f *Floor) groupsOf(extension string) groupSet {
	set := f.members[extension]
	if set == nil {
		set = groupSet{}
		f.members[extension] = set
	}
	return set
}

// RemoveAgent removes an extension and its memberships; not while it has an offer or a call.
func (f *Floor) RemoveAgent(extension string) error {
	d, err := f.desk(extension)
	if err != nil {
		return err
	}
	if d.lease != nil {
		return fmt.Errorf("%s: %w", extension, ErrOnCall)
	}
	f.removeDesk(d)
	f.keep(Change{AgentRemoved: &d.Profile.Extension})
	return nil
}

// removeDesk takes the agent off the floor; a talk it still has goes on.
func (f *Floor) removeDesk(d *desk) {
	f.regroup(d, nil)
	f.standings[d.standing]--
	delete(f.desks, d.Extension)
	delete(f.members, d.Extension)
	f.refile(d)
	if d.lease != nil {
		f.orphans[d.Extension] = d.lease
	}
}

func (f *Floor) desk(extension string) (*desk, error) {
	if d := f.desks[extension]; d != nil {
		return d, nil
	}
	return nil, fmt.Errorf("extension %s: %w", extension, ErrNoAgent)
}

// Login makes the agent up, idle, ready, registered (as the module did) and a member of exactly these groups. An unknown group is an
// error and changes nothing.
func (f *Floor) Login(extension string, groups []string, now time.Time) error {
	d, err := f.desk(extension)
	if err != nil {
		return err
	}
	for _, number := range groups {
		if f.lines[number] == nil {
			return fmt.Errorf("group %s: %w", number, ErrNoGroup)
		}
	}
	f.change(d, func(a *agent.Agent) { a.Registered, a.Up, a.Idle, a.Deferred = true, true, true, agent.NothingDeferred })
	f.recoverFree(d, now)
	f.endRest(d)
	f.regroup(d, groups)
	f.keep(Change{Membership: &Membership{Extension: extension, Groups: groups}})
	f.note(d, agent.StatusLogin, "", now)
	f.settle(now)
	return nil
}

// Logout takes the agent down and out of its groups; during an offer or call, when that ends.
func (f *Floor) Logout(extension string, now time.Time) error {
	return f.leaveWork(extension, agent.LogoutDeferred, now)
}

// Busy makes the agent busy; during an offer or call, when that ends.
func (f *Floor) Busy(extension string, now time.Time) error {
	return f.leaveWork(extension, agent.BusyDeferred, now)
}

func (f *Floor) leaveWork(extension string, wish agent.Deferred, now time.Time) error {
	d, err := f.desk(extension)
	if err != nil {
		return err
	}
	if !f.engaged(d) {
		f.grant(d, wish, now)
	} else {
		f.change(d, func(a *agent.Agent) { a.Deferred = wish })
	}
	f.settle(now)
	return nil
}

// grantDeferred carries out what was asked for while the agent had an offer or a call, where it has none any more.
func (f *Floor) grantDeferred(d *desk, now time.Time) {
	if d.Deferred != agent.NothingDeferred && !f.engaged(d) {
		f.grant(d, d.Deferred, now)
	}
}

// engaged reports whether the agent has an offer or a call, be it one of an earlier life of which nobody knows yet whether it goes on.
func (f *Floor) engaged(d *desk) bool {
	return d.lease != nil || f.held[d.Extension] == d && (d.Call == agent.Ring || d.Call == agent.Talking)
}

// grant carries out a wish, in place of any that was deferred. The one that was is taken off the record with what carries it out, and not before:
// should we die between two changes, it is carried out by who comes after us.
func (f *Floor) grant(d *desk, wish agent.Deferred, now time.Time) {
	switch wish {
	case agent.BusyDeferred:
		f.change(d, func(a *agent.Agent) { a.Idle, a.Deferred = false, agent.NothingDeferred })
		f.note(d, agent.StatusBusy, "", now)
	case agent.LogoutDeferred:
		f.regroup(d, nil)
		f.keep(Change{Membership: &Membership{Extension: d.Extension}})
		f.change(d, func(a *agent.Agent) { a.Up, a.Deferred = false, agent.NothingDeferred })
		f.recover(d, now)
		f.note(d, agent.StatusLogout, "", now)
	}
}

// Ready makes the agent idle and ready: it ends a wrap-up, a missed offer's noanswer and a rest,
// and takes back a deferred busy or logout. During an offer or call it does no more than that, and
// sends no event.
func (f *Floor) Ready(extension string, now time.Time) error {
	d, err := f.desk(extension)
	if err != nil {
		return err
	}
	wasIdle := d.Idle
	f.change(d, func(a *agent.Agent) { a.Idle, a.Deferred = true, agent.NothingDeferred })
	f.recoverFree(d, now)
	f.endRest(d)
	if !f.engaged(d) || !wasIdle {
		f.note(d, agent.StatusReady, "", now)
	}
	f.settle(now)
	return nil
}

// recoverFree is recover by a command, which does not free an agent whose call of an earlier life may go on.
func (f *Floor) recoverFree(d *desk, now time.Time) {
	if !f.engaged(d) {
		f.recover(d, now)
	}
}

// recover brings the agent's call state back to ready, unless an offer or call of ours stands.
func (f *Floor) recover(d *desk, now time.Time) bool {
	return d.lease == nil && f.move(d, agent.Recover, now)
}

// SetRegistered says by hand whether FreeSWITCH knows a phone for the extension. If it does, a rest
// is over.
func (f *Floor) SetRegistered(extension string, registered bool, now time.Time) error {
	d, err := f.desk(extension)
	if err != nil {
		return err
	}
	f.change(d, func(a *agent.Agent) { a.Registered = registered })
	if registered {
		f.endRest(d)
	}
	f.settle(now)
	return nil
}

// Registration follows a phone that registered or went, with the address of the FreeSWITCH it did
// so at ("" = not told). An extension that is no agent is of no interest. A rest is over if the
// agent had no phone before; a phone that registers anew beside that one ends it by EndRest.
func (f *Floor) Registration(extension string, registered bool, server string, now time.Time) {
	d := f.desks[extension]
	if d == nil {
		return
	}
	if !registered && d.Server != "" && server != "" && d.Server != server {
		return // it has registered elsewhere since
	}
	if registered && !d.Registered {
		f.endRest(d)
	}
	f.change(d, func(a *agent.Agent) {
		a.Registered = registered
		if registered && server != "" {
			a.Server = server
		}
	})
	f.settle(now)
}

// SetJobNumber sets the number said to callers, and whether to say it.
func (f *Floor) SetJobNumber(extension, number string, say bool) error {
	d, err := f.desk(extension)
	if err != nil {
		return err
	}
	f.change(d, func(a *agent.Agent) { a.JobNumber, a.SayJobNumber = number, say })
	return nil
}

// SetOutside says how many calls the extension has that are not the ACD's; it may become an agent later.
func (f *Floor) SetOutside(extension string, calls int, now time.Time) {
	f.outside[extension] = calls
	if calls == 0 {
		delete(f.outside, extension)
	}
	if d := f.desks[extension]; d != nil {
		d.Outside = calls
		f.refile(d)
		f.settle(now)
	}
}

// regroup makes the agent a member of exactly these groups.
func (f *Floor) regroup(d *desk, groups []string) {
	for number := range maps.Clone(d.groups) {
		if !slices.Contains(groups, number) {
			f.leaveGroup(d.Extension, number)
		}
	}
	for _, number := range groups {
		f.joinGroup(d.Extension, number)
	}
}

// joinGroup and leaveGroup alter one membership; either side may be missing.
func (f *Floor) joinGroup(extension, number string) {
	f.groupsOf(extension)[number] = struct{}{}
	if d, l := f.desks[extension], f.lines[number]; d != nil && l != nil {
		f.seatAt(d, l)
	}
}

func (f *Floor) leaveGroup(extension, number string) {
	delete(f.groupsOf(extension), number)
	if d, l := f.desks[extension], f.lines[number]; d != nil && l != nil {
		l.free.Delete(d)
		d.leave(l)
	}
}

// seatAt makes a living group one of the agent's, and has the agent look for callers there.
func (f *Floor) seatAt(d *desk, l *line) {
	if !slices.Contains(d.lines, l) {
		d.lines = append(d.lines, l)
		l.standings[d.standing]++
	}
	if d.filed {
		l.free.Set(d)
		f.idle = append(f.idle, d)
	}
}

func (d *desk) leave(l *line) {
	if i := slices.Index(d.lines, l); i >= 0 {
		d.lines = slices.Delete(d.lines, i, i+1)
		l.standings[d.standing]--
	}
}

// release ends a lease for its agent: by the move where that is what the agent is in, with whatever was deferred.
func (f *Floor) release(l *Lease, m agent.Move, now time.Time) {
	l.over = true
	d := f.desks[l.Agent.Extension]
	if d == nil || d.lease != l {
		if f.orphans[l.Agent.Extension] == l { // another program removed the extension meanwhile
			delete(f.orphans, l.Agent.Extension)
		}
		return
	}
	if l.answered && m != agent.Miss && m != agent.MissOut {
		f.endRest(d)
	}
	d.lease = nil
	u := f.shift(d, m, now)
	if l.answered {
		f.noteHangUp(d, u, now)
	}
	switch {
	case d.Call == agent.Typing:
		f.note(d, agent.StatusTyping, l.Call, now)
		f.startWrapUp(d, now)
	case d.Call == agent.NoAnswer:
		f.note(d, agent.StatusNoAnswer, l.Call, now)
	case d.Deferred == agent.NothingDeferred:
		f.note(d, agent.StatusReady, l.Call, now)
	}
	f.grantDeferred(d, now)
}

// noteHangUp writes down when the agent's talk ended, in u where that is not nil.
func (f *Floor) noteHangUp(d *desk, u *agent.Update, now time.Time) {
	if u == nil {
		u = &agent.Update{Extension: d.Extension}
		f.keep(Change{Agent: u})
	}
	u.HungUp = &now
}

// Engage makes an agent who calls out talking, until End: the lease has no caller of ours. It is nil where the extension is no agent, or has
// an offer or a call already; the profile is the agent's, if there is one.
func (f *Floor) Engage(extension, uuid string, now time.Time) (agent.Profile, *Lease) {
	d := f.desks[extension]
	if d == nil {
		return agent.Profile{}, nil
	}
	if d.lease != nil {
		return d.Profile, nil
	}
	f.engage(d, &Lease{Call: uuid, Agent: d.Profile, Offered: now, answered: true}, now)
	return d.Profile, d.lease
}

// engage gives the agent a call that the floor did not offer.
func (f *Floor) engage(d *desk, l *Lease, now time.Time) {
	d.lease = l
	if !f.move(d, agent.CallOut, now) {
		f.refile(d)
	}
	f.note(d, agent.StatusTalking, l.Call, now)
}

func (f *Floor) startWrapUp(d *desk, since time.Time) {
	if f.settings.Recover > 0 {
		f.deadlines.add(deadline{at: since.Add(f.settings.Recover), wrapUp: d, since: d.Since})
	}
}
