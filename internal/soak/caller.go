package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"nwayacd/sim"
)

// The groups that callers dial. The last one has no members, and does not exist at times.
var groups = []string{"110", "111", "112", "113"}

const lonely = "119"

// shortPlan is a group whose dialplan has one socket line, as in the README.
const shortPlan = "113"

// dialplan is deploy/freeswitch/dialplan/nwayacd.xml for this switch. The first address is that of
// a server that does not exist. A caller who finds no server at all tries again a second later.
func (s *soak) dialplan(sw *sim.Switch) {
	for _, group := range append(groups, lonely, testGroup) {
		to := "/nwayacd/" + group
		socket := "socket " + s.nobody + to + "|" + s.srv.Socket + to + " async full"
		plan := []string{
			"set socket_resume=true", "set nway_dialled=" + group, socket,
			"sleep 1000", "set socket_resume=true", socket, "transfer nwayacd-${nwayacd_outcome}",
		}
		if group == shortPlan {
			plan = slices.Delete(plan, 3, 6)
		}
		sw.Extension(group, sim.Plan(plan...)...)
	}
	sw.Extension("nwayacd-", sim.Plan("sleep 1000", "transfer ${nway_dialled}")...)
	sw.Extension("nwayacd-timeout", sim.Plan("hangup NORMAL_CLEARING")...)
	sw.Extension("nwayacd-full", sim.Plan("hangup NORMAL_CIRCUIT_CONGESTION")...)
	sw.Extension("nwayacd-invalid-route", sim.Plan("hangup UNALLOCATED_NUMBER")...)
}

// arrivals lets callers in at random until ctx is done, independent of the calls before.
func (s *soak) arrivals(ctx context.Context) {
	chance := s.chance("callers")
	next := time.NewTimer(0)
	defer next.Stop()
	for at, n := time.Now(), 0; ; n++ {
		at = at.Add(time.Duration(chance.ExpFloat64() * float64(time.Second) / s.opt.Rate))
		next.Reset(time.Until(at))
		select {
		case <-next.C:
			s.arrive(ctx, chance, n)
		case <-ctx.Done():
			return
		}
	}
}

// arrive lets one caller in. A few hang up at once, most after a while, and some stay until they
// are served.
func (s *soak) arrive(ctx context.Context, chance *rand.Rand, n int) {
	o := sim.CallOptions{Number: fmt.Sprintf("139%08d", chance.IntN(5000))}
	group := groups[chance.IntN(len(groups))]
	switch kind := chance.IntN(100); {
	case kind < 8:
		o.Patience = time.Duration(chance.IntN(1500)+1) * time.Millisecond
	case kind < 65:
		o.Patience = 5*time.Second + time.Duration(chance.IntN(30_000))*time.Millisecond
	case kind < 68:
		group, o.Patience = lonely, time.Duration(chance.IntN(20_000)+1)*time.Millisecond
	}
	if chance.IntN(3) == 0 {
		o.Talk = time.Duration(chance.IntN(3000)+1) * time.Millisecond
	}
	sw := chance.IntN(len(s.switches))
	if ctx.Err() == nil {
		s.call(wantsAgent, fmt.Sprintf("caller-%06d", n), group, sw, o)
	}
}

// call lets a caller dial a number and follows the call to its end.
func (s *soak) call(kind callKind, uuid, number string, sw int, o sim.CallOptions) *caller {
	c := &caller{uuid: uuid, group: number, sw: sw, born: time.Now(), kind: kind, plain: kind == wantsDesk}
	c.story.add("%s calls %s on fs%d, patience %s", o.Number, number, sw+1, o.Patience)
	o.UUID, o.Dialled = uuid, number
	o.Dialplan = sim.Plan("transfer " + number)
	s.watch.enter(c)
	call := s.switches[sw].Call(o)
	s.watch.mu.Lock()
	c.call = call
	s.watch.mu.Unlock()
	s.following.Go(func() { // ends with the call, which the switch's Close ends at the latest
		<-call.Done()
		s.isOver(c, call)
	})
	return c
}

// testCaller stays until they are served.
var testCaller = sim.CallOptions{Number: "13800000000"}

// The verdicts on a call.
const (
	served    = "answered"
	abandoned = "abandoned" // the caller lost heart
	returned  = "returned"  // by the dialplan, for a reason that nwayacd gave
	crashed   = "crashed"   // with its switch
	lost      = "lost"
)

func (s *soak) isOver(c *caller, call *sim.Call) {
	outcome := call.Var("nwayacd_outcome")
	s.watch.mu.Lock()
	c.over = time.Now()
	delete(s.watch.live, c.uuid)
	explained := s.watch.explained(c, call.Cause(), outcome)
	c.cause = call.Cause()
	c.verdict = verdictOn(c, call.Cause(), outcome, explained)
	s.watch.mu.Unlock()
	if !explained {
		s.violate("lost caller",
			fmt.Sprintf("%s was hung up with %s, and neither side did it", c.uuid, call.Cause()), c)
	}
	s.checkHeard(c, call)
}

func verdictOn(c *caller, cause, outcome string, explained bool) string {
	switch {
	case c.bridges > 0:
		return served
	case cause == "ORIGINATOR_CANCEL":
		return abandoned
	case isCrash(cause):
		return crashed
	case outcome != "" && explained:
		return returned
	case explained:
		return abandoned
	}
	return lost
}

// checkHeard checks that the prompts of the menu were not cut if the caller stayed.
func (s *soak) checkHeard(c *caller, call *sim.Call) {
	if !slices.Contains([]string{menuIsOver, thrownOut}, call.Cause()) {
		return
	}
	for _, heard := range call.Heard() {
		file, end, _ := strings.Cut(heard, " ")
		if slices.Contains(prompts, file) && end == "broken" {
			s.violate("prompt cut", fmt.Sprintf("%s heard %s not to its end: %v", c.uuid, file, call.Heard()), c)
		}
	}
}
