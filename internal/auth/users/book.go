// Package users has the users, tokens and sessions of a server in memory. It returns the actor to
// whom a password, a token or a cookie belongs.
//
// What changes goes to the journal at once, and from there to the database. It knows no port and no
// call. Which role may do what is not decided here.
package users

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"nwayacd/internal/auth"
	"nwayacd/queue"
)

// Bounds of what a Book holds. Loading ignores them, because the rows are there already.
const (
	mostUsers           = 20_000
	mostTokens          = 1000
	mostSessions        = 50_000
	mostSessionsOfOne   = 20 // of one user; of a token of a wall, mostSessionsOfToken
	mostSessionsOfToken = 200
	mostRemovals        = 1000 // that Resync writes again
)

// The reasons why a command about users is refused.
var (
	ErrNoUser      = errors.New("there is no such user")
	ErrUserExists  = errors.New("the user exists already")
	ErrNoToken     = errors.New("there is no such token")
	ErrTokenExists = errors.New("the token exists already")
	ErrNoSession   = errors.New("there is no such session")
	ErrFull        = errors.New("there are too many of them already")
)

// Journal keeps changes. Package store implements it.
type Journal interface {
	// Write appends changes in order and returns the number of the last one. It does not wait.
	Write(changes ...queue.Change) (sequence uint64)
	// Sync returns when the change with that number is safe from a crash. If ctx ends first, it
	// returns ctx's cause.
	Sync(ctx context.Context, sequence uint64) error
}

// Book holds the users, tokens and sessions. All methods may be called from any goroutine.
type Book struct {
	journal Journal
	log     zerolog.Logger
	gate    *gate // for passwords

	mu       sync.Mutex
	users    map[string]*auth.User
	tokens   map[string]*auth.Token   // by name
	keys     map[string]*auth.Token   // the same, by the hash of the key
	sessions map[string]*auth.Session // by the hash of the key
	links    map[string]link          // that can be used once, by the hash of the key
	throttle throttle
	watchers map[*watcher]struct{}
	refusals map[string]*refusal // by source
	removals []auth.Change       // since the start, the newest last
}

