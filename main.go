// nwayacd is an automatic call distributor for FreeSWITCH: its socket application hands calls over, nwayacd finds each one an agent.
//
// Package main reads the command line and the configuration and wires the packages together; see docs/architecture.md.
package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"

	"github.com/alecthomas/kong"

	"nwayacd/conf"
)

// version and commit are set by the linker; commit else comes from the build's version control stamp.
var (
	version = "dev"
	commit  = ""
)

// Exit codes.
const (
	exitFailed     = 1
	exitWrongInput = 2 // the command line or the configuration
)

// commandLine is all that can be typed.
type commandLine struct {
	Serve   serveCommand   `cmd:"" default:"withargs" help:"Serve calls (the default)."`
	Demo    demoCommand    `cmd:"" help:"Show it at work: the real server, its real ports, and a simulated FreeSWITCH that calls in."`
	Bench   benchCommand   `cmd:"" help:"Load a server of its own over TCP as a FreeSWITCH full of calls would, and say what that cost."`
	Migrate migrateCommand `cmd:"" help:"Bring the database's schema up to date; an existing nwaycc database is taken as it is."`
	Check   checkCommand   `cmd:"" help:"Check a configuration and print all its faults at once."`
	Cmd     cmdCommand     `cmd:"" help:"Send a command to the running server: nwayacd cmd \"nway_login 1000 110\"."`
	Health  healthCommand  `cmd:"" help:"Exit 0 when a running server answers on its command port (for containers)."`
	Top     topCommand     `cmd:"" help:"Watch groups, callers and agents of a running server, live."`
	Import  importCommand  `cmd:"" help:"Turn the XML configuration of mod_nwayacd into ours."`
	Version versionCommand `cmd:"" help:"Print version, commit and Go."`
}

// configFile is the flag that every command on a configuration has.
type configFile struct {
	Config string `short:"c" placeholder:"FILE" help:"Configuration file; without it ${default}, or the defaults where that is missing."`
}

func main() {
	var line commandLine
	parser, err := kong.New(&line, kong.Name("nwayacd"), kong.UsageOnError(), kong.Vars{"default": conf.DefaultPath},
		kong.Description("An automatic call distributor for FreeSWITCH."))
	if err != nil {
		panic(err) // the struct above is wrong
	}
	chosen, err := parser.Parse(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "nwayacd:", err)
		os.Exit(exitWrongInput)
	}
	if err := chosen.Run(); err != nil {
		if _, said := errors.AsType[exitStatus](err); !said {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(exitCode(err))
	}
}

func exitCode(err error) int {
	if status, is := errors.AsType[exitStatus](err); is {
		return int(status)
	}
	if _, faults := errors.AsType[conf.Faults](err); faults {
		return exitWrongInput
	}
	return exitFailed
}

// build says what this binary is.
func build() string {
	return fmt.Sprintf("nwayacd %s, commit %.12s, %s", version, revision(), runtime.Version())
}

// revision is the commit this binary was built from, "unknown" where the build did not say.
func revision() string {
	if commit != "" {
		return commit
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				return s.Value
			}
		}
	}
	return "unknown"
}

type versionCommand struct{}

// Run prints the version.
func (versionCommand) Run() error {
	fmt.Println(build())
	return nil
}

type checkCommand struct{ configFile }

// Run prints that the configuration is right; its faults are the error.
func (c *checkCommand) Run() error {
	config, err := conf.Load(c.Config)
	if err != nil {
		return err
	}
	if config.File == "" {
		fmt.Println("no configuration file: the defaults are in force")
	} else {
		fmt.Println(config.File + ": right")
	}
	return nil
}
