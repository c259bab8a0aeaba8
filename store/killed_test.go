package store

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"nwayacd/agent"
	"nwayacd/queue"
)

// testdata/killed holds what was left behind by releases that were killed during calls. Its README
// says how it was made, and what the situation was.

// TestAReleaseThatWasKilledLosesNothing opens the database, the journal and floor.json of a release
// that was killed.
func TestAReleaseThatWasKilledLosesNothing(t *testing.T) {
	for _, release := range []string{"88c10e4", "65a8320"} {
		t.Run(release, func(t *testing.T) {
			everyDatabase(t, func(t *testing.T, o Options) {
				restore(t, filepath.Join("testdata", "killed", release), &o)
				s := open(t, o)
				if n := count(t, s, `SELECT count(*) FROM callin_queue`); n != 1 {
					t.Errorf("%d callers wait in the database before the journal is applied, want 1", n)
				}
				stop := start(t, s)
				snap := load(t, s)
				expectKilledFloor(t, snap)
				expectKilledRecords(t, s)
				if n := count(t, s, `SELECT count(*) FROM nwayacd_rejected`); n != 0 {
					t.Errorf("%d changes were rejected", n)
				}
				stop()
				expectKilledFloor(t, reopened(t, o))
			})
		})
	}
}

// TestTheLastKnownStateOfAReleaseThatWasKilled opens floor.json and the journal while the database
// is away.
func TestTheLastKnownStateOfAReleaseThatWasKilled(t *testing.T) {
	for _, release := range []string{"88c10e4", "65a8320"} {
		t.Run(release, func(t *testing.T) {
			o := Options{
				DSN:     "host=127.0.0.1 port=1 user=nobody sslmode=disable connect_timeout=1",
				DataDir: t.TempDir(), Log: zerolog.New(zerolog.NewTestWriter(t)),
			}
			copyDataDir(t, filepath.Join("testdata", "killed", release, "postgres"), o.DataDir)
			s := open(t, o)
			defer s.Close()
			expectKilledFloor(t, load(t, s))
		})
	}
}

// TestCallsOfAReleaseThatWasKilledGoOn loads the state into a floor. Agents in a talk must still
// talk, and each caller who waited must have a place.
func TestCallsOfAReleaseThatWasKilledGoOn(t *testing.T) {
	o := sqliteOptions(t)
	restore(t, filepath.Join("testdata", "killed", "88c10e4"), &o)
	snap := reopened(t, o)
	now := time.Now()
	floor := queue.NewFloor(queue.Settings{Reserve: time.Minute}, 1)
	floor.Load(snap, now)
	for _, w := range snap.Waiting {
		if group, kept := floor.KeepsPlace(w.UUID); !kept || group != w.Group {
			t.Errorf("%s has a place in %q, %v", w.Caller, group, kept)
		}
	}
	for _, talk := range snap.Talks {
		a, err := floor.Agent(talk.CDR.Agent)
		if err != nil {
			t.Fatal(err)
		}
		if talks := a.CallUUID == talk.CDR.UUID && a.Call == agent.Talking; talks == talk.Requeued {
			t.Errorf("agent %s is %s with %q", a.Extension, a.Call, a.CallUUID)
		}
	}
}

func expectKilledFloor(t *testing.T, snap queue.Snapshot) {
	t.Helper()
	expectLines(t, "agents", agentLines(snap),
		"1000 talking in 110", "1001 noanswer in 110", "1002 talking busy in 120", "1003 typing in 130",
		"1004 ring in 140",
		"1005 typing in 150", "1006 ring in 130", "1007 down")
	var groups, waiting, talks, memories []string
	for _, g := range snap.Groups {
		groups = append(groups,
			fmt.Sprintf("%s %s %s %s %s %s", g.Number, g.Name, g.Mode, g.Cursor, g.RingTimeout, g.Prompts.Busy))
	}
	expectLines(t, "groups", groups, "110 sales remember+cyclic 1001 15s ", "120 120 sequence  15s busy.wav",
		"130 130 cyclic 1003 15s ",
		"140 140 remember+sequence  15s ", "150 150 random  15s ")
	for _, w := range snap.Waiting {
		waiting = append(waiting, fmt.Sprintf("%s in %s, VIP %v, visit %d", w.Caller, w.Group, w.VIP, max(w.Visit, 1)))
		expectDay(t, w.Since)
	}
	expectLines(t, "waiting", waiting, "13900000003 in 110, VIP false, visit 1",
		"13900000005 in 110, VIP true, visit 1",
		"13900000007 in 140, VIP false, visit 1", "13900000009 in 130, VIP false, visit 1")
	for _, talk := range snap.Talks {
		talks = append(talks,
			fmt.Sprintf("%s with %s in %s at %s, parted %v, offer %d of %s", talk.CDR.Caller, talk.CDR.Agent,
				talk.CDR.Group,
				talk.Link, talk.Requeued, talk.Offer.Number, talk.Offer.Agent))
		expectDay(t, talk.CDR.Arrived, talk.Offer.Offered, talk.Offer.Answered, talk.CDR.Answered, talk.CDR.Bridged)
		if talk.CDR.Leg == "" || talk.Offer.Leg != talk.CDR.Leg || talk.CoreUUID == "" || talk.Server == "" {
			t.Errorf("the talk has no leg, server or FreeSWITCH: %+v", talk)
		}
	}
	expectLines(t, "talks", talks, "13900000002 with 1000 in 110 at fs, parted false, offer 1 of 1000",
		"13900000004 with 1002 in 120 at fs, parted false, offer 1 of 1002",
		"13900000009 with 1003 in 130 at fs, parted true, offer 1 of 1003")
	for _, m := range snap.Memories {
		memories = append(memories, m.Caller+" "+m.Group+" "+m.Agent)
	}
	expectLines(t, "memories", memories, "13900000002 110 1000")
	if fmt.Sprint(snap.VIPs) != "[{13900000005 110}]" || len(snap.Blacklist) != 1 ||
		snap.Blacklist[0].Number != "13000000000" {
		t.Errorf("VIPs %v, blacklist %v", snap.VIPs, snap.Blacklist)
	}
}

