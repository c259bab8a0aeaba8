package sim

import (
	"time"

	"nwayacd/esl"
)

// bridgeLimit is the 1,000 rounds of 20 ms after which FreeSWITCH gives the other leg up.
const bridgeLimit = 20 * time.Second

// talk is two legs being brought together by uuid_bridge: the originator's
// goroutine runs it, the other's lends its leg.
type talk struct {
	a, b   *channel
	joined chan struct{} // closed by b when it is there
	begun  chan struct{} // closed by a when they talk
	left   chan struct{} // closed by b when it goes
	over   chan struct{} // closed by a when it goes
}

func newTalk(a, b *channel) *talk {
	return &talk{a: a, b: b, joined: make(chan struct{}), begun: make(chan struct{}), left: make(chan struct{}), over: make(chan struct{})}
}

// bridge is switch_ivr_uuid_bridge: it orders both legs out of what they do and
// comes back before they are together. False when one is gone or neither has media.
func (s *Switch) bridge(a, b *channel) bool {
	if a == nil || b == nil || a == b || !a.up() {
		return false
	}
	a.settle()
	b.settle()
	if !a.hasMedia() {
		if !b.hasMedia() {
			return false
		}
		a, b = b, a
	}
	a.meet(b)
	b.meet(a)
	t := newTalk(a, b)
	for _, c := range []*channel{a, b} {
		if c.dies { // before the legs could meet
			c.phoneLeaves()
		}
	}
	a.redirect(t.lead)
	b.redirect(func() step { return t.follow(b) })
	return true
}

func (c *channel) meet(other *channel) {
	c.setVar("bridge_channel", other.name)
	c.setVar("bridge_uuid", other.uuid)
	c.setVar("signal_bond", other.uuid)
}

// lead is the originator's side (uuid_bridge_on_soft_execute).
func (t *talk) lead() step {
	a, b := t.a, t.b
	a.setState("CS_HIBERNATE")
	defer close(t.over)
	if !t.meets() {
		return t.missed()
	}
	about := func(other *channel) []esl.Header {
		return []esl.Header{{Name: "Application", Value: "uuid_bridge"}, {Name: "Application-Data", Value: other.uuid}}
	}
	a.fire("CHANNEL_EXECUTE", about(b)...)
	b.fire("CHANNEL_EXECUTE", about(a)...)
	t.run()
	return a.ordered(a.afterBridge(b))
}

// meets waits for the other leg to have left what it did.
func (t *talk) meets() bool {
	limit := time.NewTimer(bridgeLimit)
	defer limit.Stop()
	select {
	case <-t.joined:
		return t.b.up() && t.a.up()
	case <-t.b.ctx.Done():
	case <-t.a.ctx.Done():
	case <-limit.C:
	}
	return false
}

// missed is the other leg gone between uuid_bridge's +OK and the bridge:
// only a caller with park_after_bridge survives it.
func (t *talk) missed() step {
	a := t.a
	if !a.up() {
		t.b.hangup("DESTINATION_OUT_OF_ORDER")
		return nil
	}
	if isTrue(a.getVar("park_after_bridge")) {
		return a.ordered(a.parked)
	}
	a.hangup("DESTINATION_OUT_OF_ORDER")
	return nil
}

// run is the talk itself, from CHANNEL_BRIDGE to CHANNEL_UNBRIDGE.
func (t *talk) run() {
	a, b := t.a, t.b
	a.setPeer(b)
	b.setPeer(a)
	b.setVar("call_uuid", a.uuid)
	a.s.bridges.Add(1)
	about := []esl.Header{{Name: "Bridge-A-Unique-ID", Value: a.uuid}, {Name: "Bridge-B-Unique-ID", Value: b.uuid}}
	a.setState("CS_EXCHANGE_MEDIA")
	a.fire("CHANNEL_BRIDGE", about...)
	if b.isAnswered() {
		a.answer()
	}
	close(t.begun)
	a.changed()
	b.changed()
	a.listenWhileBridged(t.left)
	a.setPeer(nil)
	b.setPeer(nil)
	a.note("bridge_hangup_cause", b.hangupCause())
	b.note("bridge_hangup_cause", a.hangupCause())
	a.fire("CHANNEL_UNBRIDGE", about...)
	a.changed()
	b.changed()
}

// listenWhileBridged lasts until the other side goes, the channel is called
// away, or its own phone hangs up after its time.
func (c *channel) listenWhileBridged(gone <-chan struct{}) {
	var timer <-chan time.Time
	if c.talk > 0 {
		t := time.NewTimer(c.talk)
		defer t.Stop()
		timer = t.C
	}
	if c.idle(wait{timer: timer, other: gone}) == timeUp {
		c.phoneLeaves()
	}
}

// follow is the other side (audio_bridge_on_exchange_media).
func (t *talk) follow(b *channel) step {
	b.setState("CS_HIBERNATE")
	close(t.joined)
	select {
	case <-t.begun:
		b.listenWhileBridged(t.over)
	case <-t.over:
	case <-b.ctx.Done():
	}
	close(t.left)
	select {
	case <-t.over:
	case <-b.ctx.Done():
	}
	if !b.up() {
		return nil
	}
	b.clearReset()
	return b.ordered(func() step {
		if isTrue(b.getVar("park_after_bridge")) {
			return b.parked
		}
		b.hangup("NORMAL_CLEARING")
		return nil
	})
}

// afterBridge is what the originator goes on with, in FreeSWITCH's order:
// park, hang up with the other's cause, the rest of the dialplan.
func (c *channel) afterBridge(other *channel) step {
	if !c.up() {
		return nil
	}
	c.clearReset()
	switch {
	case isTrue(c.getVar("park_after_bridge")):
		return c.parked
	case isTrue(c.getVar("hangup_after_bridge")):
		return func() step {
			c.hangup(causeOr(other.hangupCause(), "NORMAL_CLEARING"))
			return nil
		}
	}
	return c.execution
}

func (c *channel) setPeer(peer *channel) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.peer = peer
	if peer == nil {
		c.setVarLocked("bridge_to", "")
		return
	}
	c.setVarLocked("bridge_to", peer.uuid) // unlike bridge_uuid, gone with the bridge
	c.bridgedAt = time.Now()
}

func (c *channel) hangupCause() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cause
}

func (c *channel) note(name, value string) {
	if value != "" {
		c.setVar(name, value)
	}
}

// bridgeApp is the dialplan's bridge: it calls somebody and talks to them; a
// failure is a variable, and the dialplan goes on.
func (c *channel) bridgeApp(data string) string {
	vars, dial, ok := brackets(data)
	if !ok {
		return ""
	}
	t := newTalk(c, nil)
	l := &leg{vars: vars, dial: dial, timeout: defaultTimeout, caller: c, join: t}
	l.timeout = seconds(l.get("originate_timeout"), seconds(c.getVar("call_timeout"), l.timeout))
	other, cause := c.s.ring(l)
	if cause != "" {
		c.setVar("originate_disposition", cause)
		return ""
	}
	defer close(t.over)
	t.b = other
	if !t.meets() {
		return ""
	}
	t.run()
	if next := c.afterApp(other); next != nil {
		c.redirect(next)
	}
	return ""
}

// afterApp is afterBridge for the application: going on in the dialplan is just coming back.
func (c *channel) afterApp(other *channel) step {
	switch {
	case !c.up(), c.interrupted():
		return nil
	case isTrue(c.getVar("park_after_bridge")):
		return c.parked
	case isTrue(c.getVar("hangup_after_bridge")):
		c.hangup(causeOr(other.hangupCause(), "NORMAL_CLEARING"))
	}
	return nil
}
