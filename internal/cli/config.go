// Package cli has the command line of nwayacd, and one file for each subcommand with its flags.
package cli

import (
	"os"

	"nwayacd/conf"
	"nwayacd/internal/app"
	"nwayacd/store"
)

// configFile is the flag of every subcommand that reads the configuration.
type configFile struct {
	Config string `short:"c" placeholder:"FILE" help:"Configuration file. Without it, ${default} is read, or the defaults are used if that does not exist."`
}

// storeOptions reads the configuration and returns the database and data-dir of it, with a log on
// stderr.
func (f configFile) storeOptions() (store.Options, error) {
	config, err := conf.Load(f.Config)
	if err != nil {
		return store.Options{}, err
	}
	return store.Options{
		DSN: string(config.Database.DSN), DataDir: config.Database.DataDir, Log: app.NewLog(config, os.Stderr),
	}, nil
}
