package queue

import (
	"cmp"
	"time"

	"nwayacd/agent"
)

// Busy is Pause without a reason.
func (f *Floor) Busy(extension string, now time.Time) error { return f.Pause(extension, "", now) }

// Pause makes the agent busy for a reason, which may be "". If the agent has an offer or a call,
// that happens when it ends. If the agent is busy already, a new reason begins a new pause at once.
func (f *Floor) Pause(extension, reason string, now time.Time) error {
	slot, err := f.slot(extension)
	if err == nil {
		err = f.checkReason(reason)
	}
	if err != nil {
		return err
	}
	f.pause(slot, reason, now)
	return nil
}

// PauseBySupervisor is Pause by a supervisor. A pause without a reason gets agent.SupervisorPause.
func (f *Floor) PauseBySupervisor(extension, reason string, now time.Time) error {
	slot, err := f.slot(extension)
	if err == nil {
		err = f.checkReason(reason)
	}
	if err != nil {
		return err
	}
	f.pause(slot, cmp.Or(reason, agent.SupervisorPause), now)
	return nil
}

func (f *Floor) pause(slot *agentSlot, reason string, now time.Time) {
	if slot.Idle && f.engaged(slot) {
		f.change(slot, func(a *agent.Agent) {
			a.Deferred, a.Pause = agent.BusyDeferred, agent.Pause{PauseReason: reason, PauseBy: f.orderedBy}
		})
	} else {
		f.beginPause(slot, reason, f.orderedBy, now)
	}
	f.settle(now)
}

// beginPause makes the agent busy now. A pause for the same reason goes on.
func (f *Floor) beginPause(slot *agentSlot, reason, by string, now time.Time) {
	f.change(slot, func(a *agent.Agent) {
		if a.Idle || a.PauseReason != reason {
			a.Pause = agent.Pause{PauseReason: reason, PauseBy: by, PausedSince: now}
		}
		a.Idle, a.Deferred = false, agent.NothingDeferred
	})
	f.publishStatus(slot, agent.StatusBusy, "", now)
}

// keepExact puts the floor's times into an agent that was read, if they are the same but for what
// the database rounds off.
func keepExact(read, ours *agent.Agent) {
	for _, at := range []struct {
		read *time.Time
		ours time.Time
	}{
		{&read.PausedSince, ours.PausedSince},
		{&read.LoginSince, ours.LoginSince},
		{&read.WrapUpUntil, ours.WrapUpUntil},
	} {
		if at.read.Sub(at.ours).Abs() < time.Millisecond {
			*at.read = at.ours
		}
	}
}

// followEdit keeps in order what belongs to the columns that another program edited: since when and
// by whom an agent is paused, and since when it is logged in. Only the floor changes these columns.
func (f *Floor) followEdit(slot *agentSlot, before *agent.Agent, now time.Time) {
	f.change(slot, func(a *agent.Agent) {
		a.PauseBy, a.PausedSince = before.PauseBy, before.PausedSince
		a.LoginSince, a.WrapUpUntil = before.LoginSince, before.WrapUpUntil
		switch {
		case !a.Idle && (before.Idle || a.PauseReason != before.PauseReason):
			a.PauseBy, a.PausedSince = f.orderedBy, now
		case !a.Idle:
		case a.Deferred != agent.BusyDeferred:
			a.Pause = agent.Pause{}
		default:
			a.PausedSince = time.Time{}
			if before.Deferred != agent.BusyDeferred {
				a.PauseBy = f.orderedBy
			}
		}
		if a.Up && !before.Up {
			a.LoginSince = now
		}
		if !a.Up {
			a.LoginSince = time.Time{}
		}
		if a.Call != agent.Typing {
			a.WrapUpUntil = time.Time{}
		}
	})
}
