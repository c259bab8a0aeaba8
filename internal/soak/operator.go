package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"
)

// operators give commands on calls and groups at random, until ctx is done. Most of them may be
// refused, because their call or agent is gone, or not free, by the time they are read.
func (s *soak) operators(ctx context.Context) {
	chance := s.chance("operators")
	var working sync.WaitGroup
	defer working.Wait()
	for {
		select {
		case <-time.After(time.Duration(chance.ExpFloat64() * float64(s.opt.Operate))):
		case <-ctx.Done():
			return
		}
		deed, own := deeds[chance.IntN(len(deeds))], rand.New(rand.NewPCG(chance.Uint64(), chance.Uint64()))
		working.Go(func() { deed(s, ctx, own) }) // ends by itself, after patience at the latest
	}
}

// deeds are what operators and other programs do. A deed that is listed twice happens twice as
// often.
var deeds = []func(*soak, context.Context, *rand.Rand){
	(*soak).transfers, (*soak).transfers, (*soak).transfers, (*soak).transfersTwice, (*soak).transfersTwice,
	(*soak).holds, (*soak).holds, (*soak).passesOn, (*soak).passesOn, (*soak).passesOn, (*soak).passesOn,
	(*soak).agentConnects, (*soak).agentConnects, (*soak).agentConnects, (*soak).receptionistConnects,
	(*soak).receptionistConnects, (*soak).callerPassesOn, (*soak).moves, (*soak).moves, (*soak).keepsAgent,
	(*soak).threeWays, (*soak).phoneHolds, (*soak).phoneHolds, (*soak).takesWaiting, (*soak).changesPrompts,
	(*soak).editsMode, (*soak).editsJobNumber, (*soak).disturbs, (*soak).movesLonely, (*soak).addsGroup,
	(*soak).asksHTTP,
}

// anyone is a caller who is here now, or nil if there is none.
func (s *soak) anyone(chance *rand.Rand) *caller {
	if here := s.watch.here(); len(here) > 0 {
		return here[chance.IntN(len(here))]
	}
	return nil
}

func (s *soak) somebody(chance *rand.Rand) *person { return s.people[chance.IntN(len(s.people))] }

// orders gives a command about a caller and adds the answer to the caller's story.
func (s *soak) orders(ctx context.Context, c *caller, command string) string {
	reply, err := s.console(command).do(ctx, command)
	if err != nil {
		reply = err.Error()
	}
	c.story.add("%s: %s", command, reply)
	return reply
}

func (s *soak) transfers(ctx context.Context, chance *rand.Rand) {
	if c := s.anyone(chance); c != nil {
		s.transfersTo(ctx, c, s.somebodyFor(chance).extension)
	}
}

// somebodyFor is the aim of a transfer by command, mostly a specialist.
func (s *soak) somebodyFor(chance *rand.Rand) *person {
	if n := s.specialists(); n > 0 && chance.IntN(4) > 0 {
		return s.people[chance.IntN(n)]
	}
	return s.somebody(chance)
}

func (s *soak) transfersTo(ctx context.Context, c *caller, extension string) (done bool) {
	s.watch.acts(c)
	with, late := s.mayEndTalk(c), s.watch.wasLeft(c)
	defer s.watch.orders(c)()
	done = strings.HasPrefix(s.orders(ctx, c, "nwayacd_transfer "+c.uuid+" "+extension), "+OK")
	s.figures.did("transfer by command", done)
	if done {
		if !late { // otherwise FreeSWITCH may end the call before the server hears of the end of the talk
			s.watch.passes(c)
		}
		if s.watch.talksWith(c.uuid)+s.watch.lately(c) != with {
			s.mayEndTalk(c)
		}
	}
	return done
}

// mayEndTalk records that a command is on its way that takes the caller out of a talk, which may
// have ended a moment ago. It returns the channels with which the caller talks or talked, or "".
func (s *soak) mayEndTalk(c *caller) (with string) {
	now, leg := s.watch.talksWith(c.uuid), s.watch.lately(c)
	for _, uuid := range []string{now, leg} {
		if uuid != "" {
			s.watch.excuse(2*patience, uuid)
			s.tells(uuid, deed{caller: c.uuid})
		}
	}
	return now + leg
}

