package queue

import (
	"fmt"
	"reflect"
	"slices"
	"time"
)

// dice decides what happens next. rapid's can shrink a failure, and a generator's is fast.
type dice interface{ IntN(n int) int }

// play runs a floor and the naive model side by side.
type play struct {
	t      failer
	f      *Floor
	m      *naive
	ledger *ledger // nil = what is written is not looked at
	now    time.Time
	serial int // of steps on the floor, ticks among them
	steps  int
	noted  int
	born   int        // callers so far
	owed   int        // CDRs: of visits that began and have none
	log    [60]remark // what was done last

	remembered int // of the model's memories, those that were written
	mirror     mirror
}

var (
	playExtensions = []string{"7", "999", "1000", "1001", "1002", "10000", "2000a", "abc"}
	playGroups     = []string{"110", "120", "130", "140"}
	playMaxMisses  = []int{0, 0, 0, 1, 2, 4}
	playCauses     = []MissCause{MissNone, MissBusy, MissReject, MissNoAnswer, MissUnreachable}
	playCallers    = []string{"", "1", "2", "3", "888", "999"}
	playNames      = []string{"", "Li", "Wang"}
)

const playCalls = 12

// newPlay opens four groups of the given modes. All agents log in who are not busy elsewhere.
func newPlay(t failer, d dice, modes [4]Mode, written bool) *play {
	rules := Settings{
		Reoffer: 5 * time.Second, Remember: 20 * time.Minute, Recover: 31 * time.Second,
		NoAnswerToReady: d.IntN(4) > 0, TypingAuto: d.IntN(2) == 0,
		MaxMisses: playMaxMisses[d.IntN(len(playMaxMisses))],
	}
	p := &play{t: t, f: NewFloor(rules, 7), now: nine}
	p.m = &naive{t: t, rules: rules, now: nine, counted: map[MissCause]uint64{}, talks: map[string]Talk{}}
	p.f.loadReasons(Snapshot{})
	p.f.Edit(Change{VIPAdded: &VIP{"888", "110"}}, p.now)
	p.f.Edit(Change{VIPAdded: &VIP{Number: "999"}}, p.now)
	for i, number := range playGroups {
		g := Group{Number: number, Mode: modes[i], RingTimeout: time.Duration(15000+7*i) * time.Millisecond}
		p.f.Edit(Change{GroupAdded: &g}, p.now)
		p.m.groups = append(p.m.groups, &nGroup{number: number, here: true, mode: modes[i], ring: g.RingTimeout})
	}
	if written {
		p.ledger = newLedger(t)
		for _, l := range p.f.lines {
			p.ledger.kept.Groups = append(p.ledger.kept.Groups, l.Group)
		}
	}
	for _, ext := range playExtensions {
		p.m.agents = append(p.m.agents, &nAgent{ext: ext})
		p.m.members = append(p.m.members, make([]bool, len(playGroups)))
		p.hire(p.m.agent(ext))
		p.login(d, p.m.agent(ext))
	}
	return p
}

// step does the same to the floor and to the model, and compares the results.
func (p *play) step(floor func(), model func()) {
	p.t.Helper()
	p.stagger()
	floor()
	p.follow(func([]*Lease) { model() })
}

// stagger gives each step its own nanoseconds, because the rules do not order two deadlines at the
// same instant.
func (p *play) stagger() {
	p.serial++
	own := time.Duration(p.serial * 7919 % 999_983)
	p.m.rules.Reoffer, p.m.rules.Recover = 5*time.Second+own, 31*time.Second+own
	p.m.rules.RestBusy, p.m.rules.RestReject = 13*time.Second+own, 7*time.Second+own
	p.m.rules.RestNoAnswer, p.m.rules.RestUnreachable = 3*time.Second+own, 29*time.Second+own
	p.f.Configure(p.m.rules)
}

// part misses one of two offers that began, and would expire, at the same instant.
func (p *play) part() {
	p.t.Helper()
	all := p.m.standing()
	for i, l := range all {
		for _, twin := range all[:i] {
			if !l.answered && !l.over && !twin.answered && !twin.over && l.expires.Equal(twin.expires) {
				p.step(func() { p.f.Miss(l.real, Miss{}, p.now) }, func() { p.m.miss(l, Miss{}) })
			}
		}
	}
}

