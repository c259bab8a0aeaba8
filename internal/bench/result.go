package bench

import (
	"fmt"
	"runtime"
	"time"
)

// Result is what a run measured. Costs are of the measured time, counts of the whole run.
type Result struct {
	Load
	Database string  `json:"database"`
	Secured  bool    `json:"secured"` // TLS on both ports, and commands with a token
	Seconds  float64 `json:"seconds"` // measured
	Cores    int     `json:"cores"`   // of the machine, which all share: database, generator and server

	Offered   float64 `json:"offered-per-s"`   // calls that arrived
	Completed float64 `json:"completed-per-s"` // calls that ended with a talk

	EnterToOffer Percentiles `json:"enter-to-offer"`
	FreeToOffer  Percentiles `json:"free-to-offer"`
	LoginToOffer Percentiles `json:"login-to-offer"`
	Wait         Percentiles `json:"wait"`
	Lateness     Percentiles `json:"generator-lateness"`
	ReadLateness Percentiles `json:"generator-read-lateness"`

	CPUPerCall        float64 `json:"cpu-per-call-us"` // the server's
	ServerCPU         float64 `json:"server-cores"`
	GeneratorCPU      float64 `json:"generator-cores"`
	MachineBusy       float64 `json:"machine-busy-share"`
	MachineStolen     float64 `json:"machine-stolen-share"` // by the host of a virtual machine
	EmptyBytes        int64   `json:"resident-empty-bytes"` // the server's, with its agents and no call
	ResidentBytes     int64   `json:"resident-bytes"`
	Waiting           int     `json:"waiting"` // when the load ended
	BytesPerWaiting   float64 `json:"bytes-per-waiting-call"`
	SocketWrites      float64 `json:"socket-writes-per-call"` // to the calls' own connections
	WriteCalls        float64 `json:"write-calls-per-call"`   // all of the process: sockets, journal, log, database
	StatementsPerCall float64 `json:"statements-per-call"`    // -1 = not known
	CommitsPerCall    float64 `json:"transactions-per-call"`

	Arrived     int64 `json:"arrived"`
	Unconnected int64 `json:"unconnected"`
	Answered    int64 `json:"answered"`
	Unanswered  int64 `json:"unanswered"`
	Missed      int64 `json:"missed-offers"`
	Doubles     int64 `json:"double-offers"`
	Broken      int64 `json:"broken-connections"`
	Mistakes    int64 `json:"mistakes"`
	Moves       int64 `json:"churn-commands"`
	Records     int64 `json:"records"`        // rows of nwayacd_cdr
	Recorded    int64 `json:"recorded-calls"` // different calls among them
	Behind      int64 `json:"records-behind"` // calls that had ended and were not in the database when the load ended

	BootMS     float64  `json:"boot-ms"`      // with all agents in the database
	CaughtUpMS float64  `json:"caught-up-ms"` // until the database had every record, from the end of the last call
	StopMS     float64  `json:"stop-ms"`
	Limits     []string `json:"limits"`
	Faults     []string `json:"faults"`
}

