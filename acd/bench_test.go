package acd

import (
	"context"
	"fmt"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"nwayacd/agent"
	"nwayacd/esl"
	"nwayacd/queue"
	"nwayacd/sim"
)

// forgetful is a Journal that keeps nothing.
type forgetful struct{}

func (forgetful) Write(...queue.Change) uint64       { return 0 }
func (forgetful) Sync(context.Context, uint64) error { return nil }

// counter is a server and a simulated FreeSWITCH on real TCP, with one agent and a line of callers
// in group 110.
type counter struct {
	*testing.B
	server  *Server
	sw      *sim.Switch
	address string
	offered chan time.Duration // from when agent and caller both existed to the originate on the wire
	rung    chan struct{}      // the agent's phone rings
	next    int
}

// crowded is a shift of agent 1000 in group 110, and of others in 100 groups.
func crowded(others int) shift {
	s := ordinary("1000")
	for n := range others {
		extension, group := fmt.Sprint(10_000+n), fmt.Sprint(200+n%100)
		s.snapshot.Agents = append(s.snapshot.Agents, agent.Agent{
			Profile:  agent.Profile{Extension: extension},
			Presence: agent.Presence{Registered: true, Up: true, Idle: true},
		})
		s.snapshot.Members = append(s.snapshot.Members, queue.Member{Group: group, Extension: extension})
	}
	for g := range 100 {
		s.snapshot.Groups = append(s.snapshot.Groups, queue.Group{Number: fmt.Sprint(200 + g)})
	}
	s.settings.Prompts = Prompts{Hold: "hold.wav"}
	return s
}

// openCounter opens a counter with so many other agents, in 100 groups, who are idle.
func openCounter(b *testing.B, others int, phone sim.Behaviour) *counter {
	c := &counter{B: b, offered: make(chan time.Duration, 1), rung: make(chan struct{}, 1)}
	s := crowded(others)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	events, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	c.address = ln.Addr().String()
	c.sw = sim.New(sim.Options{
		Seed:        1,
		PlayTime:    func(string) time.Duration { return -1 },
		OnOriginate: func(string, time.Time) { signalOne(c.rung) },
	})
	c.sw.Agent("1000", phone)
	c.server = New(Options{
		Settings: s.settings, Journal: forgetful{}, Identity: "bench", Log: zerolog.Nop(),
		Switches: []Switch{{Name: "sim", Address: events.Addr().String(), Password: "ClueCon"}},
		OnOffer: func(took time.Duration) {
			select {
			case c.offered <- took:
			default: // at the end nothing listens
			}
		},
	}, s.snapshot)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { c.sw.Serve(ctx, events) })
	running.Go(func() { c.server.Run(ctx) })
	running.Go(func() { c.server.Serve(ctx, ln) })
	for !c.server.Links()[0].Up {
		time.Sleep(time.Millisecond)
	}
	b.Cleanup(func() {
		c.sw.Close()
		cancel()
		running.Wait()
	})
	return c
}

// caller lets one more caller in.
func (c *counter) caller() *sim.Call {
	c.next++
	return c.sw.Call(sim.CallOptions{
		UUID: fmt.Sprint("call-", c.next), Number: fmt.Sprint(c.next), Dialled: "110",
		Dialplan: sim.Plan("socket "+c.address+"/nwayacd/110 async full", "hangup NORMAL_CLEARING"),
	})
}

func (c *counter) until(call *sim.Call, so func(*sim.Call) bool) {
	c.Helper()
	ctx, stop := context.WithTimeout(c.Context(), 10*time.Second)
	defer stop()
	if err := call.Wait(ctx, so); err != nil {
		c.Fatalf("%s: %v, heard %v", call.UUID(), err, call.Heard())
	}
}

// line lets so many callers in, one after another, so that their order is known.
func (c *counter) line(length int) (calls []*sim.Call) {
	for range length {
		call := c.caller()
		c.until(call, func(call *sim.Call) bool { return call.Answered() })
		calls = append(calls, call)
	}
	return calls
}

// BenchmarkNextCall is the time from a hang-up after the talk until the agent's phone rings for the
// next caller.
//   - The server reads the event, frees the agent and chooses the next caller.
//   - It originates the leg over TCP, and the switch reads it. The switch is simulated here and
//     takes part of the time.
//
// If the caller hangs up, the server has to end the agent's leg first. offer-µs is the server's
// part alone: from the free agent to the originate on the wire.
func BenchmarkNextCall(b *testing.B) {
	for _, agents := range []int{1, 1_000, 10_000} {
		for _, who := range []string{"agent", "caller"} {
			b.Run(fmt.Sprintf("agents=%d/hangsUp=%s", agents, who), func(b *testing.B) {
				nextCall(b, agents-1, who == "agent")
			})
		}
	}
}

