package store

import (
	"database/sql"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"nwayacd/agent"
	"nwayacd/queue"
)

// testdata/before holds the state of the release before the visits: its database as SQL, its
// journal with changes that are not in the database yet, and floor.json. The tests fail if today's
// code does not read one of its fields or columns.

// TestWhatTheReleaseBeforeLeftIsAllThere opens it with each kind of database.
func TestWhatTheReleaseBeforeLeftIsAllThere(t *testing.T) {
	everyDatabase(t, func(t *testing.T, o Options) {
		restore(t, filepath.Join("testdata", "before"), &o)
		s, stop := run(t, o)
		flush(t, s)
		expectFloorBefore(t, load(t, s))
		expectRecordsBefore(t, s)
		for _, extension := range []string{"1000", "1007"} {
			if password, ok, err := s.Password(within(t), extension); password != "secret-"+extension || !ok ||
				err != nil {
				t.Errorf("the password of %s is %q %v %v", extension, password, ok, err)
			}
		}
		if n := count(t, s, `SELECT count(*) FROM nwayacd_rejected`); n != 0 {
			t.Errorf("%d changes were rejected", n)
		}
		stop()
		expectFloorBefore(t, reopened(t, o)) // and once more, all of it from this release's own hand
	})
}

// TestTheLastKnownStateOfTheReleaseBeforeCounts opens it while the database is away.
func TestTheLastKnownStateOfTheReleaseBeforeCounts(t *testing.T) {
	o := Options{
		DSN:     "host=127.0.0.1 port=1 user=nobody sslmode=disable connect_timeout=1",
		DataDir: t.TempDir(), Log: zerolog.New(zerolog.NewTestWriter(t)),
	}
	copyDataDir(t, filepath.Join("testdata", "before", "postgres"), o.DataDir)
	s := open(t, o)
	defer s.Close()
	expectFloorBefore(t, load(t, s))
}

// TestTheVisitsRewriteNoTable checks that PostgreSQL makes the upgrade at once, however many rows
// there are.
func TestTheVisitsRewriteNoTable(t *testing.T) {
	o := postgresOptions(t)
	migrateBefore(t, o, "visit",
		`INSERT INTO nwayacd_cdr (call_uuid, outcome) VALUES ('u1', 'answered'), ('u1', 'abandoned')`)
	db := openSQL(t, o.DSN)
	files := func() (files string) {
		t.Helper()
		if err := db.QueryRow(`SELECT string_agg(pg_relation_filenode(name::regclass)::text, ' ' ORDER BY name) FROM unnest(ARRAY[
			'nwayacd_cdr', 'nwayacd_offer', 'callin_queue', 'call_extension', 'ext_group']) AS t(name)`).Scan(&files); err != nil {
			t.Fatal(err)
		}
		return files
	}
	before := files()
	if applied, err := Migrate(within(t), o); err != nil || len(applied) == 0 {
		t.Fatal(applied, err)
	}
	if after := files(); after != before {
		t.Errorf("the tables' files were %s, are %s", before, after)
	}
}

// copyDataDir copies a folder of testdata, but for the dump of the database.
func copyDataDir(t *testing.T, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(to, "database.sql")); err != nil {
		t.Fatal(err)
	}
}

func execIn(t *testing.T, driver, dsn, statements string) {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	exec(t, db, statements)
}

func expectFloorBefore(t *testing.T, got queue.Snapshot) {
	t.Helper()
	for i := range got.Waiting { // floor.json of that release has no visits: each is the first
		got.Waiting[i].Visit = max(got.Waiting[i].Visit, 1)
	}
	for _, a := range got.Agents {
		if want := a.Extension != "1007"; a.Since.Equal(moment) != want {
			t.Errorf("agent %s is %s since %v", a.Extension, a.Call, a.Since)
		}
	}
	if got, want := summary(got), summary(floorBefore()); got != want {
		t.Errorf("the floor is\n%s\nwant\n%s", got, want)
	}
	slices.SortFunc(got.Talks, func(a, b queue.Talk) int { return strings.Compare(a.CDR.UUID, b.CDR.UUID) })
	for i, want := range floorBefore().Talks {
		if i < len(got.Talks) && !reflect.DeepEqual(utcTalk(got.Talks[i]), want) {
			t.Errorf("talk\n got %+v\nwant %+v", got.Talks[i], want)
		}
	}
}

func utcTalk(talk queue.Talk) queue.Talk {
	talk.CDR, talk.Offer = utcCDR(talk.CDR), utcOffer(talk.Offer)
	return talk
}

