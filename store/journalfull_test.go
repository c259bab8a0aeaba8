package store

import (
	"testing"

	"nwayacd/queue"
)

func TestACDRAndTheEndOfItsTalkAreKeptOrGivenUpTogether(t *testing.T) {
	s := open(t, sqliteOptions(t))
	defer s.Close()
	pair := []queue.Change{cdr("u1"), {TalkOver: new("u1")}}
	kept := map[uint64]bool{}
	for limit := range int64(1000) {
		waiting, _ := s.journal.Lag()
		s.journal.SetLimit(waiting + limit)
		before := s.journal.Newest()
		s.Write(pair...)
		n := s.journal.Newest() - before
		if n != 0 && n != 2 {
			t.Fatalf("with room for %d bytes %d of the two changes were kept", limit, n)
		}
		kept[n] = true
	}
	if !kept[0] || !kept[2] {
		t.Error("they were not given up, or not kept")
	}
}

func TestTheEndOfATalkWithoutItsCDRStandsAlone(t *testing.T) {
	s := open(t, sqliteOptions(t))
	defer s.Close()
	s.Write(cdr("u1"))
	waiting, _ := s.journal.Lag()
	s.journal.SetLimit(waiting + headerBytes + 20) // not for a CDR
	before := s.journal.Newest()
	s.Write(cdr("u2"), queue.Change{TalkOver: new("u1")})
	if n := s.journal.Newest() - before; n != 1 {
		t.Errorf("%d changes were kept, want the one there is room for", n)
	}
}
