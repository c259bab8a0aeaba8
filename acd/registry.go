package acd

import (
	"math"
	"slices"
	"sync"
	"time"

	"nwayacd/esl"
)

// registry knows what every channel is to us: the caller of a call, an agent's leg, a third party,
// or an external call. Events about a channel are understood through it, whichever connection
// brings them.
type registry struct {
	dispatcher *Dispatcher

	mu            sync.Mutex
	callers       map[string]*owner       // by the channel's uuid
	legs          map[string]*owner       // the same; a leg that is transferred into a group is also a caller
	thirds        map[string]*owner       // third parties, by the channel's uuid
	fars          map[string]*farChannel  // far channels, by uuid
	external      map[string]externalCall // by the channel's uuid
	externalCount map[string]int          // how many external calls an extension has
	held          map[string][]*esl.Connection
	open          map[*channel]struct{} // callers' channels with a connection, including those that want no agent
}

// owner is the call to which a channel belongs.
type owner struct {
	call *call
	leg  *leg // nil if the channel is not an agent's leg

	// The same event may come over the call's own connection and over the link. The first field has
	// the last events of this channel. The second has the last CHANNEL_BRIDGE events of other
	// channels that named it.
	seen, seenPeer recentEvents

	bridged uint64 // Event-Sequence of the last CHANNEL_BRIDGE of caller and leg
}

// externalCall is a call of an extension that nwayacd did not make.
type externalCall struct {
	link      *link
	extension string
}

func newRegistry(d *Dispatcher) *registry {
	return &registry{
		dispatcher: d, callers: map[string]*owner{}, legs: map[string]*owner{}, thirds: map[string]*owner{},
		fars:     map[string]*farChannel{},
		external: map[string]externalCall{}, externalCount: map[string]int{}, held: map[string][]*esl.Connection{},
		open: map[*channel]struct{}{},
	}
}

// addCall adds the call with its caller's channel, unless there are most calls already (0 = no
// limit). If the channel has a call already, addCall changes nothing and returns that call.
func (r *registry) addCall(c *call, most int) (earlier *call, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	uuid := c.channel().uuid
	if o := r.callers[uuid]; o != nil {
		return o.call, false
	}
	if most > 0 && len(r.callers) >= most {
		return nil, false
	}
	r.callers[uuid] = &owner{call: c}
	return nil, true
}

// hasLater reports whether FreeSWITCH has made another connection for the channel after this one.
func (r *registry) hasLater(ch *channel) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for other := range r.open {
		if other.uuid == ch.uuid && other.order > ch.order {
			return true
		}
	}
	return false
}

// lastVisit returns the last visit of the channel that is over and whose connection is still open.
// The headers of the channel lack it if FreeSWITCH made them before the visit set its variable.
func (r *registry) lastVisit(ch *channel) (last visit) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for other := range r.open {
		c := other.call.Load()
		if other == ch || other.uuid != ch.uuid || c == nil {
			continue
		}
		select {
		case <-c.gone:
			if v := c.visit(); v.number > last.number {
				last = v
			}
		default:
		}
	}
	return last
}

// removeCall removes the call, unless its channel belongs to another call now.
func (r *registry) removeCall(c *call) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if o := r.callers[c.channel().uuid]; o != nil && o.call == c {
		delete(r.callers, c.channel().uuid)
	}
}

// moveCall makes the call that of another caller's channel, which takes over what the call has. It
// returns false if that channel has a call of its own.
func (r *registry) moveCall(c *call, next *channel) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.callers[next.uuid] != nil {
		return false
	}
	delete(r.callers, c.channel().uuid)
	r.callers[next.uuid] = &owner{call: c}
	return true
}

// caller returns the call of that caller's channel, or nil if there is none.
func (r *registry) caller(uuid string) *call {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.callers[uuid].of()
}

// legCall returns the call of that agent's leg, or nil if there is none.
func (r *registry) legCall(uuid string) *call {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.legs[uuid].of()
}

func (o *owner) of() *call {
	if o == nil {
		return nil
	}
	return o.call
}

// all returns the calls that are being served.
func (r *registry) all() []*call {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]*call, 0, len(r.callers))
	for _, o := range r.callers {
		all = append(all, o.call)
	}
	return all
}

// count returns how many calls are being served.
func (r *registry) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.callers)
}

// Calls returns how many calls are being served, including recovered talks.
func (s *Server) Calls() int { return s.channels.count() }

func (r *registry) addLeg(c *call, l *leg) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range l.phones {
		r.legs[p.uuid] = &owner{call: c, leg: l}
	}
}

func (r *registry) removeLeg(l *leg) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range l.phones {
		delete(r.legs, p.uuid)
	}
}

// addThird adds a third party that is being called into the call's talk.
func (r *registry) addThird(c *call, uuid string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.thirds[uuid] = &owner{call: c}
}

