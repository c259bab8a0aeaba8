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
	if f.slots[extension] != nil {
		return fmt.Errorf("extension %s: %w", extension, ErrExists)
	}
	f.record(Change{AgentAdded: &NewAgent{Extension: extension, Password: password}})
	f.addSlot(newAgent(extension))
	return nil
}

// addSlot puts an agent on the floor, with the memberships of its extension.
func (f *Floor) addSlot(a agent.Agent) *agentSlot {
	a.Outside = f.outside[a.Extension]
	slot := &agentSlot{Agent: a, sortKey: agent.SortKey(a.Extension), groups: f.groupsOf(a.Extension)}
	for number := range slot.groups {
		if l := f.lines[number]; l != nil {
			slot.lines = append(slot.lines, l)
		}
	}
	f.slots[a.Extension] = slot
	f.countStanding(slot)
	f.noteActivity(slot)
	f.reclaimLease(slot)
	f.updateAvailability(slot)
	return slot
}

// reclaimLease gives an agent its offer or talk back if its row was deleted and inserted again. So
// the agent never has two calls.
func (f *Floor) reclaimLease(slot *agentSlot) {
	l := f.orphans[slot.Extension]
	if l == nil {
		return
	}
	delete(f.orphans, slot.Extension)
	slot.lease, slot.workGroup = l, l.Group
	f.change(slot, func(a *agent.Agent) { a.Call = either(l.answered, agent.Talking, agent.Ring) })
}

func (f *Floor) groupsOf(extension string) groupSet {
	set := f.members[extension]
	if set == nil {
		set = groupSet{}
		f.members[extension] = set
	}
	return set
}

// RemoveAgent removes an extension and its memberships. It fails if the agent has an offer or a
// call.
func (f *Floor) RemoveAgent(extension string) error {
	slot, err := f.slot(extension)
	if err != nil {
		return err
	}
	if slot.lease != nil {
		return fmt.Errorf("%s: %w", extension, ErrOnCall)
	}
	f.removeSlot(slot)
	f.record(Change{AgentRemoved: &slot.Profile.Extension})
	return nil
}

// removeSlot takes the agent off the floor. Its talk goes on.
func (f *Floor) removeSlot(slot *agentSlot) {
	f.regroup(slot, nil)
	f.standings[slot.countedAs]--
	f.noteActivity(slot)
	if slot.Call == agent.Typing {
		f.endWrapUp(slot, agent.Recover, f.now)
	}
	delete(f.slots, slot.Extension)
	f.touchSlot(slot)
	delete(f.members, slot.Extension)
	f.updateAvailability(slot)
	if slot.lease != nil {
		f.orphans[slot.Extension] = slot.lease
	}
}

func (f *Floor) slot(extension string) (*agentSlot, error) {
	if slot := f.slots[extension]; slot != nil {
		return slot, nil
	}
	return nil, fmt.Errorf("extension %s: %w", extension, ErrNoAgent)
}

// Login makes the agent up, idle, ready, registered and a member of exactly these groups. The
// module that nwayacd replaces set registered, too. An unknown group is an error and changes
// nothing.
func (f *Floor) Login(extension string, groups []string, now time.Time) error {
	slot, err := f.slot(extension)
	if err != nil {
		return err
	}
	if err := f.checkGroups(groups); err != nil {
		return err
	}
	f.change(slot, func(a *agent.Agent) {
		if !a.Up {
			a.LoginSince = now
		}
		a.Registered, a.Up, a.Idle, a.Deferred, a.Pause = true, true, true, agent.NothingDeferred, agent.Pause{}
	})
	f.recoverUnlessEngaged(slot, now)
	f.endRest(slot)
	f.regroup(slot, groups)
	f.record(Change{Membership: &Membership{Extension: extension, Groups: groups}})
	f.publishStatus(slot, agent.StatusLogin, "", now)
	f.settle(now)
	return nil
}

// Logout takes the agent down and out of its groups. If the agent has an offer or a call, that
// happens when it ends.
func (f *Floor) Logout(extension string, now time.Time) error {
	slot, err := f.slot(extension)
	if err != nil {
		return err
	}
	if f.engaged(slot) {
		f.change(slot, func(a *agent.Agent) {
			a.Deferred = agent.LogoutDeferred
			if a.Idle { // a busy that was deferred is not
				a.Pause = agent.Pause{}
			}
		})
	} else {
		f.apply(slot, agent.LogoutDeferred, now)
	}
	f.settle(now)
	return nil
}

