package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"nwayacd/sim"
)

// agentConnects is an attended transfer by an agent's phone. It holds the caller, calls a group or
// a colleague, and connects the two. It does so after the colleague has answered, while the phone
// rings, or while the group has no free agent yet.
func (s *soak) agentConnects(ctx context.Context, chance *rand.Rand) {
	t, ok := s.someTalk(chance)
	if !ok {
		return
	}
	s.connects(ctx, chance,
		consultation{by: t.extension, own: t.leg, held: t.caller.uuid, of: t.caller, sw: t.caller.sw})
}

// receptionistConnects is an attended transfer by a person who is no agent. A caller reaches that
// person past the ACD, and is connected with a group.
func (s *soak) receptionistConnects(ctx context.Context, chance *rand.Rand) {
	n, sw := s.serial.Add(1), chance.IntN(len(s.switches))
	by := colleague(chance.IntN(colleagues))
	c := s.call(wantsDesk, fmt.Sprintf("outsider-%06d", n), by, sw, sim.CallOptions{
		Number: fmt.Sprintf("138%08d", chance.IntN(5000)), Patience: 20 * time.Second,
		Vars: map[string]string{"nway_dialled": groups[0]}, // if no server is up as they are connected with a group
	})
	if !until(ctx, 2*time.Second, func() bool { return s.watch.talksWith(c.uuid) != "" }) {
		c.call.Hangup()
		return
	}
	s.connects(ctx, chance, consultation{by: by, own: s.watch.talksWith(c.uuid), held: c.uuid, of: c, sw: sw})
}

// connects is the whole of an attended transfer.
func (s *soak) connects(ctx context.Context, chance *rand.Rand, k consultation) {
	k.to = groups[chance.IntN(len(groups))]
	if chance.IntN(4) == 0 {
		k.to = colleague(chance.IntN(colleagues))
	}
	lingers(ctx, reaction)
	if s.switches[k.sw].Hold(k.own) != nil {
		return
	}
	lingers(context.WithoutCancel(ctx), reaction) // also when the load is over: nobody transfers in the same moment
	k.second = s.call(consults, fmt.Sprintf("consult-%06d", s.serial.Add(1)), k.to, k.sw,
		sim.CallOptions{Number: k.by, User: k.by, Patience: 20 * time.Second})
	k.of.story.add("%s holds, and calls %s as %s", k.by, k.to, k.second.uuid)
	s.waitsForAnswer(ctx, chance, k)
	k.with = s.watch.talksWith(k.second.uuid)
	s.transfersTogether(context.WithoutCancel(ctx), chance, k)
}

// waitsForAnswer waits until the second call is answered, and a moment longer. In a third of all
// cases it waits for a moment only.
func (s *soak) waitsForAnswer(ctx context.Context, chance *rand.Rand, k consultation) {
	if chance.IntN(3) == 2 {
		lingers(ctx, time.Duration(150+chance.IntN(500))*time.Millisecond)
		return
	}
	until(ctx, 6*time.Second, func() bool {
		return s.watch.talksWith(k.second.uuid) != "" || s.watch.verdict(k.second) != "" ||
			s.watch.talksWith(k.own) != k.held
	})
	lingers(ctx, time.Duration(100+chance.IntN(900))*time.Millisecond)
}

// transfersTogether connects the caller with what the second call has reached, and looks whether
// that comes about.
func (s *soak) transfersTogether(ctx context.Context, chance *rand.Rand, k consultation) {
	sw, second, to, asGroup, with := s.switches[k.sw], k.second, k.to, isGroup(k.to), k.with
	name := "attended transfer, " + either(asGroup, "group ", "phone ") + either(with != "", "answered", "not yet")
	s.watch.excuse(8*time.Second, k.own, second.uuid)
	before := s.watch.where(k.of)
	if asGroup && with == "" {
		s.watch.aims(k.of, to)
	}
	done := sw.ReferReplaces(k.own, second.uuid, chance.IntN(3) == 0) == nil
	s.figures.did(name, done)
	if !done {
		k.of.story.add("the transfer is not possible")
		s.watch.noExcuse(k.own)
		s.watch.isStillAt(k.of, before)
		sw.Unhold(k.own)
		second.call.Hangup()
		return
	}
	s.watch.passes(k.of)
	came := until(ctx, 3*time.Second, func() bool {
		if with != "" {
			return s.watch.talksWith(k.held) == with
		}
		return s.watch.isAt(k.of, to) || s.watch.talksWith(k.held) != "" && s.watch.talksWith(k.held) != k.own
	})
	k.of.story.add("%s connects them with %s (%s), which came about: %t", k.by, to, name, came)
	s.tells(k.own, deed{kind: "attended", to: to, caller: k.held, sure: came})
	if asGroup {
		s.watch.connected(second, came)
	}
	lingers(ctx, 200*time.Millisecond)
	sw.PhoneLeaves(k.own) // if they are still there
	second.call.Hangup()
	if !came {
		s.judgeNotCome(k)
	}
}

// judgeNotCome reports an attended transfer that connected no parties, although neither had left.
func (s *soak) judgeNotCome(k consultation) {
	if k.with == "" || s.watch.isOver(k.held) || s.watch.isOver(k.with) {
		return
	}
	if s.breaker.calm() > calmAfter {
		s.violate("not connected",
			fmt.Sprintf("%s and %s are both still there, and do not talk", k.held, short(k.with)), k.of)
	}
}
