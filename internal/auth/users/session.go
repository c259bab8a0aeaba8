package users

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"time"

	"nwayacd/internal/auth"
)

// How long a session lasts.
const (
	sessionIdle  = 12 * time.Hour      // without a request
	sessionMost  = 7 * 24 * time.Hour  // from the login
	sessionWall  = 30 * 24 * time.Hour // of a wall, from its beginning
	seenEvery    = 5 * time.Minute     // so often a request is written
	linkLasts    = 10 * time.Minute
	mostLinks    = 100
	sessionLimit = 2 * time.Second // for the journal, when a session begins
	mostBrowser  = 200             // bytes of the browser's name
)

// ErrLink says that a link was used before, is too old, or was never made.
var ErrLink = errors.New("the link is not valid any more")

// link can be used once.
type link struct {
	user    string
	expires time.Time
}

// Begin starts a session of the user that Login has returned, and returns its key, which is the
// cookie. browser is what the client calls itself.
//
// The login succeeds also if the disk does not answer. The session is then lost if the process
// dies.
func (b *Book) Begin(ctx context.Context, actor auth.Actor, browser string) (key string, err error) {
	name, is := strings.CutPrefix(actor.Name, "user:")
	if !is {
		return "", ErrNoUser
	}
	actor.Way = auth.WayConsole
	ctx, conclude := b.inOrder(ctx, actor, "login", name)
	defer func() { conclude(err) }()
	return b.begin(ctx, func(now time.Time) (s auth.Session, err error) {
		u := b.users[name]
		if u == nil || u.Disabled || actor.Password != "" && actor.Password != fingerprint(u) {
			return s, ErrWrong // the user was changed since the password was looked at
		}
		return auth.Session{User: name, Source: actor.Source, Browser: browser, Expires: now.Add(sessionIdle)}, nil
	})
}

// Enter starts a session by a key that a person has clicked on: that of a link of MakeLink, or a
// token of the role wall. The error is ErrLink if it is neither.
func (b *Book) Enter(ctx context.Context, key string, source netip.Addr, browser string) (session string, err error) {
	actor := b.holder(key)
	actor.Source, actor.Way = address(source), auth.WayConsole
	ctx, conclude := b.inOrder(ctx, actor, "login", actor.Name)
	defer func() { conclude(err) }()
	return b.begin(ctx, func(now time.Time) (auth.Session, error) {
		s := auth.Session{Source: address(source), Browser: browser}
		if t := b.keys[hashKey(key)]; t != nil && t.Role == auth.Wall && usable(t, now) {
			b.noteUse(t, now)
			s.Token, s.Expires = t.Name, now.Add(sessionWall)
			return s, nil
		}
		l, known := b.links[hashKey(key)]
		delete(b.links, hashKey(key))
		if u := b.users[l.user]; !known || now.After(l.expires) || u == nil || u.Disabled {
			return s, ErrLink
		}
		s.User, s.Expires = l.user, now.Add(sessionIdle)
		return s, nil
	})
}

// holder returns the name of the actor to whom the key of a link or token belongs.
func (b *Book) holder(key string) auth.Actor {
	b.mu.Lock()
	defer b.mu.Unlock()
	if t := b.keys[hashKey(key)]; t != nil {
		return auth.Actor{Name: "token:" + t.Name, Role: t.Role}
	}
	if u := b.users[b.links[hashKey(key)].user]; u != nil {
		return auth.Actor{Name: "user:" + u.Name, Role: u.Role}
	}
	return auth.Actor{Name: "unknown"}
}

// MakeLink returns a key with which a browser can log in as the user, once and within 10 minutes.
func (b *Book) MakeLink(name string) (key string, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.users[name] == nil {
		return "", ErrNoUser
	}
	now := time.Now()
	for hash, l := range b.links {
		if now.After(l.expires) {
			delete(b.links, hash)
		}
	}
	if len(b.links) >= mostLinks {
		return "", ErrFull
	}
	key = newKey()
	b.links[hashKey(key)] = link{name, now.Add(linkLasts)}
	return key, nil
}

