// Command soak runs nwayacd for a long time under load while everything goes wrong at random: the
// server, its database, its switches and the network between them. It owns all of these and the
// people at both ends of the calls. It judges by what the switches and the database saw. Of the
// packages inside it knows only the wire (esl) and the simulated switch (sim).
//
// The choice of what happens follows from the seed. The times do not.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"nwayacd/internal/switchboard"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		if errors.Is(err, errNoSwitch) {
			os.Exit(2)
		}
		os.Exit(1)
	}
}

// errBroken reports that the run was ended from outside, so that later judgements mean nothing.
var errBroken = errors.New("the run was broken off")

var errViolated = errors.New("an invariant does not hold; see above")

func run() error {
	o, keep, err := fromFlags()
	if err != nil {
		return err
	}
	if o.Dir, err = folder(o.Dir); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if o.Root, err = sources(ctx); err != nil {
		return err
	}
	if o.Program == "" {
		if o.Program, err = build(ctx, o.Root, o.Dir, o.Race); err != nil {
			return err
		}
	}
	fmt.Printf("soak: seed %d, %s, %g calls/s, %d agents, a fault every %s, logs in %s\n", o.Seed, o.Time, o.Rate,
		o.Agents, o.Every, o.Dir)
	runs := play
	if o.Switch == onFreeSWITCH {
		runs = playOffice
	}
	f, err := runs(ctx, o, os.Stdout)
	if err != nil {
		return err
	}
	if ctx.Err() != nil {
		return errBroken
	}
	fmt.Println(f.json())
	if f.violated() > 0 {
		return fmt.Errorf("%w (%s)", errViolated, o.Dir)
	}
	if keep {
		return nil
	}
	return os.RemoveAll(o.Dir)
}

// onFreeSWITCH is the value of -switch for the one on the PATH.
const onFreeSWITCH = "freeswitch"

// fromFlags reads the flags. keep says that the folder of logs and databases stays.
func fromFlags() (o options, keep bool, err error) {
	o = defaults()
	only, without := "", ""
	flag.DurationVar(&o.Time, "time", o.Time, "how long load and faults last")
	flag.Uint64Var(&o.Seed, "seed", uint64(time.Now().UnixNano()), "seed of every random choice")
	flag.BoolVar(&o.Race, "race", o.Race, "build nwayacd with the race detector")
	flag.Float64Var(&o.Rate, "rate", o.Rate, "callers that arrive each second")
	flag.IntVar(&o.Agents, "agents", o.Agents, "number of agents")
	flag.IntVar(&o.Switches, "switches", o.Switches, "number of FreeSWITCHes")
	flag.DurationVar(&o.Every, "every", o.Every, "average time between two faults; 0: no faults")
	flag.Int64Var(&o.MaxRSS, "max-rss", o.MaxRSS,
		"memory in bytes that the server may use; 0: 200 MiB, five times as much with the race detector")
	flag.StringVar(&only, "only", "", "kinds of faults to use, separated by commas; empty: all")
	flag.StringVar(&without, "without", "", "kinds of faults to leave out")
	flag.StringVar(&o.Dir, "dir", "",
		"folder for logs and databases; empty: a new one, which is removed at the end if nothing was found")
	flag.StringVar(&o.Program, "program", "", "an nwayacd program; empty: it is built from these sources")
	flag.StringVar(&o.Switch, "switch", "sim",
		"sim: simulated switches; freeswitch: the one on the PATH, with SIP phones")
	flag.BoolVar(&keep, "keep", false, "do not remove the folder of logs and databases")
	flag.Parse()
	o.Only, o.Without = words(only), words(without)
	if o.Switch == onFreeSWITCH {
		if !switchboard.Exists() {
			return o, keep, errNoSwitch
		}
		o.office()
	}
	return o, keep || o.Dir != "", nil
}

func defaults() options {
	return options{
		Time: 30 * time.Minute, Race: true, Rate: 12, Agents: 60, Switches: 2, Every: 4 * time.Second,
		Shift: 20 * time.Second, Operate: 150 * time.Millisecond, Lines: 30 * time.Second,
	}
}

// office lowers the defaults that are meant for simulated phones.
func (o *options) office() {
	given := map[string]bool{}
	flag.Visit(func(f *flag.Flag) { given[f.Name] = true })
	if !given["rate"] {
		o.Rate = 1.5
	}
	if !given["agents"] {
		o.Agents = 10
	}
	if !given["every"] {
		o.Every = 12 * time.Second
	}
}

func words(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' })
}

// sources is the folder of the module.
func sources(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}").Output()
	return strings.TrimSpace(string(out)), err
}

func build(ctx context.Context, root, dir string, race bool) (program string, err error) {
	program = filepath.Join(dir, "under-test")
	cmd := exec.CommandContext(ctx, "go", "build", fmt.Sprintf("-race=%t", race), "-o", program, ".")
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return program, nil
}
