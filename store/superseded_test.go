package store

import (
	"slices"
	"testing"
	"time"

	"nwayacd/agent"
	"nwayacd/queue"
)

// frozen is a server that wrote into its journal what another one, which took its database, did not
// know.
func frozen(t *testing.T, o Options) {
	t.Helper()
	s, stop := run(t, o)
	s.Write(addedAgent("1000"))
	flush(t, s)
	stop()
	s = open(t, o) // it never applies
	s.Write(
		cdr("u1"), cdr("u2"), queue.Change{Offer: &queue.OfferRecord{Call: "u1", Leg: "leg1", Agent: "1000"}},
		queue.Change{Talk: &queue.Talk{Server: s.Identity(), CDR: queue.CDR{UUID: "u3", Arrived: moment}}},
		addedAgent("2001"), deferred("1000", agent.LogoutDeferred),
	)
	if err := s.journal.Commit(); err != nil {
		t.Fatal(err)
	}
	s.dir.lock.Close() // as if its process had been killed
	t.Cleanup(func() { s.listener.close(); s.db.Close(); s.journal.Close(s.applied.Get()) })
}

func TestWhatAnotherServerDidNotKnowDoesNotOverwriteItsState(t *testing.T) {
	o := postgresOptions(t)
	frozen(t, o)
	other := elsewhere(t, o)
	other.watchLimit = 100 * time.Millisecond
	s, stop := run(t, other)
	s.Write(deferred("1000", agent.BusyDeferred), cdr("u2")) // it followed the talk of u2
	flush(t, s)
	stop()

	s, stop = run(t, o)
	snap := load(t, s)
	if a := agentOf(t, snap, "1000"); a.Deferred != agent.BusyDeferred {
		t.Errorf("%+v", a)
	}
	if len(snap.Talks) != 1 || snap.Talks[0].CDR.UUID != "u3" {
		t.Errorf("talks: %+v", snap.Talks)
	}
	for query, want := range map[string]int{
		`SELECT count(*) FROM nwayacd_cdr WHERE call_uuid = 'u1'`:                      1,
		`SELECT count(*) FROM nwayacd_cdr WHERE call_uuid = 'u2'`:                      1,
		`SELECT count(*) FROM nwayacd_offer WHERE leg_uuid = 'leg1'`:                   1,
		`SELECT count(*) FROM call_extension WHERE extension_number = '2001'`:          0,
		`SELECT count(*) FROM nwayacd_rejected WHERE error LIKE 'another server%'`:     1,
		`SELECT count(*) FROM nwayacd_applied WHERE superseded > 0 AND term > 1`:       1,
		`SELECT count(*) FROM call_extension WHERE deferred = 'busy'`:                  1,
		`SELECT count(*) FROM nwayacd_rejected WHERE error NOT LIKE 'another server%'`: 0,
	} {
		if n := count(t, s, query); n != want {
			t.Errorf("%s: %d, want %d", query, n, want)
		}
	}
	s.Write(deferred("1000", agent.LogoutDeferred)) // this is newer than the other server's
	flush(t, s)
	stop()
	if a := agentOf(t, reopened(t, o), "1000"); a.Deferred != agent.LogoutDeferred {
		t.Errorf("written later: %+v", a)
	}
	// The table keeps no password of a telephone, so this addition needs an operator.
	done, err := RetryRejected(within(t), o)
	if err != nil || done.Written != 0 || done.Left != 1 || !slices.Equal(done.NoPassword, []string{"2001"}) {
		t.Errorf("by hand: %+v, %v", done, err)
	}
	s, stop = run(t, o)
	s.Write(addedAgent("2001"))
	flush(t, s)
	stop()
	if done, err = RetryRejected(within(t), o); err != nil || done.Left != 0 { // or the server has tried it again
		t.Errorf("by hand, after the extension was added again: %+v, %v", done, err)
	}
}

func TestAServerThatIsStartedAgainAppliesItsWholeJournal(t *testing.T) {
	o := postgresOptions(t)
	frozen(t, o)
	for range 2 { // the second time its term is not the first one's
		s, stop := run(t, o)
		snap := load(t, s)
		if a := agentOf(t, snap, "1000"); a.Deferred != agent.LogoutDeferred || agentAt(&snap, "2001") < 0 {
			t.Errorf("%+v", snap.Agents)
		}
		stop()
	}
}

// A server that serves without the database takes it after another one was at work and has stopped.
func TestAServerThatServedMeanwhileWritesItsPresentState(t *testing.T) {
	o := postgresOptions(t)
	s, stop := run(t, o)
	s.Write(addedAgent("1000"))
	flush(t, s)
	stop()
	direct := o.DSN
	wire := viaLink(t, &o)
	wire.sever()
	resynced := make(chan bool, 10)
	o.OnResync = func(whole bool) { resynced <- whole }
	s, _ = run(t, o)
	s.Write(deferred("1000", agent.LogoutDeferred), cdr("u1"))
	other := elsewhere(t, o)
	other.DSN, other.OnResync = direct, nil
	second, stopSecond := run(t, other)
	second.Write(deferred("1000", agent.BusyDeferred))
	flush(t, second)
	stopSecond()
	wire.mend()
	flush(t, s)
	select {
	case whole := <-resynced:
		if whole {
			t.Error("what the other server's operators did is overwritten")
		}
	case <-within(t).Done():
		t.Error("the present state is not written")
	}
	if n := count(t, s, `SELECT count(*) FROM call_extension, nwayacd_cdr WHERE deferred = 'busy'`); n != 1 {
		t.Error("the other server's state was overwritten by what is older, or a record is lost")
	}
}
