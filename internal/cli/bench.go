package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"nwayacd/internal/bench"
)

// Bench is `nwayacd bench`.
type Bench struct {
	Scenario string        `arg:"" default:"steady" enum:"steady,flood,drain,churn,decide" help:"steady: calls arrive at --rate. flood: --callers wait, and there are no agents. drain: agents log in to a flood. churn: like steady, but agents come, go and miss calls, and callers give up. decide: the cost of a decision, measured in this process."`
	Rate     float64       `default:"100" help:"Calls a second (steady, churn)."`
	Agents   int           `default:"1000" help:"Number of agents who are logged in."`
	Full     bool          `help:"As many agents as the calls keep busy, rate x (ring + talk), and callers who wait from the start, so that each talk is followed by an offer (steady)."`
	Groups   int           `default:"10" help:"Number of groups; each agent is in one."`
	Callers  int           `default:"-1" help:"Callers who wait before the measurement begins; -1 = 10000 in flood and drain, else none."`
	Ring     time.Duration `default:"50ms" help:"Time from the offer to the agent's answer."`
	Talk     time.Duration `default:"3s" help:"Mean length of a talk; each differs from it by at most half."`
	Duration time.Duration `default:"20s" help:"Time of the measurement; for drain, the longest time."`
	Warmup   time.Duration `default:"5s" help:"Time before the measurement."`
	Churn    float64       `default:"20" help:"Agents a second who go busy or log out, and come back (churn)."`
	Miss     float64       `default:"0.05" help:"Share of the offers that the phone refuses (churn)."`
	Patience time.Duration `default:"20s" help:"Mean wait after which a caller gives up (churn)."`
	DSN      string        `name:"dsn" placeholder:"DSN" help:"A PostgreSQL in which the run creates and drops its own database; without it, SQLite."`
	Secured  bool          `help:"The command port and HTTP speak TLS, and commands come with a token instead of the control password."`
	Sweep    []float64     `placeholder:"N,…" help:"Run once for each of these values of --rate (of --callers in flood and drain)."`
	SVG      string        `name:"svg" placeholder:"FILE" help:"Write plots of the figures over the sweep."`
	JSON     bool          `name:"json" help:"Print the results as JSON, and nothing else."`
	Profile  string        `placeholder:"DIR" help:"Write CPU, heap and goroutine profiles of the server to this directory."`
	LogLevel string        `default:"info" enum:"debug,info,warn,error" help:"Log level of the server, which logs to a file."`
	Seed     uint64        `default:"1" help:"Seed of everything that is random."`
}

// Help returns the text that `nwayacd bench --help` adds.
func (*Bench) Help() string {
	return "Starts a server as a child process, with its own database, and loads it over TCP like a FreeSWITCH " +
		"full of calls. Prints the cost and what limited it. docs/performance.md explains the figures. " +
		"Exit code 1: calls, records or connections were lost."
}

// Validate is called by kong. It returns everything that is wrong with the flags.
func (b *Bench) Validate() error {
	var faults []error
	for _, f := range []struct {
		right bool
		fault string
	}{
		{b.Rate > 0 && b.Rate <= 100_000, "--rate: more than 0, at most 100000"},
		{b.Agents >= 1 && b.Agents <= 200_000, "--agents: 1 to 200000"},
		{b.Groups >= 1 && b.Groups <= 800, "--groups: 1 to 800"},
		{b.Callers >= -1 && b.Callers <= 60_000, "--callers: 0 to 60000"},
		{b.Ring > 0, "--ring: more than 0, such as 50ms"},
		{b.Talk > 0, "--talk: more than 0, such as 3s"},
		{b.Duration >= time.Second, "--duration: at least 1s"},
		{b.Churn > 0, "--churn: more than 0"},
		{b.Miss >= 0 && b.Miss < 1, "--miss: 0 to less than 1"},
	} {
		if !f.right {
			faults = append(faults, errors.New(f.fault))
		}
	}
	return errors.Join(faults...)
}