func (r *registry) removeThird(uuid string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.thirds, uuid)
}

// isThird reports whether the channel is a third party that has not hung up.
func (r *registry) isThird(uuid string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.thirds[uuid] != nil
}

// connected adds a channel to those that have a connection.
func (r *registry) connected(ch *channel) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for other := range r.open {
		switch {
		case other.uuid != ch.uuid:
		case other.order > ch.order: // FreeSWITCH answered on the later one first
			other.sharesUntil(math.MaxInt64)
		default:
			ch.sharesUntil(math.MaxInt64)
		}
	}
	r.open[ch] = struct{}{}
}

func (r *registry) disconnected(ch *channel) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.open, ch)
	for uuid, held := range r.held { // few entries: callers who were taken while they waited
		if i := slices.Index(held, ch.conn); i >= 0 {
			if r.held[uuid] = slices.Delete(held, i, i+1); len(held) == 1 {
				delete(r.held, uuid)
			}
		}
	}
}

// every returns all callers' channels.
func (r *registry) every() []*channel {
	r.mu.Lock()
	defer r.mu.Unlock()
	every := make([]*channel, 0, len(r.open))
	for ch := range r.open {
		every = append(every, ch)
	}
	for _, o := range r.callers {
		every = append(every, o.call.channel())
	}
	return every
}

// at returns the callers' channels of one FreeSWITCH that have a connection.
func (r *registry) at(name string) (there []*channel) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for ch := range r.open {
		if ch.at().Name == name {
			there = append(there, ch)
		}
	}
	return there
}

// holdOpen keeps a connection of a caller who was taken while waiting. If it ended, FreeSWITCH
// would end the application that the caller is in now (mod_event_socket.c, end of listener_run). So
// it stays open until the channel is bridged or hangs up.
func (r *registry) holdOpen(uuid string, conn *esl.Connection) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.held[uuid] = append(r.held[uuid], conn)
}

// isHeld reports whether a connection is held open for a channel.
func (r *registry) isHeld(uuid string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.held[uuid]) > 0
}

// isShared reports whether another connection of the channel is held open. The connection of a
// consulting call is that of another channel.
func (r *registry) isShared(ch *channel) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for other := range r.open {
		if other != ch && other.uuid == ch.uuid && slices.Contains(r.held[ch.uuid], other.conn) {
			return true
		}
	}
	return false
}

// holds reports whether a connection is held open for any channel. If the connection has ended, it
// ended by itself.
func (r *registry) holds(conn *esl.Connection) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, held := range r.held {
		if slices.Contains(held, conn) {
			return true
		}
	}
	return false
}

// takeHeld removes and returns the connections that are held open for a channel. They may end now.
func (r *registry) takeHeld(uuid string) []*esl.Connection {
	r.mu.Lock()
	defer r.mu.Unlock()
	held := r.held[uuid]
	delete(r.held, uuid)
	return held
}

// exitHeld ends the connections that are held open for a channel.
func (r *registry) exitHeld(uuid string) { exitAll(r.takeHeld(uuid)) }

func exitAll(held []*esl.Connection) {
	for _, conn := range held {
		conn.Post(esl.Raw("exit")) // FreeSWITCH closes the connection, and its handler waits for that
	}
}

// isOurs reports whether the channel is an agent's leg or a third party of one of our calls.
func (r *registry) isOurs(uuid string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.legs[uuid] != nil || r.thirds[uuid] != nil
}

// noteExternal notes an external call of an extension.
func (r *registry) noteExternal(l *link, uuid, extension string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, known := r.external[uuid]; !known {
		r.external[uuid] = externalCall{l, extension}
		r.countExternal(extension, 1)
	}
}

// dropExternal removes an external call.
func (r *registry) dropExternal(uuid string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if known, is := r.external[uuid]; is {
		delete(r.external, uuid)
		r.countExternal(known.extension, -1)
	}
}

// retainExternal removes the external calls of a FreeSWITCH that are not in there, because they
// ended while the link was down.
func (r *registry) retainExternal(l *link, there map[string]bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for uuid, known := range r.external {
		if known.link == l && !there[uuid] {
			delete(r.external, uuid)
			r.countExternal(known.extension, -1)
		}
	}
}

// externalAt returns the external calls of a FreeSWITCH.
func (r *registry) externalAt(l *link) (uuids []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for uuid, known := range r.external {
		if known.link == l {
			uuids = append(uuids, uuid)
		}
	}
	return uuids
}

func (r *registry) countExternal(extension string, by int) {
	r.externalCount[extension] += by
	calls := r.externalCount[extension]
	if calls == 0 {
		delete(r.externalCount, extension)
	}
	r.dispatcher.do(func(now time.Time) { r.dispatcher.floor.SetOutside(extension, calls, now) })
}
