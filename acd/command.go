package acd

import (
	"context"
	"slices"
	"time"

	"nwayacd/agent"
	"nwayacd/internal/auth"
	"nwayacd/queue"
)

// The operations behind the commands of docs/commands.md. Each returns
//   - nil if the change is in the journal, safe from a crash;
//   - an error of package queue if it was refused and nothing changed;
//   - ctx's cause if the disk did not answer in time.

// Login makes the agent up, idle, ready, registered, and a member of exactly these groups. A
// supervisor's login leaves the memberships of groups that are not the supervisor's.
func (d *Dispatcher) Login(ctx context.Context, extension string, groups []string) error {
	return d.command(ctx, func(now time.Time) error {
		if err := d.mayLogIn(ctx, extension, groups); err != nil {
			return err
		}
		return d.floor.Login(extension, append(d.othersOf(ctx, extension, groups), groups...), now)
	})
}

// othersOf returns the agent's groups beside the named ones that a supervisor's login does not
// touch.
func (d *Dispatcher) othersOf(ctx context.Context, extension string, named []string) (others []string) {
	actor, _ := auth.From(ctx)
	if actor.Role != auth.Supervisor {
		return nil
	}
	v, err := d.floor.Agent(extension)
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(v.Groups, func(g string) bool { return actor.HasGroup(g) || slices.Contains(named, g) })
}

// Logout takes the agent down and out of the groups. During an offer or a call it takes effect at
// the end of that.
func (d *Dispatcher) Logout(ctx context.Context, extension string) error {
	return d.command(ctx, func(now time.Time) error { return d.floor.Logout(extension, now) })
}

// Busy is Pause without a reason.
func (d *Dispatcher) Busy(ctx context.Context, extension string) error {
	return d.Pause(ctx, extension, "")
}

// Ready makes the agent idle and ready, and ends its wrap-up.
func (d *Dispatcher) Ready(ctx context.Context, extension string) error {
	return d.command(ctx, func(now time.Time) error { return d.floor.Ready(extension, now) })
}

// AddAgent adds an extension with the password its phone registers with.
func (d *Dispatcher) AddAgent(ctx context.Context, extension, password string) error {
	return d.command(ctx, func(time.Time) error { return d.floor.AddAgent(extension, password) })
}

// RemoveAgent removes an extension. It is refused while the extension has an offer or a call.
func (d *Dispatcher) RemoveAgent(ctx context.Context, extension string) error {
	return d.command(ctx, func(time.Time) error { return d.floor.RemoveAgent(extension) })
}

// SetJobNumber sets the number that callers hear, and whether they hear it.
func (d *Dispatcher) SetJobNumber(ctx context.Context, extension, number string, say bool) error {
	return d.SetAgent(ctx, agent.Update{Extension: extension, JobNumber: &number, SayJobNumber: &say})
}

// SetRegistered sets by hand whether the extension's phone is registered.
func (d *Dispatcher) SetRegistered(ctx context.Context, extension string, registered bool) error {
	return d.command(ctx, func(now time.Time) error { return d.floor.SetRegistered(extension, registered, now) })
}

// AddGroup adds a group.
func (d *Dispatcher) AddGroup(ctx context.Context, number string, mode queue.Mode) error {
	return d.command(ctx, func(now time.Time) error { return d.floor.AddGroup(number, mode, now) })
}

// RemoveGroup removes a group. It is refused while callers wait in the group.
func (d *Dispatcher) RemoveGroup(ctx context.Context, number string) error {
	return d.command(ctx, func(time.Time) error { return d.floor.RemoveGroup(number) })
}

// SetPrompts changes a group's own prompts. A nil argument leaves that prompt as it is.
func (d *Dispatcher) SetPrompts(ctx context.Context, number string, welcome, blacklist, busy, transfer *string) error {
	return d.SetGroup(ctx, queue.GroupUpdate{
		Number: number, Welcome: welcome, Blacklist: blacklist, Busy: busy, Transfer: transfer,
	})
}

// Transfer offers the call to the extension. The call may wait, ring or talk. Transfer returns when
// the extension is reserved for the call.
func (d *Dispatcher) Transfer(ctx context.Context, uuid, extension string) error {
	return d.command(ctx, func(now time.Time) error {
		if d.closed {
			return errDrain
		}
		return d.floor.Transfer(uuid, extension, now)
	})
}

// PutBlacklisted puts a number on the blacklist, for callers who arrive from now on. replaced is
// true if the number was there with another rule.
func (d *Dispatcher) PutBlacklisted(ctx context.Context, b queue.Blacklisted) (replaced bool, err error) {
	err = d.command(ctx, func(time.Time) error { replaced = d.floor.PutBlacklisted(b); return nil })
	return replaced, err
}

// DropBlacklisted takes a number off the blacklist.
func (d *Dispatcher) DropBlacklisted(ctx context.Context, number string) error {
	return d.command(ctx, func(time.Time) error { return d.floor.DropBlacklisted(number) })
}

// PutVIP makes a number a VIP of a group, for calls that arrive from now on. The group "" means all
// groups. The result is true if the number was a VIP already.
func (d *Dispatcher) PutVIP(ctx context.Context, v queue.VIP) (already bool, err error) {
	err = d.command(ctx, func(time.Time) error { already = d.floor.PutVIP(v); return nil })
	return already, err
}

// DropVIP makes a number an ordinary caller of the group again.
func (d *Dispatcher) DropVIP(ctx context.Context, v queue.VIP) error {
	return d.command(ctx, func(time.Time) error { return d.floor.DropVIP(v) })
}

// Blacklist returns all blacklisted numbers in their order.
func (d *Dispatcher) Blacklist() []queue.Blacklisted {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.floor.Blacklist()
}

// VIPs returns all VIP numbers in their order.
func (d *Dispatcher) VIPs() []queue.VIP {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.floor.VIPs()
}

// Agent returns one agent. The error is queue.ErrNoAgent if there is none.
func (d *Dispatcher) Agent(extension string) (queue.AgentView, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.floor.Agent(extension)
}

// Agents returns all agents in the order of their extensions.
func (d *Dispatcher) Agents() []queue.AgentView {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.floor.Agents()
}

// Groups returns all groups in the order of their numbers.
func (d *Dispatcher) Groups() []queue.GroupView {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.floor.Groups()
}

// Edit applies what another program changed in the database. It calls take while the floor is
// locked, so nothing is written until the change is applied.
func (d *Dispatcher) Edit(take func() []queue.Change) {
	d.do(func(now time.Time) {
		for _, c := range take() {
			d.floor.Edit(c, now)
		}
	})
}

// Recall takes over who last answered which caller. There can be millions of these, so they come in
// parts, after the start.
func (d *Dispatcher) Recall(memories []queue.Memory) {
	d.do(func(now time.Time) { d.floor.Recall(memories, now) })
}

// Reload applies a whole snapshot of the database, as if every difference had been edited just now.
// It calls take while the floor is locked, so nothing is written until the snapshot is applied.
func (d *Dispatcher) Reload(take func() queue.Snapshot) {
	d.do(func(now time.Time) { d.floor.Reload(take(), now) })
}
