package acd

import (
	"sync"

	"nwayacd/esl"
	"nwayacd/queue"
)

// owedBound is for how many channels events are kept. The events of further channels are dropped.
const owedBound = 4096

// owed has the last events of calls that their FreeSWITCH could not get. The link was down, and the
// call had no connection of its own. They are sent when the link is up again. If the channel comes
// to our socket port before that, they are sent there, before the first event of its next visit.
type owed struct {
	mu     sync.Mutex
	events map[string][]owedEvent // by the uuid of the caller's channel
}

// owedEvent is one event for a FreeSWITCH.
type owedEvent struct {
	to   string // name of the FreeSWITCH in the configuration
	fire esl.Command
}

// owe keeps events for the FreeSWITCH of a channel. They are lost if no link to it is configured.
func (s *Server) owe(ch *channel, events []esl.Command) {
	link := s.linkOf(ch.at().Name)
	if link == nil {
		return
	}
	s.owed.mu.Lock()
	defer s.owed.mu.Unlock()
	for _, fire := range events {
		switch {
		case link.conn.Load() != nil: // the link is up, so it sends the event itself
			link.queue(fire)
		case len(s.owed.events) < owedBound || s.owed.events[ch.uuid] != nil:
			s.owed.events[ch.uuid] = append(s.owed.events[ch.uuid], owedEvent{link.at.Name, fire})
		}
	}
}

// of removes and returns the events about a channel.
func (o *owed) of(uuid string) (events []esl.Command) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, e := range o.events[uuid] {
		events = append(events, e.fire)
	}
	delete(o.events, uuid)
	return events
}

// to removes and returns the events for a FreeSWITCH.
func (o *owed) to(name string) (events []esl.Command) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for uuid, all := range o.events {
		if all[0].to != name { // all events of a channel are for the same FreeSWITCH
			continue
		}
		for _, e := range all {
			events = append(events, e.fire)
		}
		delete(o.events, uuid)
	}
	return events
}

// publishNotBack publishes queue/remove for a caller who waited when the server died and did not
// come back. It is unknown which FreeSWITCH had the caller, so all get the event. It does not
// block.
func (s *Server) publishNotBack(w queue.Waiting) {
	fire := callRef{s, w.UUID, caller{number: w.Caller}.shown(), w.Group}.queueEvent(queueRemove, "")
	for _, l := range s.links {
		l.queue(fire)
	}
}

// comesIn returns the events for a caller who joins the line: those that are owed about the
// channel, and then queue/add. If the caller waited in another group when the server died,
// queue/remove of that group comes before queue/add.
func (c *call) comesIn() []esl.Command {
	events := c.server.owed.of(c.uuid())
	if c.place.Untold {
		c.place.Untold = false
		left := callRef{c.server, c.uuid(), c.who().shown(), c.place.CameFrom}
		events = append(events, left.queueEvent(queueRemove, ""))
	}
	return append(events, c.queueEvent(queueAdd, ""))
}