// transfersTwice sends one caller to two agents in the same moment.
func (s *soak) transfersTwice(ctx context.Context, chance *rand.Rand) {
	c := s.anyone(chance)
	if c == nil {
		return
	}
	var both sync.WaitGroup
	for range 2 {
		to := s.somebodyFor(chance).extension
		both.Go(func() { s.transfersTo(ctx, c, to) })
	}
	both.Wait()
}

func (s *soak) holds(ctx context.Context, chance *rand.Rand) {
	c := s.anyone(chance)
	if c == nil {
		return
	}
	if s.orders(ctx, c, "nway_uuid_hold "+c.uuid)[0] != '+' {
		return
	}
	select {
	case <-time.After(time.Duration(chance.IntN(2000)) * time.Millisecond):
	case <-ctx.Done():
	}
	s.orders(context.WithoutCancel(ctx), c, "nway_uuid_unhold "+c.uuid)
}

func (s *soak) changesPrompts(ctx context.Context, chance *rand.Rand) {
	s.console("prompts").
		do(ctx,
			fmt.Sprintf("nway_set_ring_group %s - - silence_stream://%d -", groups[chance.IntN(len(groups))],
				100+chance.IntN(400)))
}

func (s *soak) editsMode(ctx context.Context, chance *rand.Rand) {
	s.edits(ctx, "UPDATE ext_group SET group_call_mode = $1 WHERE group_number = $2", chance.IntN(6),
		groups[chance.IntN(len(groups))])
}

func (s *soak) editsJobNumber(ctx context.Context, chance *rand.Rand) {
	s.edits(ctx, "UPDATE call_extension SET job_number = $1 WHERE extension_number = $2", fmt.Sprint(chance.IntN(1000)),
		s.somebody(chance).extension)
}

// disturbs sets and clears do-not-disturb.
func (s *soak) disturbs(ctx context.Context, chance *rand.Rand) {
	extension := s.somebody(chance).extension
	s.edits(ctx, "UPDATE call_extension SET dnd = true WHERE extension_number = $1", extension)
	select {
	case <-time.After(time.Duration(chance.IntN(4000)) * time.Millisecond):
	case <-ctx.Done():
	}
	s.edits(ctx, "UPDATE call_extension SET dnd = false WHERE extension_number = $1", extension)
}

// movesLonely removes a group while it has callers, or adds it again.
func (s *soak) movesLonely(ctx context.Context, chance *rand.Rand) {
	if chance.IntN(2) == 0 {
		s.edits(ctx, "DELETE FROM ext_group WHERE group_number = $1", lonely)
	} else {
		s.edits(ctx, "INSERT INTO ext_group (group_number, group_call_mode) VALUES ($1, 0) ON CONFLICT DO NOTHING",
			lonely)
	}
}

func (s *soak) edits(ctx context.Context, statement string, args ...any) {
	if err := s.pg.exec(ctx, statement, args...); err == nil {
		s.figures.count(&s.figures.Edits)
	}
}

func (s *soak) addsGroup(ctx context.Context, chance *rand.Rand) {
	number := fmt.Sprint(150 + chance.IntN(20))
	s.console(number).do(ctx, fmt.Sprint("nway_add_group ", number, " ", chance.IntN(6)))
	s.console(number).do(ctx, "nway_rm_group "+number)
}

func (s *soak) asksHTTP(ctx context.Context, chance *rand.Rand) {
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	paths := []string{
		"/api/v1/agents", "/api/v1/groups", "/api/v1/calls", "/readyz", "/healthz",
		"/api/v1/agents/" + s.somebody(chance).extension, "/metrics",
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.srv.HTTP+paths[chance.IntN(len(paths))],
		nil)
	if err != nil {
		return
	}
	if answer, err := http.DefaultClient.Do(request); err == nil {
		io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
	}
}
