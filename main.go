// nwayacd is an automatic call distributor for FreeSWITCH. FreeSWITCH's socket application hands
// calls to it, and nwayacd finds an agent for each.
//
// internal/cli has the command line and its subcommands, and internal/app assembles the server. See
// docs/architecture.md.
package main

import (
	"os"

	"nwayacd/internal/cli"
)

func main() { os.Exit(cli.Run(os.Args[1:], os.Stderr)) }
