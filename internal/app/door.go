package app

import (
	"context"

	"nwayacd/internal/auth"
)

// Visitor is a user who was made for one visit, and how a browser logs in as that user.
type Visitor struct {
	Name, Password string
	Key            string // for /ui/enter#KEY, once within 10 minutes
}

// Admit makes a user who may do everything.
func (d *Daemon) Admit(ctx context.Context, name string) (Visitor, error) {
	password, err := d.users.AddUser(ctx, auth.User{Name: name, Role: auth.Admin, Groups: []string{auth.Everywhere}})
	if err != nil {
		return Visitor{}, err
	}
	key, err := d.users.MakeLink(name)
	return Visitor{name, password, key}, err
}
