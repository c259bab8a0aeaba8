// Package apptest runs a server in the process of a test.
package apptest

import (
	"testing"

	"github.com/rs/zerolog"

	"nwayacd/conf"
	"nwayacd/internal/app"
)

// Password is the password of the command port.
const Password = "secret"

// Start starts a server with free ports and an empty SQLite database. It runs until the test ends.
func Start(t *testing.T) *app.Daemon {
	t.Helper()
	c := conf.Default()
	c.Database.DataDir = t.TempDir()
	c.Server.Listen, c.Control.Listen, c.HTTP.Listen = "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
	c.Control.Password = Password
	d, err := app.Start(t.Context(), c, zerolog.Nop(), app.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Stop(); err != nil {
			t.Error(err)
		}
	})
	return d
}
