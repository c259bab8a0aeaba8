package cli

import (
	"fmt"
	"io"

	"github.com/alecthomas/kong"

	"nwayacd/conf"
)

// commandLine has all subcommands and flags.
type commandLine struct {
	Serve   Serve          `cmd:"" default:"withargs" help:"Serve calls (the default)."`
	Demo    Demo           `cmd:"" help:"Run the real server on its real ports, with a simulated FreeSWITCH that calls in."`
	Bench   Bench          `cmd:"" help:"Start a server of its own, load it over TCP like a FreeSWITCH full of calls, and print the cost."`
	Migrate Migrate        `cmd:"" help:"Bring the database's schema up to date. An existing nwaycc database is used as it is."`
	Retry   RetryRejected  `cmd:"" name:"retry-rejected" help:"Try again what the database refused for good (table nwayacd_rejected)."`
	Rebuild RebuildFigures `cmd:"" name:"rebuild-figures" help:"Make the figures of a time again from the records (docs/figures.md)."`
	Backup  Backup         `cmd:"" help:"Copy the SQLite database of a server, which may be running, to a new file."`
	Check   Check          `cmd:"" help:"Check a configuration and print all its faults."`
	Init    Init           `cmd:"" help:"Write a configuration with secrets of its own, and print the lines for FreeSWITCH."`
	Cmd     Cmd            `cmd:"" help:"Send a command to the running server, such as: nwayacd cmd \"nway_login 1000 110\"."`
	User    User           `cmd:"" help:"Manage the users of a running server."`
	Token   Token          `cmd:"" help:"Manage the tokens of a running server."`
	Health  Health         `cmd:"" help:"Exit with code 0 if a running server answers on its command port (for containers)."`
	Top     Top            `cmd:"" help:"Show groups, callers and agents of a running server, live."`
	Import  Import         `cmd:"" help:"Convert the XML configuration of mod_nwayacd to the configuration of this program."`
	Version Version        `cmd:"" help:"Print version, commit and Go version."`
}

// Run parses the command line without the program's name, runs the subcommand and returns the exit
// code. Errors go to stderr.
func Run(args []string, stderr io.Writer) (exitCode int) {
	var line commandLine
	parser, err := kong.New(&line, kong.Name("nwayacd"), kong.UsageOnError(), kong.Vars{"default": conf.DefaultPath},
		kong.Description("An automatic call distributor for FreeSWITCH."))
	if err != nil {
		panic(err) // a tag of commandLine is wrong
	}
	chosen, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintln(stderr, "nwayacd:", err)
		return ExitWrongInput
	}
	if err := chosen.Run(); err != nil {
		return Report(stderr, err)
	}
	return 0
}
