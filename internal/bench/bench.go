// Package bench loads a nwayacd server over real TCP, as many FreeSWITCH calls would, and measures
// the cost.
//
// It owns the generator (a lean FreeSWITCH that has only what the server uses), the scenarios, the
// server under test as a child process, and the figures: latencies, CPU, memory, writes,
// statements, call records. It must not know the inside of the server. It measures what it sees on
// the wire, in /proc and in the database. Only Decide looks inside, at package queue, whose
// decisions it times.
//
// The load is open. A clock schedules the arrivals from the start, and they wait for nothing.
// Latencies count from the time at which a call was due. The delay of the generator itself is a
// figure of its own.
package bench

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Load is the load of a run.
type Load struct {
	Scenario Scenario      `json:"scenario"`
	Rate     float64       `json:"rate"`    // arrivals a second
	Agents   int           `json:"agents"`  // logged in
	Groups   int           `json:"groups"`  // the agents are spread over them, one group each
	Callers  int           `json:"callers"` // waiting before the clock starts
	Ring     time.Duration `json:"ring-ns"` // from an originate to the agent's answer
	Talk     time.Duration `json:"talk-ns"` // mean; each is within half of it around
	Duration time.Duration `json:"duration-ns"`
	Warmup   time.Duration `json:"warmup-ns"`   // not measured, before Duration
	Churn    float64       `json:"churn"`       // logins, logouts, busy and ready a second
	Miss     float64       `json:"miss"`        // share of offers that the phone refuses
	Patience time.Duration `json:"patience-ns"` // mean wait after which a caller gives up; 0 = never
	Seed     uint64        `json:"seed"`
}

// Scenario is the kind of load.
type Scenario string

// The scenarios.
const (
	Steady Scenario = "steady" // calls arrive at Rate
	Flood  Scenario = "flood"  // Callers wait, and there are no agents
	Drain  Scenario = "drain"  // then agents log in
	Churn  Scenario = "churn"  // steady, with agents who come, go and miss calls and callers who give up
)

// Options are the options of a run.
type Options struct {
	Load
	DSN      string       // of a PostgreSQL where a database may be created and dropped; "" = SQLite
	Binary   string       // the server's
	Secured  bool         // TLS on both ports, and commands with a token
	Profile  string       // a folder for CPU and heap profiles of the server; "" = none
	LogLevel string       // of the server
	Progress func(string) // is called with messages about the progress; may be nil
}

func (o Options) say(format string, args ...any) {
	if o.Progress != nil {
		o.Progress(fmt.Sprintf(format, args...))
	}
}

// Run starts a server, seeds it, loads it, stops it and returns what was measured. It returns an
// error if nothing could be measured. A server that did badly is a Result.
func Run(ctx context.Context, o Options) (result Result, err error) {
	site, err := build(ctx, o)
	if err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, site.tearDown()) }()
	run := newRun(o, site)
	if err := run.play(ctx); err != nil {
		return result, err
	}
	return run.result, nil
}