// floorBefore is the state when that release was killed.
func floorBefore() queue.Snapshot {
	present := agent.Presence{Registered: true, Up: true, Idle: true}
	away := present
	away.Idle = false
	named := func(extension string, call agent.CallState) agent.Agent {
		return agent.Agent{Profile: agent.Profile{Extension: extension, Name: extension}, Presence: present, Call: call}
	}
	first := agent.Agent{Profile: agent.Profile{
		Extension: "1000", Name: "李豪", CalloutNumber: "95000", JobNumber: "8002", SayJobNumber: true, Record: true,
		WithoutState: true,
		Survey:       true, Video: true, Server: "10.0.0.1",
	}, Presence: present, Call: agent.Talking}
	leaves, missed := named("1002", agent.Talking), named("1004", agent.NoAnswer)
	leaves.Deferred, missed.Presence = agent.LogoutDeferred, away
	locked, added := named("1005", agent.Ready), named("1007", agent.Ready)
	locked.Presence = agent.Presence{Idle: true, Locked: true, DND: true}
	added.Presence = agent.Presence{Idle: true}
	return queue.Snapshot{
		Agents: []agent.Agent{
			first, named("1001", agent.Typing), leaves, named("1003", agent.Typing), missed, locked,
			added,
		},
		Groups: []queue.Group{
			{
				Number: "110", Name: "sales", Mode: queue.RememberRandom, Cursor: "1000", RingTimeout: 31 * time.Second,
				Prompts: queue.Prompts{Welcome: "w2.wav", Blacklist: "b.wav", Busy: "busy.wav", Transfer: "t.wav"},
			},
			*addedGroup("120").GroupAdded, *addedGroup("130").GroupAdded,
		},
		Members: []queue.Member{
			{Group: "110", Extension: "1000"},
			{Group: "120", Extension: "1000"},
			{Group: "120", Extension: "1001"},
			{Group: "130", Extension: "1007"},
		},
		Blacklist: []queue.Blacklisted{
			{Category: 2, Number: "130", Dialled: "95", Group: "110", Expires: moment},
			{Category: 2, Number: "132", Dialled: "95", Group: "110", Expires: moment},
		},
		VIPs: []queue.VIP{{Number: "139", Group: "110"}, {Number: "136"}},
		Memories: []queue.Memory{
			{Caller: "139", Group: "110", Agent: "1000", At: moment},
			{Caller: "136", Group: "120", Agent: "1001", At: moment},
		},
		Waiting: []queue.Waiting{
			{UUID: "w1", Caller: "139", Group: "110", VIP: true, Since: time.Unix(0, 1234567890123456789), Visit: 1},
			{UUID: "w3", Caller: "136", Group: "120", Since: moment.Add(time.Second), Visit: 1},
		},
		Talks: []queue.Talk{
			talkBefore("t1", "1002", false), talkBefore("t3", "1000", false),
			talkBefore("w1", "1003", true),
		},
	}
}

func talkBefore(uuid, extension string, parted bool) queue.Talk {
	return queue.Talk{
		Server: "s1", Link: "fs1", CoreUUID: "core1", Requeued: parted,
		CDR: queue.CDR{
			UUID: uuid, Caller: "137", Dialled: "95", Group: "110", Switch: "host1", Agent: extension,
			Leg: "leg-" + uuid, Offers: 2,
			Outcome: queue.Answered, Recording: "/r/" + uuid + ".wav", Arrived: moment,
			Answered: moment.Add(3 * time.Second),
			Bridged:  moment.Add(4 * time.Second),
		},
		Offer: queue.OfferRecord{
			Call: uuid, Group: "110", Agent: extension, Leg: "leg-" + uuid, Number: 2, Transfer: true, Offered: moment,
			Answered: moment.Add(3 * time.Second),
		},
	}
}

// expectRecordsBefore looks for two records of a call that was handed back and came again, and for
// one from the journal.
func expectRecordsBefore(t *testing.T, s *Store) {
	t.Helper()
	cdrs, err := s.CDRs(within(t), moment)
	if err != nil || len(cdrs) != 3 {
		t.Fatalf("%d CDRs, %v", len(cdrs), err)
	}
	for i, of := range []struct{ uuid, group string }{{"c1", "110"}, {"c1", "120"}, {"t2", "110"}} {
		want := queue.CDR{
			UUID: of.uuid, Caller: "139", Dialled: "95", Group: of.group, VIP: true, Switch: "host1", Agent: "1000",
			Leg:    "leg-" + of.uuid,
			Offers: 2, Outcome: queue.Answered, HungUpBy: queue.AgentSide, Cause: "NORMAL_CLEARING", Survey: "5",
			Recording: "/r/" + of.uuid + ".wav", Arrived: moment, Answered: moment.Add(2 * time.Second),
			Bridged: moment.Add(3 * time.Second), Ended: moment.Add(time.Minute), Visit: 1,
			ServiceLevel: 20, Short: 5,
		}
		if got := utcCDR(cdrs[i]); !reflect.DeepEqual(got, want) {
			t.Errorf("cdr\n got %+v\nwant %+v", got, want)
		}
	}
	for uuid, want := range map[string]int{"c1": 4, "t2": 2} {
		offers, err := s.Offers(within(t), uuid)
		if err != nil || len(offers) != want {
			t.Fatalf("%s: %d offers, %v", uuid, len(offers), err)
		}
		if got, want := utcOffer(offers[want-1]), (queue.OfferRecord{
			Call: uuid, Group: offers[want-1].Group, Agent: "1001", Leg: "other-" + uuid, Number: 2, Transfer: true,
			Offered: moment,
			Ended:   moment.Add(time.Second), Outcome: queue.OfferMissed, Cause: "NO_ANSWER", Visit: 1,
		}); got != want {
			t.Errorf("offer\n got %+v\nwant %+v", got, want)
		}
	}
	if got := count(t, s, `SELECT count(*) FROM nwayacd_agent_log`); got != 4 {
		t.Errorf("%d rows of the agents' log", got)
	}
}

func utcOffer(o queue.OfferRecord) queue.OfferRecord {
	for _, at := range []*time.Time{&o.Offered, &o.Answered, &o.Ended, &o.Arrived} {
		if !at.IsZero() {
			*at = at.UTC()
		}
	}
	return o
}
