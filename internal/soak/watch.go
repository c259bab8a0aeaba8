package main

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"nwayacd/sim"
)

// linkBound is how long it takes until a link that became half-open is up again.
const linkBound = 20 * time.Second

// watch follows every channel on every switch, from within the switches. So nothing that nwayacd
// reports, or fails to report, deceives it.
type watch struct {
	violate func(kind, what string, c *caller)

	mu      sync.Mutex         // guards what follows
	callers map[string]*caller // of the whole soak
	live    map[string]*caller
	legs    map[string]*leg            // that are up
	phones  map[string]map[string]*leg // the same by extension
	blind   time.Time                  // until then a link may be away, and nwayacd may not see it
	freed   map[string]time.Time       // when the last leg of an extension was over
	all     []legSeen

	channels map[string]*channelSeen // that have been in a talk
	deeds    map[string][]deed       // what the soak did with the talk of a leg
	kept     map[string]time.Time    // legs whose agents another program keeps, until then
}

// caller is one call into the ACD.
type caller struct {
	uuid, group string
	sw          int
	born        time.Time
	story       story
	call        *sim.Call

	// watch.mu guards what follows
	answered  time.Time // by the ACD, so that it had a place
	bridges   int
	bridged   time.Time // the first
	waitedFor time.Duration
	legs      map[string]*leg // that ring or talk for them
	over      time.Time
	verdict   string
	cause     string     // of the end of the call
	app       string     // the last application
	left      bool       // the phone with which they talked last hung up
	with      string     // the channel with which they talked last
	plain     bool       // their dialplan may end the call
	kind      callKind   // why they call
	talks     []talkSeen // with agents
	entered   []string   // the groups that took them in, in order
	takenIn   time.Time  // when the first of them did
	asks      string     // the group to which their dialplan sends them, before it took them in
	acted     time.Time  // when the last deed about their talk began
	ordered   int        // commands under way that take them out of any talk
	aim       string     // the place to which the soak sent them last
	there     bool       // and they are there
	connects  bool       // a consulting call whose place or talk went to another caller
	moved     bool       // the soak sent them to another place at least once
}

// callKind is the reason of a call.
type callKind uint8

const (
	wantsAgent callKind = iota
	consults            // an agent or a receptionist, who calls a group for a caller
	wantsDesk           // a caller of a person who is no agent
)

// talkSeen is a talk of a caller with a leg of nwayacd.
type talkSeen struct {
	leg, extension string
	at             time.Time
}

// leg is a channel to an agent's phone.
type leg struct {
	uuid, extension string
	caller          *caller // nil if it is not the ACD's
	born            time.Time
	answered        bool
	orphaned        bool // its server is dead, and the next one ends it as soon as it has a link
	ours            bool // nwayacd called it
	offer           string
	originate       uint64 // its number at the caller's switch
}

// legSeen is what is remembered of each leg of the ACD.
type legSeen struct {
	uuid, caller, extension string
	offer                   string // uuid of the first leg of the same offer
	originate               uint64
	born, over              time.Time
}

func newWatch(violate func(kind, what string, c *caller)) *watch {
	return &watch{
		violate: violate, callers: map[string]*caller{}, live: map[string]*caller{}, legs: map[string]*leg{},
		phones: map[string]map[string]*leg{}, freed: map[string]time.Time{}, channels: map[string]*channelSeen{},
		deeds: map[string][]deed{}, kept: map[string]time.Time{},
	}
}

// enter registers a caller before their channel is there.
func (w *watch) enter(c *caller) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c.legs = map[string]*leg{}
	w.callers[c.uuid], w.live[c.uuid] = c, c
}

// hear takes an event of a channel. The switch's goroutines call it.
func (w *watch) hear(e sim.ChannelEvent) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hearTalk(e)
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
	case "CHANNEL_UNBRIDGE":
		c.story.add("the talk is over")
	case "CHANNEL_PARK":
		c.story.add("parked")
	case "CHANNEL_EXECUTE":
		c.story.add("runs %s %s", e.App, e.Data)
		c.app = e.App
		if c.aim != "" {
			c.there = c.there || reaches(e.App, e.Data, c.aim)
		}
		switch {
		case e.App == "socket":
			c.asks = groupOf(e.Data)
		case strings.HasSuffix(e.App, "playback") && c.asks != "" && e.Data != prompts[0]:
			if c.takenIn.IsZero() {
				c.takenIn = time.Now()
			}
			c.entered, c.asks = append(c.entered, c.asks), ""
		}
	case "CHANNEL_HANGUP":
		c.story.add("gone: %s", e.Cause)
	}
}

// sameOffer reports whether both are telephones of one extension that ring for one offer.
func (l *leg) sameOffer(other *leg) bool {
	return l.extension == other.extension && l.caller == other.caller && l.ours && l.originate == other.originate
}

