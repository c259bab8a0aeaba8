// nwayacd is an automatic call distributor for FreeSWITCH: its socket application hands calls over,
// nwayacd finds each one an agent.
//
// Package main reads the command line; internal/cli has the subcommands, internal/app wires the
// server. See docs/architecture.md.
package main

import (
	"fmt"
	"os"

	"github.com/alecthomas/kong"

	"nwayacd/conf"
	"nwayacd/internal/cli"
)

// commandLine is all that can be typed.
type commandLine struct {
	Serve   cli.Serve   `cmd:"" default:"withargs" help:"Serve calls (the default)."`
	Demo    cli.Demo    `cmd:"" help:"Show it at work: the real server, its real ports, and a simulated FreeSWITCH that calls in."`
	Bench   cli.Bench   `cmd:"" help:"Load a server of its own over TCP as a FreeSWITCH full of calls would, and say what that cost."`
	Migrate cli.Migrate `cmd:"" help:"Bring the database's schema up to date; an existing nwaycc database is taken as it is."`
	Check   cli.Check   `cmd:"" help:"Check a configuration and print all its faults at once."`
	Cmd     cli.Cmd     `cmd:"" help:"Send a command to the running server: nwayacd cmd \"nway_login 1000 110\"."`
	Health  cli.Health  `cmd:"" help:"Exit 0 when a running server answers on its command port (for containers)."`
	Top     cli.Top     `cmd:"" help:"Watch groups, callers and agents of a running server, live."`
	Import  cli.Import  `cmd:"" help:"Turn the XML configuration of mod_nwayacd into ours."`
	Version cli.Version `cmd:"" help:"Print version, commit and Go."`
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
		os.Exit(cli.ExitWrongInput)
	}
	if err := chosen.Run(); err != nil {
		os.Exit(cli.Report(os.Stderr, err))
	}
}