// applyDeferred applies a deferred busy or logout if the agent has no offer or call any more.
func (f *Floor) applyDeferred(slot *agentSlot, now time.Time) {
	if slot.Deferred != agent.NothingDeferred && !f.engaged(slot) {
		f.apply(slot, slot.Deferred, now)
	}
}

// engaged reports whether the agent has an offer or a call. After a restart that includes a call of
// the process before which may still go on.
func (f *Floor) engaged(slot *agentSlot) bool {
	return slot.lease != nil || f.reserved[slot.Extension] == slot &&
		(slot.Call == agent.Ring || slot.Call == agent.Talking)
}

// apply makes the agent busy or logs it out. Deferred is cleared in the same change that makes the
// agent busy or down. If the process dies between two changes, the next process applies it again.
func (f *Floor) apply(slot *agentSlot, deferred agent.Deferred, now time.Time) {
	switch deferred {
	case agent.BusyDeferred:
		f.beginPause(slot, slot.PauseReason, slot.PauseBy, now)
	case agent.LogoutDeferred:
		left := slices.Sorted(maps.Keys(slot.groups))
		f.regroup(slot, nil)
		f.record(Change{Membership: &Membership{Extension: slot.Extension}})
		f.change(slot, func(a *agent.Agent) {
			a.Up, a.Deferred, a.LoginSince = false, agent.NothingDeferred, time.Time{}
		})
		f.recover(slot, now)
		f.publishStatus(slot, agent.StatusLogout, "", now)
		f.out.Statuses[len(f.out.Statuses)-1].Left = left
	}
}

// Ready makes the agent idle and ready. It ends a wrap-up, a noanswer and a rest, and clears a
// deferred busy or logout. If the agent has an offer or a call, the call state stays. If the agent
// was idle then, there is no event.
func (f *Floor) Ready(extension string, now time.Time) error {
	slot, err := f.slot(extension)
	if err != nil {
		return err
	}
	wasIdle := slot.Idle
	f.change(slot, func(a *agent.Agent) {
		a.Idle, a.Deferred, a.Pause = true, agent.NothingDeferred, agent.Pause{}
	})
	f.recoverUnlessEngaged(slot, now)
	f.endRest(slot)
	if !f.engaged(slot) || !wasIdle {
		f.publishStatus(slot, agent.StatusReady, "", now)
	}
	f.settle(now)
	return nil
}

// recoverUnlessEngaged is recover for a command. It does not free an agent whose call from before a
// restart may go on.
func (f *Floor) recoverUnlessEngaged(slot *agentSlot, now time.Time) {
	if !f.engaged(slot) {
		f.recover(slot, now)
	}
}

// recover brings the agent's call state back to ready, unless it has an offer or a call.
func (f *Floor) recover(slot *agentSlot, now time.Time) bool {
	return slot.lease == nil && f.move(slot, agent.Recover, now)
}

// SetRegistered sets whether FreeSWITCH has a registration of the extension. If it has, a rest is
// over.
func (f *Floor) SetRegistered(extension string, registered bool, now time.Time) error {
	slot, err := f.slot(extension)
	if err != nil {
		return err
	}
	f.change(slot, func(a *agent.Agent) { a.Registered = registered })
	if registered {
		f.endRest(slot)
	}
	f.settle(now)
	return nil
}

// Registration follows a phone that registered or unregistered at a FreeSWITCH. server is that
// FreeSWITCH's address, or "" if it is not known. An unknown extension is ignored. A registration
// ends a rest if the agent was not registered before. If another phone of the agent is registered
// already, EndRest ends the rest.
func (f *Floor) Registration(extension string, registered bool, server string, now time.Time) {
	slot := f.slots[extension]
	if slot == nil {
		return
	}
	if !registered && slot.Server != "" && server != "" && slot.Server != server {
		return // it has registered elsewhere since
	}
	if registered && !slot.Registered {
		f.endRest(slot)
	}
	f.change(slot, func(a *agent.Agent) {
		a.Registered = registered
		if registered && server != "" {
			a.Server = server
		}
	})
	f.settle(now)
}

// SetOutside sets how many external calls the extension has. The extension may become an agent
// later.
func (f *Floor) SetOutside(extension string, calls int, now time.Time) {
	f.outside[extension] = calls
	if calls == 0 {
		delete(f.outside, extension)
	}
	if slot := f.slots[extension]; slot != nil {
		slot.Outside = calls
		f.updateAvailability(slot)
		f.settle(now)
	}
}

