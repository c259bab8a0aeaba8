package main

import (
	"fmt"
	"time"

	"nwayacd/sim"
)

// The talks, as the switches see them. A talk may end because one of the two phones hangs up, or
// because of a deed of the soak. Any other end is a violation.

// channelSeen is what is known of a channel that has been in a talk.
type channelSeen struct {
	peer    string    // the channel it talks with; "" = none
	since   time.Time // of that talk
	byPhone bool      // its own phone hung up
	over    time.Time
	parted  time.Time // its partner saw that
	excused time.Time // until then the soak itself may have ended it
}

// channel needs w.mu to be held.
func (w *watch) channel(uuid string) *channelSeen {
	c := w.channels[uuid]
	if c == nil {
		c = &channelSeen{}
		w.channels[uuid] = c
	}
	return c
}

// excuse records a deed for which these channels may end, from now on for so long.
func (w *watch) excuse(lasts time.Duration, uuids ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, uuid := range uuids {
		if until, c := time.Now().Add(lasts), w.channel(uuid); until.After(c.excused) {
			c.excused = until
		}
	}
}

// noExcuse undoes that.
func (w *watch) noExcuse(uuids ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, uuid := range uuids {
		w.channel(uuid).excused = time.Time{}
	}
}

func (c *channelSeen) isExcused() bool { return time.Now().Before(c.excused) }

// hearTalk follows the talks of all channels.
func (w *watch) hearTalk(e sim.ChannelEvent) {
	switch e.Name {
	case "CHANNEL_BRIDGE":
		for _, pair := range [][2]string{{e.UUID, e.Peer}, {e.Peer, e.UUID}} {
			c := w.channel(pair[0])
			if before := w.channels[c.peer]; before != nil && before.peer == pair[0] {
				before.peer = ""
			}
			c.peer, c.since = pair[1], time.Now()
			if caller := w.callers[pair[0]]; caller != nil {
				w.meets(caller, pair[1])
			}
		}
	case "CHANNEL_UNBRIDGE":
		c := w.channel(e.UUID)
		if c.peer != "" {
			w.channel(c.peer).parted = time.Now()
		}
		if other := w.channels[c.peer]; other != nil && other.peer == e.UUID && other.over.IsZero() {
			other.peer = ""
		}
		c.peer = ""
	case "CHANNEL_HANGUP":
		w.hangsUp(e)
	}
}

// meets records with whom a caller talks.
func (w *watch) meets(c *caller, other string) {
	c.left, c.with = false, other
	c.bridges++
	if c.bridged.IsZero() {
		c.bridged = time.Now()
		c.waitedFor = c.bridged.Sub(c.born)
	}
	c.story.add("talks to %s", w.nameOf(other))
	if l := w.legs[other]; l != nil && l.ours {
		c.talks = append(c.talks, talkSeen{leg: other, extension: l.extension, at: time.Now()})
	}
}

// hangsUp judges the end of a channel that talks.
func (w *watch) hangsUp(e sim.ChannelEvent) {
	c := w.channel(e.UUID)
	if !c.over.IsZero() {
		return
	}
	c.over, c.byPhone = time.Now(), e.ByPhone
	other := w.channels[c.peer]
	caller := w.callers[c.peer]
	if caller != nil && e.ByPhone {
		caller.left = true
	}
	if caller != nil && caller.ordered > 0 {
		return
	}
	if c.peer == "" || other == nil || other.peer != e.UUID || e.ByPhone || isCrash(e.Cause) {
		return
	}
	if other.over.IsZero() && !c.isExcused() && !other.isExcused() {
		about := w.callers[e.UUID]
		if about == nil {
			about = w.callers[c.peer]
		}
		w.violate("talk cut", fmt.Sprintf("%s was ended with %s after %s with %s, and neither phone did it",
			w.nameOf(e.UUID), e.Cause, time.Since(c.since).Round(time.Millisecond), w.nameOf(c.peer)), about)
	}
}

func isCrash(cause string) bool { return cause == "CRASH" || cause == "SYSTEM_SHUTDOWN" }

// explained reports whether a caller's channel ended for a known reason. It needs w.mu to be held.
func (w *watch) explained(c *caller, cause, outcome string) bool {
	ch := w.channel(c.uuid)
	switch {
	case cause == thrownOut:
		return ch.isExcused()
	case ch.byPhone, cause == "ORIGINATOR_CANCEL", isCrash(cause), cause == menuIsOver, ch.isExcused(), c.left:
		return true
	}
	return outcome != "" && c.app == "hangup" || c.app == "hangup" && c.plain
}

// talking are the callers whom the switches see in a talk with a leg of nwayacd that has lasted so
// long.
func (w *watch) talking(long time.Duration) (all []conversation) {
	for _, c := range w.here() {
		w.mu.Lock()
		if ch := w.channels[c.uuid]; ch != nil && ch.peer != "" && time.Since(ch.since) >= long && c.call != nil &&
			c.kind != consults &&
			time.Since(c.acted) > deedTime {
			if l := w.legs[ch.peer]; l != nil && l.ours {
				all = append(all, conversation{caller: c, leg: l.uuid, extension: l.extension})
			}
		}
		w.mu.Unlock()
	}
	return all
}

// deedTime is for how long no other deed concerns the same talk, because a person does one thing
// after another.
const deedTime = 8 * time.Second

