package acd

import "sync"

// calls are the calls being served, by uuid.
type calls struct {
	mu     sync.Mutex
	byUUID map[string]*seated
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
