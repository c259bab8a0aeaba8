package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"nwayacd/esl"
)

// round is the same rush, whichever program distributes its calls: the same callers at the same
// moments, the same talks in the same order.
type round struct {
	sw      *freeswitch
	app     string // the number that callers dial, and the application that distributes them
	callers []string
	rush    *rand.Rand

	mu      sync.Mutex
	lengths *rand.Rand
	number  map[string]string // of the caller or the agent, by the channel's uuid
	calling map[string]bool   // numbers of callers who have not left
	seen    timeline
	over    chan struct{} // closed when all have left
}

// What callers and agents do. Nothing is regular, because a program that looks every 100 ms or
// counts whole seconds would always be met in the same moment.
const (
	meanPause   = 50 * time.Millisecond // between two callers, exponentially distributed
	ringFor     = 200 * time.Millisecond
	shortTalk   = 2500 * time.Millisecond // talks are uniformly distributed between these two
	longTalk    = 3500 * time.Millisecond
	roundLimit  = 2 * time.Minute
	roundEvents = "event plain CHANNEL_CREATE CHANNEL_ANSWER CHANNEL_EXECUTE CHANNEL_BRIDGE CHANNEL_HANGUP"
)

func newRound(sw *freeswitch, app string, agents []string, callers int, seed uint64) *round {
	rd := &round{
		sw: sw, app: app, rush: rand.New(rand.NewPCG(seed, 1)), lengths: rand.New(rand.NewPCG(seed, 2)),
		number: map[string]string{}, calling: map[string]bool{}, over: make(chan struct{}),
	}
	for i := range callers {
		number := fmt.Sprintf("1390%07d", i)
		rd.callers = append(rd.callers, number)
		rd.calling[number] = true
	}
	for _, agent := range agents {
		rd.nextTalk(agent)
	}
	return rd
}

// nextTalk sets how long the agent's next call lasts.
func (rd *round) nextTalk(agent string) {
	talk := shortTalk + time.Duration(rd.lengths.Int64N(int64(longTalk-shortTalk)))
	rd.sw.sips.set(agent, phone{do: picksUp, after: ringFor, talk: talk})
}

// play lets the callers in and returns when the last one has left.
func (rd *round) play(t testing.TB) timeline {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), roundLimit)
	defer stop()
	conn, err := esl.Dial(ctx, rd.sw.Address, password, esl.Options{OnEvent: rd.hear})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Send(ctx, esl.Raw(roundEvents)); err != nil {
		t.Fatal(err)
	}
	for _, number := range rd.callers {
		rd.sw.sips.dial(t, number, rd.app, rd.sw)
		time.Sleep(time.Duration(rd.rush.ExpFloat64() * float64(meanPause)))
	}
	select {
	case <-rd.over:
	case <-ctx.Done():
		rd.mu.Lock()
		defer rd.mu.Unlock()
		t.Fatalf("%s: %d of %d callers have not left after %s", rd.app, len(rd.calling), len(rd.callers), roundLimit)
	}
	rd.mu.Lock()
	defer rd.mu.Unlock()
	return rd.seen
}

func (rd *round) hear(e *esl.Event) {
	rd.mu.Lock()
	defer rd.mu.Unlock()
	id := e.Get("Unique-ID")
	if e.Name() == "CHANNEL_CREATE" {
		rd.meet(id, e)
	}
	number, known := rd.number[id]
	if !known {
		return
	}
	agent := e.Get("Call-Direction") == "outbound"
	switch e.Name() {
	case "CHANNEL_ANSWER":
		if agent {
			rd.nextTalk(number)
		}
	case "CHANNEL_EXECUTE":
		if !agent && e.Get("Application") == rd.app {
			rd.note(e, moment{what: entered, caller: number})
		}
	case "CHANNEL_BRIDGE":
		for _, end := range []string{"Bridge-A-Unique-ID", "Bridge-B-Unique-ID"} {
			if other := rd.number[e.Get(end)]; rd.calling[other] {
				rd.note(e, moment{what: bridged, caller: other})
			}
		}
	case "CHANNEL_HANGUP":
		rd.hangsUp(e, agent, number)
	}
}

// meet notes a new channel: a caller's, or an agent's leg. Both programs show the agent the
// caller's number.
func (rd *round) meet(id string, e *esl.Event) {
	caller := e.Get("Caller-Caller-ID-Number")
	if e.Get("Call-Direction") != "outbound" {
		rd.number[id] = caller
		return
	}
	agent, _, _ := strings.Cut(e.Get("Caller-Destination-Number"), "@")
	rd.number[id] = agent
	rd.note(e, moment{what: called, caller: caller, agent: agent})
}

func (rd *round) hangsUp(e *esl.Event, agent bool, number string) {
	if agent {
		rd.note(e, moment{what: released, agent: number})
		return
	}
	rd.note(e, moment{what: left, caller: number})
	if rd.calling[number] {
		if delete(rd.calling, number); len(rd.calling) == 0 {
			close(rd.over)
		}
	}
}

func (rd *round) note(e *esl.Event, m moment) {
	m.at = stamp(e)
	m.order, _ = strconv.ParseInt(e.Get("Event-Sequence"), 10, 64)
	rd.seen = append(rd.seen, m)
}
