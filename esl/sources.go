package esl

import (
	"container/list"
	"net"
	"net/netip"
	"sync"
	"time"
)

// Source returns the address that limits count a connection for. For IPv6 it is the /64 network,
// because a single host may use every address of it. It is the zero Addr if the transport has no
// addresses.
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

// maxSources bounds the memory for addresses of strangers.
const maxSources = 1024

// Sources keeps a V for each of the 1,024 sources that were seen last. The zero value is empty. It
// is not safe for concurrent use.
type Sources[V any] struct {
	bySource map[netip.Addr]*list.Element
	latest   list.List // of entry[V], latest first
}

type entry[V any] struct {
	source netip.Addr
	value  V
}

// Get returns the value of a source, which is a zero V at first. To make room it drops the source
// that was seen longest ago.
func (s *Sources[V]) Get(source netip.Addr) *V {
	if at, seen := s.bySource[source]; seen {
		s.latest.MoveToFront(at)
		return &at.Value.(*entry[V]).value
	}
	if s.bySource == nil {
		s.bySource = map[netip.Addr]*list.Element{}
	}
	if s.latest.Len() == maxSources {
		oldest := s.latest.Remove(s.latest.Back()).(*entry[V])
		delete(s.bySource, oldest.source)
	}
	one := &entry[V]{source: source}
	s.bySource[source] = s.latest.PushFront(one)
	return &one.value
}

// At most one report a minute is due for each source, and maxReports a minute for all.
const (
	reportPause = time.Minute
	maxReports  = 60
)

// Reports decides which events that strangers can cause are worth a log line. Without it a stranger
// could fill the log. The zero value is ready, and safe for concurrent use.
type Reports struct {
	mu      sync.Mutex
	sources Sources[report]
	minute  time.Time // when the current minute began
	due     int       // reports in this minute
}

type report struct {
	last   time.Time // when the last report was due
	passed int       // events since then without a report
}

// Due reports whether a log line about the source is due. passed is the number of events without a
// line since the last one.
func (r *Reports) Due(source netip.Addr) (passed int, due bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now, of := time.Now(), r.sources.Get(source)
	if now.Sub(r.minute) >= reportPause {
		r.minute, r.due = now, 0
	}
	if !of.last.IsZero() && now.Sub(of.last) < reportPause || r.due == maxReports {
		of.passed++
		return 0, false
	}
	r.due++
	passed = of.passed
	*of = report{last: now}
	return passed, true
}