func (p *play) follow(model func(expired []*Lease)) {
	p.t.Helper()
	out := p.f.TakeEffects()
	p.m.now, p.m.actual, p.m.groupRemoved, p.m.ended, p.m.notBack, p.m.records = p.now, out.Offers, nil, nil, nil, nil
	model(out.Expired)
	p.checkRecords(out)
	if len(p.m.actual) > 0 {
		p.t.Fatalf("%s rings %s, and no phone should", p.m.actual[0].Call, p.m.actual[0].Agent.Extension)
	}
	slices.Sort(out.GroupRemoved)
	slices.Sort(p.m.groupRemoved)
	if !slices.Equal(out.GroupRemoved, p.m.groupRemoved) {
		p.t.Fatalf("sent back are %v, should be %v", out.GroupRemoved, p.m.groupRemoved)
	}
	if p.ledger != nil {
		p.ledger.apply(out.Changes)
		p.ledger.matches(p.f)
	}
	p.check(out.Offers)
	p.mirror.follow(p.t, p.f)
}

// pass lets time go by. It stops whenever the model has something due.
func (p *play) pass(d time.Duration) {
	p.t.Helper()
	p.steps++
	p.part()
	end := p.now.Add(d + time.Millisecond).Truncate(time.Millisecond).Add(time.Duration(p.steps % 1e6))
	for due := p.m.due(); !due.IsZero() && !due.After(end); due = p.m.due() {
		if next := p.f.Next(); next.IsZero() || next.After(due) {
			p.t.Fatalf("the floor would sleep until %v, something is due at %v", next, due)
		}
		p.now = due
		p.stagger()
		p.f.Tick(due)
		p.follow(p.m.tick)
		p.part()
	}
	p.now, p.m.now = end, end
	p.step(func() { p.f.Tick(end) }, func() {})
}

// same fails if the floor allows what the model refuses, or the other way round.
func (p *play) same(what string, floor, model bool) {
	p.t.Helper()
	if floor != model {
		p.t.Fatalf("%s: %v, should be %v", what, floor, model)
	}
}

// remark is a line of the log. It is formatted only after a failure.
type remark struct {
	at     time.Time
	format string
	args   []any
}

func (r remark) String() string {
	return r.at.Format("15:04:05.000 ") + fmt.Sprintf(r.format, r.args...)
}

func (p *play) note(format string, args ...any) {
	p.noted++
	p.log[p.noted%len(p.log)] = remark{p.now, format, args}
}

// story returns the last steps, in order.
func (p *play) story() (lines []string) {
	for i := range p.log {
		lines = append(lines, p.log[(p.noted+1+i)%len(p.log)].String())
	}
	return lines
}

func (p *play) someAgent(d dice) *nAgent { return p.m.agents[d.IntN(len(p.m.agents))] }
func (p *play) someGroup(d dice) *nGroup { return p.m.groups[d.IntN(len(p.m.groups))] }

// someCall returns a call on the floor, or nil if there is none.
func (p *play) someCall(d dice) *nCall {
	if len(p.m.calls) == 0 {
		return nil
	}
	return p.m.calls[d.IntN(len(p.m.calls))]
}

// someLease returns a lease that is not over, or nil if there is none.
func (p *play) someLease(d dice) *nLease {
	all := p.m.standing()
	if len(all) == 0 {
		return nil
	}
	return all[d.IntN(len(all))]
}

func (p *play) join(d dice) {
	g, caller := p.someGroup(d), playCallers[d.IntN(len(playCallers))]
	if len(p.m.calls) >= playCalls {
		return
	}
	a := p.arrival(d, caller)
	a.Group = g.number
	was := p.someAbsent(d)
	if was != nil {
		a.UUID = was.uuid
	}
	p.note("%s joins %s", a.UUID, g.number)
	var place Place
	p.step(func() {
		var err error
		place, err = p.f.Join(a)
		p.same("join", err == nil, g.here)
	}, func() {
		if g.here {
			p.arrive(a, g, was, place)
		}
	})
}

// arrival is the arrival of a new channel, in any visit of its call.
func (p *play) arrival(d dice, caller string) Arrival {
	p.born++
	a := Arrival{
		UUID: fmt.Sprintf("c%d", p.born), Caller: caller, Since: p.now,
		Name: playNames[d.IntN(len(playNames))],
	}
	if a.Visit = d.IntN(4); a.Visit > 1 {
		a.CameFrom = p.someGroup(d).number
	}
	return a
}

