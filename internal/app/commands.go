package app

import (
	"context"
	"fmt"
	"time"

	"nwayacd/api"
	"nwayacd/conf"
	"nwayacd/internal/auth"
)

// CheckCommands returns the faults of [server] commands: names that no channel can run.
func CheckCommands(c *conf.Config) (faults conf.Faults) {
	for _, name := range c.Server.Commands {
		text := ""
		switch {
		case api.Find(name) == nil:
			text = fmt.Sprintf("%q is not a command", name)
		case !auth.May(auth.Actor{Role: auth.Dialplan}, api.Find(name).Name):
			text = fmt.Sprintf("%q is for administrators, and never for a channel", name)
		default:
			continue
		}
		faults = append(faults, conf.Fault{File: c.File, Key: "server.commands", Text: text})
	}
	return faults
}

// commandRefused keeps a command of the route /cmd that the channel may not run.
func (d *Daemon) commandRefused(ctx context.Context, command string, reason error) {
	order := &auth.Order{Action: command}
	d.users.Refuse(order.Entry(ctx, time.Now(), auth.Refused, reason.Error()))
}
