package store

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"nwayacd/agent"
	"nwayacd/queue"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		victim.end()
		os.Exit(code)
	}))
}

// everyDatabase runs a situation over SQLite and PostgreSQL.
func everyDatabase(t *testing.T, situation func(t *testing.T, o Options)) {
	t.Run("SQLite", func(t *testing.T) { situation(t, sqliteOptions(t)) })
	t.Run("PostgreSQL", func(t *testing.T) { situation(t, postgresOptions(t)) })
}

func sqliteOptions(t testing.TB) Options {
	return Options{DataDir: t.TempDir(), AutoMigrate: true, Log: zerolog.New(zerolog.NewTestWriter(t))}
}

var databases struct {
	sync.Mutex
	made int
}

// postgresOptions makes a database for the test in the cluster that NWAYACD_TEST_DSN names.
func postgresOptions(t testing.TB) Options {
	t.Helper()
	admin := os.Getenv("NWAYACD_TEST_DSN")
	if admin == "" {
		t.Skip("NOT TESTED AGAINST POSTGRESQL: NWAYACD_TEST_DSN IS NOT SET (script/postgres start DIR prints one)")
	}
	databases.Lock()
	databases.made++
	name := fmt.Sprintf("nwayacd_test_%d_%d", os.Getpid(), databases.made)
	databases.Unlock()
	return optionsFor(t, admin, name)
}

// optionsFor makes a database of that name in the cluster of admin.
func optionsFor(t testing.TB, admin, name string) Options {
	t.Helper()
	db := openSQL(t, admin)
	exec(t, db, "CREATE DATABASE "+name)
	t.Cleanup(func() { exec(t, db, "DROP DATABASE "+name+" WITH (FORCE)") })
	return Options{
		DSN: admin + " dbname=" + name, DataDir: t.TempDir(), AutoMigrate: true,
		Log: zerolog.New(zerolog.NewTestWriter(t)),
	}
}