// agentLines returns each agent's standing, what is deferred, and the groups.
func agentLines(snap queue.Snapshot) []string {
	lines := map[string]string{}
	for _, a := range snap.Agents {
		lines[a.Extension] = strings.TrimSpace(fmt.Sprint(a.Extension, " ", a.Standing(), " ", a.Deferred))
	}
	for _, m := range snap.Members {
		lines[m.Extension] += " in " + m.Group
	}
	return slices.Collect(maps.Values(lines))
}

// expectKilledRecords looks for a call whose CDR was in the database, and for two whose CDRs were
// in the journal.
func expectKilledRecords(t *testing.T, s *Store) {
	t.Helper()
	cdrs, err := s.CDRs(within(t), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, c := range cdrs {
		lines = append(lines,
			fmt.Sprintf("%s %s %s by %q, %q hung up, %s, visit %d", c.Caller, c.Group, c.Outcome, c.Agent, c.HungUpBy,
				c.Cause, c.Visit))
		times := []time.Time{c.Arrived, c.Answered, c.Bridged, c.Ended}
		if c.Outcome == queue.Abandoned {
			times = []time.Time{c.Arrived, c.Ended}
		}
		expectDay(t, times...)
	}
	expectLines(t, "CDRs", lines, `13900000001 120 answered by "1002", "agent" hung up, NORMAL_CLEARING, visit 1`,
		`13900000006 140 abandoned by "", "" hung up, NORMAL_CLEARING, visit 1`,
		`13900000008 150 answered by "1005", "agent" hung up, NORMAL_CLEARING, visit 1`)
	for query, want := range map[string]int{
		`SELECT count(*) FROM nwayacd_offer WHERE outcome = 'answered' AND talk_ms > 0`:                      3,
		`SELECT count(*) FROM nwayacd_offer WHERE outcome = 'noanswer' AND agent = '1001'`:                   1,
		`SELECT count(*) FROM nwayacd_offer WHERE outcome = 'noanswer' AND cause = 'USER_BUSY'`:              1,
		`SELECT count(*) FROM nwayacd_agent_log WHERE extension = '1001' AND status IN ('ring', 'noanswer')`: 2,
	} {
		if n := count(t, s, query); n != want {
			t.Errorf("%d, want %d: %s", n, want, query)
		}
	}
}

// expectLines compares two sets of lines.
func expectLines(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("%s\n got %s\nwant %s", what, strings.Join(got, "\n     "), strings.Join(want, "\n     "))
	}
}

// expectDay checks that the times are from the day on which the release ran, and in this order.
func expectDay(t *testing.T, times ...time.Time) {
	t.Helper()
	for i, at := range times {
		if at.UTC().Format(time.DateOnly) != "2026-11-28" || at.Before(times[max(0, i-1)]) {
			t.Errorf("time %d of %v", i, times)
		}
	}
}

// restore fills the empty database and data-dir of o from a folder of testdata.
func restore(t *testing.T, from string, o *Options) {
	t.Helper()
	kind, driver, dsn := "postgres", "postgres", o.DSN
	if dsn == "" {
		kind, driver, dsn = "sqlite", "sqlite", filepath.Join(o.DataDir, sqliteFile)
	}
	copyDataDir(t, filepath.Join(from, kind), o.DataDir)
	dump, err := os.ReadFile(filepath.Join(from, kind, "database.sql"))
	if err != nil {
		t.Fatal(err)
	}
	execIn(t, driver, dsn, string(dump))
}