// generatorGC lets the generator's heap grow, so that its collector takes less of the CPU that it
// shares with the server.
const generatorGC = 400

// Run measures and prints. It returns an error if calls were lost.
func (b *Bench) Run() error {
	debug.SetGCPercent(generatorGC)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	if b.Scenario == "decide" {
		return b.decide(ctx)
	}
	results, err := b.runs(ctx)
	plotted := b.plot(results)
	return errors.Join(err, plotted, b.lost(results))
}

// decide measures decisions in this process.
func (b *Bench) decide(ctx context.Context) error {
	decisions, err := bench.Decide(ctx)
	if err != nil {
		return err
	}
	if err := b.draw(func(to io.Writer) error { return bench.PlotDecisions(to, decisions) }); err != nil {
		return err
	}
	if b.JSON {
		return json.NewEncoder(os.Stdout).Encode(decisions)
	}
	return bench.WriteDecisions(os.Stdout, decisions)
}

// plot draws the figures over a sweep.
func (b *Bench) plot(results []bench.Result) error {
	return b.draw(func(to io.Writer) error { return bench.PlotSweep(to, results) })
}

// draw writes the file of --svg, if the flag is set.
func (b *Bench) draw(draw func(io.Writer) error) error {
	if b.SVG == "" {
		return nil
	}
	file, err := os.Create(b.SVG)
	if err != nil {
		return fmt.Errorf("--svg: %w", err)
	}
	return errors.Join(draw(file), file.Close())
}

// runs does one run, or one for each step of the sweep.
func (b *Bench) runs(ctx context.Context) (results []bench.Result, err error) {
	binary, err := os.Executable()
	if err != nil {
		return nil, err
	}
	steps := b.Sweep
	if len(steps) == 0 {
		steps = []float64{0}
	}
	for _, step := range steps {
		o := bench.Options{
			Load: b.load(step), DSN: b.DSN, Binary: binary, Secured: b.Secured,
			Profile: b.Profile, LogLevel: b.LogLevel,
		}
		if !b.JSON {
			o.Progress = func(what string) { fmt.Fprintln(os.Stderr, what) }
		}
		result, err := bench.Run(ctx, o)
		if err != nil {
			return results, err
		}
		results = append(results, result)
		if b.JSON {
			continue
		}
		fmt.Println()
		if err := result.Write(os.Stdout); err != nil {
			return results, err
		}
		fmt.Println()
	}
	if b.JSON {
		return results, json.NewEncoder(os.Stdout).Encode(results)
	}
	return results, nil
}

// load returns the load of the flags, and of a step of the sweep.
func (b *Bench) load(step float64) bench.Load {
	l := bench.Load{
		Scenario: bench.Scenario(b.Scenario), Rate: b.Rate, Agents: b.Agents, Groups: b.Groups,
		Callers: max(0, b.Callers), Ring: b.Ring, Talk: b.Talk, Duration: b.Duration, Warmup: b.Warmup, Seed: b.Seed,
	}
	waits := l.Scenario == bench.Flood || l.Scenario == bench.Drain
	switch {
	case waits && step > 0:
		l.Callers = int(step)
	case waits && b.Callers < 0:
		l.Callers = 10_000
	case step > 0:
		l.Rate = step
	}
	if l.Scenario == bench.Steady && b.Full {
		l.Agents, l.Callers = int(l.Rate*(l.Ring+l.Talk).Seconds()), int(2*l.Rate)
	}
	if l.Scenario == bench.Flood {
		l.Agents = 0
	}
	if l.Scenario == bench.Churn {
		l.Churn, l.Miss, l.Patience = b.Churn, b.Miss, b.Patience
	}
	return l
}

// lost returns an error if something was lost in one of the runs.
func (b *Bench) lost(results []bench.Result) error {
	var faults []string
	for _, r := range results {
		faults = append(faults, r.Faults...)
	}
	if len(faults) == 0 {
		return nil
	}
	return errors.New("nwayacd: bench: " + strings.Join(faults, "; "))
}
