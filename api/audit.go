package api

import (
	"context"
	"errors"
	"time"

	"nwayacd/acd"
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

// outcomeOf tells a refusal, after which nothing has changed, from a failure.
func outcomeOf(err error) auth.Outcome {
	for _, failure := range []error{context.DeadlineExceeded, context.Canceled, acd.ErrNoLink, acd.ErrRefused} {
		if errors.Is(err, failure) {
			return auth.Failed
		}
	}
	return auth.Refused
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
