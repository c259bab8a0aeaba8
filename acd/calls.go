package acd

import "sync"

// calls are the calls being served, by uuid, and all that have a connection, those that want no agent among them.
type calls struct {
	mu     sync.Mutex
	byUUID map[string]*seated
	open   map[*call]struct{}
}

// seated is a call being served; gone is closed when it is not any more.
type seated struct {
	call *call
	gone chan struct{}
}

// add seats a call where fewer than most are here (0 = no limit). Where its uuid is here already, nothing is done and that one returned.
func (s *calls) add(c *call, most int) (earlier *seated, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if earlier := s.byUUID[c.uuid]; earlier != nil {
		return earlier, false
	}
	if most > 0 && len(s.byUUID) >= most {
		return nil, false
	}
	s.byUUID[c.uuid] = &seated{call: c, gone: make(chan struct{})}
	return nil, true
}

func (s *calls) remove(c *call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if here := s.byUUID[c.uuid]; here != nil && here.call == c {
		close(here.gone)
		delete(s.byUUID, c.uuid)
	}
}

// connected and disconnected keep the list of all that have a connection.
func (s *calls) connected(c *call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open[c] = struct{}{}
}

func (s *calls) disconnected(c *call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, c)
}

// at lists those of one FreeSWITCH that have a connection.
func (s *calls) at(name string) (there []*call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.open {
		if c.at.Name == name {
			there = append(there, c)
		}
	}
	return there
}

func (s *calls) find(uuid string) *call {
	s.mu.Lock()
	defer s.mu.Unlock()
	if here := s.byUUID[uuid]; here != nil {
		return here.call
	}
	return nil
}

func (s *calls) all() []*call {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]*call, 0, len(s.byUUID))
	for _, here := range s.byUUID {
		all = append(all, here.call)
	}
	return all
}

func (s *calls) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.byUUID)
}

// Calls is how many calls are being served.
func (s *Server) Calls() int { return s.calls.count() }
