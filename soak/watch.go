package main

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"nwayacd/sim"
)

// linkBound is how long it takes until a link that died without a word is up again.
const linkBound = 20 * time.Second

// watch follows every channel on every switch, from within the switches: nothing that nwayacd says or leaves out deceives it.
type watch struct {
	violate func(kind, what string, c *caller)

	mu      sync.Mutex         // guards what follows
	callers map[string]*caller // of the whole soak
	live    map[string]*caller
	legs    map[string]*leg            // that are up
	phones  map[string]map[string]*leg // the same by extension
	blind   time.Time                  // until then a link may be away, and not known to be
	freed   map[string]time.Time       // when the last leg of an extension was over
	all     []legSeen
}

// caller is one call into the ACD.
type caller struct {
	uuid, group string
	sw          int
	born        time.Time
	story       story
	call        *sim.Call

	// watch.mu guards what follows
	answered  time.Time // by the ACD: it had a place
	bridges   int
	bridged   time.Time // the first
	waitedFor time.Duration
	legs      map[string]*leg // that ring or talk for them
	over      time.Time
	verdict   string
}

// leg is a channel to an agent's phone.
type leg struct {
	uuid, extension string
	caller          *caller // nil where it is not the ACD's
	born            time.Time
	answered        bool
	orphaned        bool // its server is dead, and the next one ends it as soon as it has a link
}

// legSeen is what is remembered of each leg of the ACD.
type legSeen struct {
	uuid, caller, extension string
	born, over              time.Time
}

func newWatch(violate func(kind, what string, c *caller)) *watch {
	return &watch{violate: violate, callers: map[string]*caller{}, live: map[string]*caller{}, legs: map[string]*leg{}, phones: map[string]map[string]*leg{}, freed: map[string]time.Time{}}
}

// enter makes a caller known before their channel is there.
func (w *watch) enter(c *caller) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c.legs = map[string]*leg{}
	w.callers[c.uuid], w.live[c.uuid] = c, c
}

// hear takes an event of a channel; it is called by the switch's goroutines.
func (w *watch) hear(e sim.ChannelEvent) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if e.Outbound && e.Extension != "" {
		w.hearLeg(e)
		return
	}
	if c := w.callers[e.UUID]; c != nil {
		w.hearCaller(c, e)
	}
}

func (w *watch) hearCaller(c *caller, e sim.ChannelEvent) {
	switch e.Name {
	case "CHANNEL_ANSWER":
		c.answered = time.Now()
		c.story.add("answered")
	case "CHANNEL_BRIDGE":
		c.bridges++
		if c.bridged.IsZero() {
			c.bridged = time.Now()
			c.waitedFor = c.bridged.Sub(c.born)
		}
		c.story.add("talks to %s", w.nameOf(e.Peer))
	case "CHANNEL_UNBRIDGE":
		c.story.add("the talk is over")
	case "CHANNEL_PARK":
		c.story.add("parked")
	case "CHANNEL_EXECUTE":
		c.story.add("runs %s %s", e.App, e.Data)
	case "CHANNEL_HANGUP":
		c.story.add("gone: %s", e.Cause)
	}
}

func (w *watch) nameOf(leg string) string {
	if l := w.legs[leg]; l != nil {
		return l.extension
	}
	return "a leg that is gone"
}

func (w *watch) hearLeg(e sim.ChannelEvent) {
	l := w.legs[e.UUID]
	switch e.Name {
	case "CHANNEL_CREATE":
		w.born(e)
	case "CHANNEL_ANSWER":
		if l != nil {
			l.answered = true
			l.tell("%s answers", l.extension)
		}
	case "CHANNEL_BRIDGE":
	case "CHANNEL_HANGUP", "CHANNEL_DESTROY": // a leg that is killed as it is made is told of after its end
		if l != nil {
			l.tell("%s's leg %s is gone: %s", l.extension, short(l.uuid), e.Cause)
			w.bury(l)
		}
	}
}

func (l *leg) tell(format string, args ...any) {
	if l.caller != nil {
		l.caller.story.add(format, args...)
	}
}

// short is enough of a uuid to tell legs of one call apart.
func short(uuid string) string { return uuid[:min(8, len(uuid))] }

// born notes a leg, and what must not be: another one at the same phone, or for the same caller.
func (w *watch) born(e sim.ChannelEvent) {
	l := &leg{uuid: e.UUID, extension: e.Extension, caller: w.callers[callerOf(e.PresenceData)], born: time.Now()}
	l.tell("%s is called, leg %s", l.extension, short(l.uuid))
	for _, other := range w.phones[l.extension] {
		whose := "a call outside"
		if other.caller != nil {
			whose = other.caller.uuid
		}
		w.violate("double offer", fmt.Sprintf("%s is called for %s while it has leg %s (%s, answered: %t) for %s",
			l.extension, callerOf(e.PresenceData), short(other.uuid), time.Since(other.born).Round(time.Millisecond), other.answered, whose), l.caller)
	}
	w.legs[l.uuid] = l
	if w.phones[l.extension] == nil {
		w.phones[l.extension] = map[string]*leg{}
	}
	w.phones[l.extension][l.uuid] = l
	if l.caller == nil {
		return
	}
	for _, other := range l.caller.legs {
		if other.orphaned || time.Now().Before(w.blind) { // nobody could end that leg, and the caller must not wait for it
			continue
		}
		w.violate("two agents for one caller", fmt.Sprintf("%s is called for %s while %s is (%s, answered: %t)",
			l.extension, l.caller.uuid, other.extension, time.Since(other.born).Round(time.Millisecond), other.answered), l.caller)
	}
	l.caller.legs[l.uuid] = l
}

// callerOf reads the mark of nwayacd's legs, nwayacd:SERVER:CALLER:EXTENSION.
func callerOf(presence string) string {
	if parts := strings.SplitN(presence, ":", 4); len(parts) == 4 && parts[0] == "nwayacd" {
		return parts[2]
	}
	return ""
}

// noLink notes that a link is away for so long.
func (w *watch) noLink(lasts time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if until := time.Now().Add(lasts + linkBound); until.After(w.blind) {
		w.blind = until
	}
}

// orphan notes that the server of all legs is dead.
func (w *watch) orphan() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, l := range w.legs {
		l.orphaned = true
	}
}

func (w *watch) bury(l *leg) {
	delete(w.legs, l.uuid)
	delete(w.phones[l.extension], l.uuid)
	w.freed[l.extension] = time.Now()
	if l.caller != nil {
		delete(l.caller.legs, l.uuid)
		w.all = append(w.all, legSeen{uuid: l.uuid, caller: l.caller.uuid, extension: l.extension, born: l.born, over: time.Now()})
	}
}

// has reports whether the phone of the extension has a leg, of whatever kind.
func (w *watch) has(extension string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.phones[extension]) > 0
}

// rested reports whether the phone has had no leg for so long. One that has just missed a caller is not called for the same one again at once.
func (w *watch) rested(extension string, long time.Duration) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.phones[extension]) == 0 && time.Since(w.freed[extension]) > long
}

// here are the callers who are here now.
func (w *watch) here() (here []*caller) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.live {
		here = append(here, c)
	}
	slices.SortFunc(here, func(a, b *caller) int { return a.born.Compare(b.born) })
	return here
}

func (w *watch) find(uuid string) *caller {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.callers[uuid]
}

// verdict is how the call ended, "" while it goes on.
func (w *watch) verdict(c *caller) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return c.verdict
}
