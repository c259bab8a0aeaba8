package app

import (
	"errors"
	"strings"
)

// Reload reads the configuration again, puts in force what can change while calls run, and says
// what takes a restart. A faulty file changes nothing.
func (d *Daemon) Reload() (report string, err error) {
	if d.load == nil {
		return "", errors.New("there is no configuration to read again")
	}
	next, err := d.load()
	if err != nil {
		d.log.Error().Err(err).Msg("the configuration stays as it was")
		return "", err
	}
	d.acd.Configure(settings(next))
	d.patience.Store(int64(next.Server.Drain))
	setLogLevel(next)
	keys := d.config.Restart(next)
	d.log.Info().Strs("restart-needed", keys).Msg("configuration read again")
	if len(keys) > 0 {
		return "configuration read again; these take a restart: " + strings.Join(keys, ", "), nil
	}
	return "configuration read again", nil
}
