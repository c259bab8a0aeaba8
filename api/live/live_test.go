package live

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"nwayacd/agent"
	"nwayacd/internal/auth"
	"nwayacd/queue"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// stage is a floor with its lock, as package acd has it.
type stage struct {
	t       *testing.T
	mu      sync.Mutex
	floor   *queue.Floor
	bell    chan struct{}
	figures *Figures
	hub     *Hub
	reads   atomic.Int64 // how often the hub has read the floor
}

// newStage returns a floor with the groups 110 and 120, whose agents 1000 and 1001 are logged in to
// one each, and a hub that follows it. It must run in a bubble.
func newStage(t *testing.T) *stage {
	t.Helper()
	s := emptyStage(t)
	for group, extension := range map[string]string{"110": "1000", "120": "1001"} {
		s.do(func(now time.Time) error { return s.floor.AddGroup(group, queue.Sequence, now) })
		s.do(func(time.Time) error { return s.floor.AddAgent(extension, "") })
		s.do(func(now time.Time) error { return s.floor.Login(extension, []string{group}, now) })
	}
	s.run()
	return s
}

func emptyStage(t *testing.T) *stage {
	s := &stage{
		t: t, floor: queue.NewFloor(queue.Settings{TypingAuto: true, Reoffer: time.Second}, 1),
		bell: make(chan struct{}, 1), figures: NewFigures(time.UTC),
	}
	s.hub = New(s, s.figures)
	return s
}

// run runs the hub until the test ends.
func (s *stage) run() {
	ctx, stop := context.WithCancel(s.t.Context())
	var running sync.WaitGroup
	running.Go(func() { s.hub.Run(ctx) })
	s.t.Cleanup(func() { stop(); running.Wait() })
}

// Watch implements Floor.
func (s *stage) Watch() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.floor.Watch()
	return s.bell
}

// Changed implements Floor.
func (s *stage) Changed(also func()) queue.Changed {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads.Add(1)
	also()
	return s.floor.TakeChanged()
}

// do is one step on the floor. It returns the offers.
func (s *stage) do(step func(now time.Time) error) []*queue.Lease {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := step(time.Now()); err != nil {
		s.t.Fatal(err)
	}
	out := s.floor.TakeEffects()
	for _, cdr := range out.Ended {
		s.figures.Ended(cdr)
	}
	select {
	case s.bell <- struct{}{}:
	default:
	}
	return slices.Clone(out.Offers)
}

// arrive lets a caller wait in a group.
func (s *stage) arrive(uuid, number, group string) []*queue.Lease {
	s.t.Helper()
	return s.do(func(now time.Time) error {
		_, err := s.floor.Join(queue.Arrival{UUID: uuid, Caller: number, Name: "Li", Group: group, Since: now})
		s.floor.Open(uuid, now)
		return err
	})
}

// talk lets a caller arrive and talk with the agent of the group.
func (s *stage) talk(uuid, number, group string) *queue.Lease {
	s.t.Helper()
	arrived := time.Now()
	offers := s.arrive(uuid, number, group)
	if len(offers) != 1 {
		s.t.Fatalf("%d offers for %s", len(offers), uuid)
	}
	s.do(func(now time.Time) error {
		s.floor.Answer(offers[0], now)
		s.floor.Bridged(queue.Talk{CDR: queue.CDR{
			UUID: uuid, Group: group, Arrived: arrived, Answered: now, Bridged: now,
		}})
		return nil
	})
	return offers[0]
}

// end ends a call with its record.
func (s *stage) end(cdr queue.CDR) {
	s.t.Helper()
	s.do(func(now time.Time) error {
		cdr.Ended = now
		s.floor.Ended(cdr)
		s.floor.Leave(cdr.UUID, now)
		return nil
	})
}

// screen is a client of the stream, with the rows that it shows.
type screen struct {
	t      *testing.T
	stream *Stream
	rows   map[string]map[string]map[string]any // list, key, row
	lastID string
	frames map[string]int // by event
}

func (s *stage) screen(a auth.Actor, lastID string, groups ...string) *screen {
	s.t.Helper()
	viewer, ok := ViewerOf(a, groups)
	if !ok {
		s.t.Fatalf("%+v sees nothing", a)
	}
	return &screen{s.t, s.hub.Open(viewer, lastID), newRows(), lastID, map[string]int{}}
}

func newRows() map[string]map[string]map[string]any {
	return map[string]map[string]map[string]any{"groups": {}, "agents": {}, "calls": {}}
}