// arrive is the caller who joined, with the kept place if there was one.
func (p *play) arrive(a Arrival, g *nGroup, was *nAbsent, place Place) {
	p.t.Helper()
	visit := a.visit()
	want := Place{Group: place.Group, VIP: isVIP(a.Caller, g), Since: p.now, ServiceLevel: 20, Short: 5}
	switch {
	case was == nil:
		p.owed++
	case was.group != g.number: // the visit to the other group is over
		want.Since = was.since
		visit.number, visit.cameFrom = max(visit.number, max(was.visit.number, 1)+1), was.group
		want.Untold, was.untold = was.untold, false
		p.m.dropAbsent(func(a *nAbsent) bool { return a == was })
		p.owed++
	default:
		visit.number, visit.cameFrom = was.visit.number, was.visit.cameFrom
		want.Since, want.Kept = was.since, true
		if was.cdr.Leg != "" {
			want.SoFar = was.cdr
		}
		p.m.returns(was)
	}
	want.Visit, want.CameFrom = visit.number, visit.cameFrom
	place.SoFar, want.SoFar = withoutPositions([]CDR{place.SoFar})[0], withoutPositions([]CDR{want.SoFar})[0]
	if !reflect.DeepEqual(place, want) {
		p.t.Fatalf("the place of %s is %+v, should be %+v", a.UUID, place, want)
	}
	p.m.calls = append(p.m.calls, &nCall{
		uuid: a.UUID, caller: a.Caller, visit: visit, group: g, life: g.life, vip: want.VIP, since: want.Since,
		arrived: p.now,
	})
}

// isVIP reports whether a caller is a VIP in the play.
func isVIP(caller string, g *nGroup) bool {
	return caller == "999" || caller == "888" && g.number == "110"
}

func (p *play) open(d dice) {
	if c := p.someCall(d); c != nil {
		p.note("the welcome of %s is over", c.uuid)
		p.step(func() { p.f.Open(c.uuid, p.now) }, func() { p.m.open(c) })
	}
}

// call is join and open at once.
func (p *play) call(d dice) {
	p.join(d)
	if n := len(p.m.calls); n > 0 && p.m.calls[n-1].phase == greeting {
		c := p.m.calls[n-1]
		p.step(func() { p.f.Open(c.uuid, p.now) }, func() { p.m.open(c) })
	}
}

func (p *play) leave(d dice) {
	if c := p.someCall(d); c != nil {
		p.note("%s leaves", c.uuid)
		cdr := p.cdr(c, Abandoned)
		p.step(func() {
			p.f.Leave(c.uuid, p.now)
			p.f.Ended(cdr)
		}, func() {
			p.m.leave(c)
			p.m.closes(cdr)
		})
	}
}

func (p *play) answer(d dice) {
	if l := p.someLease(d); l != nil && !l.answered {
		p.note("%s answers %s", l.agent.ext, l.call.uuid)
		p.step(func() { p.same("answer", p.f.Answer(l.real, p.now), !l.over && l.agent.here) },
			func() { p.m.answer(l) })
	}
}

func (p *play) bridge(d dice) {
	if l := p.someLease(d); l != nil && l.answered && l.call.lease == l {
		p.note("%s talks to %s", l.agent.ext, l.call.uuid)
		talk := p.talk(l.call, l.agent)
		p.step(func() { p.f.Bridged(talk) }, func() {
			l.call.talks = true
			p.m.talks[l.call.uuid] = talk
			p.m.endMissRow(l)
		})
	}
}

func (p *play) miss(d dice) {
	l, m := p.someLease(d), Miss{Cause: playCauses[d.IntN(len(playCauses))], Unregistered: d.IntN(8) == 0}
	if l == nil {
		return
	}
	p.note("%s misses %s: %+v", l.agent.ext, l.call.uuid, m)
	var back bool
	p.step(
		func() { back = p.f.Miss(l.real, m, p.now) },
		func() { p.same("back in the line", back, p.m.miss(l, m)) },
	)
	p.step(func() { p.same("answer after the end", p.f.Answer(l.real, p.now), false) }, func() {})
}

func (p *play) end(d dice) {
	l, talked := p.someLease(d), d.IntN(4) > 0
	if l == nil {
		return
	}
	p.note("%s with %s ends (%v)", l.agent.ext, l.call.uuid, talked)
	p.step(func() {
		if talked {
			p.f.End(l.real, p.now)
		} else {
			p.f.Withdraw(l.real, p.now)
		}
	}, func() { p.m.end(l, talked) })
}

func (p *play) transfer(d dice) {
	c, a := p.someCall(d), p.someAgent(d)
	if c == nil {
		return
	}
	p.note("%s is transferred to %s", c.uuid, a.ext)
	var err error
	p.step(
		func() { err = p.f.Transfer(c.uuid, a.ext, p.now) },
		func() { p.same("transfer", err == nil, p.m.transfer(c, a)) },
	)
}