func (w *watch) nameOf(channel string) string {
	if l := w.legs[channel]; l != nil {
		return l.extension
	}
	if c := w.callers[channel]; c != nil {
		return c.uuid
	}
	return "channel " + short(channel)
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
	case "CHANNEL_HANGUP", "CHANNEL_DESTROY": // a leg that is killed as it is made is reported after its end
		if l != nil {
			l.tell("%s's leg %s is gone: %s%s", l.extension, short(l.uuid), e.Cause,
				either(e.ByPhone, " by its phone", ""))
			w.bury(l)
		}
	}
}

func (l *leg) tell(format string, args ...any) {
	if l.caller != nil {
		l.caller.story.add(format, args...)
	}
}

// short is enough of a uuid to distinguish the legs of one call.
func short(uuid string) string { return uuid[:min(8, len(uuid))] }

// born records a leg. Another leg at the same phone, or for the same caller, is a violation.
func (w *watch) born(e sim.ChannelEvent) {
	of := callerOf(e.PresenceData)
	l := &leg{
		uuid: e.UUID, extension: e.Extension, caller: w.callers[of], born: time.Now(), ours: of != "",
		offer: e.UUID, originate: e.Originate,
	}
	l.tell("%s is called, leg %s", l.extension, short(l.uuid))
	for _, other := range w.phones[l.extension] {
		if l.sameOffer(other) {
			l.offer = other.offer
		}
		if l.sameOffer(other) || !l.ours || w.hungUp(other) || w.hungUp(l) {
			continue // a telephone beside it, a call past the ACD, or a leg that was killed as it was made
		}
		whose := "a call outside"
		if other.caller != nil {
			whose = other.caller.uuid
		}
		w.violate("double offer", fmt.Sprintf("%s is called for %s while it has leg %s (%s, answered: %t) for %s",
			l.extension, callerOf(e.PresenceData), short(other.uuid), time.Since(other.born).Round(time.Millisecond),
			other.answered, whose), l.caller)
	}
	if before := w.beside(l); before != "" {
		l.offer = before
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
		// no server could end that leg, it talks elsewhere, or either was killed as it was made
		if other.orphaned || time.Now().Before(w.blind) || l.sameOffer(other) || w.hasLeft(other) ||
			w.hungUp(other) || w.hungUp(l) {
			continue
		}
		w.violate("two agents for one caller", fmt.Sprintf("%s is called for %s while %s is (%s, answered: %t)",
			l.extension, l.caller.uuid, other.extension, time.Since(other.born).Round(time.Millisecond),
			other.answered), l.caller)
	}
	l.caller.legs[l.uuid] = l
}

// beside is the offer of another telephone's leg that is over already; "" if there is none.
func (w *watch) beside(l *leg) (offer string) {
	for _, gone := range slices.Backward(w.all) {
		if l.born.Sub(gone.over) > offerBound {
			break
		}
		if l.caller != nil && gone.caller == l.caller.uuid && gone.extension == l.extension &&
			gone.originate == l.originate {
			return gone.offer
		}
	}
	return ""
}

// offerBound is longer than any offer.
const offerBound = 30 * time.Second

// hungUp reports whether the leg is over. If it was killed as it was made, the switch may have
// reported its end before its creation.
func (w *watch) hungUp(l *leg) bool { return !w.channel(l.uuid).over.IsZero() }

// hasLeft reports whether the leg has talked with its caller, and the caller was transferred since.
func (w *watch) hasLeft(l *leg) bool {
	c := w.channel(l.uuid)
	return !c.since.IsZero() && c.peer != l.caller.uuid && c.isExcused()
}

// groupOf is the group to which a socket action leads; "" if it leads to another program.
func groupOf(address string) string {
	_, group, _ := strings.Cut(address, "/nwayacd/")
	group, _, _ = strings.Cut(group, " ")
	group, _, _ = strings.Cut(group, "|")
	return group
}

// callerOf reads the mark of nwayacd's legs, nwayacd:SERVER:CALLER:EXTENSION.
func callerOf(presence string) string {
	if parts := strings.SplitN(presence, ":", 4); len(parts) == 4 && parts[0] == "nwayacd" {
		return parts[2]
	}
	return ""
}

// noLink records that a link is away for so long.
func (w *watch) noLink(lasts time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if until := time.Now().Add(lasts + linkBound); until.After(w.blind) {
		w.blind = until
	}
}

// orphan records that the server of all legs is dead.
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
		w.all = append(w.all,
			legSeen{
				uuid: l.uuid, offer: l.offer, caller: l.caller.uuid, extension: l.extension, originate: l.originate,
				born: l.born, over: time.Now(),
			})
	}
}

// has reports whether the phone of the extension has a leg of any kind.
func (w *watch) has(extension string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.phones[extension]) > 0
}

// rested reports whether the phone has had no leg for so long. A phone that has just missed a
// caller is not called for the same caller at once.
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

// verdict is how the call ended; "" while it goes on.
func (w *watch) verdict(c *caller) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return c.verdict
}
