package main

import (
	"context"
	"math/rand/v2"
	"strings"
	"time"
)

// What people do with their phones during a talk, and what other programs do with calls.

// deed is what the soak did with a talk. The record of the talk must agree with it.
type deed struct {
	kind   string // of the transfer, as the record has it; "" = the record may have any
	to     string
	caller string
	at     time.Time
	sure   bool // the switches saw that it succeeded
}

// tells records a deed about the talk of a leg.
func (s *soak) tells(leg string, d deed) {
	d.at = time.Now()
	s.watch.mu.Lock()
	defer s.watch.mu.Unlock()
	s.watch.deeds[leg] = append(s.watch.deeds[leg], d)
}

// someTalk returns a talk that goes on now.
func (s *soak) someTalk(chance *rand.Rand) (t conversation, ok bool) {
	all := s.watch.talking(200 * time.Millisecond)
	if len(all) == 0 {
		return t, false
	}
	t = all[chance.IntN(len(all))]
	s.watch.acts(t.caller)
	return t, true
}

// target returns the destination of a transfer. Most often it is a group other than that one.
func target(chance *rand.Rand, but string) string {
	switch kind := chance.IntN(10); {
	case kind < 5:
		for {
			if group := groups[chance.IntN(len(groups))]; group != but {
				return group
			}
		}
	case kind < 6:
		return colleague(chance.IntN(colleagues))
	case kind < 7:
		return menu
	case kind < 8:
		return lot
	case kind < 9:
		return park
	}
	return elsewhere
}

func isGroup(number string) bool { return strings.HasPrefix(number, "11") }

// until waits for a condition that the switches see. It returns false if ctx or the limit ends
// first.
func until(ctx context.Context, limit time.Duration, so func() bool) bool {
	over := time.NewTimer(limit)
	defer over.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-tick.C:
		case <-over.C:
			return so()
		case <-ctx.Done():
			return false
		}
	}
	return true
}

