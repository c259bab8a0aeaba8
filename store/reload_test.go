package store

import (
	"fmt"
	"testing"
	"time"

	"nwayacd/agent"
	"nwayacd/queue"
	"nwayacd/store/journal"
)

// behindTheRead is what the floor decides between a read of the database and its use.
func behindTheRead() []queue.Change {
	return []queue.Change{
		{Agent: &agent.Update{Extension: "1000", Up: new(true), Idle: new(false), Call: new(agent.Typing)}},
		addedAgent("1002"), addedGroup("130"),
		{GroupRemoved: new("120")},
		{Membership: &queue.Membership{Extension: "1000", Groups: []string{"110"}}},
		{VIPAdded: &queue.VIP{Number: "139", Group: "110"}},
	}
}

func TestAReloadDoesNotUndoWhatWasDecidedBehindItsRead(t *testing.T) {
	o := postgresOptions(t)
	var s *Store
	taken := make(chan queue.Snapshot, 10)
	o.OnReload = func(take func() queue.Snapshot) {
		s.Write(behindTheRead()...)
		taken <- take()
	}
	s = open(t, o)
	s.Write(addedAgent("1000"), addedGroup("110"), addedGroup("120"),
		queue.Change{VIPAdded: &queue.VIP{Number: "1", Group: "110"}})
	load(t, s)
	stop := start(t, s)
	exec(t, openSQL(t, o.DSN), `TRUNCATE call_vip_number`)
	select {
	case snap := <-taken:
		if got, want := summary(snap), summary(load(t, s)); got != want { // by way of the database
			t.Errorf("taken over\n%s\nwant\n%s", got, want)
		}
		if a := agentOf(t, snap, "1000"); !a.Up || a.Idle || a.Call != agent.Typing || len(snap.Groups) != 2 {
			t.Errorf("%+v, groups %+v", a, snap.Groups)
		}
	case <-time.After(time.Minute):
		t.Fatal("no reload")
	}
	stop()
	if s.reloadWrites.active || s.reloadWrites.records != nil {
		t.Error("what is written is still collected")
	}
}

func TestAReloadDoesNotUndoWhatTheJournalRefused(t *testing.T) {
	s := open(t, sqliteOptions(t))
	defer s.Close()
	s.Write(addedAgent("1000"))
	snap, seen, err := s.load(within(t), func() {
		s.reloadWrites.begin()
		s.Write(queue.Change{Agent: &agent.Update{Extension: "1000", Idle: new(true)}})
	})
	if err != nil {
		t.Fatal(err)
	}
	s.journal.SetLimit(0)
	if s.Write(queue.Change{Agent: &agent.Update{Extension: "1000", Idle: new(false)}}) != notKept {
		t.Fatal("the journal took it")
	}
	s.applyReloadWrites(&snap, seen)
	if agentOf(t, snap, "1000").Idle {
		t.Error("the agent was set back")
	}
}

func TestWhatWasRefusedAndResyncedBeforeAReadIsNotNewer(t *testing.T) {
	var m reloadWrites
	m.begin()
	for _, seq := range []uint64{notKept, 7, 8, notKept, 9} {
		m.add(journal.Record{Seq: seq})
	}
	if got := fmt.Sprint(len(m.end(8)), len(m.end(8))); got != "2 0" {
		t.Errorf("newer, and left: %s", got)
	}
}

func TestAnEditDoesNotUndoWhatWasDecidedBehindItsRead(t *testing.T) {
	o := postgresOptions(t)
	var s *Store
	taken := make(chan []queue.Change, 10)
	o.OnEdit = func(take func() []queue.Change) {
		s.Write(queue.Change{Agent: &agent.Update{Extension: "1000", Idle: new(true)}})
		taken <- take()
	}
	s = open(t, o)
	s.Write(addedAgent("1000"))
	load(t, s)
	start(t, s)
	exec(t, openSQL(t, o.DSN),
		`UPDATE call_extension SET seat_status = 'busy', dnd = true WHERE extension_number = '1000'`)
	select {
	case changes := <-taken:
		if len(changes) != 1 || changes[0].Agent == nil || changes[0].Agent.Idle != nil || changes[0].Agent.DND == nil {
			t.Errorf("taken over: %+v", changes)
		}
	case <-time.After(time.Minute):
		t.Fatal("no edit")
	}
}
