package store

import (
	"context"
	"fmt"
	"math"
	"sync"
	"testing"
	"time"

	"nwayacd/agent"
	"nwayacd/queue"
)

// eachDatabase runs a benchmark over SQLite, and over PostgreSQL if NWAYACD_TEST_DSN names a
// cluster.
func eachDatabase(b *testing.B, run func(b *testing.B, s *Store)) {
	over := func(options func(testing.TB) Options) func(*testing.B) {
		return func(b *testing.B) {
			s, err := Open(b.Context(), options(b))
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			run(b, s)
		}
	}
	b.Run("database=SQLite", over(sqliteOptions))
	b.Run("database=PostgreSQL", over(postgresOptions))
}

// decided returns the changes of one decision: an agent's talk is over, and the next caller is
// offered, in a cyclic group.
func decided(n int) []queue.Change {
	extension, now := fmt.Sprint(1000+n%1000), moment.Add(time.Duration(n)*time.Millisecond)
	uuid := fmt.Sprintf("5d1b9f3e-8c1a-4b52-9a53-%012d", n)
	return []queue.Change{
		{Agent: &agent.Update{Extension: extension, Call: new(agent.Ring), Since: &now, HungUp: &now}},
		{AgentLog: &agent.LogEntry{Extension: extension, Status: agent.StatusReady, At: now, Caller: uuid}},
		{Group: &queue.GroupUpdate{Number: "110", Cursor: &extension}},
		{AgentLog: &agent.LogEntry{Extension: extension, Status: agent.StatusRing, At: now, Caller: uuid}},
	}
}

// whole returns the changes of a whole call, with its offer and its CDR.
func whole(n int) []queue.Change {
	changes := decided(n)
	extension, uuid, at := changes[0].Agent.Extension, changes[1].AgentLog.Caller, changes[1].AgentLog.At
	return append(
		changes,
		queue.Change{Waiting: &queue.Waiting{UUID: uuid, Caller: "13900001111", Group: "110", Since: at}},
		queue.Change{Agent: &agent.Update{Extension: extension, Call: new(agent.Talking), Since: &at}},
		queue.Change{AgentLog: &agent.LogEntry{
			Extension: extension, Status: agent.StatusTalking, At: at,
			Caller: uuid,
		}},
		queue.Change{Left: &uuid},
		queue.Change{Remembered: &queue.Memory{Caller: "13900001111", Group: "110", Agent: extension, At: at}},
		queue.Change{Offer: &queue.OfferRecord{
			Call: uuid, Group: "110", Agent: extension, Leg: uuid, Number: 1, Offered: at, Answered: at, Ended: at,
			Outcome: queue.OfferAnswered,
		}},
		cdr(uuid),
	)
}

// BenchmarkEncode is the JSON of the changes of one decision, and of a whole call.
func BenchmarkEncode(b *testing.B) {
	b.Run("of=decision", func(b *testing.B) { encode(b, decided(0)) })
	b.Run("of=call", func(b *testing.B) { encode(b, whole(0)) })
}

func encode(b *testing.B, changes []queue.Change) {
	var text []byte
	b.ReportAllocs()
	for b.Loop() {
		text = text[:0]
		for i := range changes {
			var err error
			if text, err = appendChange(text, &changes[i]); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkWrite is how long the dispatcher waits under its lock for the changes of one decision.
// The disk is not part of it.
func BenchmarkWrite(b *testing.B) {
	s, err := Open(b.Context(), sqliteOptions(b))
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	s.journal.SetLimit(math.MaxInt64) // nothing is applied
	changes, written := decided(0), 0
	b.ReportAllocs()
	for b.Loop() {
		if written++; written%1000 == 0 {
			b.StopTimer()
			if err := s.journal.Commit(); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
		}
		s.Write(changes...)
	}
}

// BenchmarkGroupCommit is a Write that waits until it is safe, in many goroutines at once. They
// share the fsync.
func BenchmarkGroupCommit(b *testing.B) {
	for _, writers := range []int{1, 10, 100} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			s, err := Open(b.Context(), sqliteOptions(b))
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			ctx, cancel := context.WithCancel(b.Context())
			var running sync.WaitGroup
			running.Go(func() { s.journal.Run(ctx, s.diskState) })
			defer running.Wait()
			defer cancel()
			b.ReportAllocs()
			for b.Loop() {
				var all sync.WaitGroup
				for n := range writers {
					all.Go(func() {
						if err := s.Sync(ctx, s.Write(decided(n)...)); err != nil {
							b.Error(err)
						}
					})
				}
				all.Wait()
			}
			b.ReportMetric(float64(b.N*writers)/b.Elapsed().Seconds(), "writes/s")
		})
	}
}

// BenchmarkApply applies the changes of 100 calls to the database.
func BenchmarkApply(b *testing.B) {
	eachDatabase(b, func(b *testing.B, s *Store) {
		s.Write(staff(1000)...)
		if _, err := s.Load(b.Context()); err != nil {
			b.Fatal(err)
		}
		next, changes := 0, 0
		for b.Loop() {
			for range 100 {
				call := whole(next)
				s.Write(call...)
				next++
				changes += len(call)
			}
			b.StopTimer()
			if err := s.journal.Commit(); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
			for target := s.journal.Durable(); s.applied.Get() < target; {
				if err := s.applyBatch(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		}
		b.ReportMetric(float64(changes)/b.Elapsed().Seconds(), "changes/s")
	})
}

// staff is a call centre of 100 groups. Each agent is logged in to two of them.
func staff(agents int) (changes []queue.Change) {
	group := func(n int) string { return fmt.Sprint(110 + n%100) }
	for n := range 100 {
		changes = append(changes, queue.Change{GroupAdded: &queue.Group{Number: group(n), Mode: queue.RememberCyclic}})
	}
	for n := range agents {
		extension := fmt.Sprint(1000 + n)
		changes = append(
			changes,
			addedAgent(extension),
			queue.Change{Agent: &agent.Update{
				Extension: extension, Registered: new(true), Up: new(true),
				Idle: new(true),
			}},
			queue.Change{Membership: &queue.Membership{Extension: extension, Groups: []string{group(n), group(n + 1)}}},
		)
	}
	return changes
}

// BenchmarkStart is the start with 10,000 agents in 100 groups: everything is read from the
// database and put on the floor.
func BenchmarkStart(b *testing.B) {
	eachDatabase(b, func(b *testing.B, s *Store) {
		s.Write(staff(10_000)...)
		if _, err := s.Load(b.Context()); err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			snapshot, err := s.Load(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			if len(snapshot.Agents) != 10_000 {
				b.Fatalf("%d agents", len(snapshot.Agents))
			}
			queue.NewFloor(queue.Settings{}, 1).Load(snapshot, moment)
		}
	})
}