// regroup makes the agent a member of exactly these groups.
func (f *Floor) regroup(slot *agentSlot, groups []string) {
	for number := range maps.Clone(slot.groups) {
		if !slices.Contains(groups, number) {
			f.leaveGroup(slot.Extension, number)
		}
	}
	for _, number := range groups {
		f.joinGroup(slot.Extension, number)
	}
}

// joinGroup and leaveGroup alter one membership. The agent and the group need not exist.
func (f *Floor) joinGroup(extension, number string) {
	f.groupsOf(extension)[number] = struct{}{}
	slot, l := f.slots[extension], f.lines[number]
	f.touchMembership(slot, l)
	if slot != nil && l != nil {
		f.joinLine(slot, l)
	}
}

func (f *Floor) leaveGroup(extension, number string) {
	delete(f.groupsOf(extension), number)
	slot, l := f.slots[extension], f.lines[number]
	f.touchMembership(slot, l)
	if slot != nil && l != nil {
		l.available.Delete(slot)
		slot.leaveLine(l)
	}
}

// joinLine makes a group one of the agent's, and has settle look for a caller there.
func (f *Floor) joinLine(slot *agentSlot, l *line) {
	if !slices.Contains(slot.lines, l) {
		slot.lines = append(slot.lines, l)
		l.standings[slot.countedAs]++
	}
	if slot.indexed {
		l.available.Set(slot)
		f.nowAvailable = append(f.nowAvailable, slot)
	}
}

func (slot *agentSlot) leaveLine(l *line) {
	if i := slices.Index(slot.lines, l); i >= 0 {
		slot.lines = slices.Delete(slot.lines, i, i+1)
		l.standings[slot.countedAs]--
	}
}

// release ends a lease for its agent with the move m, and applies what was deferred.
func (f *Floor) release(l *Lease, m agent.Move, now time.Time) {
	l.over = true
	l.endHold(now)
	slot := f.slots[l.Agent.Extension]
	if slot == nil || slot.lease != l {
		if f.orphans[l.Agent.Extension] == l { // another program removed the extension meanwhile
			delete(f.orphans, l.Agent.Extension)
		}
		return
	}
	if l.answered && m != agent.Miss && m != agent.MissOut {
		f.endRest(slot)
	}
	slot.lease = nil
	u := f.moveState(slot, m, now)
	if slot.Call == agent.Typing {
		slot.beginWrapUp(l, now)
	}
	if l.answered {
		f.recordHangUp(slot, u, now)
	}
	switch {
	case slot.Call == agent.Typing:
		f.publishStatus(slot, agent.StatusTyping, l.Call, now)
		f.startWrapUp(slot, now, now)
	case slot.Call == agent.NoAnswer:
		f.publishStatus(slot, agent.StatusNoAnswer, l.Call, now)
	case slot.Deferred == agent.NothingDeferred:
		f.publishStatus(slot, agent.StatusReady, l.Call, now)
	}
	f.applyDeferred(slot, now)
}

// recordHangUp records when the agent's talk ended. It adds that to u if u is not nil.
func (f *Floor) recordHangUp(slot *agentSlot, u *agent.Update, now time.Time) {
	if u == nil {
		u = &agent.Update{Extension: slot.Extension}
		f.record(Change{Agent: u})
	}
	u.HungUp = &now
}

// Engage makes an agent who calls out talking until End. The lease has no caller on the floor. It
// is nil if the extension is no agent, or has an offer or a call. The profile is the agent's, if
// there is one.
func (f *Floor) Engage(extension, uuid string, now time.Time) (agent.Profile, *Lease) {
	slot := f.slots[extension]
	if slot == nil {
		return agent.Profile{}, nil
	}
	if slot.lease != nil {
		return slot.Profile, nil
	}
	f.engage(slot, &Lease{Call: uuid, Agent: slot.profile(), Offered: now, answered: true}, now)
	return slot.Profile, slot.lease
}

// engage gives the agent a call that the floor did not offer.
func (f *Floor) engage(slot *agentSlot, l *Lease, now time.Time) {
	slot.lease = l
	if !f.move(slot, agent.CallOut, now) {
		f.updateAvailability(slot)
	}
	slot.workGroup = l.Group
	f.publishStatus(slot, agent.StatusTalking, l.Call, now)
}
