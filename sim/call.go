package sim

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"
)

// ErrOver reports that a call ended before the condition was met for which Wait waited.
var ErrOver = errors.New("sim: the call is over")

// Call is one caller, and what happened to them.
type Call struct {
	leg      *channel
	patience *time.Timer

	mu      sync.Mutex // guards what follows
	news    chan struct{}
	files   []file
	actions []string
	script  string // digits still to press
}

type file struct{ name, end string }

// Call lets a caller arrive. The caller's channel goes through the dialplan at once. On a switch
// that is down the call is over before it begins.
func (s *Switch) Call(opt CallOptions) *Call {
	uuid := cmp.Or(opt.UUID, s.newUUID())
	from := cmp.Or(opt.User, opt.Number, "anonymous")
	c := newChannel(s, uuid, "sofia/internal/"+from+"@"+s.domain())
	c.talk = opt.Talk
	c.ext = opt.User
	c.callerID, c.callerName, c.dialled = opt.Number, cmp.Or(opt.Name, opt.Number), opt.Dialled
	call := &Call{leg: c, news: make(chan struct{}), script: opt.Digits}
	c.call = call
	c.mu.Lock()
	c.sipVariables(opt.User)
	for name, value := range opt.Vars {
		c.setVarLocked(name, value)
	}
	c.mu.Unlock()
	s.calls.Add(1)
	if opt.Patience > 0 {
		call.patience = time.AfterFunc(opt.Patience, call.loseHeart)
	}
	if !s.enter(c, func() step { return c.arrive(opt.Dialplan) }) {
		call.refuse()
	}
	return call
}

func (c *channel) arrive(plan []Action) step {
	c.mu.Lock()
	c.callState = "RINGING"
	c.mu.Unlock()
	c.setState("CS_INIT")
	c.fire("CHANNEL_CALLSTATE")
	return c.route(plan)
}

// AgentCall makes a call of ext's phone that does not go through the ACD. It rings the phone dest
// if there is one, or else runs the dialplan extension dest. If there is neither, the call is
// answered until it is hung up.
func (s *Switch) AgentCall(ext, dest string) *Call {
	plan, known := s.route(dest)
	if _, isPhone := s.registered(dest); isPhone {
		plan = Plan("bridge user/" + dest)
	} else if !known {
		plan = Plan("echo")
	}
	return s.Call(CallOptions{Number: ext, User: ext, Dialled: dest, Dialplan: plan})
}

func (c *Call) refuse() {
	c.leg.mu.Lock()
	c.leg.cause = "SYSTEM_SHUTDOWN"
	c.leg.mu.Unlock()
	c.leg.down()
	close(c.leg.gone)
	c.changed()
}

func (c *Call) loseHeart() {
	if c.leg.talksTo() == nil {
		c.leg.hangup("ORIGINATOR_CANCEL")
	}
}

// UUID returns the uuid of the caller's channel.
func (c *Call) UUID() string { return c.leg.uuid }

// Hangup lets the caller hang up (NORMAL_CLEARING). It does not wait.
func (c *Call) Hangup() { c.leg.phoneLeaves() }

// Press sends one digit after another.
func (c *Call) Press(digits string) {
	for i := range len(digits) {
		c.leg.press(digits[i])
	}
}

// Done returns a channel that is closed when the caller's channel is gone.
func (c *Call) Done() <-chan struct{} { return c.leg.gone }

// Cause returns the hang-up cause, or "" while the call lives.
func (c *Call) Cause() string { return c.leg.hangupCause() }

// Heard lists what was played to the caller, in order, each as "FILE END". END is playing, played,
// broken (by uuid_break or a digit), stopped (by FreeSWITCH itself, as a bridge ended), missing, or
// lost (hung up, bridged, transferred or handed on meanwhile).
func (c *Call) Heard() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	heard := make([]string, len(c.files))
	for i, f := range c.files {
		heard[i] = f.name + " " + f.end
	}
	return heard
}

// Bridged returns the uuid of the leg with which the caller talks, or "".
func (c *Call) Bridged() string {
	if peer := c.leg.talksTo(); peer != nil {
		return peer.uuid
	}
	return ""
}

// Actions lists the dialplan actions begun so far, as "app data".
func (c *Call) Actions() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.actions)
}

// Var returns a channel variable, also after the end of the call, or "" if it is not set.
func (c *Call) Var(name string) string { return c.leg.getVar(name) }

// Answered reports whether the call was ever answered.
func (c *Call) Answered() bool { return c.leg.isAnswered() }

// Wait returns nil as soon as pred is true, which it asks after each change of the call. Otherwise
// it returns the cause of ctx, or ErrOver if the call ended first.
func (c *Call) Wait(ctx context.Context, pred func(*Call) bool) error {
	for {
		c.mu.Lock()
		news := c.news
		c.mu.Unlock()
		if pred(c) {
			return nil
		}
		select {
		case <-news:
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-c.leg.gone:
			if pred(c) {
				return nil
			}
			return ErrOver
		}
	}
}

// changed wakes every waiter.
func (c *Call) changed() {
	if !c.leg.up() && c.patience != nil {
		c.patience.Stop()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	close(c.news)
	c.news = make(chan struct{})
}

func (c *Call) did(a Action) {
	c.mu.Lock()
	c.actions = append(c.actions, strings.TrimSpace(a.App+" "+a.Data))
	c.mu.Unlock()
	c.changed()
}

// asked lets the caller press the next digits of their script.
func (c *Call) asked(most int) {
	c.mu.Lock()
	n := min(most, len(c.script))
	digits := c.script[:n]
	c.script = c.script[n:]
	c.mu.Unlock()
	c.Press(digits)
}

// heard records how a file ended.
func (c *channel) heard(name, end string) {
	c.endHearing(c.beginHearing(name), end)
}

func (c *channel) beginHearing(name string) int {
	if c.call == nil {
		return 0
	}
	c.call.mu.Lock()
	c.call.files = append(c.call.files, file{name, heardPlaying})
	n := len(c.call.files) - 1
	c.call.mu.Unlock()
	c.changed()
	return n
}

func (c *channel) endHearing(n int, end string) {
	if c.call == nil {
		return
	}
	c.call.mu.Lock()
	c.call.files[n].end = end
	c.call.mu.Unlock()
	c.changed()
}