// acts records that a deed concerns the caller's talk.
func (w *watch) acts(c *caller) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c.acted = time.Now()
}

// orders records that a command is on its way which takes the caller out of any talk, also out of
// one that begins before the command arrives. The function that it returns ends that.
func (w *watch) orders(c *caller) (answered func()) {
	add := func(n int) {
		w.mu.Lock()
		defer w.mu.Unlock()
		c.ordered += n
	}
	add(1)
	return func() { add(-1) }
}

// conversation is a caller in a talk with an agent.
type conversation struct {
	caller         *caller
	leg, extension string
}

// talksWith is the channel with which this one talks now; "" = none.
func (w *watch) talksWith(uuid string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if c := w.channels[uuid]; c != nil && c.over.IsZero() {
		return c.peer
	}
	return ""
}

// lately is the leg of nwayacd with which the caller talks, or talked a moment ago. It is "" if
// there is none.
func (w *watch) lately(c *caller) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(c.talks) == 0 {
		return ""
	}
	leg := c.talks[len(c.talks)-1].leg
	if over := w.channel(leg).over; !over.IsZero() && time.Since(over) > partingTime {
		return ""
	}
	return leg
}

// talkEnd is when the caller or the one with whom they talked last hung up, whoever did so first.
func (w *watch) talkEnd(c *caller) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	end, other := w.channel(c.uuid).over, w.channel(c.with).over
	if end.IsZero() || !other.IsZero() && other.Before(end) {
		return other
	}
	return end
}

// endedSlowly reports whether the switch took long from the end of a leg to that of its caller's
// bridge. It does if other processes have the processors. What happened then looks like a transfer.
func (w *watch) endedSlowly(leg string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := w.channel(leg)
	return !c.over.IsZero() && c.parted.Sub(c.over) > slowEnd
}

// slowEnd is far longer than the hooks of a caller take.
const slowEnd = 500 * time.Millisecond

// partingTime is how long a deed may be on its way before it ends a talk.
const partingTime = 2 * time.Second

// leftByPhone reports whether the phone of a channel hung up.
func (w *watch) leftByPhone(uuid string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := w.channels[uuid]
	return c != nil && c.byPhone
}

// isOver reports whether a channel that talked has ended.
func (w *watch) isOver(uuid string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := w.channels[uuid]
	return c != nil && !c.over.IsZero()
}

// passes records that a caller went to another place, so that the talk before does not explain
// their end any more.
func (w *watch) passes(c *caller) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c.left = false
}

// wasLeft reports whether the phone with which a caller talked has hung up.
func (w *watch) wasLeft(c *caller) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return c.left
}

// aims records the place to which the soak is about to send a caller.
func (w *watch) aims(c *caller, to string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c.aim, c.there, c.moved = to, false, true
	c.plain = c.plain || !isGroup(to)
}

// where returns the places to which the soak has sent a caller so far.
func (w *watch) where(c *caller) (at whereabouts) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return whereabouts{c.aim, c.there}
}

// whereabouts is the place to which a caller was sent, and whether they have come there.
type whereabouts struct {
	aim   string
	there bool
}

// isStillAt undoes aims.
func (w *watch) isStillAt(c *caller, at whereabouts) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c.aim, c.there = at.aim, at.there
}

// isAt reports whether the caller has come to the place to which the soak sent them.
func (w *watch) isAt(c *caller, to string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return c.aim == to && c.there
}

// reaches reports whether an action of the dialplan is one of the place.
func reaches(app, data, to string) bool {
	switch {
	case isGroup(to):
		return app == "socket" && groupOf(data) == to
	case to == menu:
		return app == "playback" && data == prompts[0]
	case to == lot:
		return app == "valet_park"
	case to == park:
		return app == "park"
	case to == elsewhere:
		return app == "socket" && groupOf(data) == ""
	}
	return app == "bridge" && data == "user/"+to
}

// inLine reports whether a group has taken the caller in, and no deed has taken them since.
func (w *watch) inLine(c *caller) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(c.entered) > 0 && c.asks == "" && !c.moved && len(c.talks) == 0
}

// keeps records that another program keeps the agent of a leg.
func (w *watch) keeps(leg string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.kept[leg] = time.Now().Add(10 * time.Second)
}

// connected records that the place or talk of a consulting call went to another caller.
func (w *watch) connected(c *caller, came bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c.connects = came
}

func (w *watch) name(channel string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.nameOf(channel)
}

// talkOf is the leg of nwayacd over which the extension's phone talks with a caller, and that
// caller; "" if there is none.
func (w *watch) talkOf(extension string) (uuid string, c *caller) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for uuid, l := range w.phones[extension] {
		if ch := w.channels[uuid]; l.ours && ch != nil && ch.peer != "" {
			if c := w.callers[ch.peer]; c != nil {
				return uuid, c
			}
		}
	}
	return "", nil
}

// isKept reports whether another program keeps the agent of a leg.
func (w *watch) isKept(leg string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Now().Before(w.kept[leg])
}

func (w *watch) deedsWith(leg string) []deed {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.deeds[leg]
}

// deedsOf are those about the talks of a caller.
func (w *watch) deedsOf(c *caller) (all []deed) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, t := range c.talks {
		all = append(all, w.deeds[t.leg]...)
	}
	return all
}
