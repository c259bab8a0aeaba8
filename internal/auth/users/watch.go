package users

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"nwayacd/internal/auth"
)

// ErrRightsEnded is the cause with which the contexts of While end.
var ErrRightsEnded = errors.New("the login or the token is not valid any more")

// watcher waits for the end of an actor's rights.
type watcher struct {
	actor  auth.Actor
	end    context.CancelCauseFunc
	expiry *time.Timer // nil if the rights have no end
}

// While returns a context for something that lasts, such as a stream of events. It ends with
// ErrRightsEnded as soon as the actor has other rights than now, or none:
//   - after a logout;
//   - after a new role, new groups, another extension or a new password;
//   - if the user or token is disabled or removed;
//   - if the session or token expires.
//
// stop must be called.
func (b *Book) While(ctx context.Context, actor auth.Actor) (while context.Context, stop context.CancelFunc) {
	while, end := context.WithCancelCause(ctx)
	w := &watcher{actor: actor, end: end}
	b.mu.Lock()
	defer b.mu.Unlock()
	until, valid := b.rights(&actor, time.Now())
	if !valid {
		end(ErrRightsEnded)
		return while, func() { end(nil) }
	}
	b.watchers[w] = struct{}{}
	if !until.IsZero() {
		w.expiry = time.AfterFunc(time.Until(until), func() { b.expire(w) })
	}
	return while, func() { end(nil); b.unwatch(w) }
}

// expire ends the context if the rights have ended. A session may have been used since.
func (b *Book) expire(w *watcher) {
	b.mu.Lock()
	defer b.mu.Unlock()
	until, valid := b.rights(&w.actor, time.Now())
	if !valid {
		w.end(ErrRightsEnded)
	} else if _, there := b.watchers[w]; there {
		w.expiry.Reset(time.Until(until))
	}
}

func (b *Book) unwatch(w *watcher) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.watchers, w)
	if w.expiry != nil {
		w.expiry.Stop()
	}
}

// endRights ends the contexts of all actors whose rights have ended. The caller holds the lock.
func (b *Book) endRights() {
	now := time.Now()
	for w := range b.watchers {
		if _, valid := b.rights(&w.actor, now); !valid {
			w.end(ErrRightsEnded)
		}
	}
}

// rights reports whether the actor still has the rights that it was given, and until when. Zero is
// without an end. The rights of an actor that is neither a user nor a token have no end.
func (b *Book) rights(a *auth.Actor, now time.Time) (until time.Time, valid bool) {
	kind, name, _ := strings.Cut(a.Name, ":")
	var is auth.Actor
	switch {
	case a.Session != "":
		s := b.sessions[a.Session]
		if s == nil {
			return until, false
		}
		is, valid = b.actorOf(s, now)
		until = s.Expires
	case kind == "user":
		u := b.users[name]
		if u == nil || u.Disabled {
			return until, false
		}
		is, valid = actorOfUser(u), fingerprint(u) == a.Password
	case kind == "token":
		t := b.tokens[name]
		if t == nil || !usable(t, now) {
			return until, false
		}
		is, valid, until = actorOfToken(t), true, t.Expires
	default:
		return until, true
	}
	same := is.Role == a.Role && is.Extension == a.Extension && slices.Equal(is.Groups, a.Groups) &&
		(a.MustChange || !is.MustChange)
	return until, valid && same
}
