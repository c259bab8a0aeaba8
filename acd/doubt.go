package acd

import (
	"time"

	"nwayacd/queue"
)

// An agent has one call at a time. The lease of an offer keeps the agent from other calls, but it
// ends by itself. The leg may live longer: a telephone that answered in the last moment stays in
// FreeSWITCH's park for legParkTimeout. So an agent whose leg is in doubt has an external call,
// until FreeSWITCH has said over a link that the leg is over.

// doubtAfter is how long after the ring timeout a leg is in doubt if its offer still stands. The
// call may be waiting for a connection that is dead without a notice, whatever its limits add up
// to. So a timer of its own notes the leg, and the lease is still valid then.
const doubtAfter = 3 * time.Second

// The lease is valid until the leg is noted: this does not compile otherwise. An offer that ends by
// itself, because FreeSWITCH is silent, has the time to end its leg before the leg is in doubt.
const (
	_ = uint(queue.LeaseGrace - doubtAfter - time.Second)
	_ = uint(doubtAfter - overdueAfter)
)

// watchOver puts the leg in doubt if its offer stands for too long.
func (c *call) watchOver(l *leg) {
	at := c.channel().at()
	due := time.Until(l.offer.Offered.Add(l.offer.RingTimeout + doubtAfter))
	l.doubt.timer = time.AfterFunc(due, func() {
		l.doubt.mu.Lock()
		defer l.doubt.mu.Unlock()
		if !l.doubt.over {
			c.server.inDoubt(l, at)
		}
	})
}

// inDoubt makes what may be left of the leg an external call of its agent. It does nothing without
// a link, because nothing would report the end of that call.
func (s *Server) inDoubt(l *leg, at Switch) {
	link := s.linkOf(at.Name)
	if link == nil {
		return
	}
	for _, uuid := range l.channels() {
		s.channels.noteExternal(link, uuid, l.offer.Agent.Extension)
	}
	signalOne(link.stateChanged) // so that it is not believed for ever
}

// beyondDoubt says that the leg is over, or not there, or that it is a talk. So it is no external
// call.
func (s *Server) beyondDoubt(l *leg) {
	l.endWatch()
	for _, p := range l.phones {
		s.channels.dropExternal(p.uuid)
	}
}

// endWatch leaves it at what is noted of the leg.
func (l *leg) endWatch() {
	l.doubt.mu.Lock()
	defer l.doubt.mu.Unlock()
	l.doubt.over = true
	if l.doubt.timer != nil { // a recovered talk has none
		l.doubt.timer.Stop()
	}
}
