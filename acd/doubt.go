package acd

import (
	"time"

	"nwayacd/queue"
)

// An agent has one call at a time. The lease of an offer keeps the agent from other calls, but a
// lease expires. The leg may live longer. A telephone that answered at the last moment stays in
// FreeSWITCH's park for legParkTimeout.
//
// So an agent whose leg may outlive its lease has an external call, until a link reports that the
// leg is over.

// doubtAfter is how long after the ring timeout a leg counts as an external call if its offer is
// not over. A timer does that, because the call's goroutine may be waiting for a connection that is
// dead without a notice. The lease is still valid then.
const doubtAfter = 3 * time.Second

// These constants make the compiler check two facts:
//   - The lease is valid until the leg is noted.
//   - An offer that ends because FreeSWITCH is silent has time to end its leg before that.
const (
	_ = uint(queue.LeaseGrace - doubtAfter - time.Second)
	_ = uint(doubtAfter - overdueAfter)
)

// watchOver starts the timer after which the leg counts as an external call.
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

// inDoubt notes what may be left of the leg as external calls of its agent. If no link is
// configured, nothing will report their end. Then they last for as long as FreeSWITCH may keep the
// leg.
func (s *Server) inDoubt(l *leg, at Switch) {
	link := s.linkOf(at.Name)
	for _, uuid := range l.channels() {
		s.channels.noteExternal(link, uuid, l.offer.Agent.Extension)
		if link == nil {
			longest := l.offer.Offered.Add(l.offer.RingTimeout + overdueAfter + legParkTimeout)
			time.AfterFunc(time.Until(longest), func() { s.channels.dropExternal(uuid) })
		}
	}
	if link != nil {
		signalOne(link.stateChanged) // starts the time after which the link drops external calls
	}
}

// beyondDoubt is called when the leg is over, does not exist, or is in a talk. So it is not an
// external call.
func (s *Server) beyondDoubt(l *leg) {
	l.endWatch()
	for _, p := range l.phones {
		s.channels.dropExternal(p.uuid)
	}
}

// endWatch stops the timer of watchOver. External calls that were noted stay noted.
func (l *leg) endWatch() {
	l.doubt.mu.Lock()
	defer l.doubt.mu.Unlock()
	l.doubt.over = true
	if l.doubt.timer != nil { // a recovered talk has none
		l.doubt.timer.Stop()
	}
}
