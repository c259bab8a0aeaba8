package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// Bounds of what may be wrong for a while, counted from when nothing is broken any more.
const (
	calmAfter  = 12 * time.Second // nothing is judged earlier
	restBound  = 6 * time.Second  // more than reoffer-seconds
	idleBound  = 8 * time.Second  // an agent is free and a caller of its group waits
	deadBound  = 4 * time.Second  // a caller hears no voice, no prompt and no music
	aloneBound = 8 * time.Second  // an agent's phone is answered and hears no voice
	readyBound = 4 * time.Second  // an agent is ready and their phone is in a talk of ours
	stuckBound = 10 * time.Second // an agent rings or talks, and its phone has no leg
)

type listedAgent struct {
	Extension string   `json:"extension"`
	Reg       string   `json:"reg_state"`
	Seat      string   `json:"seat_state"`
	Status    string   `json:"seat_status"`
	Call      string   `json:"call_state"`
	Available bool     `json:"available"`
	DND       bool     `json:"dnd"`
	Groups    []string `json:"groups"`
	UUID      string   `json:"call_uuid"`
}

type listedGroup struct {
	Group   string `json:"group"`
	Waiting int    `json:"waiting"`
}

type listedCall struct {
	UUID, Caller, Phase, Group string
}

// judge looks at nwayacd's lists on simulated switches.
type judge struct {
	s      *soak
	doubts *doubts
}

func newJudge(s *soak) *judge { return &judge{s, newDoubts()} }

func (j *judge) unsure() *doubts { return j.doubts }

func (j *judge) look(agents []listedAgent, calls []listedCall) {
	for _, c := range calls {
		idle := slices.IndexFunc(agents, func(a listedAgent) bool {
			return a.Available && slices.Contains(a.Groups, c.Group) && j.s.watch.rested(a.Extension, restBound)
		})
		if idle >= 0 {
			j.wrong(c.UUID, c.Phase == "wait", idleBound, "a caller waits for an idle agent",
				fmt.Sprintf("%s waits in group %s, and %s is available", c.UUID, c.Group, agents[idle].Extension),
				j.s.watch.find(c.UUID))
		}
	}
	for _, a := range agents {
		busy := a.Call == "ring" || a.Call == "talking"
		j.wrong(a.Extension, busy && !j.s.watch.has(a.Extension), stuckBound, "stuck agent",
			fmt.Sprintf("%s is %s for %s and its phone has no leg", a.Extension, a.Call, a.UUID),
			j.s.watch.find(a.UUID))
		talk, c := j.s.watch.talkOf(a.Extension)
		j.wrong(a.Extension+" "+talk, talk != "" && a.Call == "ready", readyBound, "agent ready in a talk",
			fmt.Sprintf("%s is %s and its leg %s talks", a.Extension, a.Call, short(talk)), c)
	}
	j.lookAtChannels()
}

// wrong reports something that is not as it should be, once, if it lasts longer than the bound.
func (j *judge) wrong(about string, is bool, bound time.Duration, kind, what string, c *caller) {
	key := kind + " " + about
	if is && j.doubts.lasts(key, bound) && j.doubts.isNew(key) {
		j.s.violate(kind, what, c)
	}
}

// list reads one of nwayacd's lists.
func (s *soak) list(ctx context.Context, command string, into any) error {
	reply, err := s.console("judge").do(ctx, command+" json")
	if err != nil {
		return err
	}
	return json.Unmarshal([]byte(reply), into)
}

// audible are the applications in which a party hears something, or waits for a moment only.
var audible = []string{"playback", "endless_playback", "play_and_get_digits", "sleep", "valet_park", "bridge"}

// lookAtChannels looks for callers and agents' phones that are answered and hear nothing.
func (j *judge) lookAtChannels() {
	for _, sw := range j.s.switches {
		for _, ch := range sw.Channels() {
			alone := ch.Answered && !ch.Bridged && !slices.Contains(audible, ch.App)
			if c := j.s.watch.find(ch.UUID); c != nil {
				alone = alone && !j.s.watch.isAt(c, park)
				j.wrong(ch.UUID, alone, deadBound, "dead air",
					fmt.Sprintf("%s hears no voice, no prompt and no music: %+v", ch.UUID, ch), c)
			} else if callerOf(ch.PresenceData) != "" && !j.s.watch.isKept(ch.UUID) {
				j.wrong(ch.UUID, alone, aloneBound, "leg alone",
					fmt.Sprintf("the leg of %s hears no voice: %+v", ch.Extension, ch),
					j.s.watch.find(callerOf(ch.PresenceData)))
			}
		}
	}
}

// Limits of the end: how long everything may take to come right after load and faults.
const (
	emptyLimit  = 2 * time.Minute
	settleLimit = 30 * time.Second
	lapseLimit  = 75 * time.Second // the place of a call whose connection was lost is kept for a minute
	testLimit   = 30 * time.Second
)

