package sim

import (
	"context"
	"slices"
	"sync"
	"time"

	"nwayacd/esl"
)

const (
	// the 1,000 rounds of 20 ms after which FreeSWITCH gives up waiting for the other leg.
	bridgeLimit = 20 * time.Second
	leadTime    = 200 * time.Millisecond // of the first 10 frames (DEFAULT_LEAD_FRAMES)
)

// talk is the bridge of two legs. The goroutine of the originator runs it, and the goroutine of the
// other lends its leg.
type talk struct {
	a, b      *channel
	notBefore time.Time     // the earliest moment of CHANNEL_BRIDGE
	joined    chan struct{} // closed by b when b has arrived
	begun     chan struct{} // closed by a when they talk
	goneA     chan struct{} // closed by a when a does not listen to b any more
	goneB     chan struct{} // closed by b when b does not listen to a any more
	decided   chan struct{} // closed by b when b knows its next step, as it leaves CS_EXCHANGE_MEDIA
	stranded  bool          // set before goneA is closed: a hung up before they met
	leaveA    sync.Once
}

func newTalk(a, b *channel) *talk {
	return &talk{
		a: a, b: b, joined: make(chan struct{}), begun: make(chan struct{}),
		goneA: make(chan struct{}), goneB: make(chan struct{}), decided: make(chan struct{}),
	}
}

// bridge is switch_ivr_uuid_bridge. It orders both legs to leave what they do, and returns before
// they are together. It returns false if one of them is gone or neither has media.
func (s *Switch) bridge(a, b *channel) bool {
	if a == nil || b == nil || a == b || !a.up() {
		return false
	}
	a.settle()
	b.settle()
	return s.arrange(a, b, max(a.late, b.late))
}

// arrange is bridge without the wait for messages that were sent to the two. takes is the time
// until the bridge is up.
func (s *Switch) arrange(a, b *channel, takes time.Duration) bool {
	if !a.hasMedia() {
		if !b.hasMedia() {
			return false
		}
		a, b = b, a
	}
	a.meet(b, "originatee")
	b.meet(a, "originator")
	t := newTalk(a, b)
	if takes > 0 {
		t.notBefore = time.Now().Add(takes)
	}
	for _, c := range []*channel{a, b} {
		if c.dies { // before the legs could meet
			c.phoneLeaves()
		}
	}
	a.redirect(t.lead)
	b.redirect(func() step { return t.follow(b) })
	return true
}

// meet sets the variables that uuid_bridge sets on each of the two channels. FreeSWITCH sets them
// before the channels leave the application that they execute.
func (c *channel) meet(other *channel, kind string) {
	c.setVar("bridge_channel", other.name)
	c.setVar("bridge_uuid", other.uuid)
	c.setVar("signal_bond", other.uuid)
	c.mu.Lock()
	dialled, name, number := c.dialled, c.callerName, c.callerID
	c.mu.Unlock()
	c.setVar("original_destination_number", dialled)
	c.setVar("original_caller_id_name", name)
	c.setVar("original_caller_id_number", number)
	c.faces(other, kind)
	c.movedBy("uuid_br", other.uuid)
}

// faces begins a new caller profile, which names the other leg.
func (c *channel) faces(other *channel, kind string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.profiles++
	c.otherLeg, c.otherType = other, kind
}

// lead is the originator's side (uuid_bridge_on_soft_execute).
func (t *talk) lead() step {
	a, b := t.a, t.b
	for _, state := range []string{"CS_HIBERNATE", "CS_RESET", "CS_SOFT_EXECUTE"} {
		a.setState(state)
	}
	defer t.forsake()
	switch {
	case !b.up(): // switch_core_session_locate finds no channel that is down
		return t.late()
	case !t.meets(), !b.up():
		return t.missed()
	case a.interrupted():
		b.hangup("DESTINATION_OUT_OF_ORDER")
		return a.ordered(nil)
	case b.interrupted():
		a.hangup("DESTINATION_OUT_OF_ORDER")
		return nil
	}
	about := func(other *channel) []esl.Header {
		return []esl.Header{{Name: "Application", Value: "uuid_bridge"}, {Name: "Application-Data", Value: other.uuid}}
	}
	a.fire("CHANNEL_EXECUTE", about(b)...)
	b.fire("CHANNEL_EXECUTE", about(a)...)
	torn := t.run()
	return a.ordered(a.afterBridge(b, torn))
}

