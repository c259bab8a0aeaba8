package acd

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"nwayacd/agent"
	"nwayacd/internal/auth"
	"nwayacd/queue"
)

// ErrNotAllowed says that an agent may not log itself in to a group.
var ErrNotAllowed = errors.New("the agent may not log itself in to it")

// mayLogIn returns ErrNotAllowed if an agent logs itself in, by phone or page, to a group that is
// not an allowed one.
func (d *Dispatcher) mayLogIn(ctx context.Context, extension string, groups []string) error {
	by, _ := auth.From(ctx)
	p, err := d.floor.Agent(extension)
	if err != nil || by.Role != auth.Agent && by.Role != auth.Dialplan {
		return err
	}
	for _, g := range groups {
		if !p.MayLogInTo(g) {
			return fmt.Errorf("group %s: %w; allowed are %s", g, ErrNotAllowed,
				strings.ReplaceAll(p.AllowedGroups, ",", ", "))
		}
	}
	return nil
}

// Pause makes the agent busy for a reason, which may be "". During an offer or a call it takes
// effect at the end of that. If a supervisor gives no reason, it is agent.SupervisorPause. Errors:
// queue.ErrNoAgent, queue.ErrNoReason.
func (d *Dispatcher) Pause(ctx context.Context, extension, reason string) error {
	by, _ := auth.From(ctx)
	return d.command(ctx, func(now time.Time) error {
		if supervises(by, extension) {
			return d.floor.PauseBySupervisor(extension, reason, now)
		}
		return d.floor.Pause(extension, reason, now)
	})
}

// supervises reports whether it is a supervisor who gives an order about the extension of somebody
// else. A program with the control password or a token of an administrator acts for the agent.
func supervises(by auth.Actor, extension string) bool {
	person := by.Role == auth.Supervisor || by.Role == auth.Admin && strings.HasPrefix(by.Name, "user:")
	return person && by.Extension != extension
}

// ExtendWrapUp makes the agent's wrap-up longer. It returns when the wrap-up ends. Errors:
// queue.ErrNoAgent, queue.ErrNoWrapUp, queue.ErrEndlessWrapUp.
func (d *Dispatcher) ExtendWrapUp(ctx context.Context, extension string, by time.Duration) (ends time.Time, err error) {
	err = d.command(ctx, func(now time.Time) (err error) {
		ends, err = d.floor.ExtendWrapUp(extension, by, now)
		return err
	})
	return ends, err
}

// AddMember makes the agent a member of one more group, and leaves its state as it is.
func (d *Dispatcher) AddMember(ctx context.Context, extension, group string) error {
	return d.command(ctx, func(now time.Time) error { return d.floor.AddMember(extension, group, now) })
}

// RemoveMember takes the agent out of one group, and leaves its state as it is. The error is
// queue.ErrNoMember if the agent was not in it.
func (d *Dispatcher) RemoveMember(ctx context.Context, extension, group string) error {
	return d.command(ctx, func(time.Time) error { return d.floor.RemoveMember(extension, group) })
}

// SetAgent changes settings of an agent (agent.Settings), all or none.
func (d *Dispatcher) SetAgent(ctx context.Context, u agent.Update) error {
	return d.command(ctx, func(now time.Time) error { return d.floor.SetAgent(u, now) })
}

// SetGroup changes settings of a group (queue.GroupSettings), all or none.
func (d *Dispatcher) SetGroup(ctx context.Context, u queue.GroupUpdate) error {
	return d.command(ctx, func(time.Time) error { return d.floor.SetGroup(u) })
}

// Group returns one group. The error is queue.ErrNoGroup if there is none.
func (d *Dispatcher) Group(number string) (queue.GroupView, error) {
	for _, v := range d.Groups() {
		if v.Number == number {
			return v, nil
		}
	}
	return queue.GroupView{}, fmt.Errorf("group %s: %w", number, queue.ErrNoGroup)
}

// Reasons returns the reasons for a pause in their order.
func (d *Dispatcher) Reasons() []queue.Reason {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.floor.Reasons()
}

// PutReason adds a reason for a pause, or replaces the one with its code.
func (d *Dispatcher) PutReason(ctx context.Context, r queue.Reason) (replaced bool, err error) {
	err = d.command(ctx, func(time.Time) error { replaced = d.floor.PutReason(r); return nil })
	return replaced, err
}

// DropReason removes a reason for a pause. The error is queue.ErrNoReason if there is none.
func (d *Dispatcher) DropReason(ctx context.Context, code string) error {
	return d.command(ctx, func(time.Time) error { return d.floor.DropReason(code) })
}
