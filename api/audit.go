package api

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"nwayacd/acd"
	"nwayacd/esl"
	"nwayacd/internal/auth"
)

// Audit keeps what became of orders. users.Book implements it.
type Audit interface {
	// Conclude says what became of the order that ctx is for (auth.WithOrder).
	Conclude(ctx context.Context, outcome auth.Outcome, reason string)
	// Refuse keeps an entry about something that was refused, unless there are many like it.
	Refuse(entry *auth.Entry)
}

// refused counts a refusal and keeps it.
func (s Server) refused(ctx context.Context, r *auth.Refusal) {
	if s.OnRefusal != nil {
		s.OnRefusal(r.Actor)
	}
	if s.Audit != nil {
		order := auth.Order{Action: r.Operation, Object: r.Object}
		s.Audit.Refuse(order.Entry(ctx, time.Now(), auth.Refused, r.Error()))
	}
}

// stranger is the actor of a client that has shown nothing right yet.
func stranger(way auth.Way, source string) auth.Actor {
	return auth.Actor{Name: "unknown", Way: way, Source: source}
}

// WrongSecret keeps that a client has shown a password or a token that is wrong.
func (s Server) WrongSecret(ctx context.Context, way auth.Way, source string) {
	if s.Audit != nil {
		order := auth.Order{Action: "login"}
		ctx = auth.With(ctx, stranger(way, source))
		s.Audit.Refuse(order.Entry(ctx, time.Now(), auth.Refused, "the password or the token is wrong"))
	}
}

// Login returns the user with a name and a password, for something that lasts, and keeps the login.
// A wrong one is kept by Users.
func (s Server) Login(ctx context.Context, way auth.Way, name, password string, source netip.Addr) (auth.Actor, bool) {
	if s.Users == nil {
		return auth.Actor{}, false
	}
	actor, err := s.Users.Login(auth.With(ctx, stranger(way, source.String())), name, password, source)
	if err != nil {
		return auth.Actor{}, false
	}
	actor.Way, actor.Source = way, source.String()
	ctx = auth.WithOrder(auth.With(ctx, actor), &auth.Order{Action: "login", Object: name})
	s.Conclude(ctx, nil)
	return actor, true
}

// Conclude says what became of an order, unless it was a refusal of Allow, which is kept already.
func (s Server) Conclude(ctx context.Context, err error) {
	if s.Audit == nil || auth.OrderOf(ctx) == nil || errors.Is(err, auth.ErrForbidden) {
		return
	}
	if err == nil {
		s.Audit.Conclude(ctx, auth.OK, "")
		return
	}
	s.Audit.Conclude(ctx, outcomeOf(err), err.Error())
}

// ErrFailed marks an error after which a part of the order may be in force. It has no text.
var ErrFailed = errors.New("")

// errPanic is what became of an order whose goroutine panicked.
var errPanic = fmt.Errorf("%wa fault of this server", ErrFailed)

// outcomeOf tells a refusal, after which nothing has changed, from a failure.
func outcomeOf(err error) auth.Outcome {
	for _, failure := range []error{
		ErrFailed, context.DeadlineExceeded, context.Canceled, acd.ErrNoLink, acd.ErrRefused,
		esl.ErrClosed, esl.ErrOverflow, esl.ErrLate, esl.ErrAuth, esl.ErrRejected,
	} {
		if errors.Is(err, failure) {
			return auth.Failed
		}
	}
	if _, network := errors.AsType[net.Error](err); network {
		return auth.Failed
	}
	return auth.Refused
}

// InOrder does what ctx's order is for, and keeps what became of it, also if it ends in a panic.
func (s Server) InOrder(ctx context.Context, do func() error) (err error) {
	err = errPanic
	defer func() { s.Conclude(ctx, err) }()
	err = do()
	return err
}

// order returns what the audit log has of the command with these arguments.
func (c *Command) order(args []string) *auth.Order {
	o := &auth.Order{Action: c.Name, Detail: map[string]string{}}
	wanted, _ := c.Arguments()
	for i, given := range args {
		switch a := wanted[i]; {
		case a.isSecret():
			o.Detail[a.Name] = auth.Masked
		case a.Name == "":
			o.Detail["word"] = given
		case o.Object == "":
			o.Object = given
		default:
			o.Detail[a.Name] = given
		}
	}
	return o
}
