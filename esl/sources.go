package esl

import (
	"container/list"
	"net"
	"net/netip"
	"sync"
	"time"
)

// Source is whom a connection counts for: its address, of an IPv6 one the /64 network, of which a
// single host may use every address; the zero Addr where the transport has none.
func Source(remote net.Addr) netip.Addr {
	tcp, is := remote.(*net.TCPAddr)
	if !is {
		return netip.Addr{}
	}
	from := tcp.AddrPort().Addr().Unmap().WithZone("")
	if !from.Is6() {
		return from
	}
	network, err := from.Prefix(64)
	if err != nil {
		return from
	}
	return network.Addr()
}

// maxSources bounds what is remembered of strangers.
const maxSources = 1024

// Sources remembers a V for each of the 1,024 sources seen last. The zero value is empty. It is not
// safe for concurrent use.
type Sources[V any] struct {
	bySource map[netip.Addr]*list.Element
	latest   list.List // of sighting[V], latest first
}

type sighting[V any] struct {
	source netip.Addr
	value  V
}

// Of is what is remembered of a source, a zero V at first. The source seen longest ago is forgotten
// for it.
func (s *Sources[V]) Of(source netip.Addr) *V {
	if at, seen := s.bySource[source]; seen {
		s.latest.MoveToFront(at)
		return &at.Value.(*sighting[V]).value
	}
	if s.bySource == nil {
		s.bySource = map[netip.Addr]*list.Element{}
	}
	if s.latest.Len() == maxSources {
		oldest := s.latest.Remove(s.latest.Back()).(*sighting[V])
		delete(s.bySource, oldest.source)
	}
	one := &sighting[V]{source: source}
	s.bySource[source] = s.latest.PushFront(one)
	return &one.value
}

// Of one source a minute is told once, of all together at most maxReports times.
const (
	reportPause = time.Minute
	maxReports  = 60
)

// Reports tells what is worth a line in the log of all that strangers can make happen: a log that
// they can fill is one more thing to attack. The zero value is ready, and safe for concurrent use.
type Reports struct {
	mu      sync.Mutex
	sources Sources[report]
	minute  time.Time // when the present one began
	told    int       // in it
}

type report struct {
	told   time.Time
	passed int // over in silence since
}

// Due says whether a line about the source is due, and how many it stands for beside itself.
func (r *Reports) Due(source netip.Addr) (passed int, due bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now, of := time.Now(), r.sources.Of(source)
	if now.Sub(r.minute) >= reportPause {
		r.minute, r.told = now, 0
	}
	if !of.told.IsZero() && now.Sub(of.told) < reportPause || r.told == maxReports {
		of.passed++
		return 0, false
	}
	r.told++
	passed = of.passed
	*of = report{told: now}
	return passed, true
}
