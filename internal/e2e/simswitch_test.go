package e2e

import (
	"context"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"nwayacd/sim"
)

// simulated is a sim.Switch on a loopback port, one for each situation.
type simulated struct {
	sw   *sim.Switch
	addr string

	mu    sync.Mutex
	calls map[string]*sim.Call
}

func newSimulated(t *testing.T) *simulated {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &simulated{
		sw: sim.New(sim.Options{PlayTime: playTime}), addr: ln.Addr().String(),
		calls: map[string]*sim.Call{},
	}
	ctx, cancel := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() { s.sw.Serve(ctx, ln) }) // ends with ctx
	t.Cleanup(func() {
		s.sw.Close()
		cancel()
		serving.Wait()
	})
	return s
}

// playTime is how long silence_stream://MS lasts, as on the real switch. All files of the tests are
// of this kind.
func playTime(file string) time.Duration {
	var whole time.Duration
	for part := range strings.SplitSeq(strings.TrimPrefix(file, "file_string://"), "!") {
		ms, err := strconv.Atoi(strings.TrimPrefix(part, "silence_stream://"))
		if err != nil {
			return 0 // there is no such file
		}
		if ms < 0 {
			return -1
		}
		whole += time.Duration(ms) * time.Millisecond
	}
	return whole
}

func (s *simulated) address() string    { return s.addr }
func (s *simulated) dialString() string { return "user/{ext}" }

func (s *simulated) sipDialString() string { return s.dialString() }

func (s *simulated) outside(_ testing.TB, _ string, p phone) {
	s.sw.Gateway(gateway, sim.Behaviour{Do: deeds[p.do], After: p.after, Cause: p.cause, Talk: p.talk})
}

var deeds = map[deed]sim.Deed{
	picksUp: sim.Answers, misses: sim.Misses, refuses: sim.Refuses, absent: sim.Unregistered, dies: sim.AnswersAndDies,
	diesInBridge: sim.DiesOnBridge,
}

func (s *simulated) phone(_ testing.TB, ext string, p phone) {
	s.sw.Agent(ext, sim.Behaviour{Do: deeds[p.do], After: p.after, Cause: p.cause})
}

func (s *simulated) phoneLeaves(_ testing.TB, _, leg string) { s.sw.PhoneLeaves(leg) }

func (s *simulated) call(_ testing.TB, c incoming) string {
	call := s.sw.Call(sim.CallOptions{Number: c.number, Dialled: c.dialled, Dialplan: sim.Plan(callersDialplan(c)...)})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls[call.UUID()] = call
	return call.UUID()
}

// callersDialplan is the dialplan of the context callers in testdata/freeswitch.xml.tmpl.
func callersDialplan(c incoming) []string {
	switch c.dialled {
	case ivr:
		return []string{"answer", "playback silence_stream://-1"}
	case parkingLot:
		return []string{"answer", "park"}
	case featureCode:
		return []string{
			"set user_name=" + c.number, "socket " + c.acd + "/cmd/nway_login/" + c.number + "/110 async full",
			"set handed_back=true",
			"playback silence_stream://-1",
		}
	}
	socket := "socket " + c.acd + c.path + " async full"
	if c.dialled == patient {
		plan := []string{"set socket_resume=true", socket}
		for range 14 {
			plan = append(plan, "sleep 1000", socket)
		}
		return append(plan, "set handed_back=true")
	}
	return []string{
		"set socket_resume=true", socket, "sleep 1000", socket, "set handed_back=true",
		"playback silence_stream://-1",
	}
}

func (s *simulated) crash(testing.TB) { s.sw.Restart() }

func (s *simulated) press(_ testing.TB, far, digits string) {
	s.mu.Lock()
	call := s.calls[far]
	s.mu.Unlock()
	call.Press(digits)
}

// simRegistration is a phone on the simulated switch.
type simRegistration struct {
	sw  *sim.Switch
	ext string
}

func (s *simulated) register(_ testing.TB, ext string) registration {
	s.sw.Agent(ext, sim.Behaviour{Do: sim.Refuses, After: usual})
	return simRegistration{s.sw, ext}
}

func (r simRegistration) unregister() { r.sw.Agent(r.ext, sim.Behaviour{Do: sim.Unregistered}) }
