package app

import (
	"errors"
	"strings"

	"nwayacd/conf"
)

// Reload reads the configuration again and applies every change that is possible while calls run.
// The report names the keys that need a restart. If the file has a fault, nothing changes.
func (d *Daemon) Reload() (report string, err error) {
	if d.load == nil {
		return "", errors.New("there is no configuration to read again")
	}
	next, err := d.load()
	if err == nil && len(next.Unusable) > 0 {
		err = next.Unusable
	}
	var certificates func()
	if err == nil {
		certificates, err = d.certificatesAgain(next)
	}
	if err != nil {
		d.log.Error().Err(err).Msg("the configuration was not changed, because the new one has faults")
		return "", err
	}
	certificates()
	changed := d.secrets.replace(next)
	d.acd.Configure(settings(next))
	d.store.SetRetention(retention(next.Database))
	d.drainTime.Store(int64(next.Server.Drain))
	setLogLevel(next)
	keys := d.config.Restart(next)
	d.log.Info().Strs("restart-needed", keys).Strs("secrets-replaced", changed).Msg("configuration read again")
	if len(keys) > 0 {
		return "configuration read again; these keys need a restart: " + strings.Join(keys, ", "), nil
	}
	return "configuration read again", nil
}

// certificatesAgain reads the certificates of the ports again and returns what puts them in force.
func (d *Daemon) certificatesAgain(next *conf.Config) (apply func(), err error) {
	control, err := d.controlCertificate.again(next.Control.TLS)
	if err != nil {
		return nil, err
	}
	http, err := d.httpCertificate.again(next.HTTP.TLS)
	if err != nil {
		return nil, err
	}
	return func() { control(); http() }, nil
}