// New returns a Book with the rows of s. Sessions that have expired are ended.
func New(journal Journal, log zerolog.Logger, s auth.Snapshot) *Book {
	b := &Book{
		journal: journal, log: log, gate: newGate(), links: map[string]link{}, throttle: newThrottle(),
		watchers: map[*watcher]struct{}{}, refusals: map[string]*refusal{},
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.load(s)
	b.write(b.expired(time.Now()))
	return b
}

// load replaces all rows.
func (b *Book) load(s auth.Snapshot) {
	b.users, b.tokens = map[string]*auth.User{}, map[string]*auth.Token{}
	b.keys, b.sessions = map[string]*auth.Token{}, map[string]*auth.Session{}
	for _, c := range s.Changes() {
		b.apply(&c)
	}
}

// apply changes the rows in memory.
func (b *Book) apply(c *auth.Change) {
	switch {
	case c.UserAdded != nil:
		u := *c.UserAdded
		b.users[u.Name] = &u
	case c.User != nil:
		if u := b.users[c.User.Name]; u != nil {
			c.User.Apply(u)
		}
	case c.UserRemoved != nil:
		delete(b.users, *c.UserRemoved)
		b.throttle.forget(*c.UserRemoved)
	case c.TokenAdded != nil:
		t := *c.TokenAdded
		b.dropToken(t.Name)
		b.tokens[t.Name], b.keys[t.Hash] = &t, &t
	case c.Token != nil:
		if t := b.tokens[c.Token.Name]; t != nil {
			c.Token.Apply(t)
		}
	case c.TokenRemoved != nil:
		b.dropToken(*c.TokenRemoved)
	case c.SessionAdded != nil:
		s := *c.SessionAdded
		b.sessions[s.Hash] = &s
		if s.User != "" {
			source, _ := netip.ParseAddr(s.Source)
			b.throttle.know(pair{s.User, network(source)})
		}
	case c.Session != nil:
		if s := b.sessions[c.Session.Hash]; s != nil {
			c.Session.Apply(s)
		}
	case c.SessionEnded != nil:
		delete(b.sessions, *c.SessionEnded)
	}
}

func (b *Book) dropToken(name string) {
	if t := b.tokens[name]; t != nil {
		delete(b.keys, t.Hash)
		delete(b.tokens, name)
	}
}

// write applies changes, and appends them to the journal. The caller holds the lock.
func (b *Book) write(changes []auth.Change) (sequence uint64) {
	if len(changes) == 0 {
		return 0
	}
	all := make([]queue.Change, len(changes))
	for i := range changes {
		b.apply(&changes[i])
		b.noteRemoval(&changes[i])
		all[i] = queue.Change{Auth: &changes[i]}
	}
	sequence = b.journal.Write(all...)
	b.endRights()
	return sequence
}

// noteRemoval keeps what was removed, for Resync.
func (b *Book) noteRemoval(c *auth.Change) {
	if c.UserRemoved == nil && c.TokenRemoved == nil && c.SessionEnded == nil {
		return
	}
	b.removals = append(b.removals, *c)
	b.removals = b.removals[max(0, len(b.removals)-mostRemovals):]
}

// do runs one command. It applies and writes the changes that decide returns, and the entry for the
// audit log if ctx has an order. It returns when they are safe from a crash, or decide's error.
func (b *Book) do(ctx context.Context, decide func(now time.Time) ([]auth.Change, error)) error {
	sequence, err := b.step(ctx, decide)
	if err != nil || sequence == 0 {
		return err
	}
	return b.journal.Sync(ctx, sequence)
}

func (b *Book) step(ctx context.Context, decide func(now time.Time) ([]auth.Change, error)) (uint64, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := stamp(time.Now())
	changes, err := decide(now)
	if err != nil {
		return 0, err
	}
	if entry := auth.TakeEntry(ctx, now); entry != nil {
		changes = append(changes, auth.Change{Audit: entry})
	}
	return b.write(changes), nil
}

// stamp returns a time as exact as PostgreSQL keeps it.
func stamp(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// Users returns all users in the order of their names.
func (b *Book) Users() []auth.User {
	b.mu.Lock()
	defer b.mu.Unlock()
	return sorted(b.users, func(u auth.User) string { return u.Name })
}

// Tokens returns all tokens in the order of their names.
func (b *Book) Tokens() []auth.Token {
	b.mu.Lock()
	defer b.mu.Unlock()
	return sorted(b.tokens, func(t auth.Token) string { return t.Name })
}

// Sessions returns all sessions that are valid, in the order in which they began.
func (b *Book) Sessions() []auth.Session {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	all := sorted(b.sessions, func(s auth.Session) string { return s.Created.Format(time.RFC3339Nano) + s.Hash })
	return slices.DeleteFunc(all, func(s auth.Session) bool { _, valid := b.actorOf(&s, now); return !valid })
}

func sorted[T any](rows map[string]*T, key func(T) string) []T {
	all := make([]T, 0, len(rows))
	for row := range maps.Values(rows) {
		all = append(all, *row)
	}
	slices.SortFunc(all, func(a, b T) int { return cmp.Compare(key(a), key(b)) })
	return all
}

// User returns one user. ok is false if there is none.
func (b *Book) User(name string) (u auth.User, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if one := b.users[name]; one != nil {
		return *one, true
	}
	return u, false
}

// Edit takes over what another program changed in the database. take returns those changes. The
// Book is locked meanwhile, so that nothing is written before they are in force.
func (b *Book) Edit(take func() []queue.Change) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range take() {
		if c.Auth != nil {
			b.edit(c.Auth)
		}
	}
	b.endRights()
}

// edit applies one change of another program. The sessions of a user whose rights it changes end.
func (b *Book) edit(c *auth.Change) {
	name := ""
	switch {
	case c.UserAdded != nil:
		name = c.UserAdded.Name
	case c.User != nil:
		name = c.User.Name
	case c.UserRemoved != nil:
		name = *c.UserRemoved
	}
	before, known := auth.User{}, false
	if u := b.users[name]; u != nil {
		before, known = *u, true
	}
	b.apply(c)
	if after := b.users[name]; known && (after == nil || endsSessions(&before, after)) {
		b.write(b.endSessions(func(s *auth.Session) bool { return s.User == name }))
	}
}

// endsSessions reports whether the difference between two rows of a user makes a new login
// necessary.
func endsSessions(before, after *auth.User) bool {
	return before.Password != after.Password || before.Role != after.Role || after.Disabled && !before.Disabled ||
		before.Extension != after.Extension || !slices.Equal(before.Groups, after.Groups)
}

// Reload takes over a whole snapshot of the database, as if every difference had been edited just
// now.
func (b *Book) Reload(take func() queue.Snapshot) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := take().Auth
	there := map[string]bool{}
	for _, u := range s.Users {
		there[u.Name] = true
		b.edit(&auth.Change{UserAdded: &u})
	}
	for name := range b.users {
		if !there[name] {
			b.edit(&auth.Change{UserRemoved: &name})
		}
	}
	b.load(auth.Snapshot{Users: s.Users, Tokens: s.Tokens, Sessions: b.kept(s.Sessions)})
	b.endRights()
}

// kept returns the rows of sessions that the Book has not ended.
func (b *Book) kept(rows []auth.Session) []auth.Session {
	ended := map[string]bool{}
	for _, c := range b.removals {
		if c.SessionEnded != nil {
			ended[*c.SessionEnded] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(rows), func(s auth.Session) bool { return ended[s.Hash] })
}

// Resync writes all rows to the journal again, because the database lacks some.
func (b *Book) Resync() {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := auth.Snapshot{
		Users:    sorted(b.users, func(u auth.User) string { return u.Name }),
		Tokens:   sorted(b.tokens, func(t auth.Token) string { return t.Name }),
		Sessions: sorted(b.sessions, func(s auth.Session) string { return s.Hash }),
	}
	var all []queue.Change
	for _, c := range append(slices.Clone(b.removals), s.Changes()...) {
		all = append(all, queue.Change{Auth: &c})
	}
	b.journal.Write(all...)
}