// fillResult computes the figures.
func (r *run) fillResult(rows, calls int64) {
	s, c := &r.result, &r.sw.counts
	s.Cores = runtime.NumCPU()
	took := r.after.at.Sub(r.before.at)
	s.Seconds = took.Seconds()
	s.Offered = float64(r.after.arrived-r.before.arrived) / s.Seconds
	done := float64(r.after.completed - r.before.completed)
	s.Completed = done / s.Seconds

	f := r.sw.figures
	s.EnterToOffer, s.FreeToOffer, s.LoginToOffer = f.enterToOffer.percentiles(), f.freeToOffer.percentiles(),
		f.loginToOffer.percentiles()
	s.Wait, s.Lateness, s.ReadLateness = f.wait.percentiles(), f.lateness.percentiles(), f.readLateness.percentiles()

	cpu := r.after.server.cpu - r.before.server.cpu
	s.ServerCPU, s.GeneratorCPU = share(cpu, took), share(r.after.generator.cpu-r.before.generator.cpu, took)
	busy, idle := r.after.machine.busy-r.before.machine.busy, r.after.machine.idle-r.before.machine.idle
	stolen := r.after.machine.stolen - r.before.machine.stolen
	s.MachineBusy, s.MachineStolen = share(busy, busy+idle+stolen), share(stolen, busy+idle+stolen)
	s.ResidentBytes, s.Waiting = r.after.server.resident, r.after.waiting
	if s.Scenario == Flood && s.Waiting > 0 {
		s.BytesPerWaiting = float64(s.ResidentBytes-s.EmptyBytes) / float64(s.Waiting)
	}
	s.StatementsPerCall, s.CommitsPerCall = -1, -1
	if done > 0 {
		s.CPUPerCall = float64(cpu.Microseconds()) / done
		s.WriteCalls = float64(r.after.server.writes-r.before.server.writes) / done
		if r.before.work.statements >= 0 && r.after.work.statements >= 0 {
			s.StatementsPerCall = (r.after.work.statements - r.before.work.statements) / done
		}
		if r.before.work.transactions >= 0 && r.after.work.transactions >= 0 {
			s.CommitsPerCall = (r.after.work.transactions - r.before.work.transactions) / done
		}
	}
	s.Arrived, s.Unconnected = c.arrived.Load(), c.unconnected.Load()
	s.Answered, s.Unanswered, s.Missed = c.completed.Load(), c.unanswered.Load(), c.missed.Load()
	s.Doubles, s.Broken, s.Mistakes, s.Moves = c.doubles.Load(), c.broken.Load(), c.mistakes.Load(), c.moves.Load()
	if s.Answered > 0 {
		s.SocketWrites = float64(c.segments.Load()) / float64(s.Answered)
	}
	s.Records, s.Recorded, s.Behind = rows, calls, max(0, r.ended-r.recorded)
	s.Faults = append(s.faults(c.connected.Load()), c.notes...)
	s.Limits = s.limits()
}

func share(part, of time.Duration) float64 {
	if of <= 0 {
		return 0
	}
	return float64(part) / float64(of)
}

// faults lists in words what must not happen in a run.
func (s *Result) faults(connected int64) (all []string) {
	for _, f := range []struct {
		n    int64
		what string
	}{
		{s.Doubles, "offers to an agent who had one"},
		{s.Broken, "calls' connections lost"},
		{s.Unconnected, "callers who got no connection"},
		{s.Mistakes, "commands that were refused"},
		{connected - s.Recorded, "calls without a record"},
		{s.Records - s.Recorded, "records more than calls"},
	} {
		if f.n > 0 {
			all = append(all, fmt.Sprintf("%d %s", f.n, f.what))
		}
	}
	return all
}

// The limits of a run.
const (
	lateGenerator = 2.0  // ms, the 99th percentile
	fullMachine   = 0.92 // share of all cores' time
	greedyHost    = 0.01 // the same; every high percentile shows a virtual machine that is held back
	fullServer    = 0.95 // of the machine's cores that the generator leaves
	shortfall     = 0.97 // of what was offered
	lagLimit      = 1.0  // seconds of calls that the database is behind
)

// limits lists in words what limited the run. It says so if nothing did.
func (s *Result) limits() (all []string) {
	say := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	if s.Lateness.P99 > lateGenerator {
		say("the generator was late: %.1f ms (p99)", s.Lateness.P99)
	}
	if s.GeneratorCPU > s.ServerCPU && s.Scenario != Flood {
		say("the generator used more CPU than the server: %.2f and %.2f cores", s.GeneratorCPU, s.ServerCPU)
	}
	if s.MachineStolen > greedyHost {
		say("the host of this virtual machine: it kept the cores from working for %.1f %% of the time",
			100*s.MachineStolen)
	}
	if s.MachineBusy+s.MachineStolen > fullMachine {
		say("the machine: its %d cores were busy for %.0f %% of the time, the server with %.2f of them", s.Cores,
			100*s.MachineBusy, s.ServerCPU)
	}
	if s.ServerCPU > fullServer*(float64(s.Cores)-s.GeneratorCPU) {
		say("the server's CPU: %.2f cores", s.ServerCPU)
	}
	if need := s.Rate * (s.Ring + s.Talk).Seconds(); s.Scenario == Steady && need >= float64(s.Agents) {
		say("the agents: %d of them, and the calls need %.0f", s.Agents, need)
	}
	if s.Completed > 0 && float64(s.Behind)/s.Completed > lagLimit {
		say("the database: %d call records behind when the load ended", s.Behind)
	}
	if s.Unconnected > 0 {
		say("connections: %d callers found no server", s.Unconnected)
	}
	if len(all) == 0 && s.Scenario != Flood && s.Scenario != Drain && s.Completed < shortfall*s.Offered {
		say("less was completed than offered, and nothing above says why: the calls in progress grew")
	}
	if len(all) == 0 {
		all = []string{"nothing: the load was carried"}
	}
	return all
}
