// Package queue distributes calls to agents. It owns the groups, the callers' places in the lines,
// the choice of an agent by the group's mode, and the offers.
//
// It is pure: every method takes the time, changes memory and leaves its consequences in Effects.
// It knows no socket, no SQL and no goroutine. The owner of a Floor (package acd) serialises the
// calls, delivers the offers and stores the changes. The types of the stored records (CDR,
// OfferRecord, Change) belong to this package.
package queue

import (
	"math/rand/v2"
	"time"

	"nwayacd/agent"
)

// Settings are the rules of distribution. The names are those of the configuration.
type Settings struct {
	Reoffer         time.Duration // reoffer-seconds: until an agent may be offered a missed call again; at least 1 s
	Remember        time.Duration // remember-days; 0: for ever
	Recover         time.Duration // recover-seconds: length of the wrap-up; 0 = until nway_ready (recover-auto = false)
	NoAnswerToReady bool          // noanswer-to-ready
	TypingAuto      bool          // typing-auto: a wrap-up follows each talk
	RestBusy        time.Duration // rest-busy-seconds: the rest after a first miss of that cause; 0 = none
	RestReject      time.Duration // rest-reject-seconds
	RestNoAnswer    time.Duration // rest-noanswer-seconds
	RestUnreachable time.Duration // rest-unreachable-seconds
	MaxMisses       int           // max-misses: after so many in a row the agent is noanswer; 0 = never
	Schemes         []string      // schemes of [prompts]: what may be a prompt beside files; nil = the default
	// how long agents stay reserved after a restart while their talk may be found; 0 = not at all
	Reserve time.Duration
}

// LeaseGrace is how long after its ring timeout an offer expires.
const LeaseGrace = 5 * time.Second

// Floor is the call centre's floor: all groups, agents and callers, and the rules that pair them.
//
// After every method this holds: if a caller of a group waits, no member of the group is available.
// The exception is an agent who missed that caller's offer within Settings.Reoffer. A Floor is not
// safe for concurrent use.
type Floor struct {
	settings  Settings
	random    *rand.Rand
	slots     map[string]*agentSlot
	lines     map[string]*line
	members   map[string]groupSet // by extension; also of extensions and groups that do not exist yet
	calls     map[string]*call
	orphans   map[string]*Lease        // offers and calls of extensions that another program removed
	reserved  map[string]*agentSlot    // agents whose talk from before a restart may go on, by extension
	outside   map[string]int           // calls outside the ACD, by extension; also of those that are no agents (yet)
	absent    map[string]*absentCaller // callers whose connection is gone and who may come back, by uuid
	talks     map[string]*Talk         // written talks without a CDR, by the caller's uuid; a Talk is never altered
	memories  map[memoryKey]memory
	blacklist map[string]Blacklisted
	vips      map[VIP]struct{}
	reasons   map[string]Reason // for a pause, by code
	orderedBy string            // the actor that ordered the present step; "" = it is no order
	deadlines deadlines
	sequence  uint64
	standings Standings                     // of all agents
	resting   [len(agent.MissCauses)]int    // agents of StandingRest, by the cause of the rest
	misses    [len(agent.MissCauses)]uint64 // since the start, by cause

	now       time.Time    // of the step that runs
	unlogged  []*agentSlot // whose activity may have changed since TakeEffects
	wrapUpDue *agentSlot   // whose wrap-up Tick ends

	nowAvailable []*agentSlot // became available since the last settle
	nowWaiting   []*call      // took a place since the last settle
	out          Effects
	lastMove     struct { // the last agent whose state moved since TakeEffects, and the change that says so
		slot   *agentSlot
		update *agent.Update
	}
	spareEffects Effects // those of the TakeEffects before; their memory is used again
	watch        watch
}

// Effects are the consequences of the last steps, in order. The owner carries them out.
type Effects struct {
	Offers  []*Lease // for the calls they name
	Expired []*Lease // ended by their deadline: the call's goroutine must give up its leg
	Ended   []CDR    // CDRs that these steps wrote, for counters
	// callers who did not come back after a restart; no event has announced that they left
	NotBack      []Waiting
	GroupRemoved []string            // calls whose group another program removed; they go back to the dialplan
	Changes      []Change            // to be kept
	Statuses     []agent.StatusEvent // to be published; their log rows are among Changes
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
		reasons:   map[string]Reason{},
	}
}

// OrderedBy sets the actor that orders the steps that follow; "" = they are no orders.
func (f *Floor) OrderedBy(name string) { f.orderedBy = name }

// Settings returns the rules in force.
func (f *Floor) Settings() Settings { return f.settings }