// conclude judges what is left after load and faults.
func (s *soak) conclude(ctx context.Context) {
	for _, p := range s.people {
		p.behave()
	}
	s.within(emptyLimit, func() bool { return len(s.watch.here()) == 0 })
	for _, c := range s.watch.here() {
		s.violate("caller left over", fmt.Sprintf("%s is still here %s after the end", c.uuid, emptyLimit), c)
	}
	s.checkAgents(ctx)
	s.testCalls(ctx)
	s.checkLists(ctx)
}

// within waits for a condition. It returns false if the condition is not true in time.
func (s *soak) within(limit time.Duration, so func() bool) bool {
	for end := time.Now().Add(limit); !so(); s.pause(50 * time.Millisecond) {
		if time.Now().After(end) || s.root.Err() != nil {
			return false
		}
	}
	return true
}

// pause waits so long, but not beyond the end of the soak.
func (s *soak) pause(long time.Duration) {
	over := time.NewTimer(long)
	defer over.Stop()
	select {
	case <-over.C:
	case <-s.root.Done():
	}
}

// checkAgents compares every agent with the last reply that its person got.
func (s *soak) checkAgents(ctx context.Context) {
	if err := s.pg.exec(ctx, "UPDATE call_extension SET dnd = false WHERE dnd"); err != nil {
		s.violate("harness", err.Error(), nil)
	}
	var agents []listedAgent
	wrong := func() (all []listedAgent) {
		if s.list(ctx, "nway_list_exts", &agents) != nil {
			return []listedAgent{{}}
		}
		for _, a := range agents {
			if p := s.person(a.Extension); p != nil && !isAs(a, p.left()) {
				all = append(all, a)
			}
		}
		return all
	}
	s.within(settleLimit, func() bool { return len(wrong()) == 0 })
	for _, a := range wrong() {
		p := s.person(a.Extension)
		if p == nil {
			s.violate("harness", "nway_list_exts does not answer", nil)
			continue
		}
		s.violate("agent not as left",
			fmt.Sprintf("%s is %+v, not %s\n%s", a.Extension, a, p.left(),
				p.story.between(s.began, time.Time{}, time.Now())), nil)
	}
}

func isAs(a listedAgent, want state) bool {
	slices.Sort(a.Groups)
	return a.Reg == "reged" && a.Seat == either(want.up, "up", "down") &&
		a.Status == either(want.idle, "idle", "busy") && a.Call == "ready" &&
		a.UUID == "" && !a.DND && slices.Equal(a.Groups, want.groups) && a.Available == (want.up && want.idle)
}

// testGroup has no members. Its callers are transferred.
const testGroup = "118"

// testCalls sends a caller to every available agent, a few at a time.
func (s *soak) testCalls(ctx context.Context) {
	var all sync.WaitGroup
	room := make(chan struct{}, testsAtOnce)
	for i, p := range s.people {
		if now := p.left(); now.up && now.idle {
			all.Go(func() { // ends within two limits
				room <- struct{}{}
				s.testCall(ctx, p.extension, i%len(s.switches))
				<-room
			})
		}
	}
	all.Wait()
}

const testsAtOnce = 6

func (s *soak) testCall(ctx context.Context, extension string, sw int) {
	c := s.call(wantsAgent, "test-"+extension, testGroup, sw, testCaller)
	sent := false
	over := s.within(testLimit, func() bool {
		if s.watch.talksWith(c.uuid) == "" &&
			strings.HasPrefix(s.orders(ctx, c, "nwayacd_transfer "+c.uuid+" "+extension), "+OK") {
			sent = true
			s.pause(time.Second)
		}
		return s.watch.verdict(c) != ""
	})
	switch {
	case !sent:
		s.violate("stuck agent", "a test call cannot be sent to "+extension, c)
	case !over || s.watch.verdict(c) != served:
		s.violate("stuck agent", "a test call to "+extension+" was not answered", c)
	}
	c.call.Hangup()
}

// checkLists looks for what is left when every caller has gone.
func (s *soak) checkLists(ctx context.Context) {
	s.within(lapseLimit, func() bool { return len(s.leftovers(ctx)) == 0 })
	for _, left := range s.leftovers(ctx) {
		s.violate("left over", left, nil)
	}
}

func (s *soak) leftovers(ctx context.Context) (left []string) {
	for i, sw := range s.switches {
		for _, ch := range sw.Channels() {
			left = append(left, fmt.Sprintf("fs%d has the channel %+v", i+1, ch))
		}
	}
	var groups []listedGroup
	if err := s.list(ctx, "nway_list_groups", &groups); err != nil {
		left = append(left, err.Error())
	}
	for _, g := range groups {
		if g.Waiting > 0 {
			left = append(left, fmt.Sprintf("group %s has %d waiting", g.Group, g.Waiting))
		}
	}
	rows, err := s.pg.rows(ctx, "SELECT call_uuid FROM callin_queue")
	if err != nil {
		left = append(left, err.Error())
	}
	for _, row := range rows {
		left = append(left, "callin_queue has "+row[0])
	}
	return left
}
