package users

import (
	"context"
	"strconv"
	"time"

	"github.com/rs/zerolog"

	"nwayacd/internal/auth"
	"nwayacd/queue"
)

// refusedEvery is how often a refusal of one source is written. Others are counted.
const refusedEvery = time.Minute

// refusal is what was refused to one source.
type refusal struct {
	next   time.Time // when the next one is written
	passed int       // that were not written
}

// Conclude says what became of the order that ctx is for. If nothing has taken its entry, because
// it changed nothing that is kept, the entry is written now. There is one log line for each entry.
//
// Refusals are written once a minute for each source, and failures always. What was refused after a
// change was written is a failure, because the change is in force.
func (b *Book) Conclude(ctx context.Context, outcome auth.Outcome, reason string) {
	o := auth.OrderOf(ctx)
	if o == nil {
		return
	}
	if outcome == auth.Refused && o.Taken() {
		outcome = auth.Failed
	}
	entry := o.Entry(ctx, time.Now(), outcome, reason)
	switch outcome {
	case auth.Refused:
		b.Refuse(entry)
	case auth.Failed:
		b.record(entry)
		b.say(entry)
	default:
		if taken := auth.TakeEntry(ctx, entry.At); taken != nil {
			b.record(taken)
		}
		b.say(entry)
	}
}

// inOrder returns ctx with an order, if it has none, and a function that concludes it. If ctx has
// an order, whoever gave it concludes it.
func (b *Book) inOrder(ctx context.Context, a auth.Actor, action, object string) (context.Context, func(error)) {
	if auth.OrderOf(ctx) != nil {
		return ctx, func(error) {}
	}
	ctx = auth.WithOrder(auth.With(ctx, a), &auth.Order{Action: action, Object: object})
	return ctx, func(err error) {
		if err == nil {
			b.Conclude(ctx, auth.OK, "")
		} else {
			b.Conclude(ctx, auth.Refused, err.Error())
		}
	}
}

// Refuse writes an entry about something that was refused, once a minute for each source.
func (b *Book) Refuse(entry *auth.Entry) {
	if b.refusalDue(entry) {
		b.record(entry)
		b.say(entry)
	}
}

// Record writes an entry about something that changes nothing that is kept, such as a login or an
// export.
func (b *Book) Record(ctx context.Context, o *auth.Order) {
	entry := o.Entry(ctx, time.Now(), auth.OK, "")
	b.record(entry)
	b.say(entry)
}

func (b *Book) record(entry *auth.Entry) {
	b.journal.Write(queue.Change{Auth: &auth.Change{Audit: entry}})
}

// refusalDue reports whether a refusal is to be written. It notes in the entry how many were not.
func (b *Book) refusalDue(entry *auth.Entry) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	r := b.refusals[entry.Source]
	if r == nil {
		makeRoom(b.refusals, func(r *refusal) time.Time { return r.next })
		r = &refusal{}
		b.refusals[entry.Source] = r
	}
	if entry.At.Before(r.next) {
		r.passed++
		return false
	}
	if r.passed > 0 {
		if entry.Detail == nil {
			entry.Detail = map[string]string{}
		}
		entry.Detail["more-like-it"] = strconv.Itoa(r.passed)
	}
	*r = refusal{next: entry.At.Add(refusedEvery)}
	return true
}

// say writes an entry to the log.
func (b *Book) say(e *auth.Entry) {
	line := b.log.Info()
	if e.Outcome != auth.OK {
		line = b.log.Warn()
	}
	detail := zerolog.Dict()
	for name, value := range e.Detail {
		detail.Str(name, value)
	}
	line.Str("actor", e.Actor).Str("role", string(e.Role)).Str("client", e.Source).Str("way", string(e.Way)).
		Str("action", e.Action).Str("object", e.Object).Dict("detail", detail).Str("outcome", string(e.Outcome)).
		Str("reason", e.Reason).Msg("audit")
}
