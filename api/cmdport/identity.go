package cmdport

import (
	"context"
	"net/netip"
	"strings"
	"time"

	"nwayacd/esl"
	"nwayacd/internal/auth"
)

// identify returns the actor of a client:
//   - `auth PASSWORD` with the password of the configuration: the actor control;
//   - `auth TOKEN`: the actor of the token;
//   - `userauth NAME:PASSWORD`: the user;
//   - `auth` with anything else, if the configuration has no password: a local client.
//
// A wrong one of a source that has sent too many waits longer for its answer.
func (c *client) identify(ctx context.Context, verb, given string) (actor auth.Actor, right bool, wait time.Duration) {
	source, user := esl.Source(c.nc.RemoteAddr()), strings.EqualFold(verb, "userauth")
	right, wait = c.port.authLimiter.Try(source, func() (ok bool) {
		if user {
			actor, ok = c.port.user(ctx, given, source)
		} else {
			actor, ok = c.port.holder(given)
		}
		return ok
	})
	if !right && !user {
		c.port.Server.WrongSecret(ctx, auth.WayCommand, source.String())
	}
	actor.Way, actor.Source = auth.WayCommand, source.String()
	return actor, right, wait
}

// holder returns the actor with the password or the token.
func (p *Port) holder(secret string) (actor auth.Actor, ok bool) {
	if p.Password.Is(secret) {
		return auth.Actor{Name: "control", Role: auth.Admin}, true
	}
	if p.Server.Users != nil {
		if actor, ok = p.Server.Users.Authenticate(secret); ok {
			return actor, true
		}
	}
	// A token that is wrong now had a role, which may be less than that of a local client.
	if !p.Password.IsSet() && !auth.IsToken(secret) {
		return auth.Actor{Name: "local", Role: auth.Local}, true
	}
	return auth.Actor{}, false
}

// user returns the user of NAME:PASSWORD.
func (p *Port) user(ctx context.Context, given string, source netip.Addr) (actor auth.Actor, ok bool) {
	name, password, both := strings.Cut(given, ":")
	if !both {
		return auth.Actor{}, false
	}
	return p.Server.Login(ctx, auth.WayCommand, name, password, source)
}