// lingers waits so long, or until the load is over.
func lingers(ctx context.Context, long time.Duration) {
	timer := time.NewTimer(long)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// passesOn is a blind transfer of a caller, by the agent's phone or by another program.
func (s *soak) passesOn(ctx context.Context, chance *rand.Rand) {
	t, ok := s.someTalk(chance)
	if !ok {
		return
	}
	to, byPhone := target(chance, t.caller.group), chance.IntN(3) > 0
	name := "blind transfer by uuid_transfer"
	if byPhone {
		name = "blind transfer by REFER"
	}
	t.caller.story.add("%s of %s to %s", name, t.extension, to)
	s.watch.excuse(5*time.Second, t.leg)
	s.watch.aims(t.caller, to)
	done := false
	if byPhone {
		done = s.switches[t.caller.sw].Refer(t.leg, to) == nil
	} else {
		reply, err := s.ears[t.caller.sw].api(ctx, "uuid_transfer "+t.caller.uuid+" "+to)
		done = err == nil && strings.HasPrefix(reply, "+OK")
	}
	s.figures.did(name, done)
	s.figures.did("to "+placeName(to), done)
	if !done {
		return
	}
	if !byPhone && s.watch.leftByPhone(t.leg) {
		s.tells(t.leg, deed{caller: t.caller.uuid}) // in the same moment, so that the end of the call may be on its way
		s.staysThere(ctx, chance, t.caller, to)
		return
	}
	s.watch.passes(t.caller)
	came := until(context.WithoutCancel(ctx), 2*time.Second, func() bool { return s.watch.isAt(t.caller, to) })
	s.tells(t.leg, deed{kind: "blind", to: to, caller: t.caller.uuid, sure: came})
	s.staysThere(ctx, chance, t.caller, to)
}

// placeName is the kind of a target.
func placeName(to string) string {
	switch {
	case isGroup(to):
		return "a group"
	case to == menu:
		return "a menu"
	case to == lot:
		return "a parking lot"
	case to == park:
		return "park"
	case to == elsewhere:
		return "another program"
	}
	return "a phone"
}

// staysThere lets a caller stay in a parking lot for a while. Then another program takes them out
// of it, or they hang up. What the caller runs says whether they are there, because another deed,
// which may have failed, aims at another place.
func (s *soak) staysThere(ctx context.Context, chance *rand.Rand, c *caller, at string) {
	if at != lot && at != park {
		return
	}
	lingers(ctx, time.Duration(500+chance.IntN(3500))*time.Millisecond)
	if s.watch.verdict(c) != "" || !runs(c, at) {
		return
	}
	if chance.IntN(2) == 0 {
		c.call.Hangup()
		return
	}
	to := groups[chance.IntN(len(groups))]
	c.story.add("fetched out of %s, to %s", at, to)
	s.watch.aims(c, to)
	reply, err := s.ears[c.sw].api(context.WithoutCancel(ctx), "uuid_transfer "+c.uuid+" "+to)
	done := err == nil && strings.HasPrefix(reply, "+OK")
	s.figures.did("fetched out of "+placeName(at), done)
	if !done {
		c.call.Hangup()
	}
}

// runs reports whether the action that the caller runs is one of the place.
func runs(c *caller, at string) bool {
	actions := c.call.Actions()
	if len(actions) == 0 {
		return false
	}
	app, data, _ := strings.Cut(actions[len(actions)-1], " ")
	return reaches(app, data, at)
}

// takesWaiting lets another program transfer a caller who waits.
func (s *soak) takesWaiting(ctx context.Context, chance *rand.Rand) {
	c := s.anyone(chance)
	if c == nil || c.kind != wantsAgent || s.watch.talksWith(c.uuid) != "" || !s.watch.inLine(c) {
		return
	}
	to := []string{menu, lot, colleague(chance.IntN(colleagues)), groups[chance.IntN(len(groups))]}[chance.IntN(4)]
	c.story.add("a program transfers the waiting caller to %s", to)
	s.watch.aims(c, to)
	reply, err := s.ears[c.sw].api(ctx, "uuid_transfer "+c.uuid+" "+to)
	done := err == nil && strings.HasPrefix(reply, "+OK")
	s.figures.did("waiting caller taken to "+placeName(to), done)
	if with := s.watch.talksWith(c.uuid); with != "" { // in the same moment
		s.watch.excuse(5*time.Second, with)
		s.tells(with, deed{caller: c.uuid})
	}
	s.staysThere(ctx, chance, c, to)
}

// callerPassesOn lets the caller's phone transfer the agent.
func (s *soak) callerPassesOn(ctx context.Context, chance *rand.Rand) {
	t, ok := s.someTalk(chance)
	if !ok {
		return
	}
	to := []string{colleague(chance.IntN(colleagues)), menu}[chance.IntN(2)]
	t.caller.story.add("the caller's phone transfers %s to %s", t.extension, to)
	s.watch.excuse(30*time.Second, t.caller.uuid, t.leg)
	done := s.switches[t.caller.sw].Refer(t.caller.uuid, to) == nil
	s.figures.did("agent transferred by the caller's phone", done)
	if done {
		s.tells(t.leg, deed{kind: "by-caller", to: to, caller: t.caller.uuid})
	}
}

// moves sends a caller to another group.
func (s *soak) moves(ctx context.Context, chance *rand.Rand) {
	c := s.anyone(chance)
	if c == nil || c.kind != wantsAgent {
		return
	}
	to := groups[chance.IntN(len(groups))]
	name := "move of a " + either(s.watch.talksWith(c.uuid) == "", "waiting", "talking") + " caller"
	with := s.mayEndTalk(c)
	defer s.watch.orders(c)()
	s.watch.aims(c, to)
	done := strings.HasPrefix(s.orders(ctx, c, "nwayacd "+c.uuid+" "+to), "+OK")
	s.figures.did(name, done)
	if done {
		s.watch.passes(c)
	}
	if s.watch.talksWith(c.uuid)+s.watch.lately(c) != with { // the caller came to talk meanwhile
		s.mayEndTalk(c)
	}
}

// keepsAgent lets another program take the caller to a prompt, and bring them back to the same
// agent.
func (s *soak) keepsAgent(ctx context.Context, chance *rand.Rand) {
	t, ok := s.someTalk(chance)
	if !ok {
		return
	}
	ear := s.ears[t.caller.sw]
	t.caller.story.add("a program takes the caller to a prompt and keeps %s", t.extension)
	s.watch.excuse(15*time.Second, t.leg)
	s.tells(t.leg, deed{caller: t.caller.uuid})
	_, err := ear.api(ctx, "uuid_setvar "+t.caller.uuid+" nwayacd_keep_agent 8")
	if err != nil {
		return
	}
	s.watch.keeps(t.leg)
	reply, err := ear.api(ctx, "uuid_transfer "+t.caller.uuid+" pin")
	if err != nil || !strings.HasPrefix(reply, "+OK") {
		return
	}
	if s.watch.leftByPhone(t.leg) {
		return // in the same moment, so that the end of the call may be on its way
	}
	s.watch.passes(t.caller)
	lingers(ctx, time.Duration(500+chance.IntN(1500))*time.Millisecond)
	ctx = context.WithoutCancel(ctx)
	if with := s.watch.talksWith(t.caller.uuid); with != "" && with != t.leg { // moved to another agent meanwhile
		s.watch.excuse(5*time.Second, with)
		s.tells(with, deed{caller: t.caller.uuid})
	}
	reply, err = ear.api(ctx, "uuid_bridge "+t.caller.uuid+" "+t.leg)
	t.caller.story.add("brought back to %s: %s", t.extension, reply)
	back := err == nil && strings.HasPrefix(reply, "+OK") &&
		until(ctx, 2*time.Second, func() bool { return s.watch.talksWith(t.caller.uuid) == t.leg })
	s.figures.did("caller taken away and brought back", back)
	if back {
		s.watch.noExcuse(t.leg)
	} else {
		s.watch.excuse(5*time.Second, t.caller.uuid)
		t.caller.call.Hangup()
	}
}

// threeWays rings a third party into a talk.
func (s *soak) threeWays(ctx context.Context, chance *rand.Rand) {
	t, ok := s.someTalk(chance)
	if !ok {
		return
	}
	s.tells(t.leg, deed{caller: t.caller.uuid})
	done := strings.HasPrefix(s.orders(ctx, t.caller, "nway_threeway "+t.caller.uuid+" 0123456 out"), "+OK")
	s.figures.did("three-way", done)
}

// reaction is how long a person talks at least before they hold. Before that FreeSWITCH only queues
// the music, and if the two part meanwhile, it plays to whoever is there later (docs/wire.md).
const reaction = 250 * time.Millisecond

// phoneHolds lets a phone hold its call for a while: the agent's, or the caller's.
func (s *soak) phoneHolds(ctx context.Context, chance *rand.Rand) {
	t, ok := s.someTalk(chance)
	if !ok {
		return
	}
	sw, who := s.switches[t.caller.sw], t.leg
	if chance.IntN(3) == 0 {
		who = t.caller.uuid
	}
	lingers(ctx, reaction)
	done := sw.Hold(who) == nil
	s.figures.did("hold by a phone", done)
	if !done {
		return
	}
	t.caller.story.add("%s holds", s.watch.name(who))
	lingers(ctx, time.Duration(200+chance.IntN(1500))*time.Millisecond)
	if sw.Unhold(who) == nil {
		t.caller.story.add("%s unholds", s.watch.name(who))
	}
}

// consultation is a second call of a phone, with which the phone connects its first one.
type consultation struct {
	by   string // extension
	own  string // the phone's channel of the first call
	held string // the other channel of that call, which is to be connected
	of   *caller
	sw   int

	// of the second call
	to     string // the number that the phone calls
	second *caller
	with   string // the channel that has answered it, "" if none has
}
