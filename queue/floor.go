// Package queue decides who talks to whom: it owns the groups, the callers' places in their lines, the choice of an agent by the
// group's mode, and the offers that stand.
//
// It is pure: every method takes the time, changes memory and leaves what follows from it in Effects. It knows no socket, no SQL and
// no goroutine; whoever owns a Floor (package acd) serialises the calls, delivers the offers and keeps the changes. The records that
// are kept (CDR, OfferRecord, Change) are its types too.
package queue

import (
	"math/rand/v2"
	"time"

	"nwayacd/agent"
)

// Settings are the rules of distribution; the names are the configuration's.
type Settings struct {
	Reoffer         time.Duration // reoffer-seconds: how long an agent is spared the call it missed; at least 1 s
	Remember        time.Duration // remember-days
	Recover         time.Duration // recover-seconds: length of the wrap-up; 0 = until nway_ready (recover-auto = false)
	NoAnswerToReady bool          // noanswer-to-ready
	TypingAuto      bool          // typing-auto: a wrap-up follows each talk
	RestBusy        time.Duration // rest-busy-seconds: the rest after a first miss of that cause; 0 = none
	RestReject      time.Duration // rest-reject-seconds
	RestNoAnswer    time.Duration // rest-noanswer-seconds
	RestUnreachable time.Duration // rest-unreachable-seconds
	MaxMisses       int           // max-misses: after so many in a row the agent is noanswer; 0 = never
	Reserve         time.Duration // how long agents in a talk of an earlier life wait for word of it; 0 = not at all
}

// LeaseGrace is what an offer may outlive its ring timeout by before it expires by itself.
const LeaseGrace = 5 * time.Second

// Floor is the call centre's floor: all groups, agents and callers, and the rules that pair them.
//
// After every method this holds: no agent is available while a caller of its group waits, except one whose offer it missed within
// Settings.Reoffer. It is not safe for concurrent use.
type Floor struct {
	settings  Settings
	random    *rand.Rand
	slots     map[string]*agentSlot
	lines     map[string]*line
	members   map[string]groupSet // by extension; also of extensions and groups that do not exist yet
	calls     map[string]*call
	orphans   map[string]*Lease        // offers and calls of extensions that another program removed
	reserved  map[string]*agentSlot    // agents whose talk of an earlier life may go on, by extension
	outside   map[string]int           // calls outside the ACD, by extension; also of those that are no agents (yet)
	absent    map[string]*absentCaller // callers whose connection is gone and who may come back, by uuid
	talks     map[string]*Talk         // that were written and whose CDR is not, by the caller's uuid; none of them is altered
	memories  map[memoryKey]memory
	blacklist map[string]Blacklisted
	vips      map[VIP]struct{}
	deadlines deadlines
	sequence  uint64
	standings Standings                     // of all agents
	resting   [len(agent.MissCauses)]int    // agents of StandingRest, by the cause of the rest
	misses    [len(agent.MissCauses)]uint64 // since the start, by cause

	nowAvailable []*agentSlot // became available since the last settle
	nowWaiting   []*call      // took a place since the last settle
	out          Effects
	lastMove     struct { // whose state moved last since the last Take, and the change that says so
		slot   *agentSlot
		update *agent.Update
	}
	spareEffects Effects // by the last Take: its memory is used again
}

// Effects is what followed from the last steps, in order; the owner carries it out.
type Effects struct {
	Offers       []*Lease         // for the calls they name
	Expired      []*Lease         // ended by their deadline: the call's goroutine must give its leg up
	Ended        []CDR            // written by these steps, for those who count calls
	NotBack      []Waiting        // waited when the server died, and have not come back; no event has said that they left
	GroupRemoved []string         // calls whose group another program removed: they go back to the dialplan
	Changes      []Change         // to be kept
	Statuses     []agent.LogEntry // agent events, to be published; their log rows are among Changes
}

// NewFloor returns an empty floor. The seed makes the random mode repeatable.
func NewFloor(settings Settings, seed uint64) *Floor {
	return &Floor{
		settings:  settings,
		random:    rand.New(rand.NewPCG(seed, seed)),
		slots:     map[string]*agentSlot{},
		lines:     map[string]*line{},
		members:   map[string]groupSet{},
		calls:     map[string]*call{},
		orphans:   map[string]*Lease{},
		reserved:  map[string]*agentSlot{},
		outside:   map[string]int{},
		absent:    map[string]*absentCaller{},
		talks:     map[string]*Talk{},
		memories:  map[memoryKey]memory{},
		blacklist: map[string]Blacklisted{},
		vips:      map[VIP]struct{}{},
	}
}

// Settings returns the rules in force.
func (f *Floor) Settings() Settings { return f.settings }

// Configure changes the rules for what happens from now on; deadlines that already run keep theirs.
func (f *Floor) Configure(s Settings) { f.settings = s }

