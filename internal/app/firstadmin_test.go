package app

import (
	"net/netip"
	"testing"

	"github.com/rs/zerolog"

	"nwayacd/conf"
	"nwayacd/internal/auth"
	"nwayacd/internal/auth/users"
)

// TestTheFirstAdministrator starts a server as nwayacd init sets it up, and again when the user has
// another password.
func TestTheFirstAdministrator(t *testing.T) {
	const first, second = "the first password", "the second password"
	c := conf.Default()
	c.Database.DataDir = t.TempDir()
	c.Server.Listen, c.Control.Listen, c.HTTP.Listen = "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
	c.HTTP.FirstAdmin = conf.Secret("admin:" + users.HashPassword(first))
	login := func(password string) (auth.Actor, error) {
		t.Helper()
		d, err := Start(t.Context(), c, zerolog.Nop(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := d.Stop(); err != nil {
				t.Error(err)
			}
		}()
		actor, err := d.users.Login(t.Context(), "admin", password, netip.MustParseAddr("10.0.0.1"))
		if err == nil && password == first {
			err = d.users.ChangePassword(t.Context(), actor, first, second)
		}
		return actor, err
	}
	if actor, err := login(first); err != nil || actor.Role != auth.Admin || actor.MustChange {
		t.Errorf("%+v, %v", actor, err)
	}
	if _, err := login(second); err != nil {
		t.Errorf("the password that the user has chosen: %v", err)
	}
	if _, err := login(first); err == nil {
		t.Error("a restart brought the first password back")
	}
}
