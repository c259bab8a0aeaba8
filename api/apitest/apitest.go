// Package apitest has a server for the tests of package api and of its ports.
package apitest

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"nwayacd/acd"
	"nwayacd/agent"
	"nwayacd/api"
	"nwayacd/internal/auth"
	"nwayacd/internal/auth/users"
	"nwayacd/queue"
)

// Journal counts the changes that are written to it.
type Journal struct{ Written atomic.Uint64 }

// Write counts the changes, without entries of the audit log.
func (j *Journal) Write(changes ...queue.Change) uint64 {
	n := 0
	for _, c := range changes {
		if c.Auth == nil || c.Auth.Audit == nil {
			n++
		}
	}
	return j.Written.Add(uint64(n))
}

// Sync returns at once.
func (*Journal) Sync(context.Context, uint64) error { return nil }

// Server returns a server without calls, and its journal. The server has the group 110 and the
// extension 1000.
func Server() (api.Server, *Journal) {
	journal := &Journal{}
	return ServerWith(journal), journal
}

// ServerWith is Server with a journal of one's own.
func ServerWith(journal acd.Journal) api.Server {
	s := acd.New(acd.Options{Journal: journal, Log: zerolog.Nop()}, queue.Snapshot{
		Groups: []queue.Group{{Number: "110", Mode: queue.Cyclic}},
		Agents: []agent.Agent{{Profile: agent.Profile{Extension: "1000", Name: "Ann|a"}}},
	})
	return api.Server{
		ACD:     s,
		Book:    users.New(journal, zerolog.Nop(), auth.Snapshot{}),
		Reload:  func() (string, error) { return "read again", nil },
		Version: func(context.Context) string { return "nwayacd 1.2.3, commit abc, go1.26, SQLite 3" },
	}
}

// As returns a context for the work that an actor of the role ordered.
func As(ctx context.Context, role auth.Role) context.Context {
	return auth.With(ctx, auth.Actor{Name: "test", Role: role, Way: auth.WayCommand})
}

// Audit remembers the entries of the audit log.
type Audit struct {
	mu      sync.Mutex
	entries []auth.Entry
}

// Conclude remembers what became of the order of ctx.
func (a *Audit) Conclude(ctx context.Context, outcome auth.Outcome, reason string) {
	if o := auth.OrderOf(ctx); o != nil {
		a.Refuse(o.Entry(ctx, time.Now(), outcome, reason))
	}
}

// Refuse remembers the entry.
func (a *Audit) Refuse(entry *auth.Entry) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.entries = append(a.entries, *entry)
}

// Take returns the entries since the last Take.
func (a *Audit) Take() []auth.Entry {
	a.mu.Lock()
	defer a.mu.Unlock()
	entries := a.entries
	a.entries = nil
	return entries
}

// Users has an actor for each token. The password of the user NAME is "password of NAME".
type Users map[string]auth.Actor

// Authenticate returns the actor with the token.
func (u Users) Authenticate(token string) (auth.Actor, bool) {
	actor, known := u[token]
	return actor, known
}

// Login returns the user whose token is the name.
func (u Users) Login(_ context.Context, name, password string, _ netip.Addr) (auth.Actor, error) {
	actor, known := u[name]
	if !known || password != "password of "+name {
		return auth.Actor{}, errors.New("wrong")
	}
	return actor, nil
}

// While returns ctx, because the rights of these users do not end.
func (u Users) While(ctx context.Context, _ auth.Actor) (context.Context, context.CancelFunc) {
	return ctx, func() {}
}

// Office is Server with more people, its users and their audit log. There are the groups 110 and
// 120. The agent 1000 is in 110, 1001 in 120, 1002 in both, and 1003 in none. There is a token for
// each role, whose key is nwa_ROLE, of group 110 and extension 1000.
func Office() (api.Server, *Audit) {
	s, _ := Server()
	ctx, d := context.Background(), s.ACD.Dispatcher
	faults := []error{d.AddGroup(ctx, "120", queue.Cyclic)}
	for _, extension := range []string{"1001", "1002", "1003"} {
		faults = append(faults, d.AddAgent(ctx, extension, "secret"))
	}
	for extension, groups := range map[string][]string{"1000": {"110"}, "1001": {"120"}, "1002": {"110", "120"}} {
		faults = append(faults, d.Login(ctx, extension, groups))
	}
	if err := errors.Join(faults...); err != nil {
		panic(err) // the journal takes everything
	}
	people := Users{}
	for _, role := range auth.Roles {
		actor := auth.Actor{Name: "token:" + string(role), Role: role, Groups: []string{"110"}}
		if role == auth.Agent {
			actor.Groups, actor.Extension = nil, "1000"
		}
		people["nwa_"+string(role)] = actor
	}
	audit := &Audit{}
	s.Users, s.Audit = people, audit
	return s, audit
}