// Take hands over the effects gathered since the last Take. The slices are the caller's until the next Take, which uses their memory again; what they
// point to stays.
func (f *Floor) TakeEffects() Effects {
	out := f.out
	f.out, f.spareEffects, f.lastMove.slot = f.spareEffects.emptied(), out, nil
	return out
}

// mostSpare is how many effects of a kind memory is kept for: far more than a step has, fewer than a start.
const maxSpare = 256

// emptied is no effects, with the memory of e.
func (e *Effects) emptied() Effects {
	return Effects{
		Offers: emptied(e.Offers), Expired: emptied(e.Expired), Ended: emptied(e.Ended), NotBack: emptied(e.NotBack),
		GroupRemoved: emptied(e.GroupRemoved), Changes: emptied(e.Changes), Statuses: emptied(e.Statuses),
	}
}

func emptied[T any](s []T) []T {
	if cap(s) > maxSpare {
		return nil
	}
	return s[:0]
}

// settle pairs who became available with who waits, and whoever took a place with who is free.
func (f *Floor) settle(now time.Time) {
	for _, slot := range f.nowAvailable { // pairing makes nobody available and gives nobody a place
		slot.availableSince = now
		f.matchAgent(slot, now)
	}
	for _, c := range f.nowWaiting {
		c.waitingSince = now
		f.matchCaller(c, now)
	}
	f.nowAvailable, f.nowWaiting = emptied(f.nowAvailable), emptied(f.nowWaiting)
}

// seat gives a free agent the caller it should have: VIPs first, then the longest wait over all its groups. Where nobody waits, it is filed among
// the free.
func (f *Floor) matchAgent(slot *agentSlot, now time.Time) {
	if !slot.available {
		return
	}
	var best *call
	for _, l := range slot.lines {
		if c := l.firstFor(slot, now); c != nil && (best == nil || served(c, best)) {
			best = c
		}
	}
	if best != nil {
		f.offer(best, slot, now)
	} else {
		f.setIndexed(slot, true)
	}
}

// serve gives a waiting caller the free agent its group's mode chooses.
func (f *Floor) matchCaller(c *call, now time.Time) {
	if c.phase != waiting {
		return
	}
	if slot := c.line.choose(c, f.remembered(c, now), f.random, now); slot != nil {
		f.offer(c, slot, now)
	}
}

// change alters an agent and writes down what became different.
func (f *Floor) change(slot *agentSlot, alter func(*agent.Agent)) {
	before := slot.Agent
	alter(&slot.Agent)
	if u, different := agent.Diff(&before, &slot.Agent); different {
		f.record(Change{Agent: &u})
	}
	f.updateAvailability(slot)
}

// move is change for the agent's call state. It reports whether the state knows the move.
func (f *Floor) move(slot *agentSlot, m agent.Move, now time.Time) bool {
	return f.moveState(slot, m, now) != nil
}

// shift is move; it returns what was written down, nil where the state does not know the move.
func (f *Floor) moveState(slot *agentSlot, m agent.Move, now time.Time) *agent.Update {
	to, ok := slot.Call.Next(m)
	if !ok {
		return nil
	}
	if u := f.lastMove.update; f.lastMove.slot == slot && u.Call != nil && u.Since != nil {
		*u.Call, *u.Since = to, now // twice in one step: the agent is free, and has the next call
		slot.Call, slot.Since = to, now
	} else {
		f.lastMove.slot, f.lastMove.update = slot, slot.MoveTo(to, now)
		f.record(Change{Agent: f.lastMove.update})
	}
	f.updateAvailability(slot)
	return f.lastMove.update
}

// refile keeps it known whether the agent is free. One who became so goes into the free trees only when settle finds no caller for it: most
// agents of a busy centre never do.
func (f *Floor) updateAvailability(slot *agentSlot) {
	f.updateStanding(slot)
	free := slot.Available() && slot.lease == nil && f.slots[slot.Extension] == slot
	if free == slot.available {
		return
	}
	slot.available = free
	if free {
		f.nowAvailable = append(f.nowAvailable, slot)
	} else {
		f.setIndexed(slot, false)
	}
}

// file puts d into the free trees of its groups, or takes it out.
func (f *Floor) setIndexed(slot *agentSlot, in bool) {
	if slot.indexed == in {
		return
	}
	slot.indexed = in
	for _, l := range slot.lines {
		if in {
			l.available.Set(slot)
		} else {
			l.available.Delete(slot)
		}
	}
}

// note publishes and logs an agent's status; caller is the uuid of the call that is the reason, if one is.
func (f *Floor) publishStatus(slot *agentSlot, s agent.Status, caller string, now time.Time) {
	entry := agent.LogEntry{Extension: slot.Extension, Status: s, At: now, Caller: caller}
	f.out.Statuses = append(f.out.Statuses, entry)
	f.record(Change{AgentLog: &entry})
}

func (f *Floor) record(c Change) { f.out.Changes = append(f.out.Changes, c) }
