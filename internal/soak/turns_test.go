package main

import (
	"testing"
	"time"

	"nwayacd/internal/testlab"
)

// seenSoak has seen nothing yet.
func seenSoak(t *testing.T) *soak {
	s := newSoak(t.Context(), options{}, t.Output())
	s.srv = &server{Server: &testlab.Server{Dir: t.TempDir()}}
	return s
}

// seenCaller is a caller of group 110, in the line from came to left, in seconds.
func seenCaller(s *soak, uuid string, came, left int) *caller {
	c := &caller{uuid: uuid, kind: wantsAgent, entered: []string{"110"}}
	c.takenIn, c.over = at(s, came), at(s, left)
	s.watch.callers[uuid] = c
	return c
}

func at(s *soak, seconds int) time.Time { return s.began.Add(time.Duration(seconds) * time.Second) }

func offered(s *soak, caller, extension string, born, over int) {
	leg := caller + extension
	s.watch.all = append(s.watch.all, legSeen{
		uuid: leg, offer: leg, caller: caller, extension: extension, born: at(s, born), over: at(s, over),
	})
}

// TestACallerWhoWasPassedOverIsSeen has two callers. One waits from 0 s to 60 s. The other comes at
// 10 s and is offered to an agent at 20 s.
func TestACallerWhoWasPassedOverIsSeen(t *testing.T) {
	for name, situation := range map[string]struct {
		more func(s *soak, first *caller)
		want int
	}{
		"for nothing":                            {func(*soak, *caller) {}, 1},
		"because the agent has just missed them": {func(s *soak, _ *caller) { offered(s, "first", "2001", 17, 19) }, 0},
		"after another agent missed them":        {func(s *soak, _ *caller) { offered(s, "first", "2002", 15, 17) }, 1},
		"because another agent rings":            {func(s *soak, _ *caller) { offered(s, "first", "2002", 19, 25) }, 0},
		"because they were moved":                {func(_ *soak, first *caller) { first.moved = true }, 0},
		"in a fault": {func(s *soak, _ *caller) {
			s.breaker.spans = []outage{{span{at(s, 2), at(s, 3)}, "link 1"}}
		}, 0},
		"while the database is away": {func(s *soak, _ *caller) {
			s.breaker.spans = []outage{{span{at(s, 2), at(s, 3)}, "way to the database"}}
		}, 1},
		"long after a fault": {func(s *soak, _ *caller) {
			s.breaker.spans = []outage{{span{at(s, -30), at(s, -20)}, "link 1"}}
		}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := seenSoak(t)
			first := seenCaller(s, "first", 0, 60)
			seenCaller(s, "later", 10, 30)
			offered(s, "later", "2001", 20, 25)
			situation.more(s, first)
			s.checkTurns()
			s.following.Wait()
			if got := s.figures.Violations["caller passed over"]; got != situation.want {
				t.Errorf("%d violations, want %d", got, situation.want)
			}
		})
	}
}

// TestAShortTalkThatNobodyWrote checks which talks may be missing in a record that says abandoned.
// The caller is bridged at 100 s.
func TestAShortTalkThatNobodyWrote(t *testing.T) {
	for name, situation := range map[string]struct {
		talk    time.Duration
		cause   string
		outcome string
		breaks  func(s *soak)
		want    bool
	}{
		"the switch crashes after 0.2 s":  {200 * time.Millisecond, "CRASH", "abandoned", nil, true},
		"the switch crashes after 0.4 s":  {400 * time.Millisecond, "CRASH", "abandoned", nil, false},
		"the caller hangs up after 0.2 s": {200 * time.Millisecond, "NORMAL_CLEARING", "abandoned", nil, false},
		"0.9 s behind a cut link": {900 * time.Millisecond, "NORMAL_CLEARING", "abandoned", func(s *soak) {
			s.breaker.spans = []outage{{span{at(s, 95), at(s, 105)}, "link 1"}}
		}, true},
		"1.1 s behind a cut link": {1100 * time.Millisecond, "NORMAL_CLEARING", "abandoned", func(s *soak) {
			s.breaker.spans = []outage{{span{at(s, 95), at(s, 105)}, "link 1"}}
		}, false},
		"9 s behind a cut link, and half-open calls": {9 * time.Second, "NORMAL_CLEARING", "abandoned", func(s *soak) {
			s.breaker.spans = []outage{
				{span{at(s, 95), at(s, 101)}, "link 1"}, {span{at(s, 101), at(s, 106)}, "calls 1"},
			}
		}, true},
		"0.9 s while the link of another switch is cut": {
			900 * time.Millisecond, "NORMAL_CLEARING", "abandoned",
			func(s *soak) { s.breaker.spans = []outage{{span{at(s, 95), at(s, 105)}, "link 2"}} }, false,
		},
		"the server is killed after 0.2 s": {10 * time.Second, "NORMAL_CLEARING", "error", func(s *soak) {
			s.srv.deaths = []time.Time{at(s, 100).Add(200 * time.Millisecond)}
		}, true},
		"the server is killed after 0.4 s": {10 * time.Second, "NORMAL_CLEARING", "error", func(s *soak) {
			s.srv.deaths = []time.Time{at(s, 100).Add(400 * time.Millisecond)}
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := seenSoak(t)
			c := seenCaller(s, "first", 90, 120)
			c.bridges, c.bridged, c.with, c.cause = 1, at(s, 100), "leg", situation.cause
			s.watch.channel("leg").over = c.bridged.Add(situation.talk)
			if situation.breaks != nil {
				situation.breaks(s)
			}
			if got := s.unseenTalk(c, record{outcome: situation.outcome}); got != situation.want {
				t.Errorf("tolerated: %t, want %t", got, situation.want)
			}
		})
	}
}
