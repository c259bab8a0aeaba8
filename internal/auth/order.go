package auth

import (
	"context"
	"maps"
	"strings"
	"sync/atomic"
	"time"
	"unicode"
	"unicode/utf8"
)

// mostValue bounds each value of an entry, in bytes.
const mostValue = 256

// Masked stands for a secret in Entry.Detail.
const Masked = "***"

// Order is one thing that an actor wants done, in the words of the audit log. Whoever changes
// something by the order takes its entry, and writes both together.
type Order struct {
	Action string            // a command, or an operation of the HTTP API
	Object string            // what it is about: an extension, a group, a name
	Detail map[string]string // arguments; a secret is Masked
	taken  atomic.Bool
}

type orderKey struct{}

// WithOrder returns a context for the work of the order.
func WithOrder(ctx context.Context, o *Order) context.Context {
	return context.WithValue(ctx, orderKey{}, o)
}

// OrderOf returns the order whose work ctx is for, or nil.
func OrderOf(ctx context.Context) *Order {
	o, _ := ctx.Value(orderKey{}).(*Order)
	return o
}

// TakeEntry returns the entry for the audit log of the order that ctx is for. It must be written
// together with what the order changes. The result is nil if there is no order, or if its entry was
// taken before.
func TakeEntry(ctx context.Context, now time.Time) *Entry {
	o := OrderOf(ctx)
	if o == nil || o.taken.Swap(true) {
		return nil
	}
	return o.Entry(ctx, now, OK, "")
}

// Taken reports whether the entry of the order was taken.
func (o *Order) Taken() bool { return o.taken.Load() }

// Entry returns an entry about the order. Its actor is that of ctx. Without one it is the server
// itself.
func (o *Order) Entry(ctx context.Context, at time.Time, outcome Outcome, reason string) *Entry {
	a, known := From(ctx)
	if !known {
		a.Name = "system"
	}
	e := &Entry{
		At: at.UTC().Truncate(time.Microsecond), Actor: a.Name, Role: a.Role, Source: a.Source, Way: a.Way,
		Action: o.Action, Object: o.Object, Detail: maps.Clone(o.Detail), Outcome: outcome, Reason: reason,
	}
	e.bound()
	return e
}

// bound makes all texts printable, and short.
func (e *Entry) bound() {
	for _, text := range []*string{&e.Actor, &e.Source, &e.Action, &e.Object, &e.Reason} {
		*text = Printable(*text, mostValue)
	}
	for name, value := range e.Detail {
		e.Detail[name] = Printable(value, mostValue)
	}
}

// Printable returns the text without control characters, in UTF-8, cut to a number of bytes.
func Printable(text string, most int) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == utf8.RuneError {
			return ' '
		}
		return r
	}, text[:min(len(text), most+utf8.UTFMax)])
	if len(text) <= most {
		return text
	}
	cut := most
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut]
}
