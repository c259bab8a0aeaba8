// Package cli is what each subcommand of nwayacd does: one file a subcommand, with its flags.
// Package main has the tree of them.
package cli

// configFile is the flag that every command on a configuration has.
type configFile struct {
	Config string `short:"c" placeholder:"FILE" help:"Configuration file; without it ${default}, or the defaults where that is missing."`
}