func nextCall(b *testing.B, others int, agentHangsUp bool) {
	c := openCounter(b, others, sim.Behaviour{Do: sim.Answers})
	line := c.line(1)
	<-c.rung
	<-c.offered
	line = append(line, c.line(50)...) // only now, so that they wait in the order in which they came
	var offers []time.Duration
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		talks := line[0]
		c.until(talks, func(call *sim.Call) bool { return call.Bridged() != "" })
		c.untilTalking(talks.UUID())
		leg := talks.Bridged()
		line = append(line[1:], c.line(1)...)
		b.StartTimer()
		if agentHangsUp {
			c.sw.PhoneLeaves(leg)
		} else {
			talks.Hangup()
		}
		<-c.rung
		offers = append(offers, <-c.offered)
	}
	reportPercentiles(b, "offer", offers)
}

// untilTalking returns when the server has the call in its talk, too.
func (c *counter) untilTalking(uuid string) {
	for {
		if call := c.server.channels.caller(uuid); call != nil && call.view.Load().Phase == PhaseTalk {
			return
		}
		time.Sleep(20 * time.Microsecond)
	}
}

// reportPercentiles reports the median and the 99th percentile, in microseconds.
func reportPercentiles(b *testing.B, what string, times []time.Duration) {
	slices.Sort(times)
	for _, p := range []int{50, 99} {
		at := times[min(len(times)*p/100, len(times)-1)]
		b.ReportMetric(float64(at)/float64(time.Microsecond), fmt.Sprintf("p%d-%s-µs", p, what))
	}
}

// BenchmarkPhoneSilent is from a caller's hang-up while the agent's phone rings until the phone is
// silent.
func BenchmarkPhoneSilent(b *testing.B) {
	c := openCounter(b, 0, sim.Behaviour{Do: sim.Misses})
	for b.Loop() {
		b.StopTimer()
		call := c.caller()
		<-c.rung
		<-c.offered
		b.StartTimer()
		call.Hangup()
		for c.sw.Ringing("1000") {
			time.Sleep(20 * time.Microsecond)
		}
	}
}

// BenchmarkCallOut is what the call's goroutine does when it has an offer. It sends the events, the
// originate with its variables and the music in one write over TCP, to a switch that answers +OK to
// everything.
func BenchmarkCallOut(b *testing.B) {
	server := New(Options{Settings: ordinary().settings, Journal: forgetful{}, Identity: "bench", Log: zerolog.Nop()},
		ordinary("1000").snapshot)
	c := newCall(server, b.Context())
	c.renew()
	c.callerChannel.Store(&channel{uuid: newUUID(), conn: obedient(b)})
	c.isFor(caller{number: "13900001111"})
	c.group = "110"
	offer := &Offer{Lease: &queue.Lease{
		Call: c.uuid(), Group: "110", Agent: &agent.Profile{Extension: "1000"}, Number: 1,
		RingTimeout: 15 * time.Second, Offered: time.Now(),
	}}
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		l := newLeg(offer, c.waysTo(context.Background(), *offer.Agent))
		c.callOut(b.Context(), l)
		l.cancel()
		if n%100 == 0 {
			b.StopTimer()
			c.do(esl.API("status")) // the switch has kept up
			b.StartTimer()
		}
	}
}

// obedient is a connection to a switch that answers +OK to everything.
func obedient(b *testing.B) *esl.Connection {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer ln.Close()
	ours, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	theirs, err := ln.Accept()
	if err != nil {
		b.Fatal(err)
	}
	var obeying sync.WaitGroup
	obeying.Go(func() { // ends with the connection
		reply := esl.AppendFrame(nil, "", esl.Header{Name: "Content-Type", Value: esl.ContentReply},
			esl.Header{Name: "Reply-Text", Value: "+OK"})
		for in := esl.NewReader(theirs, esl.Limits{}); ; {
			if _, err := in.ReadCommand(); err != nil {
				return
			}
			theirs.Write(reply)
		}
	})
	conn := esl.NewConnection(ours, esl.Options{})
	b.Cleanup(func() {
		conn.Close()
		theirs.Close()
		obeying.Wait()
	})
	return conn
}

// BenchmarkStep is one step on the floor through the dispatcher: an agent of 10,000 becomes busy
// and ready again, by hand.
func BenchmarkStep(b *testing.B) {
	c := openCounter(b, 10_000, sim.Behaviour{})
	d := c.server.Dispatcher
	b.ReportAllocs()
	for b.Loop() {
		if d.Busy(b.Context(), "10000") != nil || d.Ready(b.Context(), "10000") != nil {
			b.Fatal("refused")
		}
	}
}