// Configure changes the rules from now on. Deadlines that already run stay as they are.
func (f *Floor) Configure(s Settings) { f.settings = s }

// TakeEffects returns the effects since the last TakeEffects. The slices belong to the caller until
// the next TakeEffects, which uses their memory again. What they point to stays valid.
func (f *Floor) TakeEffects() Effects {
	f.logActivities()
	out := f.out
	f.out, f.spareEffects, f.lastMove.slot = f.spareEffects.emptied(), out, nil
	return out
}

// maxSpare bounds the memory kept for effects of one kind. A step has far fewer effects, and Load
// has more.
const maxSpare = 256

// emptied returns empty effects that use the memory of e.
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

// settle pairs agents who became available with waiting callers, and callers who took a place with
// available agents.
func (f *Floor) settle(now time.Time) {
	f.now = now
	for _, slot := range f.nowAvailable { // pairing makes no agent available, and puts no caller into a line
		slot.availableSince = now
		f.matchAgent(slot, now)
	}
	for _, c := range f.nowWaiting {
		c.waitingSince = now
		f.matchCaller(c, now)
	}
	f.nowAvailable, f.nowWaiting = emptied(f.nowAvailable), emptied(f.nowWaiting)
}

// matchAgent gives an available agent the caller it should have: VIPs first, then the longest wait
// over all its groups. If no caller waits, the agent is indexed among the available.
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

// matchCaller gives a waiting caller the available agent that the group's mode chooses.
func (f *Floor) matchCaller(c *call, now time.Time) {
	if c.phase != waiting {
		return
	}
	if slot := c.line.choose(c, f.remembered(c, now), f.random, now); slot != nil {
		f.offer(c, slot, now)
	}
}

// change alters an agent and records what became different.
func (f *Floor) change(slot *agentSlot, alter func(*agent.Agent)) {
	f.touchSlot(slot)
	before := slot.Agent
	alter(&slot.Agent)
	if u, different := agent.Diff(&before, &slot.Agent); different {
		f.record(Change{Agent: &u})
	}
	f.updateAvailability(slot)
}

// move moves the agent's call state. It returns false if the state does not have this move.
func (f *Floor) move(slot *agentSlot, m agent.Move, now time.Time) bool {
	return f.moveState(slot, m, now) != nil
}

// moveState is move. It returns the recorded change, or nil if the state does not have this move.
func (f *Floor) moveState(slot *agentSlot, m agent.Move, now time.Time) *agent.Update {
	to, ok := slot.Call.Next(m)
	if !ok {
		return nil
	}
	if slot.Call == agent.Typing {
		f.endWrapUp(slot, m, now)
	}
	if u := f.lastMove.update; f.lastMove.slot == slot && u.Call != nil && u.Since != nil {
		*u.Call, *u.Since = to, now // twice in one step: the agent became ready, and has the next offer
		slot.Call, slot.Since = to, now
	} else {
		f.lastMove.slot, f.lastMove.update = slot, slot.MoveTo(to, now)
		f.record(Change{Agent: f.lastMove.update})
	}
	if to != agent.Typing && !slot.WrapUpUntil.IsZero() {
		slot.WrapUpUntil = time.Time{}
		f.lastMove.update.WrapUpUntil = new(time.Time{})
	}
	f.updateAvailability(slot)
	return f.lastMove.update
}

// updateAvailability notes whether the agent is available. An agent who became available is indexed
// only if settle finds no caller. In a busy centre most agents never are.
func (f *Floor) updateAvailability(slot *agentSlot) {
	f.touchSlot(slot)
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

// setIndexed puts the agent into the trees of its groups, or removes it.
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

// publishStatus publishes and logs an agent's status. caller is the uuid of the call that caused
// it, or "".
func (f *Floor) publishStatus(slot *agentSlot, s agent.Status, caller string, now time.Time) {
	slot.logged = slot.activity()
	entry := agent.LogEntry{
		Extension: slot.Extension, Status: s, At: now, Caller: caller,
		Standing: slot.logged.standing, Reason: slot.logged.reason, Group: slot.logged.group,
	}
	switch s {
	case agent.StatusBusy:
		entry.Reason, entry.By = slot.PauseReason, slot.PauseBy
	case agent.StatusLogin, agent.StatusLogout, agent.StatusReady:
		entry.By = f.orderedBy
	}
	f.out.Statuses = append(f.out.Statuses, agent.StatusEvent{LogEntry: entry})
	f.record(Change{AgentLog: &entry})
}

func (f *Floor) record(c Change) { f.out.Changes = append(f.out.Changes, c) }