// watch reads frames for some time. It returns the names of the events.
func (s *screen) watch(d time.Duration) (events []string) {
	s.t.Helper()
	ctx, stop := context.WithTimeout(s.t.Context(), d)
	defer stop()
	for {
		frame, err := s.stream.Next(ctx)
		if errors.Is(err, context.DeadlineExceeded) {
			return events
		}
		if err != nil {
			s.t.Fatal(err)
		}
		events = append(events, s.show(frame))
	}
}

var keys = map[string]string{"groups": "number", "agents": "extension", "calls": "uuid"}

func (s *screen) show(frame []byte) (event string) {
	s.t.Helper()
	text, ended := bytes.CutSuffix(frame, []byte("\n\n"))
	lines := strings.Split(string(text), "\n")
	if !ended || len(lines) != 3 {
		s.t.Fatalf("no event: %q", frame)
	}
	s.lastID = strings.TrimPrefix(lines[0], "id: ")
	event = strings.TrimPrefix(lines[1], "event: ")
	s.frames[event]++
	data := []byte(strings.TrimPrefix(lines[2], "data: "))
	if event == "tick" {
		return event
	}
	var rows struct {
		V                     uint64
		Groups, Agents, Calls []map[string]any
		Gone                  map[string][]string
	}
	if err := json.Unmarshal(data, &rows); err != nil {
		s.t.Fatalf("%v: %s", err, data)
	}
	if event == "snapshot" {
		s.rows = newRows()
	}
	for list, gone := range rows.Gone {
		for _, key := range gone { // a row that came and went between two frames is here only
			delete(s.rows[list], key)
		}
	}
	for list, changed := range map[string][]map[string]any{
		"groups": rows.Groups, "agents": rows.Agents, "calls": rows.Calls,
	} {
		for _, row := range changed {
			s.rows[list][row[keys[list]].(string)] = row
		}
	}
	return event
}

// keysOf returns the keys of the rows of a list, in order.
func (s *screen) keysOf(list string) string {
	var all []string
	for key := range s.rows[list] {
		all = append(all, key)
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

func (s *screen) wants(groups, agents, calls string) {
	s.t.Helper()
	if g, a, c := s.keysOf("groups"), s.keysOf("agents"), s.keysOf("calls"); g != groups || a != agents || c != calls {
		s.t.Errorf("shown are the groups %q, agents %q, calls %q; should be %q, %q, %q", g, a, c, groups, agents, calls)
	}
}

var admin = auth.Actor{Role: auth.Admin}

func TestAScreenShowsTheFloorAndWhatChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		shown := s.screen(admin, "")
		if events := shown.watch(time.Second); !slices.Equal(events, []string{"snapshot", "tick"}) {
			t.Fatalf("first: %v", events)
		}
		shown.wants("110 120", "1000 1001", "")
		lease := s.talk("u1", "139", "110")
		s.arrive("u2", "138", "110")
		shown.watch(time.Second)
		shown.wants("110 120", "1000 1001", "u1 u2")
		if a := shown.rows["agents"]["1000"]; a["state"] != "talking" || a["caller"] != "139" ||
			a["call_group"] != "110" {
			t.Errorf("the agent: %v", a)
		}
		if c := shown.rows["calls"]["u2"]; c["state"] != "wait" || c["number"] != "138" || c["name"] != "Li" {
			t.Errorf("the waiting caller: %v", c)
		}
		if g := shown.rows["groups"]["110"]; g["waiting"] != 1.0 || g["talking"] != 1.0 || g["waiting_since"] == 0.0 {
			t.Errorf("the group: %v", g)
		}
		s.end(queue.CDR{UUID: "u2", Group: "110", Outcome: queue.Abandoned, Arrived: time.Now()})
		s.do(func(now time.Time) error { s.floor.End(lease, now); return nil })
		shown.watch(time.Second)
		shown.wants("110 120", "1000 1001", "u1")
		if a := shown.rows["agents"]["1000"]; a["state"] != "typing" || a["caller"] != nil {
			t.Errorf("the agent in wrap-up: %v", a)
		}
	})
}

func TestFiveVersionsASecondAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		shown := s.screen(admin, "")
		shown.watch(time.Second)
		before := s.reads.Load()
		for n := range 2000 { // 10 s of 200 changes a second
			s.do(func(now time.Time) error { s.floor.SetOutside("1000", n, now); return nil })
			shown.watch(5 * time.Millisecond)
		}
		if reads := s.reads.Load() - before; reads > 51 || reads < 45 {
			t.Errorf("the floor was read %d times in 10 s", reads)
		}
		if n := shown.frames["delta"]; n > 51 || n < 45 {
			t.Errorf("%d deltas in 10 s", n)
		}
		if n := shown.frames["tick"]; n != 6 {
			t.Errorf("%d ticks in 11 s", n)
		}
	})
}

func TestAQuietFloorIsReadForTicksOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		shown := s.screen(admin, "")
		shown.watch(time.Second)
		before := s.reads.Load()
		if events := shown.watch(20 * time.Second); len(events) != 10 || slices.Contains(events, "delta") {
			t.Errorf("in 20 s: %v", events)
		}
		if s.reads.Load()-before != 10 {
			t.Errorf("the floor was read %d times", s.reads.Load()-before)
		}
	})
}

func TestAStreamResumesAfterTheLastEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		shown := s.screen(admin, "")
		shown.watch(time.Second)
		s.arrive("u1", "139", "110")
		s.arrive("u2", "138", "110")
		shown.watch(time.Second)
		s.end(queue.CDR{UUID: "u2", Group: "110", Outcome: queue.Abandoned})
		s.arrive("u3", "137", "120")
		time.Sleep(time.Second)
		back := s.screen(admin, shown.lastID)
		back.rows = shown.rows
		if events := back.watch(300 * time.Millisecond); events[0] != "delta" {
			t.Errorf("after coming back: %v", events)
		}
		back.wants("110 120", "1000 1001", "u1 u3")
		for _, id := range []string{"other.all-3", "", "x", s.hub.life + ".all-99999999", s.hub.life + ".all--1", "-"} {
			if events := s.screen(admin, id).watch(300 * time.Millisecond); events[0] != "snapshot" {
				t.Errorf("after the id %q: %v", id, events)
			}
		}
		other := s.screen(auth.Actor{Role: auth.Read, Groups: []string{"120"}}, shown.lastID)
		if events := other.watch(300 * time.Millisecond); events[0] != "snapshot" {
			t.Errorf("with other rights: %v", events)
		}
	})
}

func TestASlowStreamGetsOneLargeDeltaOrASnapshot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		shown := s.screen(admin, "")
		shown.watch(time.Second)
		for range 10 {
			s.do(func(now time.Time) error { return s.floor.Busy("1000", now) })
			time.Sleep(gap)
			s.do(func(now time.Time) error { return s.floor.Ready("1000", now) })
			time.Sleep(gap)
		}
		time.Sleep(gap + time.Millisecond)
		if events := shown.watch(time.Millisecond); !slices.Equal(events, []string{"delta", "tick"}) {
			t.Errorf("after 4 s: %v", events)
		}
		for n := range maxLog { // more than the hub remembers
			s.do(func(now time.Time) error { s.floor.SetOutside("1000", n, now); return nil })
			s.hub.update(time.Now(), false)
		}
		if len(s.hub.table.log) > maxLog {
			t.Errorf("the log has %d entries", len(s.hub.table.log))
		}
		if events := shown.watch(time.Millisecond); events[0] != "snapshot" {
			t.Errorf("after too many changes: %v", events)
		}
		shown.wants("110 120", "1000 1001", "")
	})
}

func TestEachRoleSeesItsShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		screens := map[string]*screen{
			"wall":       s.screen(auth.Actor{Role: auth.Wall, Groups: []string{"110"}}, ""),
			"hall":       s.screen(auth.Actor{Role: auth.Wall, Groups: []string{"*"}}, ""),
			"corner":     s.screen(auth.Actor{Role: auth.Wall, Groups: []string{"*"}}, "", "120"),
			"read":       s.screen(auth.Actor{Role: auth.Read, Groups: []string{"120"}}, ""),
			"supervisor": s.screen(auth.Actor{Role: auth.Supervisor, Groups: []string{"110"}}, ""),
			"all":        s.screen(auth.Actor{Role: auth.Supervisor, Groups: []string{"*"}}, ""),
			"filtered":   s.screen(admin, "", "120"),
			"agent":      s.screen(auth.Actor{Role: auth.Agent, Extension: "1001"}, ""),
			"beyond":     s.screen(auth.Actor{Role: auth.Read, Groups: []string{"110"}}, "", "110", "120"),
		}
		s.do(func(now time.Time) error { return s.floor.Login("1000", []string{"110", "120"}, now) })
		s.do(func(now time.Time) error { return s.floor.Busy("1001", now) })
		s.talk("u1", "139", "120") // with 1000, who is a member of both groups
		s.arrive("u2", "138", "110")
		for _, shown := range screens {
			shown.watch(time.Second)
		}
		screens["wall"].wants("110", "", "")
		screens["hall"].wants("110 120", "", "")
		screens["corner"].wants("120", "", "")
		screens["read"].wants("120", "1000 1001", "u1")
		screens["supervisor"].wants("110", "1000", "u2")
		screens["all"].wants("110 120", "1000 1001", "u1 u2")
		screens["filtered"].wants("120", "1000 1001", "u1")
		screens["agent"].wants("120", "1001", "")
		screens["beyond"].wants("110", "1000", "u2")
		for name, number := range map[string]any{
			"read": "139", "supervisor": nil, "all": "139", "filtered": "139", "beyond": nil,
		} {
			a := screens[name].rows["agents"]["1000"]
			if a["caller"] != number || (a["caller_name"] != nil) != (number != nil) || a["state"] != "talking" {
				t.Errorf("%s sees %v", name, a)
			}
		}
		if screens["supervisor"].rows["agents"]["1000"]["hidden"] != true {
			t.Errorf("%v", screens["supervisor"].rows["agents"]["1000"])
		}
		s.do(func(time.Time) error { return s.floor.AddAgent("1002", "") })
		for _, shown := range screens {
			shown.watch(time.Second)
		}
		screens["supervisor"].wants("110", "1000 1002", "u2")
		screens["beyond"].wants("110", "1000", "u2")
		for _, role := range []auth.Role{auth.Metrics, auth.Directory, auth.Dialplan, ""} {
			if _, ok := ViewerOf(auth.Actor{Role: role, Groups: []string{"*"}}, nil); ok {
				t.Errorf("the role %q sees the floor", role)
			}
		}
	})
}

func TestRowsThatLeaveTheGroupsOfAViewerAreGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		shown := s.screen(auth.Actor{Role: auth.Read, Groups: []string{"110"}}, "")
		own := s.screen(auth.Actor{Role: auth.Agent, Extension: "1000"}, "")
		s.do(func(now time.Time) error { return s.floor.Busy("1000", now) })
		s.arrive("u1", "139", "110")
		shown.watch(time.Second)
		own.watch(time.Second)
		shown.wants("110", "1000", "u1")
		own.wants("110", "1000", "")
		s.do(func(now time.Time) error { _, err := s.floor.Move("u1", "120", now); return err })
		s.do(func(now time.Time) error { return s.floor.Login("1000", []string{"120"}, now) })
		shown.watch(time.Second)
		own.watch(time.Second)
		shown.wants("110", "", "")
		own.wants("120", "1000", "") // 1001 is the first in the group's order, and has the caller
		s.do(func(now time.Time) error { return s.floor.RemoveGroup("110") })
		shown.watch(time.Second)
		shown.wants("", "", "")
	})
}

func TestTheStateOfAnAgentHasItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		shown := s.screen(admin, "")
		shown.watch(time.Minute)
		s.do(func(now time.Time) error { return s.floor.Busy("1000", now) })
		began := time.Now()
		shown.watch(time.Minute)
		s.do(func(now time.Time) error {
			return s.floor.SetAgent(agent.Update{Extension: "1000", JobNumber: new("7")}, now)
		})
		shown.watch(time.Minute)
		a := shown.rows["agents"]["1000"]
		since := time.UnixMilli(int64(a["since"].(float64)))
		if a["state"] != "busy" || since.Before(began) || since.After(began.Add(gap)) {
			t.Errorf("busy since %v, should be %v: %v", since, began, a)
		}
	})
}

func TestAnEmptyFloorIsASnapshotToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := emptyStage(t)
		s.run()
		shown := s.screen(admin, "")
		if events := shown.watch(time.Second); !slices.Contains(events, "snapshot") {
			t.Errorf("%v", events)
		}
	})
}

func TestStreamsThatSeeTheSameShareTheirFrames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		time.Sleep(time.Second)
		a, b := s.screen(admin, "").stream, s.screen(auth.Actor{Role: auth.Local}, "").stream
		first, _ := a.Next(t.Context())
		second, _ := b.Next(t.Context())
		if &first[0] != &second[0] {
			t.Error("the frame was made twice")
		}
	})
}
