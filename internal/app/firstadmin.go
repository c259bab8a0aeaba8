package app

import (
	"context"
	"strings"
	"time"

	"nwayacd/internal/auth"
)

// firstAdminLimit is how long the start waits for the disk to keep the first user.
const firstAdminLimit = 2 * time.Second

// addFirstAdmin adds the user of first-admin-file if there is no user yet. If that fails, the
// server works without it.
func (d *Daemon) addFirstAdmin(ctx context.Context) {
	name, hash, given := strings.Cut(string(d.config.HTTP.FirstAdmin), ":")
	if !given || len(d.users.Users()) > 0 {
		return
	}
	ctx, stop := context.WithTimeout(ctx, firstAdminLimit)
	defer stop()
	ctx = auth.WithOrder(ctx, &auth.Order{Action: "nway_user", Object: name, Detail: map[string]string{"word": "add"}})
	_, err := d.users.AddUser(ctx, auth.User{Name: name, Password: hash, Role: auth.Admin})
	if err != nil {
		d.log.Error().Err(err).Str("user", name).Msg("the user of first-admin-file cannot be added, or is not safe yet")
		return
	}
	d.users.Conclude(ctx, auth.OK, "")
}