func (b *Book) begin(ctx context.Context, make func(now time.Time) (auth.Session, error)) (key string, err error) {
	key = newKey()
	sequence, err := b.step(ctx, func(now time.Time) ([]auth.Change, error) {
		s, err := make(now)
		if err != nil {
			return nil, err
		}
		changes := b.expired(now)
		if len(b.sessions)-len(changes) >= mostSessions {
			return nil, ErrFull
		}
		s.Hash, s.Created, s.Seen, s.Browser = hashKey(key), now, now, shorten(s.Browser, mostBrowser)
		changes = append(changes, b.beyond(&s)...)
		return append(changes, auth.Change{SessionAdded: &s}), nil
	})
	if err != nil {
		return "", err
	}
	limited, stop := context.WithTimeout(ctx, sessionLimit)
	defer stop()
	if err := b.journal.Sync(limited, sequence); err != nil {
		b.log.Warn().Err(err).Msg("a session is in force and not safe from a crash")
	}
	return key, nil
}

// beyond ends the oldest sessions of the user or token of s, if there are too many.
func (b *Book) beyond(s *auth.Session) []auth.Change {
	most := mostSessionsOfOne
	if s.Token != "" {
		most = mostSessionsOfToken
	}
	var others []auth.Session
	for _, o := range b.sessions {
		if o.User == s.User && o.Token == s.Token {
			others = append(others, *o)
		}
	}
	slices.SortFunc(others, func(a, b auth.Session) int { return b.Seen.Compare(a.Seen) })
	var ended []auth.Change
	for _, o := range others[min(len(others), most-1):] {
		ended = append(ended, auth.Change{SessionEnded: &o.Hash})
	}
	return ended
}

// Session returns the actor of the session with this key, and lets the session go on. ok is false
// if there is no valid session with this key. The caller fills in Source and Way.
func (b *Book) Session(key string) (actor auth.Actor, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := stamp(time.Now())
	s := b.sessions[hashKey(key)]
	if s == nil {
		return actor, false
	}
	if actor, ok = b.actorOf(s, now); !ok {
		b.write([]auth.Change{{SessionEnded: &s.Hash}})
		return auth.Actor{}, false
	}
	if now.Sub(s.Seen) >= seenEvery {
		u := auth.SessionUpdate{Hash: s.Hash, Seen: &now}
		if s.User != "" {
			expires := earlier(now.Add(sessionIdle), s.Created.Add(sessionMost))
			u.Expires = &expires
		}
		b.write([]auth.Change{{Session: &u}})
	}
	return actor, true
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// actorOf returns whose session s is. valid is false if it has expired, or if the user or token is
// not what it was at the login.
func (b *Book) actorOf(s *auth.Session, now time.Time) (actor auth.Actor, valid bool) {
	if !now.Before(s.Expires) {
		return actor, false
	}
	if s.Token != "" {
		t := b.tokens[s.Token]
		if t == nil || !usable(t, now) || t.Role != auth.Wall {
			return actor, false
		}
		actor = actorOfToken(t)
	} else {
		u := b.users[s.User]
		if u == nil || u.Disabled || s.Created.Before(u.Changed) {
			return actor, false
		}
		actor = actorOfUser(u)
	}
	actor.Session = s.Hash
	return actor, true
}

// Logout ends the session with this key. It is no error if there is none.
func (b *Book) Logout(ctx context.Context, key string, source netip.Addr) error {
	actor, valid := b.Session(key)
	if !valid {
		return nil
	}
	actor.Source, actor.Way = source.String(), auth.WayConsole
	ctx, conclude := b.inOrder(ctx, actor, "logout", actor.Name)
	err := b.EndSession(ctx, hashKey(key))
	if errors.Is(err, ErrNoSession) {
		err = nil // it ended meanwhile
	}
	conclude(err)
	return err
}

// EndSession ends the session with this hash.
func (b *Book) EndSession(ctx context.Context, hash string) error {
	return b.do(ctx, func(time.Time) ([]auth.Change, error) {
		if b.sessions[hash] == nil {
			return nil, ErrNoSession
		}
		return []auth.Change{{SessionEnded: &hash}}, nil
	})
}

// endSessions returns the changes that end the sessions.
func (b *Book) endSessions(which func(*auth.Session) bool) (changes []auth.Change) {
	for hash, s := range b.sessions {
		if which(s) {
			changes = append(changes, auth.Change{SessionEnded: &hash})
		}
	}
	return changes
}

// expired returns the changes that end the sessions that are not valid any more.
func (b *Book) expired(now time.Time) []auth.Change {
	return b.endSessions(func(s *auth.Session) bool { _, valid := b.actorOf(s, now); return !valid })
}

// shorten cuts a text to a number of bytes, and drops control characters.
func shorten(text string, most int) string { return auth.Printable(text, most) }
