// nwayacd is an automatic call distributor for FreeSWITCH. FreeSWITCH's socket application hands
// calls to it, and nwayacd finds an agent for each.
//
// Package main reads the command line. internal/cli has the subcommands, and internal/app assembles
// the server. See docs/architecture.md.
package main

import (
	"fmt"
	"os"

	"github.com/alecthomas/kong"

	"nwayacd/conf"
	"nwayacd/internal/cli"
)

// commandLine has all subcommands and flags.
type commandLine struct {
	Serve   cli.Serve   `cmd:"" default:"withargs" help:"Serve calls (the default)."`
	Demo    cli.Demo    `cmd:"" help:"Run the real server on its real ports, with a simulated FreeSWITCH that calls in."`
	Bench   cli.Bench   `cmd:"" help:"Start a server of its own, load it over TCP like a FreeSWITCH full of calls, and print the cost."`
	Migrate cli.Migrate `cmd:"" help:"Bring the database's schema up to date. An existing nwaycc database is used as it is."`
	Check   cli.Check   `cmd:"" help:"Check a configuration and print all its faults."`
	Init    cli.Init    `cmd:"" help:"Write a configuration with secrets of its own, and print the lines for FreeSWITCH."`
	Cmd     cli.Cmd     `cmd:"" help:"Send a command to the running server, such as: nwayacd cmd \"nway_login 1000 110\"."`
	Health  cli.Health  `cmd:"" help:"Exit with code 0 if a running server answers on its command port (for containers)."`
	Top     cli.Top     `cmd:"" help:"Show groups, callers and agents of a running server, live."`
	Import  cli.Import  `cmd:"" help:"Convert the XML configuration of mod_nwayacd to the configuration of this program."`
	Version cli.Version `cmd:"" help:"Print version, commit and Go version."`
}

func main() {
	var line commandLine
	parser, err := kong.New(&line, kong.Name("nwayacd"), kong.UsageOnError(), kong.Vars{"default": conf.DefaultPath},
		kong.Description("An automatic call distributor for FreeSWITCH."))
	if err != nil {
		panic(err) // a tag of commandLine is wrong
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