func openSQL(t testing.TB, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open("postgres", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func exec(t testing.TB, db *sql.DB, statement string, args ...any) {
	t.Helper()
	if _, err := db.Exec(statement, args...); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// open opens a store without running it. The test closes it.
func open(t *testing.T, o Options) *Store {
	t.Helper()
	s, err := Open(within(t), o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// run opens and runs a store. stop ends it as a shutdown does.
func run(t *testing.T, o Options) (s *Store, stop func()) {
	t.Helper()
	s = open(t, o)
	return s, start(t, s)
}

// start runs an open store. stop ends it as a shutdown does.
func start(t *testing.T, s *Store) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	t.Cleanup(stop)
	return stop
}

func flush(t *testing.T, s *Store) {
	t.Helper()
	if err := s.Flush(within(t)); err != nil {
		t.Fatal(err)
	}
}

func load(t *testing.T, s *Store) queue.Snapshot {
	t.Helper()
	snap, err := s.Load(within(t))
	if err != nil {
		t.Fatal(err)
	}
	return snap
}

// reopened returns what the next process finds.
func reopened(t *testing.T, o Options) queue.Snapshot {
	t.Helper()
	s := open(t, o)
	defer s.Close()
	return load(t, s)
}

func count(t *testing.T, s *Store, query string, args ...any) int {
	t.Helper()
	var n int
	if err := s.db.QueryRow(query, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

func agentOf(t *testing.T, snap queue.Snapshot, ext string) agent.Agent {
	t.Helper()
	i := agentAt(&snap, ext)
	if i < 0 {
		t.Fatalf("no agent %s in %+v", ext, snap.Agents)
	}
	return snap.Agents[i]
}

func agentAt(snap *queue.Snapshot, ext string) int {
	return slices.IndexFunc(snap.Agents, func(a agent.Agent) bool { return a.Extension == ext })
}

func groupAt(snap *queue.Snapshot, number string) int {
	return slices.IndexFunc(snap.Groups, func(g queue.Group) bool { return g.Number == number })
}

func addedAgent(ext string) queue.Change {
	return queue.Change{AgentAdded: &queue.NewAgent{Extension: ext, Password: "secret-" + ext}}
}

func addedGroup(number string) queue.Change {
	return queue.Change{GroupAdded: &queue.Group{
		Number: number, Name: "group " + number, Mode: queue.Cyclic,
		RingTimeout: 20 * time.Second,
	}}
}

func cdr(uuid string) queue.Change {
	return queue.Change{CDR: &queue.CDR{
		UUID: uuid, Caller: "139", Outcome: queue.Answered, Arrived: moment,
		Ended: moment.Add(time.Minute),
	}}
}

var moment = time.Date(2026, 3, 4, 5, 6, 7, 123456000, time.UTC)

func eventually(t *testing.T, what string, true func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !true(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within 15 s: %s", what)
		}
	}
}

func TestEveryChangeIsFoundAfterARestart(t *testing.T) {
	everyDatabase(t, func(t *testing.T, o Options) {
		s, stop := run(t, o)
		yes, typing, name, job := true, agent.Typing, "Li Hao", "8001"
		mode, cursor, ring, welcome := queue.RememberRandom, "1000", 31*time.Second, "hello.wav"
		s.Write(addedGroup("110"), addedGroup("120"), addedAgent("1000"), addedAgent("1001"), addedAgent("1002"))
		s.Write(
			queue.Change{Membership: &queue.Membership{Extension: "1000", Groups: []string{"110", "120"}}},
			queue.Change{Membership: &queue.Membership{Extension: "1000", Groups: []string{"120"}}},
			queue.Change{MemberJoined: &queue.Member{Group: "110", Extension: "1001"}},
			queue.Change{MemberJoined: &queue.Member{Group: "120", Extension: "1001"}},
			queue.Change{MemberLeft: &queue.Member{Group: "120", Extension: "1001"}},
			queue.Change{MemberJoined: &queue.Member{Group: "110", Extension: "1002"}},
			queue.Change{AgentRemoved: new("1002")},
			queue.Change{Agent: &agent.Update{
				Extension: "1000", Registered: &yes, Up: &yes, Idle: new(false),
				Locked: &yes,
			}},
			queue.Change{Agent: &agent.Update{Extension: "1000", Call: &typing, Since: &moment, HungUp: &moment}},
			queue.Change{Agent: &agent.Update{
				Extension: "1000", Idle: &yes, Name: &name, JobNumber: &job,
				SayJobNumber: &yes, Video: &yes,
			}},
			queue.Change{Agent: &agent.Update{Extension: "1000", Progress: new(8 * time.Second)}},
			queue.Change{Group: &queue.GroupUpdate{Number: "110", Mode: &mode, Cursor: &cursor}},
			queue.Change{Group: &queue.GroupUpdate{
				Number: "110", RingTimeout: &ring, Welcome: &welcome,
				CallerPrefix: new("Sales: "),
			}},
			queue.Change{GroupAdded: &queue.Group{Number: "130"}},
			queue.Change{GroupRemoved: new("130")},
			queue.Change{Waiting: &queue.Waiting{
				UUID: "u1", Caller: "139", Group: "110", VIP: true, Since: time.Unix(0, 1234567890123456789),
				Name: "李豪", Visit: 3, CameFrom: "120",
			}},
			queue.Change{Waiting: &queue.Waiting{UUID: "u2", Caller: "138", Group: "110", Since: moment}},
			queue.Change{Left: new("u2")},
			queue.Change{Talk: &queue.Talk{Server: "s1", Link: "a", CDR: queue.CDR{UUID: "t1", Caller: "1"}}},
			queue.Change{Talk: &queue.Talk{
				Server: "s1", Link: "b", CoreUUID: "core",
				CDR:   queue.CDR{UUID: "t1", Caller: "o'clock", Agent: "1000", Bridged: moment},
				Offer: queue.OfferRecord{Call: "t1", Leg: "leg"},
			}},
			queue.Change{Talk: &queue.Talk{
				Server: "s1", CDR: queue.CDR{UUID: "t3"}, Offer: queue.OfferRecord{Call: "t3", Leg: "second"},
			}},
			queue.Change{Offer: &queue.OfferRecord{Call: "t1", Leg: "missed", Offered: moment, Ended: moment}},
			queue.Change{Offer: &queue.OfferRecord{Call: "t1", Leg: "leg", Offered: moment, Ended: moment}},
			queue.Change{Offer: &queue.OfferRecord{Call: "t3", Leg: "first", Offered: moment, Ended: moment}},
			queue.Change{Talk: &queue.Talk{Server: "s1", CDR: queue.CDR{UUID: "t2"}}},
			queue.Change{TalkOver: new("t2")},
			queue.Change{Remembered: &queue.Memory{Caller: "139", Group: "110", Agent: "1001", At: moment}},
			queue.Change{Remembered: &queue.Memory{
				Caller: "139", Group: "110", Agent: "1000",
				At: moment.Add(time.Hour),
			}},
			queue.Change{Blacklisted: &queue.Blacklisted{
				Category: 2, Number: "130", Dialled: "95", Group: "110",
				Expires: moment,
			}},
			queue.Change{Blacklisted: &queue.Blacklisted{Number: "131"}},
			queue.Change{Unblacklisted: new("131")},
			queue.Change{VIPAdded: &queue.VIP{Number: "139", Group: "110"}},
			queue.Change{VIPAdded: &queue.VIP{Number: "138", Group: "110"}},
			queue.Change{VIPRemoved: &queue.VIP{Number: "138", Group: "110"}},
		)
		stop()
		snap := reopened(t, o)
		want := agent.Agent{
			Profile: agent.Profile{
				Extension: "1000", Name: name, JobNumber: job, SayJobNumber: true, Video: true,
				Progress: 8 * time.Second,
			},
			Presence: agent.Presence{Registered: true, Up: true, Idle: true, Locked: true}, Call: agent.Typing,
		}
		got := agentOf(t, snap, "1000")
		if !got.Since.Equal(moment) {
			t.Errorf("since %v, want %v", got.Since, moment)
		}
		if got.Since = (time.Time{}); got != want {
			t.Errorf("agent\n got %+v\nwant %+v", got, want)
		}
		if len(snap.Agents) != 2 || len(snap.Groups) != 2 {
			t.Errorf("agents %+v, groups %+v", snap.Agents, snap.Groups)
		}
		g := snap.Groups[groupAt(&snap, "110")]
		if want := (queue.Group{
			Number: "110", Name: "group 110", Mode: mode, Cursor: "1000", RingTimeout: ring,
			Prompts: queue.Prompts{Welcome: welcome}, CallerPrefix: "Sales: ",
		}); g != want {
			t.Errorf("group\n got %+v\nwant %+v", g, want)
		}
		if want := "[{110 1001} {120 1000}]"; fmt.Sprint(sorted(snap.Members)) != want {
			t.Errorf("members %v, want %v", snap.Members, want)
		}
		if len(snap.Waiting) != 1 || snap.Waiting[0].Since.UnixNano() != 1234567890123456789 || !snap.Waiting[0].VIP ||
			snap.Waiting[0].Caller != "139" {
			t.Errorf("waiting %+v: the place must be kept to the nanosecond", snap.Waiting)
		}
		if w := snap.Waiting[0]; w.Name != "李豪" || w.Visit != 3 || w.CameFrom != "120" {
			t.Errorf("waiting %+v", w)
		}
		if talks := snap.Talks; len(talks) != 2 || !talks[0].OfferRecorded || talks[1].OfferRecorded || talks[0].Server != "s1" || talks[0].Link != "b" ||
			talks[0].CoreUUID != "core" ||
			talks[0].CDR.UUID != "t1" || talks[0].CDR.Caller != "o'clock" || talks[0].CDR.Agent != "1000" ||
			!talks[0].CDR.Bridged.Equal(moment) {
			t.Errorf("talks %+v", talks)
		}
		if len(snap.Memories) != 1 || snap.Memories[0].Agent != "1000" ||
			!snap.Memories[0].At.Equal(moment.Add(time.Hour)) {
			t.Errorf("memories %+v", snap.Memories)
		}
		if b := snap.Blacklist; len(b) != 1 || b[0].Category != 2 || b[0].Dialled != "95" || b[0].Group != "110" ||
			!b[0].Expires.Equal(moment) {
			t.Errorf("blacklist %+v", b)
		}
		if fmt.Sprint(snap.VIPs) != "[{139 110}]" {
			t.Errorf("vips %+v", snap.VIPs)
		}
	})
}

func sorted(members []queue.Member) []queue.Member {
	for i := range members {
		for j := range members[:i] {
			if members[i].Group+members[i].Extension < members[j].Group+members[j].Extension {
				members[i], members[j] = members[j], members[i]
			}
		}
	}
	return members
}
