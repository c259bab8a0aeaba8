package acd

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"nwayacd/queue"
	"nwayacd/sim"
)

// TestARandomShift lets an hour pass with callers, agents and commands at random, many of them in
// the same instant. It checks the end of the shift.
//   - Every caller has one CDR.
//   - No agent is stuck, and no channel is left.
//   - No phone ever had two legs of the server at once.
func TestARandomShift(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			s := ordinary("1000", "1001", "1002", "1003")
			s.settings.Floor.TypingAuto = seed%2 == 0
			s.settings.Floor.Recover = 20 * time.Second
			s.settings.MaxWait = 4 * time.Minute
			s.snapshot.Groups[0].Mode = queue.Mode(seed % 6)
			open(t, s, func(c *centre) { randomShift(c, rand.New(rand.NewPCG(seed, 7))) })
		})
	}
}

func randomShift(c *centre, chance *rand.Rand) {
	const callers = 100
	deeds := []sim.Deed{
		sim.Answers, sim.Answers, sim.Answers, sim.Misses, sim.Refuses, sim.AnswersAndDies,
		sim.DiesOnBridge, sim.DiesInBridge,
	}
	calls := make([]*sim.Call, 0, callers)
	for n := range callers {
		calls = append(calls, c.sw.Call(sim.CallOptions{
			UUID: fmt.Sprint("call-", n), Number: fmt.Sprint(n), Dialled: "110",
			Patience: time.Duration(chance.IntN(120)) * time.Second, Talk: time.Duration(chance.IntN(40)) * time.Second,
			Dialplan: sim.Plan("set socket_resume=true", "socket 10.0.0.5:8084/nwayacd/110 async full",
				"hangup NORMAL_CLEARING"),
		}))
		for range chance.IntN(4) {
			extension := fmt.Sprint(1000 + chance.IntN(4))
			switch d := c.server.Dispatcher; chance.IntN(8) {
			case 0:
				d.Busy(c.Context(), extension)
			case 1:
				d.Logout(c.Context(), extension)
			case 2, 3:
				d.Login(c.Context(), extension, []string{"110"})
			case 4:
				d.Ready(c.Context(), extension)
			case 5:
				d.Transfer(c.Context(), fmt.Sprint("call-", chance.IntN(n+1)), extension)
			default:
				c.sw.Agent(extension, sim.Behaviour{
					Do: deeds[chance.IntN(len(deeds))], After: time.Duration(chance.IntN(3)) * time.Second,
					Talk: time.Duration(chance.IntN(30)) * time.Second,
				})
			}
		}
		time.Sleep(time.Duration(chance.IntN(20)) * time.Second)
	}
	c.after(10 * time.Minute)
	for _, call := range calls {
		call.Hangup()
	}
	c.settleAll()
	seen := map[string]int{}
	for _, cdr := range c.wantRest() {
		seen[cdr.UUID]++
		if cdr.Outcome == queue.Failed || cdr.Outcome == queue.Taken { // no program takes a caller
			c.Errorf("call %s ended in an error: %+v", cdr.UUID, cdr)
		}
	}
	for n := range callers {
		if uuid := fmt.Sprint("call-", n); seen[uuid] != 1 {
			c.Errorf("%d CDRs of %s", seen[uuid], uuid)
		}
	}
}