// forsake reports to the other side that the originator is not with it any more, or never will be.
func (t *talk) forsake() { t.leaveA.Do(func() { close(t.goneA) }) }

// meets waits until the other leg has left what it did, and reports whether both are still up then.
func (t *talk) meets() bool {
	limit := time.NewTimer(bridgeLimit)
	defer limit.Stop()
	select {
	case <-t.joined:
	case <-t.b.ctx.Done():
	case <-t.a.ctx.Done():
	case <-limit.C:
		t.a.hangup("DESTINATION_OUT_OF_ORDER")
		t.b.hangup("DESTINATION_OUT_OF_ORDER")
	}
	if !t.notBefore.IsZero() {
		t.a.pause(time.Until(t.notBefore))
	}
	return t.b.up() && t.a.up()
}

// pause lets time pass in which the channel sees nothing but its own hang-up.
func (c *channel) pause(d time.Duration) {
	if d > 0 {
		elapse(c.ctx, d)
	}
}

// elapse lets time pass, or until ctx is done.
func elapse(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// run is the talk itself, from CHANNEL_BRIDGE to CHANNEL_UNBRIDGE. It reports whether the
// originator was called away from it (clean_exit).
func (t *talk) run() (torn bool) {
	a, b := t.a, t.b
	b.setVar("call_uuid", a.uuid)
	about := []esl.Header{{Name: "Bridge-A-Unique-ID", Value: a.uuid}, {Name: "Bridge-B-Unique-ID", Value: b.uuid}}
	if b.diesLater {
		t.fails(about)
		return false
	}
	a.setPeer(b)
	b.setPeer(a)
	a.s.bridges.Add(1)
	a.fire("CHANNEL_BRIDGE", about...)
	if b.isAnswered() {
		a.answer()
	}
	close(t.begun)
	a.changed()
	b.changed()
	a.listenWhileBridged(t.goneB)
	a.notice()
	torn = a.interrupted() && a.up()
	a.partFrom(b, t.forsake)
	b.stopAfterBridge()
	<-t.decided // its goroutine also ends the talk, whatever it runs
	a.note("bridge_hangup_cause", b.hangupCause())
	b.note("bridge_hangup_cause", a.hangupCause())
	b.setVar("call_uuid", b.uuid)
	a.fire("CHANNEL_UNBRIDGE", about...)
	a.changed()
	b.changed()
	return torn
}

// fails is a bridge whose other side hangs up before FreeSWITCH has locked its channel. FreeSWITCH
// has fired CHANNEL_BRIDGE by then. It logs "Bridge Failed", and no hook of a bridge runs
// (switch_ivr_multi_threaded_bridge).
func (t *talk) fails(about []esl.Header) {
	t.a.fire("CHANNEL_BRIDGE", about...)
	t.b.phoneLeaves()
	<-t.decided
	t.b.setVar("call_uuid", t.b.uuid)
	t.a.fire("CHANNEL_UNBRIDGE", about...)
}

// listenWhileBridged lasts until the other side leaves, the channel is called away, or its own
// phone hangs up after its talk time.
func (c *channel) listenWhileBridged(gone <-chan struct{}) {
	limit := c.talk
	if limit == 0 || limit > leadTime {
		if !c.firstFrames(gone) {
			return
		}
		c.executeOn("execute_on_pre_bridge")
		limit -= leadTime
	}
	var timer <-chan time.Time
	if limit > 0 {
		t := time.NewTimer(limit)
		defer t.Stop()
		timer = t.C
	}
	if c.idle(wait{timer: timer, other: gone, deaf: c.talk > 0 && c.talk <= leadTime}) == timeUp {
		c.phoneLeaves()
	}
}

// firstFrames waits for the first ten frames of the channel's own phone. Until then messages stay
// in its queue (audio_bridge_thread, DEFAULT_LEAD_FRAMES). Frames of a phone that holds do not
// count, because FreeSWITCH pauses its RTP. It returns false if the wait ended otherwise.
func (c *channel) firstFrames(gone <-chan struct{}) bool {
	for {
		frames := time.NewTimer(leadTime)
		why := c.idle(wait{timer: frames.C, other: gone, deaf: true})
		frames.Stop()
		if why != timeUp || !c.holds() {
			return why == timeUp
		}
	}
}

// follow is the other side (audio_bridge_on_exchange_media).
func (t *talk) follow(b *channel) step {
	b.setState("CS_HIBERNATE")
	b.setState("CS_RESET") // and there it stays if the originator is taken away before they meet
	close(t.joined)
	if t.awaitBegin(b) {
		b.setState("CS_EXCHANGE_MEDIA")
		b.listenWhileBridged(t.goneA)
		b.notice()
		b.partFrom(t.a, func() { close(t.goneB) })
	} else {
		close(t.goneB)
	}
	next := b.afterFollowing()
	close(t.decided)
	return b.ordered(next)
}

// awaitBegin returns false if the bridge does not come up. If the originator hangs up before that,
// FreeSWITCH leaves b in silence until somebody moves it (switch_ivr_bridge.c,
// uuid_bridge_on_soft_execute).
func (t *talk) awaitBegin(b *channel) bool {
	goneA := t.goneA
	for !b.interrupted() {
		select {
		case <-t.begun:
			return true
		case <-goneA:
			select {
			case <-t.begun:
				return true
			default:
			}
			if !t.stranded {
				return false
			}
			b.setState("CS_SOFT_EXECUTE")
			goneA = nil
		case <-b.wake:
		case <-b.ctx.Done():
		}
	}
	return false
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
	c.setVarLocked("last_bridge_to", peer.uuid)
	c.setVarLocked("signal_bond", peer.uuid)
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

// bridgeApp is the dialplan's bridge. It calls a destination and talks with it. If that fails, a
// variable has the cause, and the dialplan continues.
func (c *channel) bridgeApp(data string) string {
	vars, dial, ok := brackets(data)
	if !ok {
		return ""
	}
	t := newTalk(c, nil)
	defer t.forsake()
	l := &leg{vars: vars, dial: dial, timeout: defaultTimeout, caller: c, join: t}
	l.timeout = seconds(l.get("originate_timeout"), seconds(c.getVar("call_timeout"), l.timeout))
	c.beginOriginate()
	other, cause := c.s.ring(l)
	if held := c.endOriginate(); held != "" {
		c.handOver(held, other)
		return ""
	}
	if cause != "" {
		c.setVar("originate_disposition", cause)
		return ""
	}
	t.b = other
	if !t.meets() {
		return ""
	}
	c.faces(other, "originatee")
	other.faces(c, "originator")
	torn := t.run()
	if c.up() && !c.interrupted() {
		if next := c.afterTalk(other, torn); next != nil {
			c.redirect(next)
		}
	}
	return ""
}

func (c *channel) beginOriginate() {
	c.referring.Lock()
	defer c.referring.Unlock()
	c.originating = true
}

// endOriginate returns the channel that takes this channel's place because this channel's phone has
// sent a REFER meanwhile, or "". A REFER that comes later finds a channel that lets no phone ring.
func (c *channel) endOriginate() (held string) {
	c.referring.Lock()
	defer c.referring.Unlock()
	c.originating = false
	held = c.getVar("holding_uuid")
	c.setVar("holding_uuid", "")
	return held
}

// handOver ends a channel in whose place the channel held has come. held is bridged with the party
// that answered. If no party answered, held continues in this channel's dialplan.
func (c *channel) handOver(held string, other *channel) {
	switch caller := c.s.find(held); {
	case caller == nil:
	case other != nil:
		caller.setVar("hangup_after_bridge", "true")
		c.s.arrange(caller, other, 0)
	default:
		caller.masquerade(c)
	}
	c.hangup("ATTENDED_TRANSFER")
}

// masquerade is switch_channel_caller_extension_masquerade. It lets the channel continue in the
// rest of the other channel's dialplan, with the other channel's number and variables.
func (c *channel) masquerade(as *channel) {
	as.mu.Lock()
	vars, dialled, plan := slices.Clone(as.vars), as.dialled, as.plan
	as.mu.Unlock()
	c.mu.Lock()
	c.dialled = dialled
	for _, v := range vars {
		c.setVarLocked(v.Name, v.Value)
	}
	c.mu.Unlock()
	c.redirect(func() step {
		c.plan = slices.Clone(plan)
		c.setState("CS_RESET")
		return c.execution
	})
}
