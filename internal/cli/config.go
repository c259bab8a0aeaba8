// Package cli implements the subcommands of nwayacd: one file for each, with its flags. Package
// main has the list of them.
package cli

// configFile is the flag of every subcommand that reads the configuration.
type configFile struct {
	Config string `short:"c" placeholder:"FILE" help:"Configuration file. Without it, ${default} is read, or the defaults are used if that does not exist."`
}
