package cli

import (
	"context"
	"errors"
	"os/signal"
	"syscall"
	"time"

	"nwayacd/internal/demo"
)

// Demo is `nwayacd demo`.
type Demo struct {
	Calls    int           `default:"60" help:"Number of callers."`
	Agents   int           `default:"8" help:"Number of agents who are logged in."`
	Talk     time.Duration `default:"2s" help:"Length of a talk."`
	Duration time.Duration `default:"1m" help:"Longest run; it ends earlier when the last caller has gone."`
	JSON     bool          `help:"Print one JSON object as the last line, and no live table."`
	AnyPort  bool          `help:"Serve on free ports instead of the default ones."`
	Seed     uint64        `default:"1" help:"Seed of everything that is random."`
	Keep     bool          `help:"Open the console in a browser, and let callers call in until Ctrl-C."`
}

// Validate is called by kong. It returns everything that is wrong with the flags.
func (d *Demo) Validate() error {
	var faults []error
	for _, f := range []struct {
		right bool
		fault string
	}{
		{d.Calls >= 1 && d.Calls <= 100_000, "--calls: 1 to 100000"},
		{d.Agents >= 1 && d.Agents <= 8000, "--agents: 1 to 8000"},
		{d.Talk > 0, "--talk: more than 0, such as 300ms"},
		{d.Duration > 0, "--duration: more than 0, such as 40s"},
		{!d.Keep || !d.JSON, "--keep and --json exclude each other"},
	} {
		if !f.right {
			faults = append(faults, errors.New(f.fault))
		}
	}
	return errors.Join(faults...)
}

// Run runs the demo until the last caller has gone or a signal comes. A second signal ends the
// process at once.
func (d *Demo) Run() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	show := demo.Demo(*d)
	return show.Run(ctx)
}
